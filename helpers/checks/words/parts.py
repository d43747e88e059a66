"""Mistakes in the encoder, the prediction network, the joiner and the transducer."""

from . import Misconception as M

_CELL = (
    "One unit a direction, all weights and the LSTM's input biases 1, the rest 0; T=2, U=1 or less. "
    "A frame of 1, alone: f_0 = 1.2166. "
)
_PACK = "pack_padded_sequence(inputs, input_lengths.cpu(), batch_first=True, enforce_sorted=False)"
_ENCODER = {
    "padding-read": M(
        "the LSTM runs over padding as if it were sound",
        "Backwards, padding comes first and reaches every real frame. Pack the batch with its lengths.",
        _PACK,
        "At which frame does the backward half of the LSTM start for the shortest utterance of the batch?",
        "An LSTM's state carries everything it has read. Whatever stands behind the end is read first on the way back.",
        _CELL + "The same frame with one frame of padding behind it, T=2: without packing f_0 becomes 1.4194.",
    ),
    "activation-at-the-end": M(
        "the outputs go through a ReLU",
        "f_t may be negative: the ReLU belongs into the joiner, after f + g.",
        "f_t = Linear(LSTM(x))_t, and Linear(ReLU(f_t + g_u)) in the joiner",
        "What could f_t say against a symbol if it were never negative?",
        "The encoder's last layer is linear, so that f can push g's opinion up and down. Clipping comes after the sum.",
        "Frames of -1 and -2 (one unit a direction, weights and input biases 1): f = (-0.061, -0.1087). A ReLU "
        "makes both 0, "
        "whatever U and g are: T=2 frames that say nothing.",
    ),
    "order-lost": M(
        "the batch is sorted by length and not put back into its order",
        "pack_padded_sequence(..., enforce_sorted=False) sorts and restores by itself.",
        _PACK,
        "Which utterance do your outputs[0] belong to?",
        "Row b of the outputs must belong to row b of the inputs: the transcripts were not sorted along.",
        "Two utterances of 1 and T=2 frames with U=1 label each: sorted by length they change places, and the loss "
        "compares "
        "each with the other's label.",
    ),
    "states-not-put-back": M(
        "the outputs are put back into the batch's order and the hidden states are not",
        "Index h and c along their second axis too, or let enforce_sorted=False do all of it.",
        _PACK,
        "You sorted three things: inputs, lengths, and what else comes back sorted?",
        "nn.LSTM returns outputs and (h, c). Both know the batch; in h and c it is the axis in the middle.",
        "Two utterances of 1 and T=2 frames, U=1: h has shape (layers · directions, 2, hidden). After sorting h[:, "
        "0] belongs "
        "to the longer one.",
    ),
    "one-direction-only": M(
        "`bidirectional` is ignored: the LSTM always reads forwards only",
        "Hand the argument on: nn.LSTM(..., bidirectional=bidirectional), and give the linear layer 2 · "
        "hidden_size inputs.",
        "nn.LSTM(..., bidirectional=bidirectional)",
        "How many numbers per frame leave the LSTM when it reads in both directions?",
        "Two directions are two LSTMs side by side; their outputs are concatenated.",
        _CELL + "Half of it comes from each direction: forwards alone gives 0.6083.",
    ),
    "always-two-directions": M(
        "`bidirectional` is ignored: the LSTM always reads in both directions",
        "Hand the argument on: nn.LSTM(..., bidirectional=bidirectional).",
        "nn.LSTM(..., bidirectional=bidirectional)",
        "What should your encoder do when it is built with bidirectional=False?",
        "A model for live speech can't read from the end, for there is no end yet. So the direction is an argument.",
        _CELL + "Forwards alone, as bidirectional=False asks for, it is 0.6083; T=2 and U=1 do not change that.",
    ),
    "one-layer-only": M(
        "`n_layers` is ignored: the LSTM always has one layer",
        "Hand the argument on: nn.LSTM(..., num_layers=n_layers).",
        "nn.LSTM(..., num_layers=n_layers)",
        "Which of the constructor's arguments does your LSTM never see?",
        "A second layer reads the outputs of the first. The sizes of a model are its caller's choice.",
        "Frames of 1 and -1, T=2 (one unit a direction, weights and input biases 1): one layer gives f_0 = 1.2166, "
        "two layers "
        "give f_0 = 1.5042.",
    ),
    "batch-taken-for-time": M(
        "the LSTM takes the first axis, the batch, for time",
        "nn.LSTM(..., batch_first=True): inputs are (B, T, n).",
        "nn.LSTM(..., batch_first=True)",
        "Which axis does nn.LSTM walk along if you do not tell it?",
        "Without batch_first nn.LSTM expects (T, B, n). It cannot see the mix-up, since every shape fits: "
        "utterances then "
        "listen to each other and frames do not.",
        "Frames of 1 and -1, B=1, T=2 (one unit a direction, weights and input biases 1): right is f_1 = 0.4643. "
        "With the axes "
        "mixed up each frame is an utterance of its own, and f_1 is 0.",
    ),
    "cut-to-the-longest": M(
        "the outputs are cut to the longest utterance of the batch",
        "pad_packed_sequence(..., total_length=inputs.shape[1]) keeps as many frames as came in.",
        "pad_packed_sequence(..., batch_first=True, total_length=inputs.shape[1])",
        "How many frames come out when every utterance of the batch is shorter than the tensor?",
        "pad_packed_sequence makes the rectangle as short as the lengths allow. On many GPUs a batch is split, and "
        "the parts "
        "must fit together again.",
        "B=1, T=2, length 1: in go two frames, so two must come out, f_0 = 1.2166 and one of padding. Without "
        "total_length "
        "there is one.",
    ),
}

