# tries: makes a user namespace of its own, where it is root, and mounts over or under what hides the rest
# gain: whatever the sandbox hides by mounting
# stopped by: kernel
# only: ours

# %% setup
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER, CLONE_NEWNS = 0x10000000, 0x20000
if os.fork() == 0:
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0:
        libc.umount2(b"/tmp", 2); libc.umount2(b"/", 2); libc.umount2(b"/home", 2)
        os._exit(1)
    os._exit(0)
_, status = os.wait()
opened = []
for path in ("@course@", "@repository@/autograder/judging"):
    try:
        opened.append(os.listdir(path))
    except OSError:
        pass
if opened:
    raise Exception("BROKE-OUT: " + repr(opened))
