"""Training a transducer: everything that happens between a model and its curves, in one file.

    recipe = Recipe.preset("cpu")
    history = train(model, corpus("mini", "train"), corpus("mini", "dev"), recipe,
                    folder="runs/mini", decode=partial(recognize, greedy_decode=greedy_decode))

What it leaves in the folder:

    log.jsonl              one JSON object per line: the run's settings, every few steps, every evaluation
    weights.safetensors    the weights of the best evaluation so far
    checkpoint.pt          all that is needed to go on: call `train` again with the same folder
    curves.png             loss, CER and WER over steps
    film.npz               what a camera saw (`helpers.filming`), if there was one

With several GPUs: put the call into a script and start it with `torchrun --nproc-per-node 4 script.py`.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.distributed as dist
from torch import Tensor, nn

from .checks.chosen import thresholds
from .checks.runs import LOG, WEIGHTS
from .features import Batch, BucketBatches, FeatureCache, LogMel, SpecAugment, collate
from .text import tokenizer
from .units import duration

if TYPE_CHECKING:
    from .filming import Camera

Decode = Callable[[nn.Module, Tensor, Tensor], list[Tensor]]
"""decode(model, spectrograms (B, T, n), lengths (B,)) -> B tensors of label indices."""

Tracker = Callable[[dict], None]
"""Gets every row of the run log as it is written."""


# ----------------------------------------------------------------------------------------------------------------------
# Settings


@dataclass(frozen=True)
class Recipe:
    """How to train. The defaults are those of "cpu", chosen on the dev split of `mini`."""

    epochs: int = 8
    batch_size: int = 24
    """Utterances per step, at most."""
    batch_seconds: float = math.inf
    """Audio per step, at most."""
    stack: int = 3
    """Frames joined into one model step. Fewer, richer steps: less to compute and shorter alignments to find."""
    learning_rate: float = 1e-2
    """The highest one."""
    schedule: str = "cosine"
    """"cosine": up during the warm-up, then down to zero along half a cosine. "constant": up, then flat."""
    warmup: float = 0.1
    """Share of all steps that the learning rate takes to rise."""
    weight_decay: float = 0.0
    clip: float | None = 1.0
    """Gradients longer than this are shortened to it."""
    augment: bool = True
    """SpecAugment on the training data."""
    label_noise: float = 0.2
    """Share of the labels that the prediction network reads wrongly during training. It then cannot know by heart how
    a sentence goes on, and the encoder has to listen. The loss still asks for the right ones."""
    amp: bool = True
    """Mixed precision, on a GPU only. The loss is always computed in float32."""
    evaluate_every: int | None = None
    """Steps between evaluations on dev; None: once an epoch."""
    evaluate_on: int = 60
    """Utterances of dev in these evaluations (the last one takes all)."""
    log_every: int = 10
    """Steps between rows of the log."""
    seed: int = 0
    workers: int = 0
    """Processes that load audio. 0 is best when features are cached."""
    cpu_threads: int = 1
    """On a CPU. More threads wait for each other longer than they gain at these sizes."""

    @classmethod
    def preset(cls, name: str) -> Recipe:
        """ "cpu": `mini` or `digits` on a laptop. "gpu": LibriSpeech (a projection, see the notebook). "seed": the
        course's first recipe, for comparison."""
        if name not in RECIPES:
            raise ValueError(f"There is no recipe {name!r}: take one of {', '.join(RECIPES)}.")
        return RECIPES[name]

    def __post_init__(self):
        if self.schedule not in ("cosine", "constant"):
            raise ValueError(f'schedule is {self.schedule!r}; it can be "cosine" or "constant".')
        for name in ("epochs", "batch_size", "stack", "evaluate_on", "log_every", "cpu_threads"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more; it is {getattr(self, name)}.")


RECIPES = {
    "cpu": Recipe(),
    "gpu": Recipe(
        epochs=15,
        batch_size=32,
        batch_seconds=240.0,
        stack=4,
        learning_rate=1e-3,
        label_noise=0.1,
        clip=5.0,
        evaluate_on=200,
        evaluate_every=1000,
        workers=2,
    ),
    "seed": Recipe(
        epochs=10,
        batch_size=3,
        stack=1,
        learning_rate=1e-4,
        label_noise=0.0,
        schedule="constant",
        warmup=0.0,
        clip=None,
        augment=False,
        amp=False,
    ),
}


# ----------------------------------------------------------------------------------------------------------------------
# The loop


def train(
    model: nn.Module,
    train_set,
    dev_set,
    recipe: Recipe,
    *,
    folder: str | Path,
    decode: Decode,
    features=None,
    tracker: Tracker | str | None = None,
    camera: Camera | None = None,
    device: torch.device | str | None = None,
    resume: bool = True,
    quiet: bool = False,
) -> History:
    """Train `model` in place; return the log of the run. Called again with the same folder, it goes on where it was.

    model: `model(spectrograms, input_lengths, labels, label_lengths) -> logits (B, T, U+1, V)`, with the three parts
        that `decode` needs.
    train_set, dev_set: corpora (`helpers.corpora`). Nothing is learned or chosen from the test splits.
    decode: `partial(recognize, greedy_decode=greedy_decode)` with your own greedy_decode.
    features: anything with `.of(utterance) -> (T, mel bins)`; by default log-mel, remembered in memory.
    tracker: "wandb", "tensorboard", or a function that gets every row of the log. None needs no account.
    camera: films the lattice of one utterance (`helpers.filming.Camera`); it changes nothing in the run.
    device: by default a GPU where there is one.

    Interrupting (the stop button, Ctrl-C) is safe: the step is finished and a checkpoint written. A loss that is not a
    number ends the run with a sentence; the last good checkpoint stays. Raises RunError when the folder holds another
    run or a file in it is damaged.
    """
    from .loss import rnnt_loss

    folder = Path(folder)
    with _workers(device) as team, _threads(recipe.cpu_threads, team.device):
        device = team.device
        _seed_everything(recipe.seed + team.rank)
        model.to(device)
        features = features if features is not None else FeatureCache(LogMel())
        if isinstance(features, FeatureCache):
            features.fill([*train_set, *dev_set], progress=team.leads and not quiet)
        batches = BucketBatches(
            train_set.durations,
            recipe.batch_size,
            most_seconds=recipe.batch_seconds,
            seed=recipe.seed,
            rank=team.rank,
            world_size=team.size,
        )
        total = recipe.epochs * len(batches)
        optimizer = torch.optim.AdamW(
            model.parameters(), recipe.learning_rate, betas=(0.9, 0.98), weight_decay=recipe.weight_decay
        )
        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: rate(step, total, recipe))
        precision = _Precision(recipe.amp, device)
        state = _State(model, optimizer, schedule, precision)
        log = RunLog(folder, lead=team.leads, tracker=tracker)
        settings = _settings(model, recipe, train_set, dev_set, device)
        if resume and (folder / CHECKPOINT).exists():
            state.load(folder / CHECKPOINT, settings)
            log.cut_after(state.step)
            if camera is not None:
                camera.resume(folder, state.step)
            if team.rank:  # the checkpoint holds the random numbers of the first process
                _seed_everything(recipe.seed + team.rank + state.step * team.size)
        else:
            log.start(settings)
            if camera is not None and team.leads:
                camera.start(model)
        parallel = team.wrap(model)
        dev_sample = dev_set.subset(recipe.evaluate_on)
        augment = SpecAugment() if recipe.augment else None
        screen = Screen(log, total, batches_per_epoch=len(batches), start=state.step, quiet=quiet or not team.leads)
        clock = _Clock(state.seconds, state.cpu_seconds)

        def check(utterances, kind: str) -> None:
            """Evaluate, log, keep the weights if they are the best so far."""
            if team.leads:
                seen = evaluate(model, utterances, recipe, decode=decode, features=features, device=device)
                row = {"kind": kind, **state.where(), **seen.numbers(), **clock.read()}
                # The end of the schedule is what one wants; until then, the best so far.
                if kind == "final" or seen.cer <= state.best_cer:
                    state.best_cer = seen.cer
                    save_weights(model, folder / WEIGHTS)
                    row["saved"] = WEIGHTS
                log.write(row)
                screen.evaluated(row)
            team.wait()

        def save() -> None:
            """A checkpoint of everything."""
            state.seconds, state.cpu_seconds = clock.totals()
            team.save(state, folder, settings)
            if camera is not None and team.leads:
                camera.save(folder)

        with _Interruption() as interruption, screen:
            while state.epoch < recipe.epochs:
                batches.set_epoch(state.epoch)
                for batch in load(train_set, list(batches), state, recipe, features, augment):
                    spectrograms, labels, input_lengths, label_lengths = batch.to(device)
                    model.train()
                    optimizer.zero_grad(set_to_none=True)
                    with precision.autocast():
                        logits = parallel(
                            spectrograms, input_lengths, misread(labels, recipe.label_noise), label_lengths
                        )
                    costs = rnnt_loss(
                        logits.float(), labels, input_lengths, label_lengths, tokenizer.blank, reduction="none"
                    )
                    # Per label, so that long and short batches pull equally hard.
                    loss = costs.sum() / label_lengths.sum().clamp(min=1)
                    if team.any(not math.isfinite(loss.item())):
                        return log.end(_diverged(state.step, loss.item(), folder))
                    length = precision.step(loss, model, optimizer, recipe.clip)
                    schedule.step()
                    state.step += 1
                    state.batch += 1
                    if camera is not None and team.leads:
                        camera(model, state.step)

                    if state.step % recipe.log_every == 0:
                        row = {
                            "kind": "train",
                            **state.where(),
                            "loss": costs.mean().item(),
                            "loss_per_char": loss.item(),
                            "learning_rate": schedule.get_last_lr()[0],
                            "gradient_length": length,
                            **clock.read(),
                        }
                        log.write(row)
                    screen.stepped(loss.item())
                    due = recipe.evaluate_every or len(batches)
                    if state.step % due == 0 and state.step < total:
                        check(dev_sample, "dev")
                    if team.any(interruption.asked):
                        save()
                        return log.end(
                            f"Stopped after step {state.step} of {total}; run the same cell again to go on from there."
                        )
                state.epoch, state.batch = state.epoch + 1, 0
                if state.epoch == recipe.epochs:
                    check(dev_set, "final")
                save()
        return log.end(None)


