"""The training loop on a toy corpus: what it leaves behind, how it resumes, and how it stops."""

import json
import math
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from safetensors.torch import load_file

from autograder.judging.homework3_reference import RNNTransducer, greedy_decode
from helpers import training
from helpers.decoding import recognize
from helpers.training import Recipe, RunError, evaluate, read_log, train

MELS = 6
decode = partial(recognize, greedy_decode=partial(greedy_decode, max_steps=60))


class Toy(list):
    """Utterances of which each letter sounds for two frames in its own bin."""

    name = "toy"

    def __init__(self, texts, split="train"):
        super().__init__(SimpleNamespace(id=f"{split}-{i}", text=text) for i, text in enumerate(texts))
        self.split = split

    @property
    def durations(self):
        return [float(len(utterance.text)) for utterance in self]

    def subset(self, count):
        return Toy([utterance.text for utterance in self[:count]], self.split)


class Sounds:
    def of(self, utterance):
        sound = torch.zeros(2 * len(utterance.text) + 1, MELS)
        for i, letter in enumerate(utterance.text):
            sound[2 * i : 2 * i + 2, "abcdef".index(letter)] = 1.0
        return sound


def words(count, seed):
    generator = torch.Generator().manual_seed(seed)
    return ["".join("abcdef"[i] for i in torch.randint(6, (3 + k % 4,), generator=generator)) for k in range(count)]


TRAIN, DEV = Toy(words(20, 0)), Toy(words(6, 1), "dev")
RECIPE = Recipe(
    epochs=4, batch_size=4, stack=1, label_noise=0.0, learning_rate=1e-2, evaluate_on=3, log_every=1, augment=False
)


def new_model(dropout=0.3):
    torch.manual_seed(1)
    return RNNTransducer(30, MELS, 2, 1, 8, 8, 12, True, dropout, dropout)


def run(folder, recipe=RECIPE, model=None, train_set=TRAIN, **options):
    model = model or new_model()
    options = {"decode": decode, "features": Sounds(), "device": "cpu", "quiet": True, **options}
    return model, train(model, train_set, DEV, recipe, folder=folder, **options)


def without_times(rows):
    return [{k: v for k, v in row.items() if k not in ("seconds", "cpu_seconds")} for row in rows]


def interrupt_at(step):
    """A tracker that presses Ctrl-C when it sees this step."""

    def track(row):
        if row["kind"] == "train" and row["step"] == step:
            os.kill(os.getpid(), signal.SIGINT)

    return track


