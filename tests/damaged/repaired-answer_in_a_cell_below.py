"""The answer stands in a cell of the student's own under the check, and the stub was left as it was."""

SAYS = "forward"


def damage(notebook):
    cell = named(notebook, "forward")
    source, cell["source"] = cell["source"], "def forward(log_probs, targets, blank=-1):\n    raise NotImplementedError('Not written yet')"
    notebook["cells"].insert(notebook["cells"].index(named(notebook, "check-forward")) + 1, own_cell(source))
    return dumped(notebook)