_GIVEN = "Labels 2, 1 read one by one (one unit, all weights and the LSTM's input biases 1, the rest 0): "
_STATES = "g_u, s_u = Predictor(y_{u-1}, s_{u-1})"
_DECODER = {
    "state-ignored": M(
        "hidden_states are not given to the LSTM",
        "Then every step starts anew and only knows the last label. Hand them on: lstm(embedded, hidden_states).",
        _STATES,
        "How does your network know, at the third letter, what the first one was?",
        "In decoding each call reads one label. Everything before it is in the hidden states, so they go into the "
        "LSTM.",
        _GIVEN
        + "g_0 = 0.7038 and g_1 = 0.889. Without the states the second step starts afresh and gives 0.6083. That is "
        "T=2 frames and U=1 label away from a wrong letter.",
    ),
    "cell-state-lost": M(
        "only h is handed on and c starts from zero at each step",
        "An LSTM's state is the pair (h, c). Hand on both.",
        _STATES,
        "How many tensors make the state of an LSTM?",
        "h is what the LSTM shows, c is what it remembers. Losing c is losing the memory.",
        _GIVEN + "g_1 = 0.889. With h alone it is 0.6843.",
    ),
    "old-state-returned": M(
        "the hidden states that came in are returned, not the new ones",
        "Return what the LSTM returned: outputs, hidden = lstm(embedded, hidden_states).",
        _STATES,
        "After three letters, how many letters does the state that you return know of?",
        "The state moves one step with each label. Whoever returns the old one stays at the first letter for ever.",
        _GIVEN
        + "s_0 goes in, s_1 comes out. With U=1 nothing shows, for nobody reads s_1; the third call would still start "
        "from s_0.",
    ),
    "batch-taken-for-time": M(
        "single steps take the first axis for time",
        "Inputs are (B, U): the LSTM needs batch_first=True.",
        "nn.LSTM(..., batch_first=True)",
        "Three utterances make one step each. How many steps does your LSTM make?",
        "Without batch_first the LSTM reads (U, B): it takes three utterances for three letters of one.",
        "B=1 shows nothing. With B=2, labels 2 and 1 as the first letters of two utterances, the second should "
        "give 0.6083; "
        "taken for the second letter it gives 0.889. (T=2, U=1, weights as in the other hints: all 1.)",
    ),
    "projection-missing": M(
        "the linear layer at the end is left out",
        "g_u must have output_dim numbers, as many as f_t.",
        "g_u = Linear(LSTM(...))_u",
        "How many numbers has g_u, and how many has f_t?",
        "The joiner adds f_t and g_u, so both must come in its dimension J. The linear layers bring them there.",
        "T=2, U=1, hidden_size=6, J=5: f has shape (1, 2, 5), and g must have shape (1, 2, 5) too, not (1, 2, 6).",
    ),
    "activation-at-the-end": M(
        "the outputs go through a ReLU",
        "g_u may be negative: the ReLU belongs into the joiner, after f + g.",
        "g_u = Linear(LSTM(...))_u, and Linear(ReLU(f_t + g_u)) in the joiner",
        "What could g_u say against a symbol if it were never negative?",
        "The last layer is linear, so that g can push f's opinion up and down. Clipping comes after the sum.",
        "T=2, U=1 with g_0 = -0.5 and f_0 = 0.7: f_0 + g_0 is 0.7 - 0.5 = 0.2. With a ReLU on g it would be 0.7.",
    ),
    "activation-on-the-embedding": M(
        "the embedding goes through a ReLU before the LSTM",
        "The LSTM reads the embedding as it is: lstm(embedding(inputs)).",
        "outputs, (h, c) = lstm(embedding(inputs), hidden_states)",
        "What is left of an embedding that is all negative?",
        "An embedding is a free vector per label. A ReLU throws half of it away, and the LSTM has activations enough.",
        "T=2, U=1: let the label's embedding be (-0.4, 0.9). After a ReLU it is (0, 0.9), the same as that of "
        "(-0.7, 0.9).",
    ),
    "start-symbol-added": M(
        "the network puts a start symbol before what it is given",
        "It reads what it gets: whoever calls it adds <BOS>, and in decoding it must not come before each letter.",
        "g_0, s_0 = Predictor(<s>), called by the transducer",
        "How many outputs should come back for one label?",
        "One symbol in, one g out. The start symbol is the transducer's business, once per transcript.",
        "T=2, U=1: the transducer gives <BOS>, y[0] and wants g_0, g_1. With another symbol in front there are three.",
    ),
    "last-output-everywhere": M(
        "only the LSTM's last output is used, for every position",
        "outputs has one vector per label: project all of them.",
        "g_0, ..., g_U, one for each row of the lattice",
        "Should g_0 know the whole transcript?",
        "g_u may know labels 0, ..., u-1 and no more. If every row gets the last state, the network sees the answer in "
        "training and has none in decoding.",
        "Labels 2, 1 read at once (U=1, T=2, all weights and input biases 1): g = (0.7038, 0.889). With the last "
        "output for "
        "both it is (0.889, 0.889).",
    ),
    "one-layer-only": M(
        "`n_layers` is ignored: the LSTM always has one layer",
        "Hand the argument on: nn.LSTM(..., num_layers=n_layers).",
        "nn.LSTM(..., num_layers=n_layers)",
        "Which of the constructor's arguments does your LSTM never see?",
        "A second layer reads the outputs of the first. The sizes of a model are its caller's choice.",
        "Labels 2, 1 read at once (U=1, T=2, all weights and input biases 1): one layer gives g_0 = 0.7038, two "
        "layers give "
        "g_0 = 0.5579.",
    ),
}

