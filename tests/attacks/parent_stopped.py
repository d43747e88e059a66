# tries: stops its parent process without killing it
# gain: a class that waits for ever
# stopped by: kernel

# %% setup
import os, signal
if os.getppid() > 1:
    os.kill(os.getppid(), signal.SIGSTOP)
