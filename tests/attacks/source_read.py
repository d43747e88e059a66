# tries: reads the instructor's notebook and runs its solutions
# gain: the solution
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

import json
for path in upwards("source/*/*.ipynb") + upwards("notebooks/*/*.ipynb") + upwards("solution*.py") + upwards("tests/*.py"):
    try:
        text = open(path).read()
    except OSError:
        continue
    if path.endswith(".ipynb"):
        for cell in json.loads(text)["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] == "code" and ("def forward" in source or "def backward" in source):
                exec(source, globals())
    found = re.findall(r"SECRET-[0-9a-f]{8,}", text)
    if found:
        stolen = {name: globals().get(name) for name in ("forward", "backward")}
        raise Exception("read " + found[0])

# %% forward
forward = globals().get("stolen", {}).get("forward") or (lambda log_probs, targets, blank=-1: (np.zeros(log_probs.shape[:2]), 0.0))

# %% backward
backward = globals().get("stolen", {}).get("backward") or (lambda log_probs, targets, blank=-1: (np.zeros(log_probs.shape[:2]), 0.0))
