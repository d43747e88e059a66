"""Mistakes in `forward` and `backward`.

All examples are one lattice, T=2 and U=1, in plain probabilities; the arrays hold their logarithms.
"""

from . import Misconception as M

_TINY = (
    "Take T=2, U=1. At (0, 0), (0, 1), (1, 0), (1, 1) the blank has 0.5, 0.6, 0.2, 0.8; y[0] has 0.3 at (0, 0) and 0.7 "
    "at (1, 0). "
)
_ALPHA = "α(t, u) = α(t-1, u) P(∅ | t-1, u) + α(t, u-1) P(y[u-1] | t, u-1)"
_BETA = "β(t, u) = β(t+1, u) P(∅ | t, u) + β(t, u+1) P(y[u] | t, u)"
_ARCS = "The arcs of the lattice, lattice.arcs(cat): each number belongs to the node that its arc leaves."
_LOGS = "The table “in the formulas / in the code”: a product is a sum of logs, a sum is np.logaddexp."
_COST = "cost = -ln P(y | x), P(y | x) = α(T-1, U) P(∅ | T-1, U) = β(0, 0)"


def _both(recursion: str, total: str) -> dict[str, M]:
    """The mistakes that both directions share. `total` is how P comes about in the example."""
    return {
        "blank-always-last": M(
            "the blank is read from the last class, whatever `blank` says",
            "Index with the argument: log_probs[t, u, blank].",
            recursion,
            "Which class is the blank when somebody calls your function with blank=0?",
            "Where the blank stands in the vocabulary is the caller's choice. Only the argument knows it; -1 is no "
            "more "
            "than its default.",
            _TINY
            + "There are three classes, and the blank is the one in the middle, blank=1; y[0] is the last. Whoever "
            "reads class -1 takes P(y[0] | 0, 0) = 0.3 for the blank's 0.5.",
        ),
        "blank-always-first": M(
            "the blank is read from class 0, whatever `blank` says",
            "Index with the argument: log_probs[t, u, blank].",
            recursion,
            "Which class is the blank when somebody calls your function with blank=-1?",
            "Where the blank stands in the vocabulary is the caller's choice: first in some toolkits, last in others.",
            _TINY
            + "There are three classes, and the blank is the one in the middle, blank=1. Class 0 is another letter, "
            "with 0.2 at (0, 0). Whoever reads class 0 takes that 0.2 for the blank's 0.5.",
        ),
        "best-path": M(
            "max is taken where the two ways into a node should be summed",
            "max finds the best single alignment. The loss sums all of them: np.logaddexp.",
            recursion,
            "How many alignments contribute to your number at a node with two arcs?",
            "Different alignments are different events with the same outcome, so their probabilities add up. The "
            "largest "
            "one alone is the Viterbi path, which is a good picture and another quantity.",
            _TINY + "Two alignments: blank first has 0.5 · 0.7 · 0.8 = 0.28, label first has 0.3 · 0.6 · 0.8 = 0.144. "
            "Together 0.28 + 0.144 = 0.424; max keeps 0.28 only.",
        ),
        "logs-added": M(
            "the two ways into a node are added as logs",
            "Adding logs multiplies probabilities. Two ways to get somewhere add up: np.logaddexp.",
            _LOGS,
            "What happens to two probabilities when you add their logarithms?",
            "log a + log b is log(a · b). “This way or that way” needs log(a + b), and np.logaddexp computes just "
            "that.",
            _TINY + total,
        ),
        "probability-domain": M(
            "logs are turned back into float32 probabilities, multiplied, and logged again",
            "exp(-104) is already 0 in float32. A product of probabilities is a sum of logs; no np.exp is needed "
            "anywhere.",
            _LOGS,
            "What is np.exp(np.float32(-104)), and what is its logarithm?",
            "A path's probability shrinks with each step; after a few dozen steps no float32 can hold it. Its "
            "logarithm "
            "just grows to a few hundred, which any float holds.",
            "T=2, U=1 with a blank of e^-60 in each frame: the path has ln P = -60 + -60 = -120. As a float32, "
            "e^-120 is 0, "
            "and its logarithm is -inf.",
        ),
        "sums-through-exp": M(
            "the sum of two ways is taken as log(exp(a) + exp(b))",
            "Both exps are 0 below -745. np.logaddexp(a, b) is the same sum and never leaves the logs.",
            _LOGS,
            "What does your sum give for a = b = -800?",
            "log(e^a + e^b) = m + log(e^(a-m) + e^(b-m)) with m = max(a, b): now one exponent is 0 and nothing "
            "underflows. "
            "np.logaddexp does this.",
            "T=2, U=1 with two ways of ln P = -800 each: the sum is -800 + ln 2, so -799.3. e^-800 is 0 even in "
            "float64, "
            "and log(0 + 0) is -inf.",
        ),
        "sums-through-float32-exp": M(
            "the sum of two ways is taken as log(exp(a) + exp(b)), in float32",
            "Both exps are 0 below -104. np.logaddexp or torch.logaddexp is the same sum and never leaves the logs.",
            _LOGS,
            "What does your sum give for a = b = -110?",
            "log(e^a + e^b) = m + log(e^(a-m) + e^(b-m)) with m = max(a, b): now one exponent is 0 and nothing "
            "underflows. "
            "torch.logaddexp does this.",
            "T=2, U=1 with two ways of ln P = -110 each: the sum is -110 + ln 2, so -109.3. In float32 e^-110 is "
            "0, and "
            "log(0 + 0) is -inf.",
        ),
        "position-as-class": M(
            "the label's position is used as its class",
            "targets holds the classes: log_probs[t, u, targets[u]], not log_probs[t, u, u].",
            recursion,
            "Which class is the first letter of CAT: 0, or targets[0]?",
            "u counts labels that are written; targets[u] says which symbol comes next. They agree by accident only.",
            _TINY + "Here targets = [2]: y[0] is class 2, with 0.3 at (0, 0). Class 0 is another letter, with 0.2.",
        ),
        "probabilities-returned": M(
            "probabilities are returned instead of their logarithms",
            "The array should hold natural logarithms.",
            _LOGS,
            "What is the logarithm of “certain”?",
            "Log probabilities are never above 0. A positive number in the array is a sign that an exp came last.",
            _TINY + "At the first node α is 1, and log_alpha[0, 0] = 0. At the last node of backward β is 0.8, and "
            "log_beta[1, 1] = ln 0.8, so -0.2231.",
        ),
        "cost-not-negated": M(
            "ln P(y | x) is returned as the cost, without the minus",
            "A cost is to be made small: -ln P.",
            _COST,
            "Should the cost go up or down when the model gets better?",
            "P is at most 1, so ln P is at most 0. Training makes a cost small, so the likely transcript needs the "
            "small one.",
            _TINY + "P = 0.53 · 0.8 = 0.424. ln 0.424 is -0.858, so the cost is 0.858.",
        ),
        "cost-over-frames": M(
            "the cost is divided by the number of frames",
            "The cost of one utterance is the plain -ln P, in nats.",
            _COST,
            "Is the probability of a transcript an average over frames?",
            "Some toolkits divide losses by a length to compare utterances. That is a choice for training; here "
            "the cost is "
            "-ln P(y | x) itself.",
            _TINY + "P = 0.53 · 0.8 = 0.424 and the cost is 0.858; divided by T=2 it would be 0.429.",
        ),
        "cost-over-labels": M(
            "the cost is divided by the number of labels",
            "The cost of one utterance is the plain -ln P, in nats.",
            _COST,
            "What would your cost be for a transcript without labels, U=0?",
            "Per-label losses are good for reports. Here the cost is -ln P(y | x) itself, and it exists for U=0 too.",
            _TINY
            + "P = 0.53 · 0.8 = 0.424 and the cost is 0.858. With U=1 the division changes nothing; with U=2 it halves "
            "the cost, and with U=0 it has no answer.",
        ),
    }


