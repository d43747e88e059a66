"""git could not merge two runs of the notebook and left its marks in the outputs."""

SAYS = 'merge'


def damage(notebook):
    text = json.dumps(notebook, ensure_ascii=False, indent=1)
    ours, theirs = '   "execution_count": null,', '   "execution_count": 7,'
    marks = f"<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> 3f2a1c0 (run again)"
    assert ours in text
    return text.replace(ours, marks).encode()
