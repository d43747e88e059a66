"""Known mistakes in words, and how a set of answers is recognised as one of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .calling import Answer
from .cases import Fingerprint, Truth
from .comparing import same_answer


@dataclass(frozen=True)
class Misconception:
    """One known mistake."""

    says: str
    """Completes the sentence "This is exactly what you get when ..."."""
    look: str
    """Where to look or what to ask oneself."""


_BOTH = {
    "blank-always-last": Misconception(
        "the blank is read from the last class, whatever `blank` says",
        "Index with the argument: log_probs[t, u, blank].",
    ),
    "blank-always-first": Misconception(
        "the blank is read from class 0, whatever `blank` says",
        "Index with the argument: log_probs[t, u, blank].",
    ),
    "best-path": Misconception(
        "max is taken where the two ways into a node should be summed",
        "max finds the best single alignment. The loss sums all of them: np.logaddexp.",
    ),
    "logs-added": Misconception(
        "the two ways into a node are added as logs",
        "Adding logs multiplies probabilities. Two ways to get somewhere add up: np.logaddexp.",
    ),
    "label-advances-frame": Misconception(
        "a label also moves on to the next frame",
        "Only a blank leaves the frame; one frame may emit several labels (look at the vertical arcs).",
    ),
    "probability-domain": Misconception(
        "logs are turned back into float32 probabilities, multiplied, and logged again",
        "exp(-104) is already 0 in float32. A product of probabilities is a sum of logs; no np.exp is needed anywhere.",
    ),
    "probabilities-returned": Misconception(
        "probabilities are returned instead of their logarithms",
        "The array should hold natural logarithms.",
    ),
    "cost-not-negated": Misconception(
        "ln P(y | x) is returned as the cost, without the minus",
        "A cost is to be made small: -ln P.",
    ),
}

MISCONCEPTIONS: dict[str, dict[str, Misconception]] = {
    "forward": _BOTH
    | {
        "final-blank-dropped": Misconception(
            "the final blank is forgotten in the cost",
            "After the last label the last frame must still be left: one more P(∅ | T-1, U).",
        ),
        "blank-at-arrival": Misconception(
            "the blank's score is read at the node it arrives at",
            "An arc belongs to the node it leaves: the blank into (t, u) leaves (t-1, u).",
        ),
        "label-at-arrival": Misconception(
            "the label's score is read at the node it arrives at",
            "An arc belongs to the node it leaves: the label into (t, u) leaves (t, u-1).",
        ),
        "label-from-previous-frame": Misconception(
            "the label's score is read one frame too early",
            "A label does not consume a frame: the label into (t, u) leaves (t, u-1), in the same frame.",
        ),
        "target-one-ahead": Misconception(
            "targets[u] is read where the label into row u is targets[u-1]",
            "To reach u = 1 the first label was emitted, and that is targets[0].",
        ),
        "target-one-behind": Misconception(
            "targets[u-2] is read where the label into row u is targets[u-1]",
            "To reach u = 1 the first label was emitted, and that is targets[0]; targets[-1] is the last one.",
        ),
        "bottom-row-zero": Misconception(
            "the row u = 0 is left at 0, that is, at probability 1",
            "To be at (t, 0), t blanks were taken: their scores add up.",
        ),
        "first-frame-zero": Misconception(
            "the first frame t = 0 is left at 0, that is, at probability 1",
            "To be at (0, u), u labels were emitted in the first frame: their scores add up.",
        ),
        "borders-wrap-around": Misconception(
            "index -1 is read at the borders, which Python takes from the other end",
            "Outside the lattice the probability is 0, so the log is -inf: treat t = 0 and u = 0 apart.",
        ),
    },
    "backward": _BOTH
    | {
        "start-at-zero": Misconception(
            "log_beta[T-1, U] starts at 0, so the final blank is missing",
            "At the last node one thing is still to come: the blank that leaves the last frame.",
        ),
        "blank-at-arrival": Misconception(
            "the blank's score is read at the node it arrives at",
            "An arc belongs to the node it leaves: going on from (t, u) by a blank costs P(∅ | t, u).",
        ),
        "label-at-arrival": Misconception(
            "the label's score is read at the node it arrives at",
            "An arc belongs to the node it leaves: going on from (t, u) by a label costs P(y[u] | t, u).",
        ),
        "target-one-behind": Misconception(
            "targets[u-1] is read where the label that leaves row u is targets[u]",
            "With u labels emitted, the next one is targets[u].",
        ),
        "target-one-ahead": Misconception(
            "targets[u+1] is read where the label that leaves row u is targets[u]",
            "With u labels emitted, the next one is targets[u].",
        ),
        "top-row-zero": Misconception(
            "the row u = U is left at 0, that is, at probability 1",
            "From (t, U) only blanks are left: the scores of all of them add up.",
        ),
        "last-frame-zero": Misconception(
            "the last frame is left at 0, that is, at probability 1",
            "From (T-1, u) the remaining labels and the final blank are still to come.",
        ),
        "forward-returned": Misconception(
            "the forward variables are returned as backward variables",
            "log_beta starts at the other corner, (T-1, U), and looks ahead.",
        ),
    },
}

_START = "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet."

MISCONCEPTIONS |= {
    "encoder": {
        "padding-read": Misconception(
            "the LSTM runs over padding as if it were sound",
            "Backwards, padding comes first and reaches every real frame. Pack the batch with its lengths.",
        ),
        "activation-at-the-end": Misconception(
            "the outputs go through a ReLU", "f_t may be negative: the ReLU belongs into the joiner, after f + g."
        ),
        "order-lost": Misconception(
            "the batch is sorted by length and not put back into its order",
            "pack_padded_sequence(..., enforce_sorted=False) sorts and restores by itself.",
        ),
    },
    "decoder": {
        "state-ignored": Misconception(
            "hidden_states are not given to the LSTM",
            "Then every step starts anew and only knows the last label. Hand them on: lstm(embedded, hidden_states).",
        ),
        "batch-taken-for-time": Misconception(
            "single steps take the first axis for time", "Inputs are (B, U): the LSTM needs batch_first=True."
        ),
        "projection-missing": Misconception(
            "the linear layer at the end is left out", "g_u must have output_dim numbers, as many as f_t."
        ),
    },
    "joiner": {
        "activation-after-linear": Misconception(
            "the ReLU comes after the linear layer",
            "Then no logit can be negative, and f and g only add up. The formula is Linear(ReLU(f + g)).",
        ),
        "activation-missing": Misconception(
            "there is no ReLU", "Linear(f + g) is Linear(f) + Linear(g): frame and label would not interact."
        ),
        "tanh": Misconception("tanh stands where the ReLU should", "Some papers use tanh; here it is ReLU."),
        "product": Misconception("f and g are multiplied", "They are added: f + g."),
        "softmax-inside": Misconception("a softmax is inside the joiner", "The loss takes logits and does it itself."),
        "log-softmax-inside": Misconception(
            "a log-softmax is inside the joiner", "The loss takes logits and does it itself."
        ),
        "activation-before-sum": Misconception("the ReLU comes before the sum", "Add first: ReLU(f + g)."),
    },
    "transducer": {
        "blank-for-bos": Misconception("the blank is put before the labels instead of <BOS>", _START),
        "zero-for-bos": Misconception("a 0, the apostrophe, is put before the labels instead of <BOS>", _START),
        "bos-at-the-end": Misconception("<BOS> is put after the labels", _START),
        "bos-missing": Misconception("no <BOS> is put before the labels", _START),
        "lengths-changed": Misconception(
            "target_lengths is changed in place", "`lengths += 1` changes the caller's tensor; `lengths + 1` does not."
        ),
        "lengths-not-extended": Misconception(
            "the prediction network is told target_lengths, without the <BOS> in front",
            "With <BOS> there is one symbol more to read: target_lengths + 1.",
        ),
        "softmax-inside": Misconception("probabilities are returned", "Return logits: the loss does the softmax."),
    },
    "greedy": {
        "label-moves-on": Misconception(
            "a label also moves on to the next frame",
            "Only a blank leaves the frame; one frame may emit several labels.",
        ),
        "blank-read": Misconception(
            "the prediction network reads blanks too", "It is a model of what was written, and a blank writes nothing."
        ),
        "state-dropped": Misconception(
            "the hidden states are not handed on", "Without them the network only knows the last label."
        ),
        "state-reset-on-blank": Misconception(
            "the hidden states are reset when a blank comes", "On a blank nothing changes but the frame."
        ),
        "blank-for-bos": Misconception("the walk starts from the blank instead of <BOS>", _START),
        "zero-for-bos": Misconception("the walk starts from label 0 instead of <BOS>", _START),
        "last-frame-left-out": Misconception("the last frame is left out", "Stop when t == T, not before."),
        "first-frame-left-out": Misconception("the first frame is left out", "t starts at 0."),
        "repeats-merged": Misconception(
            "repeated labels are merged", "That is CTC's rule. An RNN-T means every label it emits."
        ),
        "whole-prefix-again": Misconception(
            "the prediction network reads the whole prefix again at each label",
            "The answer is the same and the work is quadratic: carry the state and read the new label only.",
        ),
        "label-waits-for-blank": Misconception(
            "the prediction network learns of a label only at the next blank",
            "Read each label at once: the next step needs g of the new prefix.",
        ),
    },
}


def recognise(
    answers: Mapping[str, Answer], truths: Mapping[str, Truth], fingerprints: Iterable[Fingerprint]
) -> list[str]:
    """The known mistakes whose numbers these are, on every case where both exist; several where they coincide.

    A mistake is only named if it shows: some case must tell it apart from the truth.
    """
    names = []
    for known in fingerprints:
        shared = [key for key in known.answers if key in answers and answers[key].status == "ok"]
        shows = [key for key in shared if not _right(known.answers[key], truths[key])]
        if shows and all(same_answer(answers[key], known.answers[key]) for key in shared):
            names.append(known.misconception)
    return names


def in_words(exercise: str, names: list[str]) -> str:
    """The sentence for the mistakes recognised; empty for none."""
    known = [MISCONCEPTIONS[exercise][name] for name in names]
    if not known:
        return ""
    if len(known) == 1:
        return f"This is exactly what you get when {known[0].says}. {known[0].look}"
    return "This is what you get from one of these: " + "; or ".join(
        f"({number}) {mistake.says}" for number, mistake in enumerate(known, start=1)
    )


def _right(got: Truth, truth: Truth) -> bool:
    return same_answer(Answer("ok", cells=got.cells, cost=got.cost), truth)
