"""The homework notebook: what a student opens, what an instructor releases, and what the text claims."""

import ast
import json
import math
import re
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from autograder.judging import homework3_reference
from helpers import model as models
from helpers.checks.predictions import PREDICTIONS
from helpers.checks.rubric import HOMEWORK3
from helpers.making import mini
from helpers.text import tokenizer
from notebooks import FRIENDLY, cell, cells, defined, emptied, executed, outputs, printed, read
from notebooks import HOMEWORK3 as NOTEBOOK

ANSWERS = ("encoder", "decoder", "joiner", "transducer", "greedy")
POINTS = {"encoder": 5, "decoder": 4, "joiner": 4, "transducer": 5, "greedy": 18, "training": 4}
NAMES = ("EncoderRNNT", "DecoderRNNT", "Joiner", "RNNTransducer", "greedy_decode")


@pytest.fixture(scope="module")
def source():
    return read(NOTEBOOK)


@pytest.fixture(scope="module")
def stub(source):
    return emptied(source)


@pytest.fixture(scope="module")
def tiny_mini(tmp_path_factory):
    """A corpus of a few sentences in the place where the notebook looks for `mini`."""
    home = tmp_path_factory.mktemp("data")
    recipe = mini.Recipe(train=24, dev=6, test=6, train_voices=3, dev_voices=1, test_voices=2)
    mini.make(home / mini.folder_name(), recipe, progress=False)
    return home


@pytest.fixture(scope="module")
def solved_run(source, tiny_mini, tmp_path_factory):
    return executed(source, tmp_path_factory.mktemp("solved"), timeout=300, RNNT_DATA=tiny_mini)


@pytest.fixture(scope="module")
def stub_run(stub, tiny_mini, tmp_path_factory):
    return executed(stub, tmp_path_factory.mktemp("stub"), timeout=300, RNNT_DATA=tiny_mini)


def namespace(source, *grade_ids):
    names = {"torch": torch, "math": math, "nn": nn, "F": F, "tokenizer": tokenizer}
    names |= {"pack_padded_sequence": pack_padded_sequence, "pad_packed_sequence": pad_packed_sequence}
    return defined(source, names, *grade_ids)


# The file


def test_the_answers_are_the_five_exercises_that_are_written(source):
    assert tuple(cell.id for cell in source.cells if cell.metadata.nbgrader.solution) == ANSWERS


def test_beside_the_answers_only_settings_and_experiments_are_open_to_edits(source):
    unlocked = {cell.id for cell in source.cells if not cell.metadata.nbgrader.locked}
    free = unlocked - set(ANSWERS)
    assert {"choose-corpus"} <= free
    assert all(re.match(r"choose-|experiment-|preflight$", grade_id) for grade_id in free), free
    for grade_id in free:
        assert cell(source, grade_id).metadata.rnnt.grading == "skip"


def test_the_points_of_the_check_cells_are_the_contract(source):
    graded = {cell.id: cell.metadata.nbgrader.points for cell in source.cells if cell.metadata.nbgrader.grade}
    assert graded == {f"check-{key}": points for key, points in POINTS.items()}
    assert sum(graded.values()) == 40
    assert {exercise.key: exercise.points for exercise in HOMEWORK3} == POINTS


def test_the_points_told_to_students_are_the_rubric(source):
    def plainly(text):
        return re.sub(r"[`$]", "", text).lower()

    for exercise in HOMEWORK3:
        told = plainly(cell(source, f"{exercise.key}-exercise").source)
        for item in exercise.items:
            assert f"{item.title.lower()} ({item.points:g})" in told, (exercise.key, item.key)
    for key, name in zip(ANSWERS, NAMES, strict=True):
        heading = cell(source, f"{key}-exercise").source.splitlines()[0]
        assert f"`{name}`" in heading
        assert f"({POINTS[key]} points)" in heading
    assert f"({POINTS['training']} points)" in cell(source, "training-exercise").source.splitlines()[0]
    title = cell(source, "title").source
    assert "**40 points" in title
    told = re.findall(r"\((\d+)(?: points)?\)", title)
    assert [int(number) for number in told] == list(POINTS.values())


def test_the_check_cells_are_one_line(source):
    for key, name in zip(ANSWERS, NAMES, strict=True):
        assert cell(source, f"check-{key}").source == f"checks.{key}({name})"
    assert cell(source, "check-training").source == 'checks.training("run")'


