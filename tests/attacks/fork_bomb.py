# tries: forks processes that fork, up to 600, each of which sleeps
# gain: a machine without room for processes
# stopped by: kernel

# %% setup
import os, time, mmap
counter = mmap.mmap(-1, 4)
started = 0
try:
    for _ in range(600):
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        started += 1
except OSError:
    pass
if started >= 600:
    raise Exception("BROKE-OUT: 600 processes")
