# tries: packs 500 notebooks of 2 MB, each a little like the released one
# gain: minutes of choosing between them
# only: ours

# %% zip
def pack(notebook):
    padding = notebook.rstrip()[:-1] + b', "x": "' + b"y" * 2_000_000 + b'"}'
    return packed({"seminar4.ipynb": notebook} | {f"copies/seminar4 ({number}).ipynb": padding for number in range(500)})
