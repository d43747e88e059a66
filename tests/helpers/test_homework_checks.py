"""The checks of the homework's parts: right ones pass however they are written, known mistakes are named."""

import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from autograder.judging import homework3_zoo
from autograder.judging.homework3_reference import REFERENCE, DecoderRNNT, EncoderRNNT, Joiner, RNNTransducer
from helpers import checks
from helpers.checks import trying
from helpers.checks.chosen import thresholds
from helpers.checks.misconceptions import MISCONCEPTIONS, known_as
from helpers.checks.rubric import HOMEWORK3
from helpers.checks.runs import AGREEMENT
from helpers.corpora import corpus
from helpers.making import mini
from helpers.metrics import corpus_cer
from helpers.text import tokenizer

CER, WER = thresholds().values()
POINTS = {exercise.key: exercise.points for exercise in HOMEWORK3}
ZOO = homework3_zoo.ZOO
MISTAKES = [(exercise, name) for exercise in ZOO for name in homework3_zoo.everything(exercise)]


def check(exercise, written):
    return getattr(checks, exercise)(written)


def test_the_homework_has_the_points_of_the_course():
    assert sum(POINTS[key] for key in ("encoder", "decoder", "joiner", "transducer")) == 18
    assert (POINTS["greedy"], POINTS["training"]) == (18, 4)


@pytest.mark.parametrize("exercise", REFERENCE)
def test_the_reference_gets_full_points(exercise):
    result = check(exercise, REFERENCE[exercise])
    assert float(repr(result)) == POINTS[exercise], result.text()
    assert result.result.misconceptions == ()


@pytest.mark.parametrize(("exercise", "name"), MISTAKES)
def test_every_known_mistake_loses_points_and_is_named(exercise, name):
    result = check(exercise, homework3_zoo.wrong(exercise, name))
    assert float(repr(result)) < POINTS[exercise]
    assert result.result.misconceptions == (name,), result.text()
    for part in known_as(exercise, name):
        assert part.says in result.text()


def test_words_and_zoo_have_the_same_mistakes():
    assert {exercise: set(zoo) for exercise, zoo in ZOO.items()} == {
        exercise: set(MISCONCEPTIONS[exercise]) for exercise in ZOO
    }


class Masked(EncoderRNNT):
    """Each utterance alone, without packing; other attribute names; layers made in another order."""

    def __init__(self, input_dim, hidden_size, output_dim, n_layers, dropout=0.2, bidirectional=True):
        nn.Module.__init__(self)
        self.out = nn.Linear(hidden_size * (1 + bidirectional), output_dim)
        self.rnn = nn.LSTM(input_dim, hidden_size, n_layers, bidirectional=bidirectional)

    def forward(self, inputs, input_lengths):
        outputs, states = [], []
        for one, length in zip(inputs, input_lengths, strict=True):
            seen, state = self.rnn(one[: int(length), None])
            outputs.append(nn.functional.pad(self.out(seen[:, 0]), (0, 0, 0, inputs.shape[1] - int(length))))
            states.append(state)
        return torch.stack(outputs), [torch.cat([state[k] for state in states], dim=1) for k in (0, 1)]


class TimeFirst(DecoderRNNT):
    def __init__(self, hidden_size, vocab_size, output_dim, n_layers, dropout=0.2):
        nn.Module.__init__(self)
        self.rnn = nn.LSTM(hidden_size, hidden_size, n_layers)
        self.emb = nn.Embedding(vocab_size, hidden_size)
        self.proj = nn.Linear(hidden_size, output_dim)

    def forward(self, inputs, input_lengths=None, hidden_states=None):
        outputs, hidden = self.rnn(self.emb(inputs).transpose(0, 1), hidden_states)
        return self.proj(outputs).transpose(0, 1), list(hidden)


class Keywords(Joiner):
    def __init__(self, joiner_dim, num_outputs):
        nn.Module.__init__(self)
        self.net = nn.Sequential(nn.ReLU(), nn.Linear(joiner_dim, num_outputs))

    def forward(self, encoder_outputs, decoder_outputs):
        if encoder_outputs.ndim == 1:
            return self.net(encoder_outputs + decoder_outputs)
        return self.net(encoder_outputs[:, :, None, :] + decoder_outputs[:, None, :, :])


class Concatenates(RNNTransducer):
    def forward(self, inputs, input_lengths, targets, target_lengths):
        start = torch.tensor([29], dtype=targets.dtype).expand(len(targets), 1)
        f = self.encoder(inputs, input_lengths)[0]
        g = self.decoder(torch.cat([start, targets], 1), target_lengths.clone() + 1)[0]
        return self.joiner(f, g)