def rate(step: int, total: int, recipe: Recipe) -> float:
    """Share of the highest learning rate at this step, in (0, 1]."""
    rising = max(1, round(recipe.warmup * total))
    if step < rising:
        return (step + 1) / rising
    if recipe.schedule == "constant":
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, total - rising)))


def misread(labels: Tensor, share: float) -> Tensor:
    """The labels (B, U) with a share of them replaced by random letters."""
    if share == 0:
        return labels
    wrong = torch.rand(labels.shape, device=labels.device) < share
    return torch.where(wrong, torch.randint_like(labels, tokenizer.blank), labels)


def load(train_set, batches: Sequence[list[int]], state: _State, recipe: Recipe, features, augment) -> Iterator[Batch]:
    """The batches of this epoch that have not been trained on yet."""
    data = _Batches(train_set, batches, features, augment, recipe.stack, (recipe.seed, state.epoch))
    return iter(
        torch.utils.data.DataLoader(
            data,
            batch_size=None,
            sampler=range(state.batch, len(batches)),
            num_workers=recipe.workers,
            pin_memory=torch.cuda.is_available(),
            generator=torch.Generator(),  # its own: the loader must not draw from the generator that dropout uses
        )
    )


class _Batches(torch.utils.data.Dataset):
    """A data set whose items are whole batches. Batch k of an epoch is augmented the same way whoever loads it."""

    def __init__(self, utterances, batches, features, augment, stack: int, seed: tuple[int, int]):
        self._utterances, self._batches, self._features = utterances, batches, features
        self._augment, self._stack, self._seed = augment, stack, seed

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, k: int) -> Batch:
        chosen = [self._utterances[i] for i in self._batches[k]]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(hash((*self._seed, self._batches[k][0], k)) % 2**63)
            return collate(chosen, features=self._features, augment=self._augment, stack=self._stack)


