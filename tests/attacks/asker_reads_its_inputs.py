# tries: reads the seeds and so all inputs before it is asked, and looks for expected values beside them
# gain: the inputs, and whatever lies next to them
# only: ours

# %% setup
import json, glob
job = json.load(open("../job.json"))
found = [path for path in glob.glob("../**", recursive=True) if "expect" in path or "truth" in path or "judg" in path]
if found or set(job) - {"assignment", "names", "seeds", "limits", "steps"}:
    raise Exception("BROKE-OUT: " + repr(found) + repr(sorted(job)))