def same_weights(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_a_run_learns_and_leaves_log_weights_checkpoint_and_curves(tmp_path):
    model, history = run(tmp_path, replace(RECIPE, epochs=30), new_model(0.0))
    assert history.stopped is None
    first, last = history.of("dev")[0], history.of("final")[0]
    assert last["loss_per_char"] < 0.5 * first["loss_per_char"]
    assert last["utterances"] == 6
    assert first["utterances"] == 3
    assert {"cer", "wer", "mean_cer", "mean_wer", "length_ratio", "loss"} <= set(last)
    stored = load_file(tmp_path / "weights.safetensors")
    assert all(torch.equal(stored[name], tensor) for name, tensor in model.state_dict().items())
    assert read_log(tmp_path).rows == history.rows
    assert (tmp_path / "curves.png").read_bytes()[:4] == b"\x89PNG"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize("step", [10, 7], ids=["after two epochs", "in the middle of an epoch"])
def test_a_run_that_was_interrupted_ends_as_if_it_had_not_been(tmp_path, step, capsys):
    recipe = replace(RECIPE, augment=True, label_noise=0.2)
    whole, history = run(tmp_path / "whole", recipe)
    _, first = run(tmp_path / "parts", recipe, tracker=interrupt_at(step))
    assert f"Stopped after step {step} of 20" in first.stopped
    assert "run the same cell again" in capsys.readouterr().out
    assert max(row["step"] for row in first.rows) == step
    torch.manual_seed(999)
    resumed, second = run(tmp_path / "parts", recipe)
    assert second.stopped is None
    assert same_weights(resumed, whole)
    assert without_times(second.rows) == without_times(history.rows)
    assert without_times(read_log(tmp_path / "parts").rows) == without_times(history.rows)


@pytest.mark.parametrize("change", [{"augment": True}, {"label_noise": 0.5}])
def test_what_the_recipe_does_to_the_data_reaches_the_model(tmp_path, change):
    plain, _ = run(tmp_path / "plain", replace(RECIPE, epochs=1))
    changed, _ = run(tmp_path / "changed", replace(RECIPE, epochs=1, **change))
    assert not same_weights(plain, changed)


def test_what_happened_after_the_last_checkpoint_is_not_logged_twice(tmp_path):
    def crash(row):
        if row["step"] == 13:
            raise MemoryError

    with pytest.raises(MemoryError):
        run(tmp_path, tracker=crash)
    assert read_log(tmp_path).rows[-1]["step"] == 13
    _, history = run(tmp_path)
    steps = [row["step"] for row in history.of("train")]
    assert steps == list(range(1, 21))


def test_a_finished_run_is_not_trained_again(tmp_path):
    model, _ = run(tmp_path)
    again, history = run(tmp_path)
    assert same_weights(model, again)
    assert history.of("final")


def test_starting_over_forgets_the_former_run(tmp_path):
    run(tmp_path)
    _, history = run(tmp_path, replace(RECIPE, epochs=1), resume=False)
    assert max(row["step"] for row in history.rows) == 5


def test_two_runs_with_one_seed_are_equal_and_seeds_differ(tmp_path):
    a, _ = run(tmp_path / "a")
    b, _ = run(tmp_path / "b")
    c, _ = run(tmp_path / "c", replace(RECIPE, seed=1))
    assert same_weights(a, b)
    assert not same_weights(a, c)


def test_evaluating_more_often_does_not_change_the_training(tmp_path):
    a, _ = run(tmp_path / "a")
    b, _ = run(tmp_path / "b", replace(RECIPE, evaluate_every=2))
    assert same_weights(a, b)


def test_evaluation_is_in_eval_mode_and_training_goes_on_in_train_mode(tmp_path):
    modes = []

    class Watched(RNNTransducer):
        def forward(self, *arguments):
            modes.append((self.training, torch.is_grad_enabled()))
            return super().forward(*arguments)

    run(tmp_path, replace(RECIPE, epochs=2), Watched(30, MELS, 1, 1, 4, 4, 6))
    assert set(modes) == {(True, True), (False, False)}
    assert modes[-2:] == [(True, True), (False, False)]
    assert modes[5:7] == [(False, False), (True, True)]  # after an epoch of five steps


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"recipe": replace(RECIPE, learning_rate=5e-3)}, "its learning_rate is 0.01, now it is 0.005"),
        ({"model": RNNTransducer(30, MELS, 1, 1, 8, 8, 12)}, "its parameters is"),
        ({"train_set": Toy(words(8, 2))}, "its train set is toy train, 20 utterances"),
    ],
)
def test_another_run_in_the_folder_is_not_continued(tmp_path, change, sentence):
    run(tmp_path)
    with pytest.raises(RunError, match=sentence) as caught:
        run(tmp_path, **change)
    assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_named(tmp_path):
    run(tmp_path)
    path = tmp_path / "checkpoint.pt"
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(RunError, match="cannot be read as a checkpoint"):
        run(tmp_path)


def test_a_loss_that_is_no_number_ends_the_run_with_a_sentence(tmp_path, capsys):
    class Diverging(RNNTransducer):
        steps = 0

        def forward(self, *arguments):
            self.steps += self.training
            return super().forward(*arguments) * (math.nan if self.steps == 8 else 1.0)

    _, history = run(tmp_path, model=Diverging(30, MELS, 1, 1, 4, 4, 6))
    assert "the loss is nan" in history.stopped
    assert "\n" not in history.stopped
    assert history.stopped in capsys.readouterr().out
    stored = torch.load(tmp_path / "checkpoint.pt", weights_only=True)
    assert stored["numbers"]["step"] == 5  # the epoch before
    assert all(torch.isfinite(tensor).all() for tensor in stored["model"].values())


def test_the_interrupt_handler_of_others_comes_back(tmp_path):
    before = signal.getsignal(signal.SIGINT)
    run(tmp_path, replace(RECIPE, epochs=1), tracker=interrupt_at(3))
    assert signal.getsignal(signal.SIGINT) is before


def test_a_write_that_fails_keeps_the_file_before_it(tmp_path, monkeypatch):
    path = tmp_path / "checkpoint.pt"
    path.write_text("old")

    def full(temporary):
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(RunError, match="No space left on device"):
        training._replace(path, full)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_learning_rate_rises_and_falls():
    shares = [training.rate(step, 100, RECIPE) for step in range(100)]
    assert shares[0] == 0.1
    assert max(shares) == 1.0 == shares[10]
    assert shares[:11] == sorted(shares[:11])
    assert shares[10:] == sorted(shares[10:], reverse=True)
    assert 0 < shares[-1] < 0.001
    flat = replace(RECIPE, schedule="constant", warmup=0.0)
    assert {training.rate(step, 100, flat) for step in range(100)} == {1.0}


def test_gradients_are_clipped(tmp_path):
    class Noted(torch.optim.AdamW):
        lengths = []  # noqa: RUF012

        def step(self, closure=None):
            gradients = [p.grad.norm() ** 2 for group in self.param_groups for p in group["params"]]
            self.lengths.append(math.sqrt(sum(gradients)))
            return super().step(closure)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.optim, "AdamW", Noted)
        _, history = run(tmp_path, replace(RECIPE, epochs=1, clip=0.05))
    assert max(Noted.lengths) == pytest.approx(0.05, rel=1e-3)
    assert max(row["gradient_length"] for row in history.of("train")) > 0.1


