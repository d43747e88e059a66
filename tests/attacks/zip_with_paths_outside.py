# tries: names members with .., absolute paths, drives and backslashes, aimed at the course and at start-up files
# gain: files written wherever it likes
# only: ours

# %% zip
def pack(notebook):
    evil = b"rnnt-attack"
    names = ["../../../gradebook.db", "../rnnt-attack-left-behind", "/tmp/rnnt-attack-left-behind", "C:\\x\\y.csv", "..\\..\\x.csv",
             "a/../../../../rnnt-attack-left-behind.csv", "~/.bashrc", "a//../b.csv", "./../c.csv"]
    return packed({"seminar4.ipynb": notebook} | {name: evil for name in names})
