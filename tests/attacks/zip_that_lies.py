# tries: writes wrong sizes, a second table of contents and a name that differs between the two headers
# gain: one reader checks what another unpacks
# only: ours

# %% zip
def pack(notebook):
    first, second = packed({"seminar4.ipynb": notebook}), packed({"../evil.csv": b"rnnt-attack", "seminar4.ipynb": b"{}"})
    return second[:-22] + first.replace(b"seminar4.ipynb", b"seminar9.ipynb", 1)