_FORWARD = _both(
    _ALPHA,
    "At (1, 1) there are two ways, 0.5 · 0.7 = 0.35 and 0.3 · 0.6 = 0.18, together 0.53. "
    "Adding the logs gives their product, 0.35 · 0.18 = 0.063.",
) | {
    "label-advances-frame": M(
        "a label also moves on to the next frame",
        "Only a blank leaves the frame; one frame may emit several labels (look at the vertical arcs).",
        _ALPHA,
        "In which frame is the model after it wrote a letter?",
        "Two clocks: a blank moves t, a label moves u, never both. So a label's arc goes straight up.",
        _TINY
        + "α(0, 1) = 0.3: the label is written in frame 0 and the model stays there, α(1, 1) = 0.5 · 0.7 + 0.3 · 0.6 "
        "= 0.53. With diagonal labels α(0, 1) is 0 and α(1, 1) is 0.3 only.",
    ),
    "final-blank-dropped": M(
        "the final blank is forgotten in the cost",
        "After the last label the last frame must still be left: one more P(∅ | T-1, U).",
        _COST,
        "How many blanks does an alignment of T frames have? How many are in your product?",
        "Every frame is left by one blank, the last one too. α(T-1, U) is the probability of *being* at the last "
        "node, before "
        "that blank.",
        _TINY
        + "α(1, 1) = 0.5 · 0.7 + 0.3 · 0.6 = 0.53, and P = 0.53 · 0.8 = 0.424. Without the final blank it would be "
        "0.53.",
    ),
    "final-blank-of-the-bottom-row": M(
        "the final blank is read in the row u = 0",
        "The last frame is left with everything written: log_probs[T-1, U, blank].",
        _COST,
        "How many labels are written when the last frame is left?",
        "The final blank's arc starts at the last node (T-1, U), the upper right corner of the picture.",
        _TINY + "P = 0.53 · 0.8 = 0.424. With the blank of (1, 0) instead it would be 0.53 · 0.2 = 0.106.",
    ),
    "blank-at-arrival": M(
        "the blank's score is read at the node it arrives at",
        "An arc belongs to the node it leaves: the blank into (t, u) leaves (t-1, u).",
        _ARCS,
        "At which node does the model stand when it decides for the blank that leads to (1, 0)?",
        "P(k | t, u) is the choice made *at* (t, u). An arc into a node was chosen at the node before it.",
        _TINY + "α(1, 0) is 0.5, the blank of (0, 0). Reading at the arrival takes the blank of (1, 0): 0.2.",
    ),
    "label-at-arrival": M(
        "the label's score is read at the node it arrives at",
        "An arc belongs to the node it leaves: the label into (t, u) leaves (t, u-1).",
        _ARCS,
        "How many labels are written when the model decides for the first one: none, or one?",
        "P(k | t, u) is the choice made *at* (t, u), with u labels written. Row u of the table asks for the label "
        "number u, "
        "so the label into row u was asked for in row u-1.",
        _TINY
        + "At (0, 1) the class of y[0] has 0.1. α(0, 1) is 0.3, the label's arc out of (0, 0); reading at the arrival "
        "gives 0.1.",
    ),
    "label-from-previous-frame": M(
        "the label's score is read one frame too early",
        "A label does not consume a frame: the label into (t, u) leaves (t, u-1), in the same frame.",
        _ARCS,
        "Which frame does the model look at when it writes the label that leads to (1, 1)?",
        "Along a label's arc t stays. Only the blank's term looks one frame back.",
        _TINY + "α(1, 1) = 0.5 · 0.7 + 0.3 · 0.6 = 0.53: the label out of (1, 0) has 0.7. Read one frame too early it "
        "would be "
        "0.3, and 0.5 · 0.3 + 0.3 · 0.6 = 0.33.",
    ),
    "target-one-ahead": M(
        "targets[u] is read where the label into row u is targets[u-1]",
        "To reach u = 1 the first label was emitted, and that is targets[0].",
        _ALPHA,
        "Which label has just been written when u becomes 1?",
        "u counts the labels that are written. The u-th of them, counted from zero, is number u-1.",
        "T=2, U=1: targets has one entry, targets[0]. The only label's arc leads into row 1, so it is targets[u-1] "
        "with u=1; "
        "targets[1] does not exist.",
    ),
    "target-one-behind": M(
        "targets[u-2] is read where the label into row u is targets[u-1]",
        "To reach u = 1 the first label was emitted, and that is targets[0]; targets[-1] is the last one.",
        _ALPHA,
        "Which label has just been written when u becomes 1, and which does targets[1 - 2] name?",
        "u counts the labels that are written, so the label into row u is number u-1. Python takes negative "
        "indices from the "
        "end without a word.",
        "T=2, U=1: with one label targets[-1] and targets[0] are the same, so nothing shows. With U=2 the arc into "
        "row 1 "
        "would read the second label.",
    ),
    "bottom-row-zero": M(
        "the row u = 0 is left at 0, that is, at probability 1",
        "To be at (t, 0), t blanks were taken: their scores add up.",
        _ALPHA,
        "How likely is it to be at (1, 0), with nothing written after one frame?",
        "0 is the logarithm of 1. Only the start is certain; each blank along the bottom row has its price.",
        _TINY + "α(1, 0) is 0.5, not 1. With 1 in its place α(1, 1) would be 1 · 0.7 + 0.3 · 0.6 = 0.88.",
    ),
    "first-frame-zero": M(
        "the first frame t = 0 is left at 0, that is, at probability 1",
        "To be at (0, u), u labels were emitted in the first frame: their scores add up.",
        _ALPHA,
        "How likely is it to have written a letter in the first frame?",
        "0 is the logarithm of 1. Several labels in one frame are allowed, and each has its price.",
        _TINY + "α(0, 1) is 0.3, not 1. With 1 in its place α(1, 1) would be 0.5 · 0.7 + 1 · 0.6 = 0.95.",
    ),
    "bottom-row-impossible": M(
        "the row u = 0 is left at -inf, as if it could not be reached",
        "(t, 0) is reached by t blanks: fill it from (t-1, 0).",
        _ALPHA,
        "Can the model be at frame 1 with nothing written yet?",
        "The recursion holds on the border too; there only one of its two terms exists.",
        _TINY + "α(1, 0) is 0.5. With 0 in its place only one alignment is left: α(1, 1) = 0.3 · 0.6 = 0.18.",
    ),
    "first-frame-impossible": M(
        "the first frame is left at -inf, as if labels needed a later frame",
        "(0, u) is reached by u labels in the first frame: fill it from (0, u-1).",
        _ALPHA,
        "May the model write two letters before it leaves the first frame?",
        "A label does not move time, so all labels may come in frame 0. The recursion holds there with one term.",
        _TINY + "α(0, 1) is 0.3. With 0 in its place only one alignment is left: α(1, 1) = 0.5 · 0.7 = 0.35.",
    ),
    "last-frame-forgotten": M(
        "the loop over t ends one frame too early",
        "t runs over range(T): 0, ..., T-1.",
        _ALPHA,
        "What is the last value that t takes in your loop?",
        "range(n) stops before n. range(T - 1) never visits the last frame, and the last node lies there.",
        "T=2, U=1: t takes 0 and 1. With range(1) the cells (1, 0) and (1, 1) keep their -inf, P is 0 and the cost "
        "inf.",
    ),
    "top-row-forgotten": M(
        "the loop over u ends one row too early",
        "u runs over range(U + 1): 0, ..., U, which is one more than there are labels.",
        _ALPHA,
        "How many rows has the lattice of a transcript with U labels?",
        "Row u means “u labels are written”, from none to all: U + 1 rows. The last node lies in row U.",
        "T=2, U=1: u takes 0 and 1. With range(1) the cells (0, 1) and (1, 1) keep their -inf, P is 0 and the cost "
        "inf.",
    ),
    "borders-wrap-around": M(
        "index -1 is read at the borders, which Python takes from the other end",
        "Outside the lattice the probability is 0, so the log is -inf: treat t = 0 and u = 0 apart.",
        _ALPHA,
        "What does log_alpha[t - 1, u] give for t = 0?",
        "Python counts negative indices from the end and raises nothing. A term from outside the lattice is 0, in "
        "logs -inf.",
        _TINY + "α(0, 1) is 0.3. If t-1 = -1 wraps around, the cell (1, 1), still 1, times its blank comes on top: "
        "0.3 + 1 · 0.8 = 1.1, more than certain.",
    ),
}

