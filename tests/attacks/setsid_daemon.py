# tries: leaves daemons: in their own session, orphaned, with another name, as a program
# gain: a process that stays after grading

# %% setup
import os, subprocess, time
for _ in range(3):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execv("/bin/sleep", ["rnnt-attack-sleep", "3137"])
        os._exit(0)
subprocess.Popen(["sh", "-c", "exec -a rnnt-attack-sleep sleep 3137 & exec -a rnnt-attack-sleep sleep 3137"], start_new_session=True)
time.sleep(0.1)
