# tries: reads the notebooks of other students, on disk and in the jobs that run beside its own, and runs their answers
# gain: somebody else's solution
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
stolen = {}
def take(source):
    space = {"np": np}
    try:
        exec("import numpy as np\nimport torch\n" + source if "torch" in source else source, space)
        stolen.update({name: space[name] for name in ("forward", "backward") if name in space})
    except BaseException:
        pass
paths = upwards("submitted/*honest*/*/*.ipynb") + upwards("received/*/*honest*/*.ipynb") + upwards("*honest*.ipynb")
texts = []
for path in paths + glob.glob("/tmp/rnnt-grading-*/job-*/job.json") + upwards("*/job-*/job.json"):
    try:
        texts.append(open(path).read())
        data = json.loads(texts[-1])
    except (OSError, ValueError):
        continue
    for cell in data.get("cells", []):
        if "def forward" in "".join(cell["source"]) or "def backward" in "".join(cell["source"]):
            take("".join(cell["source"]))
found = re.findall(r"SECRET-[0-9a-f]{8,}", " ".join(texts))
if found:
    raise Exception("read " + found[0])

# %% forward
forward = stolen.get("forward") or (lambda log_probs, targets, blank=-1: (np.zeros(log_probs.shape[:2]), 0.0))

# %% backward
backward = stolen.get("backward") or (lambda log_probs, targets, blank=-1: (np.zeros(log_probs.shape[:2]), 0.0))
