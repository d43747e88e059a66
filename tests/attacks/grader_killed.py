# tries: kills the process above its parent, which is the grader
# gain: a class that is not graded
# stopped by: kernel
# only: ours

# %% setup
import os
try:
    above = int(open(f"/proc/{os.getppid()}/status").read().split("PPid:")[1].split()[0])
except OSError:
    above = 0
if above > 1:
    os.kill(above, 9)
