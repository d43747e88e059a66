# tries: hands in weights.pt that are a TorchScript program
# gain: code in the process that reads weights
# worth: 37
# assignment: homework3
# only: ours

# %% files
from autograder.demo.hand_ins import TRAINED_RUN
def run():
    return {path.name: path.read_bytes() for path in TRAINED_RUN.iterdir()}

def files():
    import io, warnings, torch
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)), buffer)
    return {"run/log.jsonl": run()["log.jsonl"], "run/weights.pt": buffer.getvalue()}
