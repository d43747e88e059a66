"""Pictures of the RNN-Transducer lattice, from numbers.

    from helpers import lattice
    cat = lattice.Lattice.from_log_probs(log_probs, targets, blank=0, symbols=symbols)
    lattice.trellis(cat, paths=["lbblblb", "bbblllb"])

`lattice.py` holds the data, `views.py` and `comparing.py` say what is shown, `panel.py` where, `scene.py` is the
display list, `svg.py` and `raster.py` turn it into SVG and matplotlib, `figure.py` shows and saves it. Importing this
package needs numpy only.
"""

from .breaking import fastemit, padding, underflow
from .comparing import compare
from .controls import Knobs as knobs
from .figure import Figure
from .filling import fill
from .lattice import Lattice
from .views import alpha, arcs, best_path, beta, occupancy, trellis
from .xray import xray

__all__ = [
    "Figure", "Lattice", "alpha", "arcs", "best_path", "beta", "compare", "fastemit", "fill", "knobs", "occupancy",
    "padding", "trellis", "underflow", "xray",
]  # fmt: skip