def test_a_stub_defines_its_name_and_each_of_its_methods_says_that_it_is_not_written(stub):
    names = namespace(stub, *ANSWERS)
    sizes = {"EncoderRNNT": (8, 4, 5, 1), "DecoderRNNT": (4, 30, 5, 1), "Joiner": (5, 30), "RNNTransducer": (30, 8)}
    for name in NAMES[:-1]:
        with pytest.raises(NotImplementedError, match="Not written yet"):
            names[name](*sizes[name])
        empty = nn.Module.__new__(names[name])
        with pytest.raises(NotImplementedError, match="Not written yet"):
            names[name].forward(empty, *[None] * (4 if name == "RNNTransducer" else 2))
    with pytest.raises(NotImplementedError, match="Not written yet"):
        names["greedy_decode"](None, torch.zeros(1, 1))


def test_slow_cells_and_cells_for_the_eyes_are_not_graded(source):
    """The grader runs a notebook without data: what opens a corpus, trains, plays or draws is skipped."""
    wanted = {"setup", "tokenizer", "stacking", "encoder-alone", "decoder-steps", "draw-greedy-walk"}
    for code in cells(source, "code"):
        settings = code.metadata.nbgrader
        graded = settings.solution or settings.grade or code.id in wanted
        assert ("rnnt" in code.metadata) != graded, code.id
        if re.search(r"corpora\.|training\.|Audio\(|plt\.show|_set\b", code.source) and code.id != "setup":
            assert code.metadata.get("rnnt", {}).get("grading") == "skip" or settings.grade, code.id


def test_no_graded_cell_needs_a_name_from_a_skipped_one(source):
    known = set(dir(__builtins__)) | set(__builtins__ if isinstance(__builtins__, dict) else ())
    for code in cells(source, "code"):
        if "rnnt" in code.metadata:
            continue
        tree = ast.parse(code.source)
        defined = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
        defined |= {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        defined |= {alias.asname or alias.name for node in imports for alias in node.names}
        defined |= {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef | ast.FunctionDef)}
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}
        assert used <= known | defined, (code.id, used - known - defined)
        known |= defined


# Running it


def without_reference(where, message):
    """Whether a cell stopped because the trained recogniser has not been made yet (data_scripts/train_reference.py)."""
    return where == "reference" and not models.REFERENCE_TRANSCRIPTS.exists() and "no reference recogniser" in message


@pytest.mark.slow
def test_with_solutions_every_cell_runs_without_an_error(solved_run):
    errors = [(where, out.evalue) for where, out in outputs(solved_run, "error")]
    assert [error for error in errors if not without_reference(*error)] == []
    assert all(code.execution_count for code in cells(solved_run, "code"))
    words = [(where, out.text) for where, out in outputs(solved_run, "stream") if out.name == "stderr"]
    assert [(where, text) for where, text in words if "it/s" not in text and "utt" not in text] == []


@pytest.mark.slow
def test_solutions_earn_all_points(solved_run):
    for exercise in HOMEWORK3:
        if exercise.key != "training":  # a few steps on a few sentences reach no threshold
            (result,) = cell(solved_run, f"check-{exercise.key}").outputs
            assert float(result.data["text/plain"]) == exercise.points, result.data["text/plain"]
            assert "On a GPU" not in result.data["text/html"]  # the check would say what stops there


@pytest.mark.slow
def test_training_leaves_what_is_handed_in(solved_run):
    from helpers import training

    run = Path(solved_run.metadata["ran_in"]) / "run"
    assert (run / training.WEIGHTS).stat().st_size > 0
    assert training.read_log(run).of("final")
    for told in ("hand-in", "check-training-text"):
        assert training.WEIGHTS in cell(solved_run, told).source
        assert training.LOG in cell(solved_run, told).source


@pytest.mark.slow
def test_the_reference_recogniser_is_decoded_as_it_should_be(solved_run):
    if not models.REFERENCE_TRANSCRIPTS.exists():
        pytest.skip("the reference recogniser has not been trained yet")
    utterances = json.loads(models.REFERENCE_TRANSCRIPTS.read_text("utf-8"))["utterances"]
    assert len(utterances) >= 5
    assert printed(solved_run, "reference").count("as it should be") == len(utterances)


