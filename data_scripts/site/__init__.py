"""What the pages of the site are made with, as an extension of Sphinx.

    ```{live} walk                      the drawing of that name (figures.py), with its script
    ```{printed} settings --example     what `python -m autograder` prints at present
    ```{benchmarks}                     the table of benchmarks/results.json

and formulas as MathML. `notebooks.py` makes pages of the notebooks, `sources.py` gathers all of it.
"""


def setup(app) -> dict[str, bool]:
    """Called by Sphinx."""
    from .directives import Benchmarks, Live, Printed
    from .mathematics import block, inline

    app.add_directive("benchmarks", Benchmarks)
    app.add_directive("live", Live)
    app.add_directive("printed", Printed)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
