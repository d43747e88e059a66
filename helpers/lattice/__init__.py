"""Pictures of the RNN-Transducer lattice, from numbers.

    from helpers import lattice
    cat = lattice.Lattice.from_log_probs(log_probs, targets, blank=0, symbols=symbols)
    lattice.trellis(cat, paths=["lbblblb", "bbblllb"])

`lattice.py` holds the data. What is shown: `views.py` and `comparing.py` (to read), `aligning.py`, `filling.py`,
`cutting.py`, `gradients.py` (to do), `xray.py` (your code, watched by `recording.py`), `breaking.py` and `controls.py`
(your functions on other scores). What a model does is recorded elsewhere and drawn here: `greedy_walk` (a `Walk`, from
`helpers.decoding.watch`) and `training_film` (a `Film`, from `helpers.filming.Camera`).

`panel.py` says where; `scene.py` is the display list, `svg.py` and `raster.py` turn it into SVG and matplotlib, `live`
makes the SVG answer, `figure.py` shows and saves it. Importing this package needs numpy only.
"""

from .aligning import walk
from .breaking import fastemit, padding, underflow
from .comparing import compare
from .controls import Knobs as knobs
from .cutting import cut
from .figure import Figure
from .filling import fill
from .film import Film
from .gradients import gradient
from .greedy import greedy_walk
from .lattice import Lattice
from .listening import over_spectrogram
from .live import Question
from .microscope import node_microscope
from .screening import training_film
from .topologies import topologies
from .views import alpha, arcs, best_path, beta, occupancy, trellis
from .walking import Walk
from .xray import xray

__all__ = [
    "Figure",
    "Film",
    "Lattice",
    "Question",
    "Walk",
    "alpha",
    "arcs",
    "best_path",
    "beta",
    "compare",
    "cut",
    "fastemit",
    "fill",
    "gradient",
    "greedy_walk",
    "knobs",
    "node_microscope",
    "occupancy",
    "over_spectrogram",
    "padding",
    "topologies",
    "training_film",
    "trellis",
    "underflow",
    "walk",
    "xray",
]
