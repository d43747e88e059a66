"""Hints for an exercise as a whole: where no known mistake was recognised, or nothing is written yet."""

from typing import NamedTuple


class Hints(NamedTuple):
    """Three levels, the one that gives away least first. Each exercise has its own."""

    question: str
    """A question back."""
    concept: str
    """The idea behind the exercise."""
    example: str
    """The smallest example, with numbers. Tests compute them again."""


_TINY = (
    "Take T=2, U=1 and go by hand. At (0, 0), (0, 1), (1, 0), (1, 1) the blank has 0.5, 0.6, 0.2, 0.8; y[0] has 0.3 at "
    "(0, 0) and 0.7 at (1, 0). "
)

EXERCISES: dict[str, Hints] = {
    "forward": Hints(
        "From which nodes can a path come into (t, u), and what do you know of them when you get there?",
        "Each node reads at most two neighbours: the one to its left through a blank, the one below through a label. "
        "Each probability is read where its arc begins. So visit the nodes in an order in which both neighbours are "
        "done; on a border one of them does not exist and counts as impossible. Begin with a table for one frame, and "
        "only then two.",
        _TINY + "α(0, 0) = 1. On the borders one way each: α(1, 0) = 1 · 0.5 = 0.5 and α(0, 1) = 1 · 0.3 = 0.3. Inside "
        "two ways meet: 0.5 · 0.7 + 0.3 · 0.6 = 0.53. One blank is left to say: 0.53 · 0.8 = 0.424. Print the exp of "
        "your table for these numbers.",
    ),
    "backward": Hints(
        "What is still to be said at the last node, and which nodes must be ready before any other?",
        "It is the same lattice read from its end. At (t, u) the path may take the blank or the next label; both are "
        "read at (t, u) itself, because that is where they leave. The last node has one thing left to say. The first "
        "one then holds the whole probability, and its cost must be that of forward.",
        _TINY + "β(1, 1) = 0.8. On the borders one way each: β(0, 1) is 0.6 · 0.8 = 0.48 and β(1, 0) is 0.7 · 0.8 = "
        "0.56. At the first node two ways part: 0.5 · 0.56 + 0.3 · 0.48 = 0.424, the same P as forwards.",
    ),
    "encoder": Hints(
        "What does your LSTM know when it meets the last real frame of the shortest utterance?",
        "Three steps: tell the LSTM where each utterance ends, run it, make a rectangle of it again. PyTorch has a "
        "function for the first and one for the last, and both are in the exercise's text. A linear layer then brings "
        "each frame to the joiner's dimension, and its input is twice as wide where the LSTM reads both ways.",
        "One unit a direction, all weights and the LSTM's input biases 1, the rest 0; an utterance of one frame, a 1, "
        "padded to T=2, with U=1 label. Right is f_0 = 1.2166, with padding and without. If the padding is read, f_0 "
        "becomes 1.4194. In the frame that is padding the linear layer sees zeros, so f_1 = 0.",
    ),
    "decoder": Hints(
        "If a word is read letter by letter, what has to travel from one call to the next?",
        "One network, two uses. Whole transcripts are padded, so the LSTM is told their lengths, as in the encoder. "
        "Single labels come without lengths and with the states of the call before. The states that come out are "
        "always returned, also where nobody asks for them. For the same labels both uses give the same numbers.",
        "One unit, all weights and the LSTM's input biases 1, the rest 0; the embedding of a label is its number. "
        "Labels 2, 1, that is T=2 readings and U=1 behind the first: g_0 = 0.7038 and g_1 = 0.889, at once or one by "
        "one. A second call that starts afresh gives 0.6083.",
    ),
    "joiner": Hints(
        "How many pairs of a frame and a text are there, and what does each of them get?",
        "Every frame meets every row of g, so an axis for the other one is missing in both. Broadcasting repeats along "
        "an axis of length 1. Then the formula from the inside out: the sum, the ReLU, the linear layer last. Two "
        "plain vectors have no axes to repeat and need nothing of the kind.",
        "T=2, U=1, so two frames and two rows; one number each, f = (10, 20), g = (1, 2). The sums make a table, a row "
        "for each frame: 10 + 1 = 11 and 10 + 2 = 12, then 20 + 1 = 21 and 20 + 2 = 22. If yours has two numbers "
        "instead of four, or its rows are columns, an axis is in the wrong place.",
    ),
    "transducer": Hints(
        "Before the first letter is written something must already be predicted. From what?",
        "The parts are done; here they are put together. The prediction network reads the start symbol and then the "
        "transcript, one symbol more than the transcript has, and the lengths grow with it. They belong to the caller: "
        "make new ones. What goes to the loss are plain scores for every frame with every row.",
        "T=2, U=1, targets [[2]] with target_lengths [1]: the prediction network reads [29, 2] with length 2, since "
        "1 + 1 = 2, and gives g_0 and g_1. With 30 classes the logits have shape (1, 2, 2, 30), and target_lengths is "
        "[1] still.",
    ),
    "greedy": Hints(
        "A step ends in a blank or in a label. What changes after the one, and what after the other?",
        "Keep four things: the frame, the row g, the states, and what is written. Each step asks the joiner once. A "
        "blank touches the frame alone. A label touches the three others, by one call of the prediction network, and "
        "the frame stays. Two things end the walk: the last frame is left, or the steps are used up.",
        "T=2, U=1; the model likes c at (0, 0), and the blank everywhere else. The walk: c at (0, 0), a blank at (0, "
        "1), a blank at (1, 1), and the frames are over. The joiner was asked 2 + 1 = 3 times, the prediction network "
        "1 + 1 = 2 times, for <BOS> and for c. Written: c.",
    ),
    "training": Hints(
        "Which of its two early signs does your run show: the loss per character, or the length written?",
        "Nothing is trained again for your grade: the folder of the run is read. Its log has to reach the last "
        "evaluation, and its weights have to be those of the log. Long before the error rate moves, the loss per "
        "character falls; then the model starts to write, and then it writes the right thing. Three sentences by heart "
        "come first: whoever cannot do that has a bug.",
        "What is much? T=2, U=1, V=30, all symbols equally likely: two alignments of 3 symbols each cost 10.20 - 0.69 "
        "= 9.51 nats, and that is one character. In a long sentence it is a few nats each. A run that ends above 2 has "
        "hardly begun, one below 0.5 writes readable text.",
    ),
}
"""By exercise."""
