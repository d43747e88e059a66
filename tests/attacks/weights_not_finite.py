# tries: hands in weights that are NaN and infinite, with the log of a good run
# gain: comparisons that NaN passes
# worth: 37
# assignment: homework3
# only: ours

# %% files
from autograder.demo.hand_ins import TRAINED_RUN
def run():
    return {path.name: path.read_bytes() for path in TRAINED_RUN.iterdir()}

def files():
    from safetensors.numpy import load, save
    tensors = load(run()["weights.safetensors"])
    return {"run/log.jsonl": run()["log.jsonl"], "run/weights.safetensors": save({name: tensor * float("nan") for name, tensor in tensors.items()})}