# ----------------------------------------------------------------------------------------------------------------------
# Evaluation


@dataclass(frozen=True)
class Evaluation:
    """How well a model does on some utterances. CER and WER: `cer`, `wer` divide all errors by all characters (words)
    of the references; `mean_cer`, `mean_wer` average the rates of the utterances."""

    references: list[str] = field(repr=False)
    hypotheses: list[str] = field(repr=False)
    loss: float
    """Mean cost of an utterance in nats."""
    loss_per_char: float
    cer: float
    wer: float
    mean_cer: float
    mean_wer: float
    length_ratio: float
    """Characters recognised per reference character: far below 1, the model keeps silent."""

    def numbers(self) -> dict:
        """What goes into the log."""
        values = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in ("references", "hypotheses")}
        return {**values, "utterances": len(self.references)}

    def table(self):
        """ground_truth, prediction, cer, wer of every utterance, a DataFrame."""
        from .decoding import predictions_table

        return predictions_table(self.references, self.hypotheses)


@torch.no_grad()
def evaluate(
    model: nn.Module, utterances, recipe: Recipe, *, decode: Decode, features=None, device=None, batch_size: int = 64
) -> Evaluation:
    """Loss and error rates of `model` on a corpus, in eval mode. Leaves the mode and random numbers as they were."""
    from . import metrics
    from .decoding import evaluating
    from .loss import rnnt_loss

    features = features if features is not None else FeatureCache(LogMel())
    device = device if device is not None else next(model.parameters()).device
    references, hypotheses, cost, characters = [], [], 0.0, 0
    devices = [torch.device(device)] if torch.device(device).type == "cuda" else []
    with evaluating(model), torch.random.fork_rng(devices=devices):
        for start in range(0, len(utterances), batch_size):
            chosen = [utterances[i] for i in range(start, min(start + batch_size, len(utterances)))]
            batch = collate(chosen, features=features, stack=recipe.stack).to(device)
            spectrograms, labels, input_lengths, label_lengths = batch
            logits = model(spectrograms, input_lengths, labels, label_lengths)
            cost += rnnt_loss(logits.float(), labels, input_lengths, label_lengths, tokenizer.blank, "sum").item()
            characters += int(label_lengths.sum())
            references += [utterance.text for utterance in chosen]
            hypotheses += [tokenizer.indices_to_text(found) for found in decode(model, spectrograms, input_lengths)]
    return Evaluation(
        references,
        hypotheses,
        loss=cost / len(references),
        loss_per_char=cost / max(1, characters),
        cer=metrics.corpus_cer(references, hypotheses),
        wer=metrics.corpus_wer(references, hypotheses),
        mean_cer=metrics.mean_cer(references, hypotheses),
        mean_wer=metrics.mean_wer(references, hypotheses),
        length_ratio=sum(map(len, hypotheses)) / max(1, sum(map(len, references))),
    )


