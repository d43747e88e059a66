# tries: writes 20,000 small files and 1.5 GB in large ones into its home and the temporary folder
# gain: a full disk
# stopped by: kernel

# %% setup
import os, tempfile
written, block = 0, bytes(2**24)
try:
    for number in range(96):
        with open(f"rnnt-attack-{number}.bin", "wb") as file:
            for _ in range(1):
                file.write(block)
                written += len(block)
    for number in range(20_000):
        open(f"rnnt-attack-{number}.txt", "w").close()
except OSError:
    pass
if written >= 96 * 2**24:
    raise Exception("BROKE-OUT: 1.5 GB written")