_PAIR = (
    "T=2, U=1. f_1 = (-1, 1), g_0 = (0.5, 1), and a linear layer that takes the second number from the first: "
    "f_1 + g_0 = (-0.5, 2), ReLU gives (0, 2), the score is 0 - 2 = -2. "
)
_H = "h_{t,u} = Linear(ReLU(f_t + g_u))"
_JOINER = {
    "activation-after-linear": M(
        "the ReLU comes after the linear layer",
        "Then no logit can be negative, and f and g only add up. The formula is Linear(ReLU(f + g)).",
        _H,
        "Can any of your scores be negative?",
        "A symbol is made unlikely by pushing its score down. Clipped at zero it can't go further, and gets no "
        "gradient "
        "either: training stalls, and every shape is right.",
        _PAIR + "The other way round: -0.5 - 2 = -2.5, and the ReLU makes it 0.",
    ),
    "activation-missing": M(
        "there is no ReLU",
        "Linear(f + g) is Linear(f) + Linear(g): frame and label would not interact.",
        _H,
        "Is there anything in your joiner that is not linear?",
        "Without an activation the score is what the frame says plus what the text says. “This sound, but only "
        "after a C” "
        "cannot be expressed.",
        _PAIR + "Without it: -0.5 - 2 = -2.5.",
    ),
    "activation-twice": M(
        "there is a ReLU before the linear layer and another one after it",
        "Nothing comes after the linear layer: its scores must be free to be negative.",
        _H,
        "What comes last in your joiner, and can its result be negative?",
        "The inner ReLU lets frame and label interact. A second one behind the linear layer clips the scores.",
        _PAIR + "A ReLU after that makes it 0.",
    ),
    "activation-before-sum": M(
        "the ReLU comes before the sum",
        "Add first: ReLU(f + g).",
        _H,
        "Where do frame and text meet in your code: before or after the ReLU?",
        "ReLU(f) + ReLU(g) can only agree or keep silent. In ReLU(f + g) the one can hold the other back.",
        _PAIR + "Before the sum: (0, 1) + (0.5, 1) = (0.5, 2), and the score is 0.5 - 2 = -1.5.",
    ),
    "tanh": M(
        "tanh stands where the ReLU should",
        "Some papers use tanh; here it is ReLU.",
        _H,
        "Which activation does the formula name?",
        "tanh is not wrong in itself. The weights of a model belong to its activation, and the check puts in known "
        "weights.",
        _PAIR + "With tanh: -0.4621 - 0.9640 = -1.4261.",
    ),
    "sigmoid": M(
        "a sigmoid stands where the ReLU should",
        "The formula says ReLU.",
        _H,
        "Which activation does the formula name?",
        "A sigmoid turns “no opinion”, 0, into 0.5, and saturates on both sides. ReLU leaves positive numbers as "
        "they are.",
        _PAIR + "With a sigmoid: 0.3775 - 0.8808 = -0.5033.",
    ),
    "product": M(
        "f and g are multiplied",
        "They are added: f + g.",
        _H,
        "What happens to the frame's opinion where g is 0?",
        "A sum lets each speak where the other is silent; a product silences both.",
        _PAIR + "As a product: (-1 · 0.5, 1 · 1), that is (-0.5, 1), and the score is 0 - 1 = -1.",
    ),
    "difference": M(
        "g is taken away from f",
        "They are added: f + g.",
        _H,
        "Which sign stands between f and g?",
        "A network could learn either, but known weights tell them apart: g would need the opposite sign.",
        _PAIR + "As a difference: (-1.5, 0), and the score is 0.",
    ),
    "softmax-inside": M(
        "a softmax is inside the joiner",
        "The loss takes logits and does it itself.",
        "P(k | t, u) = softmax(h_{t,u})_k, in the loss",
        "Do your scores add up to 1? Who does the softmax after you?",
        "The loss computes log-softmax(h). After a softmax all scores lie between 0 and 1, and the second one "
        "flattens them.",
        _PAIR + "With a second symbol at 0, the softmax of (-2, 0) is (0.1192, 0.8808).",
    ),
    "log-softmax-inside": M(
        "a log-softmax is inside the joiner",
        "The loss takes logits and does it itself.",
        "P(k | t, u) = softmax(h_{t,u})_k, in the loss",
        "Are all of your scores negative? Who does the softmax after you?",
        "A second log-softmax changes nothing, so training would go well. But scores that are already normalised "
        "are another "
        "array than h, and cost time in each decoding step.",
        _PAIR + "With a second symbol at 0, the log-softmax of (-2, 0) is (-2.1269, -0.1269).",
    ),
    "axes-swapped": M(
        "f is spread along the labels' axis and g along the frames': the result is (B, U, T, V)",
        "f.unsqueeze(2) and g.unsqueeze(1): time comes first.",
        "(B, T, 1, J) + (B, 1, U, J) -> (B, T, U, J)",
        "Which axis of your result is time?",
        "unsqueeze(2) leaves f's frames on axis 1. What f should be constant along gets the new axis.",
        _PAIR
        + "It belongs at [1, 0]. With the axes swapped that place holds frame 0 with row 1, a score of 3 - 0 = 3.",
    ),
    "same-position-only": M(
        "frame t meets row t only, since f and g are added without new axes",
        "Every frame meets every row: f.unsqueeze(2) + g.unsqueeze(1).",
        "(B, T, 1, J) + (B, 1, U, J) -> (B, T, U, J)",
        "How many scores vectors should come out for T frames and U+1 rows?",
        "The lattice needs the choice at *every* node (t, u). Two new axes of length 1 make every pair by "
        "broadcasting.",
        "T=2, U=1: f and g have two vectors each, so there are 2 · 2 = 4 nodes. f + g gives 2.",
    ),
}