@pytest.mark.slow
def test_stubs_run_and_stop_only_with_the_friendly_sentence(stub_run):
    assert all(code.execution_count for code in cells(stub_run, "code"))
    errors = [(where, out.ename, out.evalue) for where, out in outputs(stub_run, "error")]
    unfriendly = [error for error in errors if error[1:] != ("NotImplementedError", FRIENDLY)]
    assert [error for error in unfriendly if not without_reference(error[0], error[2])] == []
    assert {"first-loss", "greedy-trace", "train", "test", "listen"} <= {where for where, *_ in errors}


@pytest.mark.slow
def test_stubs_earn_no_points_and_cost_no_traceback(stub_run):
    for key in POINTS:
        if key != "training":
            assert cell(stub_run, key).outputs == []
        (result,) = cell(stub_run, f"check-{key}").outputs
        assert float(result.data["text/plain"]) == 0.0


@pytest.mark.slow
def test_the_given_demonstrations_show_what_the_text_says(solved_run):
    assert float(printed(solved_run, "encoder-alone").rsplit(" ", 1)[1]) < 1e-6
    assert all(float(found) < 1e-6 for found in re.findall(r"difference (\S+)", printed(solved_run, "decoder-steps")))
    trace = printed(solved_run, "greedy-trace")
    assert trace.endswith("written: cat\n")
    assert trace.count("joiner at") == 7
    assert trace.count("prediction network: reads") == 4
    for cost, uniform in re.findall(r"cost ([\d.]+) nats, by the formula ([\d.]+)", printed(solved_run, "first-loss")):
        assert float(cost) == pytest.approx(float(uniform), rel=0.05)


# The answers, the numbers and formulas


def test_the_solutions_are_the_reference_solution_number_by_number(source):
    ours = namespace(source, *ANSWERS)
    arguments = {"num_classes": 30, "input_dim": 8, "num_encoder_layers": 2, "encoder_hidden_state_dim": 6}
    arguments |= {"decoder_hidden_state_dim": 6, "output_dim": 5, "encoder_dropout_p": 0.0, "decoder_dropout_p": 0.0}
    torch.manual_seed(2)
    reference, inputs = homework3_reference.RNNTransducer(**arguments), torch.randn(3, 7, 8)
    model = ours["RNNTransducer"](**arguments)
    model.load_state_dict(reference.state_dict())
    batch = inputs, torch.tensor([5, 7, 2]), torch.randint(0, 28, (3, 4)), torch.tensor([4, 1, 3])
    # What stands in the padding is nobody's business.
    for got, right, T, U in zip(model(*batch), reference(*batch), batch[1], batch[3], strict=True):
        torch.testing.assert_close(got[:T, : U + 1], right[:T, : U + 1])
    with torch.no_grad():
        for weights in model.parameters():
            weights *= 4  # an untrained model says the same everywhere; a louder one has opinions
        model.joiner.linear.bias[tokenizer.blank] += 2
        frames, _ = model.encoder(inputs, torch.tensor([7, 7, 7]))
    written = [ours["greedy_decode"](model, one, max_steps=30) for one in frames]
    assert [labels.tolist() for labels in written] == [
        homework3_reference.greedy_decode(model, one, max_steps=30).tolist() for one in frames
    ]
    assert {labels.dtype for labels in written} == {torch.int64}
    assert any(0 < len(labels) < 30 for labels in written)


def test_one_layer_networks_are_built_without_a_warning(source, recwarn):
    names = namespace(source, *ANSWERS)
    names["RNNTransducer"](30, 80, num_encoder_layers=1, num_decoder_layers=1)
    assert [str(warning.message) for warning in recwarn if "dropout" in str(warning.message)] == []