# ----------------------------------------------------------------------------------------------------------------------
# The log of a run, and its curves

CHECKPOINT, CURVES, FILM = "checkpoint.pt", "curves.png", "film.npz"


class RunError(ValueError):
    """A folder of a run that cannot be used; the message is one sentence for a person."""


@dataclass
class History:
    """What happened in a run. `stopped` says why it ended early; None: it is complete."""

    rows: list[dict]
    folder: Path
    stopped: str | None = None

    def of(self, *kinds: str) -> list[dict]:
        """The rows of some kinds: "start", "train", "dev", "final"."""
        return [row for row in self.rows if row["kind"] in kinds]

    def plot(self):
        """Loss, CER and WER over steps, a matplotlib figure."""
        return plot(self.rows)

    def __repr__(self) -> str:
        seen = self.of("dev", "final")
        last = f"CER {seen[-1]['cer']:.3f}, WER {seen[-1]['wer']:.3f} on dev" if seen else "not evaluated yet"
        steps = max((row.get("step", 0) for row in self.rows), default=0)
        return f"History({steps} steps, {last}{', stopped early' if self.stopped else ''})"


def read_log(folder: str | Path) -> History:
    """The log of a run. A last line that was cut off is left out. Raises RunError."""
    path = Path(folder) / LOG
    try:
        lines = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        raise RunError(f"There is no run in {folder}: {path} does not exist.") from None
    except UnicodeDecodeError:
        raise RunError(f"{path} is damaged: it is not text.") from None
    rows = []
    for number, line in enumerate(lines, start=1):
        try:
            row = json.loads(line)
            if not (isinstance(row, dict) and isinstance(row.get("kind"), str)):
                raise ValueError
        except ValueError:
            if number == len(lines):
                break
            raise RunError(f"{path} is damaged: line {number} is not a row of a run log.") from None
        rows.append(row)
    return History(rows, Path(folder))