_START = "g_0 comes from <BOS> (index 29) alone: nothing has been written yet."
_READS = "T=2, U=1, targets [[2]]: the prediction network should read [29, 2] and give g_0 and g_1. "
_TRANSDUCER = {
    "blank-for-bos": M(
        "the blank is put before the labels instead of <BOS>",
        "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
        _START,
        "Which symbol does decoding start with?",
        "The blank is a move of the decoder, not a piece of text, and the prediction network never reads it. "
        "Training and "
        "decoding must start from the same symbol.",
        _READS + "Yours reads [28, 2].",
    ),
    "zero-for-bos": M(
        "a 0, the apostrophe, is put before the labels instead of <BOS>",
        "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
        "F.pad(targets, (1, 0), value=tokenizer.bos)",
        "What does F.pad put in when you do not name a value?",
        "Index 0 is a symbol like any other, here the apostrophe. “Nothing yet” has a symbol of its own.",
        _READS + "Yours reads [0, 2].",
    ),
    "bos-at-the-end": M(
        "<BOS> is put after the labels",
        "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
        "F.pad(targets, (1, 0), value=tokenizer.bos): (left, right)",
        "What does the network know when it gives its first output?",
        "g_u may know only what is written before label u. With <BOS> behind, g_0 has read y[0] and knows the answer.",
        _READS + "Yours reads [2, 29].",
    ),
    "bos-missing": M(
        "no <BOS> is put before the labels",
        "The prediction network reads <BOS> (index 29) first: it means that nothing has been said yet.",
        "logits: (B, T, U+1, V)",
        "How many rows has the lattice, and how many g do you have?",
        "U labels give U+1 states of “what is written”, from nothing to all. The first one needs a symbol of its own.",
        _READS + "Yours reads [2]: one row where the lattice has two.",
    ),
    "last-label-dropped": M(
        "<BOS> is put in front and the last label is dropped",
        "The transcript gets longer by one: U+1 symbols go in.",
        "logits: (B, T, U+1, V)",
        "Which row of the lattice says that everything is written?",
        "A language model predicts one symbol per symbol read. A transducer needs one more: after the last label "
        "it must "
        "still decide for blanks.",
        _READS + "Yours reads [29] and has no row for “all written”.",
    ),
    "bos-twice": M(
        "<BOS> is put before the labels twice and the last label is dropped",
        "Once is enough: F.pad(targets, (1, 0), value=BOS).",
        _START,
        "How often does the prediction network hear that nothing is written?",
        "Row u must know exactly u labels. With two start symbols each row lags one label behind.",
        _READS + "Yours reads [29, 29].",
    ),
    "lengths-changed": M(
        "target_lengths is changed in place",
        "`lengths += 1` changes the caller's tensor; `lengths + 1` does not.",
        "decoder(with_bos, target_lengths + 1)",
        "What does the caller find in target_lengths after the call?",
        "A tensor that is handed over is shared. The loss reads the same lengths next, and would look for a label that "
        "is not there.",
        "T=2, U=1: target_lengths is [1] and must stay [1]. After `+= 1` it is [2], and the loss reads targets[1].",
    ),
    "lengths-not-extended": M(
        "the prediction network is told target_lengths, without the <BOS> in front",
        "With <BOS> there is one symbol more to read: target_lengths + 1.",
        "decoder(with_bos, target_lengths + 1)",
        "How many symbols does the prediction network read for a transcript of length 1?",
        "The lengths must fit what is read. One too few cuts off the last label, and the last row is padding.",
        _READS + "That is 2 symbols. Told a length of 1, it stops after [29].",
    ),
    "padding-heard": M(
        "the encoder is told that every utterance is as long as the batch",
        "Hand on input_lengths as they are.",
        "encoder(inputs, input_lengths)",
        "How does the encoder know where the shorter utterances end?",
        "Padding is not silence; it is nothing. An utterance must get the same answer alone and in any company.",
        "Two utterances of 1 and T=2 frames, U=1: input_lengths is [1, 2]. With [2, 2] the first one hears a frame "
        "that "
        "does not exist.",
    ),
    "softmax-inside": M(
        "probabilities are returned",
        "Return logits: the loss does the softmax.",
        "P(k | t, u) = softmax(h_{t,u})_k, in the loss",
        "Do your scores add up to 1 over the symbols?",
        "The loss computes log-softmax itself. After a softmax all scores lie between 0 and 1, and the second one "
        "flattens "
        "them to almost equal.",
        "T=2, U=1, a node with scores (-2, 0): probabilities (0.1192, 0.8808). The softmax of those is (0.3183, "
        "0.6817): "
        "the model can never be sure.",
    ),
    "log-softmax-inside": M(
        "log-probabilities are returned",
        "Return logits: the loss does the softmax.",
        "P(k | t, u) = softmax(h_{t,u})_k, in the loss",
        "Are all of your scores negative?",
        "The loss computes log-softmax itself. Twice is harmless for the value, but it is work, and another array "
        "than the "
        "one that is asked for.",
        "T=2, U=1, a node with scores (-2, 0): the log-softmax gives (-2.1269, -0.1269).",
    ),
}

WORDS = {"encoder": _ENCODER, "decoder": _DECODER, "joiner": _JOINER, "transducer": _TRANSDUCER}
