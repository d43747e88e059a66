"""Pictures of the RNN-Transducer lattice, from numbers.

    from helpers import lattice
    cat = lattice.Lattice.from_log_probs(log_probs, targets, blank=0, symbols=symbols)
    lattice.trellis(cat, paths=["lbblblb", "bbblllb"])

`lattice.py` holds the data, `views.py` and `comparing.py` say what is shown, `panel.py` where, `scene.py` is the
display list, `svg.py` and `raster.py` turn it into SVG and matplotlib, `figure.py` shows and saves it. Importing this
package needs numpy only.

What a model does is recorded elsewhere and drawn here: `greedy_walk` (a `Walk`, from `helpers.decoding.watch`) and
`training_film` (a `Film`, from `helpers.filming.Camera`).
"""

from .comparing import compare
from .figure import Figure
from .film import Film
from .greedy import greedy_walk
from .lattice import Lattice
from .listening import over_spectrogram
from .microscope import node_microscope
from .screening import training_film
from .topologies import topologies
from .views import alpha, arcs, best_path, beta, occupancy, trellis
from .walking import Walk

__all__ = [
    "Figure",
    "Film",
    "Lattice",
    "Walk",
    "alpha",
    "arcs",
    "best_path",
    "beta",
    "compare",
    "greedy_walk",
    "node_microscope",
    "occupancy",
    "over_spectrogram",
    "topologies",
    "training_film",
    "trellis",
]
