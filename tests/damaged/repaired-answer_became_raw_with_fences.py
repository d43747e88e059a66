"""An assistant gave the code back between fences, in a raw cell."""

SAYS = 'backward'


def damage(notebook):
    cell = named(notebook, "backward")
    cell |= {"cell_type": "raw", "source": "```python\n" + cell["source"] + "\n```"}
    for key in ("outputs", "execution_count"):
        cell.pop(key, None)
    return dumped(notebook)
