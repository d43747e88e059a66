"""Mistakes in greedy decoding.

Many examples are a script, a model that likes one symbol best at each place: "c at (0, 0)" means that in frame 0, with
nothing written, it writes c; everywhere else it likes the blank.
"""

from . import Misconception as M

_RULES = "A blank moves t and nothing else. A label moves u: the prediction network reads it once, and t stays."
_TABLE = "The table of the walk that writes CAT over four frames."

WORDS = {
    "greedy": {
        "label-moves-on": M(
            "a label also moves on to the next frame",
            "Only a blank leaves the frame; one frame may emit several labels.",
            _RULES,
            "May one frame write two letters in your code?",
            "Two clocks: a blank moves t, a label moves u. After a label the same frame is asked again, with the "
            "new g.",
            "T=2, U=1 to begin with: c at (0, 0), a at (0, 1). The walk is c, a, blank, blank and writes both "
            "letters in frame "
            "0. If c moves on to frame 1, a is never written.",
        ),
        "blank-read": M(
            "the prediction network reads blanks too",
            "It is a model of what was written, and a blank writes nothing.",
            _TABLE,
            "What has been written after a blank that was not written before?",
            "g_u belongs to u, the number of labels. A blank changes t, so g stays, and so does the state.",
            "T=2, U=1, c at (0, 0): the network reads <BOS>, c, which is 1 + U = 2 calls. Reading the two blanks "
            "as well "
            "makes 4.",
        ),
        "last-label-read-again": M(
            "on a blank the prediction network reads the last label once more",
            "On a blank nothing changes but the frame: keep g as it is.",
            _TABLE,
            "How often does the prediction network read the c of CAT in your walk?",
            "Each reading moves the state. A label that is read again after every blank sounds like ccc to the "
            "network.",
            "T=2, U=1, c at (0, 0): read <BOS>, c and nothing else. With c again on each of the 2 blanks it reads "
            "<BOS>, c, "
            "c, c.",
        ),
        "state-dropped": M(
            "the hidden states are not handed on",
            "Without them the network only knows the last label.",
            "decoder_output, hidden_states = model.decoder(label, hidden_states=hidden_states)",
            "What does the network know of the first letter when it reads the third?",
            "One call reads one label. All the labels before it are in the hidden states, and only there.",
            "T=2, U=1: the call that reads y[0] needs the state in which <BOS> was read, so 1 symbol stands behind it. "
            "Without the state there are 0.",
        ),
        "state-of-the-start": M(
            "each label is read with the state of the very first call",
            "Keep the new state: decoder_output, hidden_states = model.decoder(...).",
            "decoder_output, hidden_states = model.decoder(label, hidden_states=hidden_states)",
            "Where do you keep the state that the second call returned?",
            "The state moves with every label. If it always starts from <BOS>, the network knows the last label "
            "and nothing "
            "before it.",
            "T=2, U=1 shows nothing: the state of <BOS> is the right one for y[0]. For a second label 2 symbols "
            "should stand "
            "behind the state, and here it is still 1.",
        ),
        "state-reset-on-blank": M(
            "the hidden states are reset when a blank comes",
            "On a blank nothing changes but the frame.",
            _RULES,
            "Does the text so far end when a frame ends?",
            "Most steps are blanks. If each one wipes the memory, the network knows nothing but the last label.",
            "T=2, U=1, c at (1, 0), so that a blank comes first: the state with which c is read should know 1 "
            "symbol, <BOS>. "
            "After a reset it knows 0.",
        ),
        "blank-for-bos": M(
            "the walk starts from the blank instead of <BOS>",
            "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
            "g_0, s_0 = Predictor(<s>)",
            "Which symbol did the network read first in training?",
            "A network cannot answer a question it was never asked in training: start as it was trained.",
            "T=2, U=1, label 2: the prediction network should read 29, 2. Here it reads 28, 2.",
        ),
        "zero-for-bos": M(
            "the walk starts from label 0 instead of <BOS>",
            "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
            "g_0, s_0 = Predictor(<s>)",
            "Which symbol did the network read first in training?",
            "Index 0 is the apostrophe. A walk that starts there continues a text that begins with an apostrophe.",
            "T=2, U=1, label 2: the prediction network should read 29, 2. Here it reads 0, 2.",
        ),
        "last-frame-left-out": M(
            "the last frame is left out",
            "Stop when t == T, not before.",
            _RULES,
            "What is the last value of t for which you ask the joiner?",
            "Frames are 0, ..., T-1. The walk is over when t has become T, that is, when the last frame has been "
            "left too.",
            "T=2, U=1, c at (1, 0): blank, c, blank writes c. Whoever stops at t = 1 writes nothing.",
        ),
        "first-frame-left-out": M(
            "the first frame is left out",
            "t starts at 0.",
            _RULES,
            "Which frame do you ask first?",
            "Frames are counted from zero; encoder_output[0] is the first.",
            "T=2, U=1, c at (0, 0): c, blank, blank writes c. Whoever starts at t = 1 writes nothing.",
        ),
        "one-frame-behind": M(
            "the frame before the current one is read",
            "At time t the joiner gets encoder_output[t].",
            "h_{t,u} = Joiner(f_t, g_u)",
            "After the first blank, which frame does the joiner get?",
            "t is the frame that the model looks at now. Nothing is delayed.",
            "T=2, U=1, c at (1, 0): after the first blank frame 1 is asked and writes c. One frame behind, frame 0 "
            "is asked "
            "twice, and frame 1 never.",
        ),
        "repeats-merged": M(
            "repeated labels are merged",
            "That is CTC's rule. An RNN-T means every label it emits.",
            "B deletes the blanks, and does nothing else.",
            "How would your decoder spell “hello”?",
            "CTC repeats a label for as long as its sound lasts, and must merge. A transducer writes a label once "
            "and goes on; "
            "two of them are two letters.",
            "T=2, with U=1 letter in each frame, l and l: the text is ll. Merged it would be l.",
        ),
        "whole-prefix-again": M(
            "the prediction network reads the whole prefix again at each label",
            "The answer is the same and the work is quadratic: carry the state and read the new label only.",
            "decoder_output, hidden_states = model.decoder(label, hidden_states=hidden_states)",
            "How many symbols does the network read in all for a text of 100 letters?",
            "The hidden states are worth the whole history. With them each label is read once: 1 + U symbols.",
            "T=2, U=1: <BOS>, then <BOS>, c, which is 1 + 2 = 3 symbols for 2. With U=100 it is 5151 for 101.",
        ),
        "whole-prefix-and-state": M(
            "the prediction network reads the whole prefix again, and with the carried state on top",
            "One or the other; the state is enough: read the new label only.",
            "decoder_output, hidden_states = model.decoder(label, hidden_states=hidden_states)",
            "How often has the state that you hand on heard the first letter?",
            "The state already holds the prefix. Reading the prefix again on top of it is like saying everything "
            "twice.",
            "T=2, U=1, label c: the state should have heard <BOS>, c, 2 symbols. Here it has heard <BOS>, <BOS>, "
            "c, 3 of them.",
        ),
        "label-waits-for-blank": M(
            "the prediction network learns of a label only at the next blank",
            "Read each label at once: the next step needs g of the new prefix.",
            _TABLE,
            "Which g does the joiner get in the step right after a label?",
            "After a label the joiner is asked again in the same frame, now with g_{u+1}. The old g would write "
            "the same "
            "label again.",
            "T=2, U=1, c at (0, 0): <BOS>, c at once; then the joiner is asked at (0, 1) and likes the blank.",
        ),
        "one-label-late": M(
            "the prediction network reads the label before the newest one",
            "Read the label that was just written.",
            "g_u, s_u = Predictor(y_{u-1}, s_{u-1})",
            "After C, A: which letter does the network read next?",
            "g_{u+1} must know the newest label. One late, the network always predicts the letter that it has just "
            "written.",
            "T=2, U=1, label 2: the network should read 29, 2. One late it reads 29, 29.",
        ),
        "blanks-written": M(
            "blanks are written into the result",
            "A blank writes nothing: only labels go into the list.",
            "B deletes the blanks, and does nothing else.",
            "How long is your result when the model says nothing but blanks?",
            "The blank is a move, not a letter. The transcript is what is left without the moves.",
            "T=2, U=1, label 2 at (0, 0): the walk is 2, blank, blank, and the result is [2], not [2, 28, 28].",
        ),
        "bos-written": M(
            "<BOS> stands in front of the result",
            "<BOS> is read by the prediction network and not written by the model.",
            "returns: (U,) int64, the labels written; without blanks, <BOS> and padding",
            "Which of your symbols did the joiner choose?",
            "The result is what the walk wrote. <BOS> is only what the prediction network hears first.",
            "T=2, U=1, label 2 at (0, 0): the result is [2], not [29, 2].",
        ),
        "ends-at-the-first-blank": M(
            "the walk ends at the first blank",
            "A blank ends the frame, not the utterance: t += 1, and go on while t < T.",
            _RULES,
            "How many frames does your walk visit when the first one says blank?",
            "In a language model an end symbol stops the text. The blank is not one: most frames of speech say blank.",
            "T=2, U=1, c at (1, 0): blank, c, blank writes c. Whoever stops at the first blank writes nothing.",
        ),
        "limit-counts-labels": M(
            "max_steps counts labels only",
            "A step is one call of the joiner, whatever comes out.",
            "max_steps: calls of the joiner, at most",
            "How many calls of the joiner does your walk make with max_steps=3 and four frames of blanks?",
            "The limit is on work, so each step counts, blank or label.",
            "T=2, max_steps=2, c at (0, 0) and a at (1, 1): the 2 steps are c, blank, so c is written. If blanks "
            "are free, a is "
            "written too. (With U=1 label nothing shows.)",
        ),
        "limit-counts-frames": M(
            "max_steps counts frames only, so that a model that never likes the blank never ends",
            "A step is one call of the joiner, whatever comes out.",
            "max_steps: calls of the joiner, at most",
            "What happens if the model likes a letter best for ever?",
            "t only moves on blanks. A model that never likes the blank stays in its frame, and only a limit on "
            "all steps "
            "ends that.",
            "T=2, U=1 in truth, and a model that always likes c: max_steps=2 means 2 letters and the end.",
        ),
    }
}
