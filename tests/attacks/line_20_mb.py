# tries: prints one line of 20 MB, displays one of 20 MB and raises an exception with a message of 20 MB
# gain: a slow page, a slow grader

# %% setup
print("x" * 20_000_000)

# %% end
from IPython.display import display, HTML
display(HTML("<p>" + "y" * 20_000_000))
raise Exception("z" * 20_000_000)
