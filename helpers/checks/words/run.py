"""What a training run's log and weights may look like, and what that usually means."""

from . import Misconception as M

_SIGNS = "The two early signs: loss per character, and the length written over the length of the transcript."
_CURVES = "The curves above, and the table “what you see / what it usually is”."

WORDS = {
    "training": {
        "ended-early": M(
            "the training was stopped before its end",
            "Run the training cell again: it goes on from its last checkpoint.",
            "The last row of log.jsonl: its kind should be “final”.",
            "Did the progress bar reach its end?",
            "The last evaluation is made on all of dev, with the weights that are saved. Without it nobody knows "
            "what they "
            "can do.",
            "A log of the kinds start, train, train, dev ends without “final”; the one above it would add a row "
            "with CER "
            "and WER.",
        ),
        "learned-too-little": M(
            "the loss per character is still above 2 nats when training ends",
            "The learning rate is much too small for so few steps, or frames are not stacked.",
            _SIGNS,
            "Was the curve of the loss still falling when training ended?",
            "30 equally likely symbols cost ln 30, about 3.4 nats each. A loss above 2 means that little more than the "
            "frequency of letters was learned.",
            "T=2, U=1, V=30, all symbols equally likely: two alignments of 3 symbols each, P = 2 / 27000, a cost "
            "of 9.5 nats "
            "for one character.",
        ),
        "writes-almost-nothing": M(
            "the model writes almost nothing: it still likes the blank best in nearly every frame",
            "That is a phase, not a bug: train longer, or with a larger learning rate.",
            _SIGNS,
            "Does the loss per character still fall while the text stays empty?",
            "The model knows early what is said and not yet when. Each letter is spread over many frames, so that "
            "in each "
            "single frame the blank is the most likely.",
            "T=2, U=1: P(y[0]) = 0.4 and P(∅) = 0.6 in both frames. Greedy writes nothing, although the label is "
            "written in one of the two frames with 1 - 0.6 · 0.6 = 0.64.",
        ),
        "scores-clipped": M(
            "the loss comes to rest near 0.3 nats per character with a quarter of the characters wrong",
            "That is how runs look whose ReLU sits behind the joiner's linear layer: checks.joiner(Joiner) tells.",
            "h_{t,u} = Linear(ReLU(f_t + g_u))",
            "Can your joiner's scores be negative?",
            "Scores that are clipped at zero cannot make a symbol unlikely, and get no gradient there. No learning "
            "rate "
            "cures it.",
            "T=2, U=1, V=30: one score of 5 and 29 of 0 give e^5 / (e^5 + 29), about 0.84. With scores of -5 "
            "instead of 0 "
            "it would be 0.999.",
        ),
        "diverged": M(
            "the loss rose again, or became nan",
            "The learning rate is too large for this model: halve it, and keep the clipping of gradients.",
            _CURVES,
            "At which step was the loss lowest, and what was the learning rate then?",
            "A step that is too long jumps over the valley and lands higher. Warming up and clipping help; a "
            "smaller rate helps "
            "more.",
            "Losses per character of 2.1, 0.9, 1.4, 3.0: the lowest is 0.9, the last 3.0.",
        ),
        "learned-by-heart": M(
            "the loss falls on the training set and rises on dev",
            "Too little data for the model, or too few voices: augment, stop earlier, or make the model smaller.",
            _CURVES,
            "On which of the two sets would you like to be good?",
            "A large model can remember each sentence. On dev that does not help, and its confidence makes "
            "mistakes dearer.",
            "train 0.60, 0.20, 0.05 and dev 0.70, 0.50, 0.80 nats per character: the best model was the second.",
        ),
        "writes-too-much": M(
            "the model writes far more than is said",
            "Look for a walk that finds no blank: checks.greedy(greedy_decode), and whether the blank is class 28 "
            "everywhere.",
            _SIGNS,
            "Which symbol should end a frame, and does the loss use the same one?",
            "If loss and decoding disagree on the blank, a frame has no end and the walk runs into max_steps.",
            "T=2, U=1: at most 2000 labels can come out of max_steps=2000. A length ratio of 2 means two letters "
            "for each one.",
        ),
        "decoding-disagrees": M(
            "the loss is small and the text is wrong all the same",
            "Decoding and training disagree: start symbol, carried state, eval mode. Run the checks of exercises "
            "2, 4 and 5.",
            "g_0, s_0 = Predictor(<s>), in training and in decoding",
            "With which symbol does training start, and with which decoding?",
            "The loss never decodes. It sees the right prefix at each step, so a mistake in the walk or in the "
            "states does not "
            "show in it.",
            "T=2, U=1: trained to write c after <BOS> with 0.99, and decoded from the blank: that question was "
            "never trained.",
        ),
        "weights-untrained": M(
            "the weights know nothing, although the log ends well",
            "Hand in the file that training wrote at its end: run/weights.safetensors, not a new model's weights.",
            "“The log and the weights are of one run”",
            "Which cell wrote the weights that you handed in, and when?",
            "A new model has random weights. Saved after the kernel was restarted, they are as good as none.",
            "A log that ends with CER 0.07 and weights that reach 1.00: an empty transcript has exactly CER 1.",
        ),
        "weights-of-another-run": M(
            "the weights do not reach what the log says: they are of different runs",
            "Hand in the whole folder of one run.",
            "“The log and the weights are of one run”",
            "Did you train twice, into two folders?",
            "Log and weights lie in one folder because they belong together. A new attempt wants a new folder.",
            "A log that ends with CER 0.07 and weights that reach 0.31: 0.31 - 0.07 = 0.24, and other sentences "
            "alone make "
            "much less.",
        ),
        "two-runs-in-one-log": M(
            "the steps in the log go back: two runs were written into one file",
            "A new attempt wants a new folder, or resume=False.",
            "The column “step” of log.jsonl: it only grows.",
            "Which of the two runs do the weights belong to?",
            "A run that is resumed goes on counting. Steps that start again are another run.",
            "Steps 10, 20, 30, 10, 20: after 30 comes 10.",
        ),
    }
}
