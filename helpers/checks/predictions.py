"""Questions to answer before running or writing anything. Data only; tests compute every number in it again.

CAT is the worked example of the seminar, four frames, with the arcs of its section 2.
"""

from helpers.lattice.live import Prediction

ROUNDED = 0.0006
"""For probabilities: three decimals are enough to tell the answers apart."""

_SEMINAR4 = (
    Prediction(
        "alignments",
        "How many alignments does CAT have over four frames?",
        20,
        "An alignment has T + U = 7 symbols, and the last one is always a blank, because only a blank leaves the last "
        "frame. The three labels are free to take any of the other 6 places: 6 · 5 · 4 / 6 = 20.",
        "Not that many. Write down two or three of them, as moves b and l: how long is each, and which of its places "
        "is not free?",
        (
            (35, "35 is the number of ways to put three labels into all seven places. Is the last place free?"),
            (64, "64 = 4 · 4 · 4 lets each letter choose its frame, in any order. A may not come before C."),
            (4, "4 would be right if each frame held at most one letter. A frame may emit several."),
            (7, "7 is the length of one alignment, four blanks and three labels. How many such sequences are there?"),
            (128, "128 = 2 · 2 · 2 · 2 · 2 · 2 · 2 counts every sequence of seven moves. These have exactly three l."),
            (16, "16 is the number of nodes, 4 · 4. There are more ways through them than nodes."),
            (12, "12 = 4 · 3 is the number of label arcs. A path takes three of them."),
        ),
    ),
    Prediction(
        "one-factor",
        "In the alignment ∅ ∅ ∅ C A T ∅, at which node is the factor of T read?",
        1,
        "Three frames are finished and two letters are written when T is said: P(T | 3, 2). Each factor is read at the "
        "node that its arc leaves.",
        "Follow the path with a finger and stop before it says T.",
        (
            (0, "(3, 3) is where the arc of T arrives. There T is written already, and no label is left."),
            (2, "At (2, 2) one blank is missing: this path has three of them before its first letter."),
            (3, "(3, 0) is where C is said. Two more letters are written before T."),
        ),
        ("(3, 3)", "(3, 2)", "(2, 2)", "(3, 0)"),
    ),
    Prediction(
        "best-share",
        "How large a share of the sum over all 20 alignments does the best one have?",
        0,
        "About 14%, and the runner-up has almost as much. Even on this tiny lattice no single alignment speaks for the "
        "model, and that is why the loss sums over all of them instead of picking one.",
        "Look at the arcs: is there one path whose every arc is far better than its neighbours?",
        (
            (
                1,
                "Half of it would need a path as likely as the 19 others together. The arcs are not that sure.",
            ),
            (2, "85% is how a trained model may look. This one is a handful of small numbers."),
        ),
        ("about 15%", "about 50%", "about 85%"),
    ),
    Prediction(
        "alpha-1-1",
        "Compute α(1, 1) of CAT by hand, from the arcs in section 2.",
        0.2452,
        "α(0, 1) = 0.8779 and α(1, 0) = 0.0796. Two ways come in: 0.8779 · 0.2369 + 0.0796 · 0.4674 = 0.2452.",
        "Two ways come into (1, 1): a blank from (0, 1) and the label C from (1, 0). Multiply along each, then add.",
        (
            (0.208, "0.208 = 0.8779 · 0.2369 is the way through (0, 1) alone, C first. There is another way in."),
            (0.0372, "0.0372 = 0.0796 · 0.4674 is the way through (1, 0) alone, blank first. There is another way in."),
            (0.0796, "0.0796 is α(1, 0), one step before."),
            (0.8779, "0.8779 is α(0, 1), one step before."),
            (0.2369, "0.2369 is P(∅ | 0, 1), one arc. How likely is it to be at (0, 1) at all?"),
            (
                0.7043,
                "0.7043 = 0.2369 + 0.4674 adds the two arcs. Each counts as often as one gets to its beginning.",
            ),
            (0.3703, "0.3703 reads both factors at (1, 1), where the arcs arrive. Read them where they leave."),
        ),
        within=ROUNDED,
    ),
    Prediction(
        "alpha-1-0",
        "What number stands in log_alpha[1, 0] for CAT?",
        -2.5302,
        "Only one way leads there, the blank of frame 0: ln α(1, 0) = ln 0.0796, so -2.53. Logarithms of probabilities "
        "are never positive.",
        "There is only one way to (1, 0). Which arc is it, where is it read, and what does the table hold of it?",
        (
            (0.0796, "0.0796 is α(1, 0) itself. The table holds its natural logarithm."),
            (2.5302, "2.53 is -ln α(1, 0). The minus belongs to the cost, not to the table."),
            (-0.1302, "-0.1302 is ln P(C | 0, 0), and so log_alpha[0, 1]. The first index is the frame."),
            (-0.9605, "-0.9605 is ln P(∅ | 1, 0): the blank that leaves (1, 0). Which one comes in?"),
            (-1.0989, "-1.099 is the logarithm to base 10. The table is in nats."),
            (0.2369, "0.2369 is P(∅ | 0, 1). That arc leaves another node."),
            (-1.4402, "-1.44 is ln P(∅ | 0, 1). That arc leaves another node."),
            (0.0, "0 is log_alpha[0, 0], where a path is for certain. Here one blank has been said."),
        ),
        within=0.006,
    ),
    Prediction(
        "beta-3-3",
        "What is β(3, 3) of CAT, at the last node?",
        0.5732,
        "All letters are written, and the last frame is still to be left: β(3, 3) = P(∅ | 3, 3) = 0.5732.",
        "What is still to be said when all letters are written and the path stands in the last frame?",
        (
            (1.0, "1 would be right if nothing were left to say. What leaves the last frame?"),
            (0.1125, "0.1125 is α(3, 3): the ways in. β counts what is still to come."),
            (0.0645, "0.0645 is P(CAT | x), so β(0, 0): everything is still to come there."),
            (0.0, "0 would mean that no path can end here. All of them do."),
        ),
        within=ROUNDED,
    ),
    Prediction(
        "sums-to-one",
        "Which of these sum to 1: the occupancies of a column (one frame t), or of an anti-diagonal (t + u = n)?",
        1,
        "Every step, blank or label, adds 1 to t + u, so each path meets each anti-diagonal exactly once. In a column "
        "a path visits one node more than the labels it emits there, so a column sums to 1 plus the expected number "
        "of labels in that frame.",
        "Take one path. How many nodes of the set does it visit?",
        (
            (0, "How many nodes of frame 0 does a path visit that writes C there?"),
            (2, "A path that writes two letters in one frame visits three nodes of its column."),
            (3, "Each path has to step over the set somewhere. How often?"),
        ),
        ("a column", "an anti-diagonal", "both", "neither"),
    ),
)

