"""Cells of the student's own use the names of arguments and helpers for other things."""


def damage(notebook):
    at = notebook["cells"].index(named(notebook, "check-forward"))
    notebook["cells"].insert(at, own_cell("T, U, V, t, u = 1, 2, 3, 4, 5\nblank = 'x'\ntargets = None\nlog_probs = log_alpha = cost = y = 0"))
    notebook["cells"].append(own_cell("del T, U, blank", id="own-2"))
    return dumped(notebook)
