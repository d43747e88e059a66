"""The drawings that pages name, from numbers that students get: public cases, recordings that come with `helpers`."""

from functools import cache

from helpers import checks, lattice

SYMBOLS = ("∅", "C", "A", "T")


def fragment(name: str) -> str:
    """HTML of a drawing that answers by itself. KeyError where there is none of that name."""
    return f'<div class="live" id="live-{name}">{FIGURES[name]().html()}</div>'


@cache
def cat():
    """The lattice of CAT over four frames, and its public case with log_alpha and log_beta."""
    case = checks.case("cat")
    return lattice.Lattice.from_log_probs(case.log_probs, case.targets, blank=case.blank, symbols=SYMBOLS), case


def _walk():
    return lattice.walk(cat()[0])


def _arcs():
    return lattice.arcs(cat()[0], paths=["lbblblb"])


def _fill():
    drawn, case = cat()
    return lattice.fill(drawn, case.log_alpha)


def _occupancy():
    drawn, case = cat()
    return lattice.occupancy(drawn, case.log_alpha, case.log_beta)


def _cut():
    drawn, case = cat()
    return lattice.cut(drawn, case.log_alpha, case.log_beta)


def _gradient():
    drawn, case = cat()
    # The logarithms of probabilities are their own log-softmax, so they serve as logits.
    return lattice.gradient(drawn, case.log_alpha, case.log_beta, case.log_probs, case.targets, case.blank)


def _film():
    return lattice.training_film("learning")


def _collapse():
    return lattice.training_film("blank collapse")


def _greedy():
    return lattice.greedy_walk(1)


def _speech():
    from helpers import model

    return lattice.over_spectrogram(lattice.Walk.recorded(1), model.reference_utterance(1))


def _microscope():
    import torch

    from helpers import features, model
    from helpers.text import tokenizer

    reference, spoken = model.load_reference(), model.reference_utterance(1)
    alone = features.collate([spoken], features=features.LogMel(), stack=reference.config.stack)
    read = torch.tensor([[tokenizer.bos, *tokenizer.text_to_indices("you'll f")]])
    with torch.no_grad():
        f = reference.encoder(alone.spectrograms, alone.input_lengths)[0][:, 2:10]
        g = reference.decoder(read)[0][:, -3:]
        scores = reference.joiner(f, g)
    symbols = list(tokenizer.char_map)
    return lattice.node_microscope(
        f[0], g[0], scores[0], symbols=symbols, labels=" f", node=(4, 1), blank=tokenizer.blank
    )


FIGURES = {
    "walk": _walk,
    "arcs": _arcs,
    "fill": _fill,
    "occupancy": _occupancy,
    "cut": _cut,
    "gradient": _gradient,
    "film": _film,
    "collapse": _collapse,
    "greedy": _greedy,
    "speech": _speech,
    "microscope": _microscope,
    "topologies": lattice.topologies,
}
