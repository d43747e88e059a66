# tries: kills its parent process
# gain: a class that is not graded
# stopped by: limits

# %% setup
import os
if os.getppid() > 1:
    os.kill(os.getppid(), 9)