def test_the_walk_in_the_table_is_the_one_in_the_picture_and_in_the_demonstration(source):
    table = cell(source, "greedy-walk").source
    steps = re.findall(r"^\| (\d+) \| \$\((\d), (\d)\)\$ \| (\S+) \|", table, re.MULTILINE)
    assert [int(number) for number, *_ in steps] == list(range(1, 8))
    moves = "".join("b" if "varnothing" in symbol else "l" for *_, symbol in steps)
    assert f'paths=["{moves}"]' in cell(source, "draw-greedy-walk").source
    t = u = 0
    for (_, at_t, at_u, _), move in zip(steps, moves, strict=True):
        assert (int(at_t), int(at_u)) == (t, u)
        t, u = (t, u + 1) if move == "l" else (t + 1, u)
    assert (t, u) == (4, 3)
    script = {(int(a), int(b)): symbol.lower() for _, a, b, symbol in steps if "varnothing" not in symbol}
    source_of_actor = cell(source, "greedy-trace").source
    assert str(script).replace("'", '"') in source_of_actor
    assert f"In the table above these are {t} and {u}" in cell(source, "greedy-count").source


def test_the_numbers_about_frames_are_those_of_the_features(source):
    from helpers.corpora import SAMPLE_RATE
    from helpers.features import LogMel

    mel = LogMel().mel
    text = cell(source, "log-mel-text").source
    hop, window = (1000 * samples / SAMPLE_RATE for samples in (mel.hop_length, mel.n_fft))
    assert f"Every {hop:g} ms we take a window of {window:g} ms" in text
    assert f"Ten seconds of sound become {10 * SAMPLE_RATE // mel.hop_length} frames of {mel.n_mels} numbers" in text
    assert "math.ceil(835 / k)" in cell(source, "stacking").source  # the first utterance of LibriSpeech's test-clean
    assert len(LogMel()(torch.zeros(166_960))) == 835


def test_experiments_take_as_many_steps_as_the_text_says(source):
    setup, numbers = cell(source, "experiment-setup").source, {}
    for name in ("subset", "epochs", "batch_size"):
        numbers[name] = int(re.search(rf"{name}[=(](\d+)", setup)[1])
    few, steps = numbers["subset"], numbers["epochs"] * math.ceil(numbers["subset"] / numbers["batch_size"])
    text = cell(source, "experiments-text").source
    assert f"on the same {few} utterances for {steps} steps" in text


def test_the_projection_is_about_the_recipe_for_a_gpu(source):
    from helpers import training

    assert f"{training.Recipe.preset('gpu').epochs} epochs of" in cell(source, "scale").source
    assert "**a projection**" in cell(source, "scale").source


def test_the_uniform_cost_in_the_text_is_the_cost_of_a_model_without_preferences(source):
    from helpers.loss import rnnt_loss

    T, U, V = 9, 4, 30
    targets, lengths = torch.zeros(1, U, dtype=torch.int32), (torch.tensor([T]), torch.tensor([U]))
    cost = rnnt_loss(torch.zeros(1, T, U + 1, V), targets, *lengths, blank=28)
    assert float(cost) == pytest.approx((T + U) * math.log(V) - math.log(math.comb(T + U - 1, U)), rel=1e-6)
    formula = re.sub(r"\s|\\,", "", cell(source, "first-loss-text").source)
    assert r"(T+U)\lnV-\ln\binom{T+U-1}{U}" in formula


def test_a_second_log_softmax_changes_no_loss_as_the_answer_says(source):
    from helpers.loss import rnnt_loss

    torch.manual_seed(0)
    logits, lengths = torch.randn(1, 6, 4, 30), (torch.tensor([6]), torch.tensor([3]))
    scores = logits, logits.log_softmax(-1)
    once, twice = (rnnt_loss(given, torch.tensor([[3, 4, 5]]), *lengths, blank=28) for given in scores)
    assert float(once) == pytest.approx(float(twice), rel=1e-6)
    assert PREDICTIONS["homework3"]["softmax-twice"].told == "nothing"


# The text


def test_exercise_headings_say_difficulty_time_and_what_is_learned(source):
    exercises = [text for text in cells(source, "markdown") if text.source.startswith("### Exercise")]
    assert [int(text.source.split()[2].rstrip(":")) for text in exercises] == list(range(1, len(POINTS) + 1))
    for text in exercises:
        line = text.source.splitlines()[2]
        assert re.fullmatch(r"\*\*Difficulty\*\* [●○]{5} · \*\*Time\*\* \d+ minutes · \*\*You learn\*\* .+[^.]", line)


def test_the_times_add_up_to_what_the_title_promises(source):
    title = cell(source, "title").source
    minutes = sum(int(found) for found in re.findall(r"\| (\d+) min \|", title))
    assert minutes == 60 * int(re.search(r"about (\d+) hours", title)[1])
