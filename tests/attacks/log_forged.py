# tries: writes the log of a perfect run without training, with a corpus that is a path and numbers of any size
# gain: points for training that did not happen
# worth: 37 (the curves: nobody can tell an invented log from a true one, see SECURITY.md)
# assignment: homework3
# only: ours

# %% files
from autograder.demo.hand_ins import TRAINED_RUN
def run():
    return {path.name: path.read_bytes() for path in TRAINED_RUN.iterdir()}

def files():
    import json
    rows = [{"kind": "start", "train_set": "../../../../etc/passwd train"}]
    rows += [{"kind": "train", "loss": 10.0 - n, "step": 10**300} for n in range(20)] + [{"kind": "dev", "cer": 0.0, "wer": 0.0}] * 3
    rows += [{"kind": "final", "cer": 0.0, "wer": 0.0}, {"kind": "final", "cer": float("nan"), "wer": 1e308}, {"kind": []}]
    return {"run/log.jsonl": "\n".join(map(json.dumps, rows)).encode(), "run/weights.safetensors": run()["weights.safetensors"]}
