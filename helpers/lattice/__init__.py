"""Pictures of the RNN-Transducer lattice, from numbers.

    from helpers import lattice
    cat = lattice.Lattice.from_log_probs(log_probs, targets, blank=0, symbols=symbols)
    lattice.trellis(cat, paths=["lbblblb", "bbblllb"])

`lattice.py` holds the data; `views.py`, `comparing.py`, `walking.py`, `cutting.py` and `gradients.py` say what is
shown, `panel.py` where; `scene.py` is the display list, `svg.py` and `raster.py` turn it into SVG and matplotlib,
`live` makes the SVG answer, `figure.py` shows and saves it. Importing this package needs numpy only.
"""

from .comparing import compare
from .cutting import cut
from .figure import Figure
from .gradients import gradient
from .lattice import Lattice
from .live import Question
from .views import alpha, arcs, best_path, beta, occupancy, trellis
from .walking import walk

__all__ = [
    "Figure",
    "Lattice",
    "Question",
    "alpha",
    "arcs",
    "best_path",
    "beta",
    "compare",
    "cut",
    "gradient",
    "occupancy",
    "trellis",
    "walk",
]