def batched_shapes(model, encoder_output, max_steps=2000):
    """Greedy in the shapes of a batch of one: joiner in 3-D over all frames, int32 labels, a list at the end."""
    found, t = [], 0
    g, state = model.decoder(torch.tensor([[29]], dtype=torch.int32), hidden_states=None)
    while t < encoder_output.shape[0] and max_steps > 0:
        max_steps -= 1
        k = int(model.joiner(encoder_output[None], g)[0, t, 0].argmax())
        if k != 28:
            found.append(k)
            g, state = model.decoder(torch.tensor([[k]], dtype=torch.int32), hidden_states=tuple(state))
            continue
        t += 1
    return found


@pytest.mark.parametrize(
    ("exercise", "written"),
    [
        ("encoder", Masked),
        ("decoder", TimeFirst),
        ("joiner", Keywords),
        ("transducer", Concatenates),
        ("greedy", batched_shapes),
    ],
)
def test_other_right_ways_to_write_it_get_full_points(exercise, written):
    result = check(exercise, written)
    assert float(repr(result)) == POINTS[exercise], result.text()


def stub_class(*arguments, **more):
    raise NotImplementedError("Not written yet: replace this line with your solution.")


@pytest.mark.parametrize("exercise", REFERENCE)
def test_a_stub_gets_a_friendly_zero(exercise):
    result = check(exercise, stub_class)
    assert repr(result) == "0.0"
    assert "not implemented yet" in result.text()


class TwoLinears(Joiner):
    def __init__(self, joiner_dim, num_outputs):
        super().__init__(joiner_dim, num_outputs)
        self.extra = nn.Linear(2, 2)