def test_labels_are_misread_only_as_often_as_asked():
    labels = torch.zeros(100, 100, dtype=torch.int32)
    assert training.misread(labels, 0.0) is labels
    share = (training.misread(labels, 0.3) != labels).float().mean().item()
    assert share == pytest.approx(0.3 * 27 / 28, abs=0.02)
    assert training.misread(labels, 1.0).max() == 27  # letters only
    assert (labels == 0).all()


def test_averages_are_what_their_names_say():
    model, toy = new_model(), Toy(["aaaa", "bb"], "dev")
    said = iter([[2, 2, 2, 2], [2, 2]])
    result = evaluate(
        model, toy, RECIPE, decode=lambda m, x, n: [torch.tensor(next(said)) for _ in n], features=Sounds()
    )
    assert result.hypotheses == ["aaaa", "aa"]
    assert result.cer == pytest.approx(2 / 6)
    assert result.mean_cer == pytest.approx(1 / 2)
    assert result.length_ratio == 1
    assert result.loss_per_char == pytest.approx(result.loss * 2 / 6)
    assert result.table()["cer"].tolist() == [0.0, 1.0]


def test_a_row_that_was_cut_off_is_left_out_and_a_damaged_log_is_named(tmp_path):
    path = tmp_path / "log.jsonl"
    path.write_text('{"kind": "start", "step": 0}\n{"kind": "train", "st')
    assert len(read_log(tmp_path).rows) == 1
    path.write_text('{"kind": "start", "step": 0}\nnonsense\n{"kind": "train", "step": 1}\n')
    with pytest.raises(RunError, match="line 2"):
        read_log(tmp_path)
    with pytest.raises(RunError, match="There is no run"):
        read_log(tmp_path / "elsewhere")


def test_trackers_get_every_row_and_missing_packages_are_named(tmp_path, monkeypatch):
    seen = []
    _, history = run(tmp_path / "a", replace(RECIPE, epochs=1), tracker=seen.append)
    assert seen == history.rows
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(ValueError, match="pip install wandb"):
        run(tmp_path / "b", tracker="wandb")
    with pytest.raises(ValueError, match="tracker is 'paper'"):
        run(tmp_path / "c", tracker="paper")


def test_wandb_is_one_argument(tmp_path, monkeypatch):
    rows = []
    fake = SimpleNamespace(init=lambda **options: SimpleNamespace(log=lambda values, step: rows.append((step, values))))
    monkeypatch.setitem(sys.modules, "wandb", fake)
    run(tmp_path, replace(RECIPE, epochs=1), tracker="wandb")
    assert rows[-1][0] == 5
    assert {"final/cer", "final/wer"} <= set(rows[-1][1])


def test_lines_are_printed_outside_notebooks(tmp_path, capsys):
    run(tmp_path, replace(RECIPE, epochs=2), quiet=False)
    out = capsys.readouterr()
    assert "CER" in out.out + out.err
    assert "length ratio" in out.out + out.err


def test_curves_grow_in_place_in_a_notebook(tmp_path, monkeypatch):
    IPython = pytest.importorskip("IPython")
    shown = []
    handle = SimpleNamespace(update=lambda image: shown.append("update"))
    monkeypatch.setattr(training, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda image, display_id=False: shown.append("display") or handle)
    run(tmp_path, replace(RECIPE, epochs=3), quiet=False)
    assert shown == ["display", "update", "update"]


@pytest.mark.parametrize(
    ("setting", "sentence"), [({"schedule": "steps"}, "schedule is 'steps'"), ({"epochs": 0}, "epochs must be 1")]
)
def test_settings_that_make_no_sense_are_refused(setting, sentence):
    with pytest.raises(ValueError, match=sentence):
        Recipe(**setting)


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path):
    script = tmp_path / "script.py"
    here = Path(__file__).resolve()
    script.write_text(
        f"import sys; sys.path[:0] = [{str(here.parent)!r}, {str(here.parents[1])!r}, {str(here.parents[2])!r}]\n"
        "import torch\n"
        "from test_training import *\n"
        f"model, history = run({str(tmp_path / 'run')!r}, replace(RECIPE, epochs=2))\n"
        f"torch.save(model.state_dict(), {str(tmp_path)!r} + '/' + os.environ['RANK'] + '.pt')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2", "--standalone", str(script)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    zero, one = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    assert all(torch.equal(zero[name], one[name]) for name in zero)
    rows = read_log(tmp_path / "run").rows
    assert [row["step"] for row in rows if row["kind"] == "train"] == [1, 2, 3, 4, 5, 6]  # 5 batches over 2 processes
    assert json.dumps(rows)
