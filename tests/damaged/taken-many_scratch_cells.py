"""Two hundred cells of trying out, some of which fail."""


def damage(notebook):
    at = notebook["cells"].index(named(notebook, "forward"))
    notebook["cells"][at:at] = [own_cell(f"x{n} = {n} / {n % 3}", id=f"own-{n}") for n in range(200)]
    return dumped(notebook)
