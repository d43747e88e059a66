# tries: overwrites the code that later students import in the same sandbox, so that their answers come out wrong or its own right
# gain: classmates' points
# stopped by: kernel
# only: ours

# %% setup
import pathlib, helpers
for path in pathlib.Path(helpers.__file__).parent.rglob("*.py"):
    try:
        path.write_text("raise ImportError('rnnt-attack')\n")
        raise Exception("BROKE-OUT: helpers overwritten")
    except OSError:
        pass
