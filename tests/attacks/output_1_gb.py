# tries: prints 1 GB to standard output and standard error, by print and by the file descriptor
# gain: a full disk, a slow grader, a page that no browser opens

# %% setup
import os, sys, time
until, block = time.monotonic() + 10, "x" * 999_999 + "\n"
for number in range(1000):
    if time.monotonic() > until:
        break
    (os.write(1, block.encode()) if number % 2 else print(block, file=sys.stderr if number % 4 else sys.stdout))
