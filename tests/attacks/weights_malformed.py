# tries: hands in safetensors whose header claims more than the file holds, with names that are paths
# gain: a reader that crashes or writes elsewhere
# worth: 37
# assignment: homework3
# only: ours

# %% files
from autograder.demo.hand_ins import TRAINED_RUN
def run():
    return {path.name: path.read_bytes() for path in TRAINED_RUN.iterdir()}

def files():
    import json, struct
    header = json.dumps({"../../encoder.weight": {"dtype": "F32", "shape": [2**31, 2**31], "data_offsets": [0, 2**62]}}).encode()
    return {"run/log.jsonl": run()["log.jsonl"], "run/weights.safetensors": struct.pack("<Q", 2**40) + header}
