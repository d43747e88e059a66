# tries: attaches to its parent with ptrace, from where it could change what other students get
# gain: control over the grader
# stopped by: kernel
# only: ours

# %% setup
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
PTRACE_SEIZE, PTRACE_DETACH = 0x4206, 17
if os.getppid() > 0 and libc.ptrace(PTRACE_SEIZE, os.getppid(), 0, 0) == 0:
    raise Exception("BROKE-OUT: traced the parent")