_BACKWARD = _both(
    _BETA,
    "At (0, 0) there are two ways on, 0.5 · 0.56 = 0.28 and 0.3 · 0.48 = 0.144, together 0.424. "
    "Adding the logs gives their product, 0.28 · 0.144 = 0.04032.",
) | {
    "label-advances-frame": M(
        "a label also moves on to the next frame",
        "Only a blank leaves the frame; one frame may emit several labels (look at the vertical arcs).",
        _BETA,
        "In which frame is the model after it wrote a letter?",
        "Two clocks: a blank moves t, a label moves u, never both. So a label's arc goes straight up.",
        _TINY
        + "β(1, 0) = 0.7 · 0.8 = 0.56: the label in the last frame, then the final blank. With diagonal labels nothing "
        "can be written in the last frame, β(1, 0) is 0 and P = 0.3 · 0.8 = 0.24.",
    ),
    "start-at-zero": M(
        "log_beta[T-1, U] starts at 0, so the final blank is missing",
        "At the last node one thing is still to come: the blank that leaves the last frame.",
        "β(T-1, U) = P(∅ | T-1, U)",
        "What is left to do at the last node, with all labels written?",
        "β(t, u) is the probability of everything that is still to come. At (T-1, U) that is the final blank, not "
        "nothing.",
        _TINY + "β(1, 1) is 0.8. Started at 1, everything lacks that factor: P would be 0.424 / 0.8 = 0.53.",
    ),
    "blank-at-arrival": M(
        "the blank's score is read at the node it arrives at",
        "An arc belongs to the node it leaves: going on from (t, u) by a blank costs P(∅ | t, u).",
        _ARCS,
        "At which node does the model stand when it decides for the blank that leads to (1, 1)?",
        "P(k | t, u) is the choice made *at* (t, u). Going backward the neighbour changes, the place of the "
        "decision does not.",
        _TINY
        + "β(0, 1) = 0.6 · 0.8 = 0.48: the blank of (0, 1), then the rest. Reading at the arrival gives 0.8 · 0.8 "
        "= 0.64.",
    ),
    "label-at-arrival": M(
        "the label's score is read at the node it arrives at",
        "An arc belongs to the node it leaves: going on from (t, u) by a label costs P(y[u] | t, u).",
        _ARCS,
        "At which node does the model stand when it decides for the first label?",
        "P(k | t, u) is the choice made *at* (t, u). Going backward the neighbour changes, the place of the "
        "decision does not.",
        _TINY + "At (1, 1) the class of y[0] has 0.15. β(1, 0) = 0.7 · 0.8 = 0.56; reading at the arrival gives "
        "0.15 · 0.8 = 0.12.",
    ),
    "target-one-behind": M(
        "targets[u-1] is read where the label that leaves row u is targets[u]",
        "With u labels emitted, the next one is targets[u].",
        _BETA,
        "Which label comes next when u labels are written?",
        "Labels 0, ..., u-1 are written, so the next is number u. The forward recursion has u-1 because it looks back.",
        "T=2, U=1: the only label's arc leaves row 0, so it is targets[0]. With one label targets[-1] is the same "
        "by accident; "
        "with two it is the second.",
    ),
    "target-one-ahead": M(
        "targets[u+1] is read where the label that leaves row u is targets[u]",
        "With u labels emitted, the next one is targets[u].",
        _BETA,
        "Which label comes next when none is written?",
        "Counting starts at zero: after u labels the next one is targets[u].",
        "T=2, U=1: targets has one entry. The only label's arc leaves row 0 and is targets[0]; targets[1] does not "
        "exist.",
    ),
    "top-row-zero": M(
        "the row u = U is left at 0, that is, at probability 1",
        "From (t, U) only blanks are left: the scores of all of them add up.",
        _BETA,
        "Is anything left to do when all labels are written and frames remain?",
        "0 is the logarithm of 1. Along the top row every frame still wants its blank.",
        _TINY + "β(0, 1) = 0.6 · 0.8 = 0.48, not 1. With 1 in its place P would be 0.5 · 0.56 + 0.3 · 1 = 0.58.",
    ),
    "last-frame-zero": M(
        "the last frame is left at 0, that is, at probability 1",
        "From (T-1, u) the remaining labels and the final blank are still to come.",
        _BETA,
        "What is left to do in the last frame when a label is missing?",
        "0 is the logarithm of 1. In the last frame the remaining labels are written one above the other, each at "
        "its price.",
        _TINY + "β(1, 0) = 0.7 · 0.8 = 0.56, not 1. With 1 in its place P would be 0.5 · 1 + 0.3 · 0.48 = 0.644.",
    ),
    "top-row-impossible": M(
        "the row u = U is left at -inf, as if nothing led on from there",
        "From (t, U) blanks lead to the end: fill it from (t+1, U).",
        _BETA,
        "Can the model finish when all labels are written early?",
        "The recursion holds on the border too; there only one of its two terms exists.",
        _TINY + "β(0, 1) = 0.6 · 0.8 = 0.48. With 0 in its place only one alignment is left: P = 0.5 · 0.56 = 0.28.",
    ),
    "last-frame-impossible": M(
        "the last frame is left at -inf, as if no label could be written there",
        "From (T-1, u) the remaining labels lead to the end: fill it from (T-1, u+1).",
        _BETA,
        "May the model write a letter in the last frame?",
        "A label does not need a later frame. In the last frame only the label's term of the recursion exists.",
        _TINY + "β(1, 0) = 0.7 · 0.8 = 0.56. With 0 in its place only one alignment is left: P = 0.3 · 0.48 = 0.144.",
    ),
    "first-frame-forgotten": M(
        "the loop over t stops before frame 0",
        "Downwards to zero included: range(T - 1, -1, -1), or reversed(range(T)).",
        _BETA,
        "What is the last value that t takes in range(T - 1, 0, -1)?",
        "A range stops *before* its second argument. To visit 0 on the way down it must be -1.",
        "T=2, U=1: t takes 1 and 0. range(1, 0, -1) is 1 only: the cells (0, 0) and (0, 1) keep their -inf, and "
        "the cost "
        "is inf.",
    ),
    "bottom-row-forgotten": M(
        "the loop over u stops before row 0",
        "Downwards to zero included: range(U, -1, -1), or reversed(range(U + 1)).",
        _BETA,
        "What is the last value that u takes in range(U, 0, -1)?",
        "A range stops *before* its second argument. To visit 0 on the way down it must be -1.",
        "T=2, U=1: u takes 1 and 0. range(1, 0, -1) is 1 only: the cells (0, 0) and (1, 0) keep their -inf, and "
        "the cost "
        "is inf.",
    ),
    "loops-run-forwards": M(
        "the nodes are visited from (0, 0) on, before the nodes that they read are ready",
        "β(t, u) reads (t+1, u) and (t, u+1): visit the last node first, with reversed(range(...)).",
        _BETA,
        "When you fill (0, 0), which of its two neighbours are filled already?",
        "A recursion needs an order in which everything that a node reads is ready. Forward starts at (0, 0), "
        "backward at "
        "(T-1, U).",
        _TINY + "β(0, 0) needs β(1, 0) = 0.56 and β(0, 1) = 0.48. Visited first, it finds 0 in both and stays 0.",
    ),
    "cost-read-at-the-end": M(
        "the cost is read at log_beta[T-1, U]",
        "Backward ends at (0, 0): the cost is -log_beta[0, 0].",
        _COST,
        "From which node is *everything* still to come?",
        "β(t, u) covers the way from (t, u) to the end. The whole way starts at (0, 0).",
        _TINY + "β(0, 0) = 0.5 · 0.56 + 0.3 · 0.48 = 0.424 is P. β(1, 1) is 0.8, the final blank alone.",
    ),
    "forward-returned": M(
        "the forward variables are returned as backward variables",
        "log_beta starts at the other corner, (T-1, U), and looks ahead.",
        _BETA,
        "Which corner of your table holds 0, the log of certain? Should β have such a corner?",
        "α(t, u) is about the way *to* a node, β(t, u) about the way *from* it. Both give the same P, so the cost "
        "cannot "
        "tell them apart.",
        _TINY + "α(1, 1) = 0.5 · 0.7 + 0.3 · 0.6 = 0.53 and β(1, 1) is 0.8; P = 0.53 · 0.8 = 0.424 = β(0, 0).",
    ),
}

WORDS = {"forward": _FORWARD, "backward": _BACKWARD}
