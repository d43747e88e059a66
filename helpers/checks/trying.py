"""Try the weights of a run on dev, in the student's own classes, and compare with what its log says of them."""

import math
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .calling import Malformed, message, quiet
from .runs import Measured, corpus_of

SECONDS = 10.0
"""How long decoding may take; then what has been decoded must do."""

BATCH = 4


class NotTried(Exception):
    """The weights could not be tried, and it is nobody's mistake; the message is a sentence."""


def try_run(run: Path, rows: Sequence[dict], transducer: Callable | None, greedy_decode: Callable | None) -> Measured:
    """Error rates on utterances of dev of the corpus that the log names, as many as can be decoded in a few seconds.

    transducer, greedy_decode: the student's; where None, those that the notebook defines.
    Raises NotTried where something is missing that the hand-in need not have, Malformed where the weights are to blame.
    """
    from .handed_in import read_weights, trained_model

    read_weights(run)  # their faults come first
    build, decode = transducer or _of_notebook("RNNTransducer"), greedy_decode or _of_notebook("greedy_decode")
    dev = _dev(corpus_of(rows))
    try:
        with quiet():
            model, stack = trained_model(build, run)
            return _measure(model, stack, dev, decode)
    except Malformed:
        raise
    except NotImplementedError:
        raise NotTried("The weights were not tried: the model or greedy_decode is not written yet.") from None
    except Exception as error:
        told = f"{type(error).__name__}: {message(error)[:300]}"
        raise Malformed(f"Decoding with these weights stopped with {told}.") from error


def _of_notebook(name: str) -> Callable:
    """What the notebook, or the script that runs, defines."""
    found = getattr(sys.modules["__main__"], name, None)
    if found is None:
        raise NotTried(f"The weights were not tried: there is no {name} here. Run the cells that define it.")
    return found


def _dev(name: str):
    from helpers.corpora import CorpusError, corpus

    try:
        return corpus(name, "dev", make=False)
    except ValueError:
        raise NotTried("The weights were not tried: the log does not say which corpus they were trained on.") from None
    except CorpusError as problem:
        raise NotTried(f"The weights were not tried: {problem}") from None


def _measure(model, stack: int, dev, decode: Callable) -> Measured:
    from helpers.decoding import recognize
    from helpers.features import LogMel, collate
    from helpers.metrics import corpus_cer, corpus_wer
    from helpers.text import tokenizer

    features, end = LogMel(), time.monotonic() + SECONDS
    # Any first part of this order is spread over the corpus, so over its speakers.
    order = sorted(range(len(dev)), key=lambda i: math.modf(i * 0.5 * (math.sqrt(5) - 1))[0])
    said, written = [], []
    for start in range(0, len(order), BATCH):
        chosen = [dev[i] for i in order[start : start + BATCH]]
        batch = collate(chosen, features=features, stack=stack)
        labels = recognize(model, batch.spectrograms, batch.input_lengths, greedy_decode=decode)
        said += [utterance.text for utterance in chosen]
        written += [tokenizer.indices_to_text(one.tolist()) for one in labels]
        if time.monotonic() > end:
            break
    about = f"{'all' if len(said) == len(dev) else len(said)} utterances of dev"
    return Measured(corpus_cer(said, written), corpus_wer(said, written), about)
