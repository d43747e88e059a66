# tries: finds the gradebook and gives itself and everybody 7 points by hand
# only: ours, nbgrader
# gain: points for all, by hand, which no regrading takes away
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

for path in upwards("gradebook.db"):
    book = sqlite3.connect(path, timeout=2)
    book.execute("update grade set manual_score = 7")
    book.commit()
    raise Exception("BROKE-OUT: gradebook written")
