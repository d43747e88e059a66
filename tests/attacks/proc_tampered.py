# tries: opens /proc, /sys and /dev files for writing that rule the whole machine, and its parent's oom score
# gain: a machine that is changed for everybody
# stopped by: kernel

# %% setup
import os
opened = []
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", f"/proc/{os.getppid()}/oom_score_adj", "/dev/mem", "/dev/vda", "/dev/sda", "/dev/kmsg"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        opened.append(path)
    except OSError:
        pass
if opened:
    raise Exception("BROKE-OUT: " + " ".join(opened))
