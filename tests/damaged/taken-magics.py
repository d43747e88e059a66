"""Magics, at the top of answers too."""


def damage(notebook):
    for name in ("forward", "backward"):
        named(notebook, name)["source"] = "%%time\n" + named(notebook, name)["source"]
    notebook["cells"].insert(0, own_cell("%matplotlib inline\n%load_ext autoreload\n%autoreload 2\n%timeit -n1 -r1 sum(range(10))"))
    notebook["cells"].insert(1, own_cell("%%capture\n%env OMP_NUM_THREADS=1\n%config InlineBackend.figure_format = 'svg'", id="own-2"))
    return dumped(notebook)