class RunLog:
    """Rows in memory and, line by line, in the file."""

    def __init__(self, folder: Path, *, lead: bool = True, tracker: Tracker | str | None = None):
        self.folder, self.rows = folder, []
        self._lead, self._tracker, self._asked_tracker = lead, None, tracker

    def start(self, settings: dict) -> None:
        """A new run: the first row."""
        self._open_tracker(settings)
        if self._lead:
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in (LOG, CHECKPOINT, WEIGHTS, CURVES, FILM):
                (self.folder / name).unlink(missing_ok=True)
        self.write({"kind": "start", "step": 0, **settings})

    def cut_after(self, step: int) -> None:
        """Go on from a checkpoint: what was logged after it will happen again."""
        self.rows = [row for row in read_log(self.folder).rows if row.get("step", 0) <= step]
        self._open_tracker(self.rows[0] if self.rows else {})
        if self._lead:
            text = "".join(json.dumps(row) + "\n" for row in self.rows)
            _replace(self.folder / LOG, lambda path: path.write_text(text, "utf-8"))

    def write(self, row: dict) -> None:
        """Add a row."""
        self.rows.append(row)
        if self._lead:
            with open(self.folder / LOG, "a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        if self._tracker is not None:
            self._tracker(row)

    def end(self, stopped: str | None) -> History:
        """Draw the curves into the folder; say why the run ended, if early."""
        history = History(self.rows, self.folder, stopped)
        if self._lead:
            if len(history.of("train", "dev", "final")):
                figure = history.plot()
                # The ending of the temporary name has to stay .png, because matplotlib goes by it.
                _replace(self.folder / CURVES, lambda path: figure.savefig(path, format="png", dpi=110))
            if stopped:
                print(stopped)
        return history

    def _open_tracker(self, settings: dict) -> None:
        if self._lead:
            self._tracker = open_tracker(self._asked_tracker, self.folder, settings)


def open_tracker(wanted: Tracker | str | None, folder: Path, settings: dict) -> Tracker | None:
    """A function that gets rows: "wandb" and "tensorboard" report to those; a function is itself."""
    if wanted is None or callable(wanted):
        return wanted
    if wanted not in ("wandb", "tensorboard"):
        raise ValueError(f'tracker is {wanted!r}; it can be None, "wandb", "tensorboard" or a function.')
    try:
        if wanted == "wandb":
            import wandb

            run = wandb.init(project="rnn-transducer", dir=folder, config=settings)
            report = run.log
        else:
            from torch.utils.tensorboard import SummaryWriter

            writer = SummaryWriter(folder / "tensorboard")

            def report(values, step):
                for name, value in values.items():
                    writer.add_scalar(name, value, step)
                writer.flush()

    except ImportError:
        raise ValueError(
            f"tracker={wanted!r} needs the package {wanted}, which is not installed: "
            f"pip install {wanted}, or leave tracker out."
        ) from None

    def track(row: dict) -> None:
        prefix = "" if row["kind"] == "train" else f"{row['kind']}/"
        report({prefix + name: v for name, v in row.items() if isinstance(v, int | float)}, step=row["step"])

    return track


def plot(rows: list[dict], figure=None):
    """Curves of a run's rows: loss per character, CER and WER over steps, with the homework's thresholds."""
    from matplotlib.figure import Figure

    figure = figure if figure is not None else Figure(figsize=(11, 3), layout="constrained")
    figure.clear()
    panels = figure.subplots(1, 3)
    training = [row for row in rows if row["kind"] == "train"]
    seen = [row for row in rows if row["kind"] in ("dev", "final")]
    steps = [row["step"] for row in seen]
    panels[0].plot(
        [row["step"] for row in training], [row["loss_per_char"] for row in training], "0.6", lw=1, label="train"
    )
    panels[0].plot(steps, [row["loss_per_char"] for row in seen], "C0o-", ms=3, label="dev")
    panels[0].set(title="loss per character (nats)", yscale="log")
    for panel, (key, threshold) in zip(panels[1:], thresholds().items(), strict=True):
        panel.plot(steps, [row[key] for row in seen], "C0o-", ms=3, label="dev")
        panel.axhline(threshold, color="C1", ls="--", lw=1, label=f"goal {threshold:.2f}")
        panel.set(title=key.upper(), ylim=(0, 1.05))
    for panel in panels:
        panel.set_xlabel("step")
        panel.grid(alpha=0.3)
        panel.legend(fontsize=8)
    return figure


class Screen:
    """What one sees while it runs: a progress bar, and curves that grow in place (notebook) or lines."""

    def __init__(self, log: RunLog, total: int, *, batches_per_epoch: int, start: int, quiet: bool):
        self._log, self._total, self._start, self._quiet = log, total, start, quiet
        self._handle, self._average, self._notebook = None, None, not quiet and in_notebook()

    def __enter__(self) -> Screen:
        from tqdm.auto import tqdm

        self._bar = tqdm(
            total=self._total, initial=self._start, desc="training", unit="step", disable=self._quiet, mininterval=0.5
        )
        return self

    def __exit__(self, *error) -> None:
        self._bar.close()

    def stepped(self, loss_per_char: float) -> None:
        """One step is done."""
        self._average = loss_per_char if self._average is None else 0.95 * self._average + 0.05 * loss_per_char
        self._bar.set_postfix_str(f"loss/char {self._average:.3f}", refresh=False)
        self._bar.update()

    def evaluated(self, row: dict) -> None:
        """An evaluation is done."""
        if self._quiet:
            return
        if self._notebook:
            from IPython.display import display

            # Drawn as a bare figure, not through pyplot: nothing piles up, and no second copy appears below the cell.
            image = _Picture(plot(self._log.rows))
            if self._handle is None:
                self._handle = display(image, display_id=True)
            else:
                self._handle.update(image)
            return
        self._bar.write(
            f"step {row['step']:6}  {row['kind']}: CER {row['cer']:.3f}  WER {row['wer']:.3f}  "
            f"loss/char {row['loss_per_char']:.3f}  length ratio {row['length_ratio']:.2f}  "
            f"({duration(row['seconds'])}, {duration(row['cpu_seconds'])} of CPU)"
        )


class _Picture:
    def __init__(self, figure):
        import io

        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=90)
        self._data = buffer.getvalue()

    def _repr_mimebundle_(self, include=None, exclude=None):
        import base64

        return {
            "image/png": base64.b64encode(self._data).decode(),
            "text/plain": "curves: loss per character, CER, WER",
        }


