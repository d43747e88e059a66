# tries: leaves shared memory, System V and POSIX, and files in every folder that is open to all, for its next attempt
# gain: a place that survives and that classmates can read
# stopped by: kernel

# %% setup
import ctypes, os
libc = ctypes.CDLL(None)
libc.shmget(0x726E6E74, 4096, 0o1666)
for folder in ("/dev/shm", "/tmp", "/var/tmp", "/run", os.path.expanduser("~root"), "/root", "/dev/mqueue", "@repository@", "@course@"):
    try:
        open(f"{folder}/rnnt-attack-left-behind", "w").write("x")
    except OSError:
        pass