@pytest.mark.parametrize(
    ("exercise", "written", "sentence"),
    [
        ("joiner", TwoLinears, "2 layers of type nn.Linear; 1 expected"),
        ("encoder", lambda *a: Joiner(5, 5), "0 layers of type nn.LSTM"),
        ("greedy", lambda model, frames, max_steps=9: torch.zeros(2, 2), "1-D tensor of labels"),
        ("greedy", lambda model, frames, max_steps=9: None, "returned None"),
        ("transducer", lambda *a: Joiner(5, 5), "no part called encoder"),
        ("decoder", lambda *a: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_what_cannot_be_checked_is_told_in_a_sentence(exercise, written, sentence, capfd):
    result = check(exercise, written)
    assert float(repr(result)) < POINTS[exercise]
    assert sentence in result.text()
    assert "Traceback" not in result.text()
    assert capfd.readouterr() == ("", "")


# --- training -------------------------------------------------------------------------------------------------------


SIZES = {"input_dim": 160, "num_encoder_layers": 1, "encoder_hidden_state_dim": 6, "decoder_hidden_state_dim": 5}


def trained(seed=0):
    torch.manual_seed(seed)
    return RNNTransducer(30, output_dim=7, **SIZES)


def write_run(folder, cer=0.1, wer=0.2, losses=20, kind="final", weights=None, corpus="mini"):
    folder.mkdir(exist_ok=True)
    rows = [{"kind": "start", "step": 0, "train_set": f"{corpus} train, 2400 utterances"}]
    rows += [{"kind": "train", "step": n, "loss": 10.0 - 0.1 * n} for n in range(losses)]
    rows += [{"kind": "dev", "step": 10, "cer": 0.5, "wer": 0.8}, {"kind": kind, "step": 20, "cer": cer, "wer": wer}]
    (folder / "log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if weights is not False:
        save_file(weights or trained().state_dict(), folder / "weights.safetensors")
    return str(folder)


@pytest.fixture
def no_corpus(tmp_path, monkeypatch):
    """An empty place where corpora would lie, and the folder of a run beside it."""
    monkeypatch.setenv("RNNT_DATA", str(tmp_path / "data"))
    return tmp_path / "run"


@pytest.fixture
def with_mini(tiny_mini, tmp_path, monkeypatch):
    """The tiny `mini` in the place where it is looked for, and the folder of a run beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / mini.folder_name()).symlink_to(tiny_mini)
    monkeypatch.setenv("RNNT_DATA", str(tmp_path / "data"))
    return tmp_path / "run"


def says(text):
    """A decoder that writes the same for every utterance."""
    labels = torch.tensor([tokenizer.text_to_indices(text)]).flatten()
    return lambda model, encoder_output, max_steps=2000: labels


def test_a_complete_run_within_the_thresholds_gets_full_points(no_corpus):
    assert repr(checks.training(write_run(no_corpus, CER, WER))) == "4.0"


@pytest.mark.parametrize(
    ("changes", "points", "sentence"),
    [
        ({"cer": 0.151}, 3.0, "CER is 0.151"),
        ({"wer": 0.31}, 3.0, "WER is 0.310"),
        ({"losses": 3}, 3.0, "3 values of the loss"),
        ({"kind": "dev"}, 1.0, "without a final evaluation"),
        ({"weights": False}, 1.0, "no weights.safetensors"),
        ({"weights": {"x": torch.zeros(2)}}, 4.0, "not tried"),
        ({"weights": {"x": torch.tensor([float("nan")])}}, 1.0, "not finite"),
        ({"cer": float("nan")}, 0.0, "without a final evaluation"),
    ],
)
def test_what_is_missing_in_a_run_costs_its_point_and_is_named(no_corpus, changes, points, sentence):
    result = checks.training(write_run(no_corpus, **changes))
    assert result.points == points, result.text()
    assert sentence in result.text()


def test_weights_that_write_what_the_log_says_agree_with_it(with_mini):
    said = corpus("mini", "dev")
    # A model that listens would need training; one that knows the sentence by heart does for the comparison.
    by_heart = says(said[0].text)
    cer = corpus_cer([one.text for one in said], [said[0].text] * len(said))
    agreeing = checks.training(write_run(with_mini, cer, 0.9), RNNTransducer, by_heart)
    assert [item.passed for item in agreeing.result.items] == [True, True, cer <= CER, False]
    assert f"Tried on all utterances of dev: your weights reach CER {cer:.3f}" in agreeing.text()


def test_a_log_that_is_better_than_its_weights_is_not_believed(with_mini):
    result = checks.training(write_run(with_mini, 0.01, 0.02), RNNTransducer, says("nothing of the kind"))
    assert [item.passed for item in result.result.items] == [True, False, False, False]
    assert "The log ends with CER 0.010; these weights reach" in result.text()
    assert "different runs" in result.text()


@pytest.mark.parametrize(
    ("weights", "decode", "sentence"),
    [
        ({"x": torch.zeros(2)}, says("a"), "not those of an RNNTransducer"),
        (None, lambda model, frames: 1 / 0, "ZeroDivisionError"),
        (None, lambda model, frames: torch.zeros(2, 2), "1-D tensor of label indices"),
    ],
)
def test_weights_that_cannot_be_decoded_with_are_a_sentence(with_mini, weights, decode, sentence):
    result = checks.training(write_run(with_mini, weights=weights), RNNTransducer, decode)
    assert result.points == 1.0
    assert sentence in result.text()
    assert "Traceback" not in result.text()


@pytest.mark.parametrize(
    ("corpus", "decode", "sentence"),
    [
        ("mini", None, "there is no greedy_decode here"),
        ("digits", says("a"), "corpora.fetch('digits', 'dev')"),
        ("something", says("a"), "does not say which corpus"),
        ("mini", stub_class, "not written yet"),
    ],
)
def test_what_keeps_us_from_trying_costs_nothing_and_is_said(with_mini, corpus, decode, sentence):
    result = checks.training(write_run(with_mini, corpus=corpus), RNNTransducer, decode)
    assert result.points == 4.0
    assert sentence in result.text()
    assert "The figures are those of the log." in result._repr_html_()


def test_a_corpus_is_never_made_for_a_check(no_corpus):
    checks.training(write_run(no_corpus), RNNTransducer, says("a"))
    assert not (no_corpus.parent / "data").exists()


def test_trying_stops_after_a_few_seconds(with_mini, monkeypatch):
    monkeypatch.setattr(trying, "SECONDS", 0.0)
    monkeypatch.setattr(trying, "BATCH", 1)
    assert "on 1 utterances of dev" in checks.training(write_run(with_mini, 0.9), RNNTransducer, says("the")).text()


def test_the_names_of_the_notebook_are_found(with_mini, monkeypatch):
    monkeypatch.setattr("__main__.RNNTransducer", RNNTransducer, raising=False)
    monkeypatch.setattr("__main__.greedy_decode", says("zz"), raising=False)
    assert "these weights reach" in checks.training(write_run(with_mini)).text()


def test_no_run_and_a_damaged_log_are_sentences(tmp_path):
    assert "train first" in checks.training(str(tmp_path / "run")).text()
    (tmp_path / "log.jsonl").write_text('{"kind": "start"}\nnonsense\n{"kind": "train"}\n')
    assert "damaged in line 2" in checks.training(str(tmp_path)).text()


def test_dev_and_held_out_may_differ_by_less_than_the_threshold_leaves_room():
    assert 0 < AGREEMENT < CER