def in_notebook() -> bool:
    """Whether output can be updated in place: Jupyter, Colab, VS Code."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")


# ----------------------------------------------------------------------------------------------------------------------
# Checkpoints


class _State:
    """Everything that a run is in the middle of. Saved and loaded as a whole, it goes on as if nothing had happened."""

    def __init__(self, model, optimizer, schedule, precision):
        self._parts = {"model": model, "optimizer": optimizer, "schedule": schedule, "scaler": precision.scaler}
        self.epoch = self.batch = self.step = 0
        self.best_cer, self.seconds, self.cpu_seconds = math.inf, 0.0, 0.0

    def where(self) -> dict:
        return {"step": self.step, "epoch": self.epoch}

    def save(self, path: Path, settings: dict) -> None:
        numbers = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        content = {
            "numbers": numbers,
            "settings": json.dumps(settings),
            "random": _random_state(),
            **{name: part.state_dict() for name, part in self._parts.items()},
        }
        _replace(path, lambda temporary: torch.save(content, temporary))

    def load(self, path: Path, settings: dict) -> None:
        try:
            content = torch.load(path, map_location="cpu", weights_only=True)
            numbers, theirs = content["numbers"], json.loads(content["settings"])
        except Exception as problem:  # torch.load raises a dozen kinds
            raise RunError(
                f"{path} cannot be read as a checkpoint ({type(problem).__name__}): delete it, or pass resume=False, "
                "to start over."
            ) from None
        for name in ("recipe", "model", "parameters", "train_set", "dev_set"):
            if theirs.get(name) != settings[name]:
                raise RunError(
                    f"{path.parent} holds another run ({_difference(name, theirs.get(name), settings[name])}): choose "
                    "another folder, or pass resume=False to start over in this one."
                )
        try:
            for name, part in self._parts.items():
                part.load_state_dict(content[name])
        except (RuntimeError, ValueError, KeyError):
            raise RunError(
                f"{path} belongs to a model of another architecture: choose another folder, or pass resume=False."
            ) from None
        vars(self).update(numbers)
        _restore_random_state(content["random"])


def _difference(name: str, theirs, ours) -> str:
    if isinstance(theirs, dict) and isinstance(ours, dict):
        key = next(key for key in (*ours, *theirs) if theirs.get(key) != ours.get(key))
        return f"its {key} is {theirs.get(key)}, now it is {ours.get(key)}"
    return f"its {name.replace('_', ' ')} is {theirs}, now it is {ours}"


def save_weights(model: nn.Module, path: Path) -> None:
    """The weights alone, as safetensors: what is handed in. There is never half a file."""
    from safetensors.torch import save

    weights = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    _replace(path, lambda temporary: temporary.write_bytes(save(weights)))


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside, then rename: who reads `path` sees the old file or the new one, also after a power cut."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        write(temporary)
        os.replace(temporary, path)
    except OSError as problem:
        raise RunError(
            f"{path} cannot be written ({problem.strerror or problem}); the version before it is kept."
        ) from None
    finally:
        temporary.unlink(missing_ok=True)


def _settings(model, recipe: Recipe, train_set, dev_set, device) -> dict:
    describe = [f"{data.name} {data.split}, {len(data)} utterances" for data in (train_set, dev_set)]
    return {
        "recipe": {name: None if value == math.inf else value for name, value in asdict(recipe).items()},
        "model": type(model).__name__,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "train_set": describe[0],
        "dev_set": describe[1],
        "device": str(device),
        "torch": torch.__version__,
    }


def _seed_everything(seed: int) -> None:
    random.seed(seed)
    torch.manual_seed(seed)  # all GPUs too


def _random_state() -> dict:
    return {
        "torch": torch.get_rng_state(),
        "python": random.getstate(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def _restore_random_state(state: dict) -> None:
    torch.set_rng_state(state["torch"])
    random.setstate(state["python"])
    if state["cuda"] and torch.cuda.is_available() and len(state["cuda"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda"])


def _diverged(step: int, loss: float, folder: Path) -> str:
    return (
        f"Training stopped at step {step}: the loss is {loss}, not a number one can learn from. Lower the learning "
        f"rate or clip gradients, and start again with resume=False or another folder than {folder}."
    )


# ----------------------------------------------------------------------------------------------------------------------
# Devices, precision, several processes, interruptions


class _Precision:
    """Mixed precision on a GPU, nothing on a CPU."""

    def __init__(self, wanted: bool, device: torch.device):
        self._on = wanted and device.type == "cuda"
        self._dtype = torch.float16
        if self._on and torch.cuda.is_bf16_supported(including_emulation=False):
            self._dtype = torch.bfloat16
        self._device = device.type
        # float16 has few small numbers: the loss is scaled up so that gradients do not vanish. bfloat16 has enough.
        self.scaler = torch.amp.GradScaler(device.type, enabled=self._on and self._dtype == torch.float16)

    def autocast(self):
        return torch.autocast(self._device, dtype=self._dtype) if self._on else contextlib.nullcontext()

    def step(self, loss: Tensor, model: nn.Module, optimizer, clip: float | None) -> float:
        """Backward and update. Returns the length of the gradient before it was shortened."""
        self.scaler.scale(loss).backward()
        self.scaler.unscale_(optimizer)
        length = nn.utils.clip_grad_norm_(model.parameters(), math.inf if clip is None else clip)
        self.scaler.step(optimizer)
        self.scaler.update()
        return length.item()


class _Team:
    """The processes that train together: one, or those that torchrun started."""

    def __init__(self, device: torch.device, rank: int = 0, size: int = 1):
        self.device, self.rank, self.size = device, rank, size

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wrap(self, model: nn.Module) -> nn.Module:
        if self.size == 1:
            return model
        return nn.parallel.DistributedDataParallel(model, [self.device] if self.device.type == "cuda" else None)

    def any(self, flag: bool) -> bool:
        """Whether the flag is up in any process: all must stop at the same step, or the others wait for ever."""
        if self.size == 1:
            return flag
        shared = torch.tensor(float(flag), device=self.device)
        dist.all_reduce(shared, dist.ReduceOp.MAX)
        return bool(shared.item())

    def wait(self) -> None:
        if self.size > 1:
            dist.barrier()

    def save(self, state: _State, folder: Path, settings: dict) -> None:
        if self.leads:
            state.save(folder / CHECKPOINT, settings)
        self.wait()


@contextlib.contextmanager
def _workers(device) -> Iterator[_Team]:
    """This process among those that torchrun started, if it did."""
    size = int(os.environ.get("WORLD_SIZE", "1")) if "RANK" in os.environ else 1
    if size == 1:
        yield _Team(torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu")))
        return
    local = int(os.environ["LOCAL_RANK"])
    device = torch.device(device) if device else torch.device("cuda", local) if torch.cuda.is_available() else None
    device = device or torch.device("cpu")
    if device.type == "cuda":
        torch.cuda.set_device(device)
    started = not dist.is_initialized()
    if started:
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield _Team(device, dist.get_rank(), dist.get_world_size())
    finally:
        if started:
            dist.destroy_process_group()


@contextlib.contextmanager
def _threads(count: int, device: torch.device) -> Iterator[None]:
    before = torch.get_num_threads()
    if device.type == "cpu":
        torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Interruption:
    """Ctrl-C or the stop button becomes a wish that is granted after the step; a second one ends at once."""

    def __init__(self):
        self.asked = False
        self._before = None

    def __enter__(self) -> _Interruption:
        # Only the main thread receives signals; elsewhere an interruption is an exception as always.
        if threading.current_thread() is threading.main_thread():
            self._before = signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *error) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def _ask(self, number, frame) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


class _Clock:
    """Wall and CPU seconds of a run, over all its sittings."""

    def __init__(self, seconds: float, cpu_seconds: float):
        self._wall, self._cpu = time.perf_counter() - seconds, time.process_time() - cpu_seconds

    def totals(self) -> tuple[float, float]:
        return time.perf_counter() - self._wall, time.process_time() - self._cpu

    def read(self) -> dict:
        wall, cpu = self.totals()
        return {"seconds": round(wall, 2), "cpu_seconds": round(cpu, 2)}
