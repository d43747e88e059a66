"""The student kept the empty stub and wrote into a copy of the cell above it."""

SAYS = 'forward'


def damage(notebook):
    cell = named(notebook, "forward")
    stub = "def forward(log_probs, targets, blank=-1):\n    raise NotImplementedError('Not written yet')"
    notebook["cells"].insert(notebook["cells"].index(cell) + 1, copy.deepcopy(cell) | {"id": "copy", "source": stub})
    return dumped(notebook)