_HOMEWORK3 = (
    Prediction(
        "padding",
        "An utterance is encoded alone, and again in a batch beside one that is twice as long. With packing, how much "
        "do its vectors differ?",
        3,
        "Not at all, but for rounding, about 1e-7. Without packing the backward half would come to the short utterance "
        "with a state that has already read 30 frames of padding: wrong in the second decimal near the end, and less "
        "and less towards the beginning.",
        "What does a packed LSTM see of the frames that are not real?",
        (
            (0, "Utterances of a batch share weights, not states. Nothing leaks from one to the other."),
            (1, "The forward half has not read any padding there, with packing or without."),
            (2, "That is what happens without packing: the backward half starts in the padding."),
        ),
        ("everywhere", "a little, near its beginning", "a little, near its end", "not at all, but for rounding"),
    ),
    Prediction(
        "joiner-shape",
        "A batch of 2: f has 50 frames of 64 numbers, (2, 50, 64), and g has 11 rows, (2, 11, 64). There are 30 "
        "symbols. What shape does the joiner give?",
        2,
        "Every frame meets every row, and each pair gets a score for each of the 30 symbols: 2 · 50 · 11 · 30 = 33000 "
        "numbers.",
        "How many pairs of a frame and a row are there in one utterance, and how many scores has each?",
        (
            (0, "That pairs each frame with one row only. Where would the other ten go?"),
            (1, "64 is what goes into the last linear layer. What comes out of it is a score for each symbol."),
            (3, "The joiner adds no row of its own. g holds one for “nothing written yet” already."),
            (4, "The right numbers, but the frames come first: (B, T, U, V)."),
        ),
        ("(2, 50, 30)", "(2, 50, 11, 64)", "(2, 50, 11, 30)", "(2, 50, 12, 30)", "(2, 11, 50, 30)"),
    ),
    Prediction(
        "first-loss",
        "An untrained model finds all 30 symbols about equally likely. What does it cost to say one letter over two "
        "frames, T = 2 and U = 1, in nats?",
        9.5105,
        "Two alignments, since the last symbol is a blank: label, blank, blank and blank, label, blank. Each has three "
        "symbols and so the probability 1 / 27000. The cost is 3 ln 30 - ln 2 = 9.51.",
        "How many symbols has an alignment, how likely is each of them, and how many alignments are there?",
        (
            (10.2036, "10.2 = 3 ln 30 is the cost of one alignment. There are two, and together they are likelier."),
            (10.8967, "10.9 = 3 ln 30 + ln 2. Two ways make the letter likelier, so cheaper."),
            (3.4012, "3.4 = ln 30 is the cost of one symbol. An alignment has three."),
            (6.8024, "6.8 = 2 ln 30 is for two symbols. Two blanks and a label make three."),
            (9.105, "9.1 = 3 ln 30 - ln 3 would be three alignments. The last symbol is not free: it is a blank."),
            (0.6931, "0.69 = ln 2 would be for two symbols to choose from. There are 30."),
        ),
        within=0.06,
    ),
    Prediction(
        "joiner-calls",
        "Greedy decoding reads 100 frames and writes 12 letters. How often is the joiner called?",
        112,
        "Once per step: 100 blanks and 12 labels, T + U calls.",
        "What ends a step, and how many steps of each kind are there in this walk?",
        (
            (100, "100 counts the steps that end in a blank. A label is a step, too."),
            (12, "12 counts the steps that end in a label. How does the walk get from frame to frame?"),
            (1200, "1200 = 100 · 12 is every frame with every letter. A walk does not visit all nodes."),
            (1300, "1300 = 100 · 13 is the whole lattice, as in training. A walk visits one path of it."),
            (113, "113 is one too many: the walk ends when the last frame is left, without another question."),
            (13, "13 is how often the prediction network is called."),
            (111, "111 is one short: the last frame is left by a blank as well."),
        ),
    ),
    Prediction(
        "predictor-calls",
        "And how often is the prediction network called, for the same 100 frames and 12 letters?",
        13,
        "Once for <BOS> and once for each label: 1 + U. Asking it after blanks, too, would move a state that should "
        "rest, and write another text.",
        "When does what was written change?",
        (
            (12, "12 is one short. What does the joiner add to the first frame before anything is written?"),
            (112, "112 would be once per step. After a blank nothing new was written."),
            (113, "113 asks it after every blank, too. After a blank nothing new was written."),
            (100, "100 is the number of blanks, and after those it rests."),
            (101, "101 is <BOS> and every blank. It is the other kind of step that it has to read."),
            (1, "1 is <BOS>. The network has to read each letter as well."),
        ),
    ),
    Prediction(
        "softmax-twice",
        "What happens to the loss if log_softmax is applied to the scores first, so that it is applied twice?",
        2,
        "Nothing. Log-probabilities are scores whose exponentials sum to 1 already, so ln 1 = 0 is subtracted. It only "
        "costs one more tensor of shape (B, T, U+1, V), and time. The other way round is an error that no shape "
        "reveals: a loss that expects log-probabilities and gets raw scores.",
        "What does log_softmax subtract, and how large is that for numbers that are log-probabilities already?",
        (
            (
                0,
                "It would double if all scores did. log_softmax only subtracts one number from each row.",
            ),
            (1, "It subtracts ln of the sum of exponentials. Of probabilities that sum is known."),
            (3, "Log-probabilities are finite and negative, which is all that log_softmax asks for."),
        ),
        ("it doubles", "it becomes smaller", "nothing", "it becomes NaN"),
    ),
)

PREDICTIONS: dict[str, dict[str, Prediction]] = {
    notebook: {one.key: one for one in questions}
    for notebook, questions in (("seminar4", _SEMINAR4), ("homework3", _HOMEWORK3))
}
"""By notebook and key. No key is in both."""
