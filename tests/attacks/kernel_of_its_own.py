# tries: names another kernel and another language in the notebook's metadata
# gain: a program of its choice in place of Python

# %% notebook
def change(notebook):
    notebook["metadata"]["kernelspec"] = {"name": "bash", "display_name": "sh", "language": "bash", "argv": ["sh"]}
