"""The homework notebook: what a student opens, what an instructor releases, and what the text claims."""

import ast
import copy
import itertools
import json
import math
import os
import re
import textwrap
from pathlib import Path

import nbformat
import pytest
import torch
from nbclient import NotebookClient
from nbgrader.nbgraderformat import MetadataValidator
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence
from traitlets.config import Config

from autograder.judging import homework3_reference
from autograder.release import STUB
from helpers import model as models
from helpers.checks.rubric import HOMEWORK3
from helpers.making import mini
from helpers.text import tokenizer

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOK = REPOSITORY / "notebooks" / "homework3" / "homework3.ipynb"
SEED = REPOSITORY.parent / "shared" / "seed.txt"
FRIENDLY = "Not written yet: replace this line with your solution."

ANSWERS = ("encoder", "decoder", "joiner", "transducer", "greedy")
POINTS = {"encoder": 5, "decoder": 4, "joiner": 4, "transducer": 5, "greedy": 18, "training": 4}
NAMES = ("EncoderRNNT", "DecoderRNNT", "Joiner", "RNNTransducer", "greedy_decode")


@pytest.fixture(scope="module")
def source():
    return nbformat.read(NOTEBOOK, as_version=4)


@pytest.fixture(scope="module")
def stub(source):
    config = Config()
    config.ClearSolutions.code_stub = {"python": STUB}
    notebook, resources = copy.deepcopy(source), {}
    for preprocessor in (ClearSolutions(config=config), ClearHiddenTests(config=config)):
        notebook, resources = preprocessor.preprocess(notebook, resources)
    return notebook


@pytest.fixture(scope="module")
def tiny_mini(tmp_path_factory):
    """A corpus of a few sentences in the place where the notebook looks for `mini`."""
    home = tmp_path_factory.mktemp("data")
    recipe = mini.Recipe(train=24, dev=6, test=6, train_voices=3, dev_voices=1, test_voices=2)
    mini.make(home / mini.folder_name(), recipe, progress=False)
    return home


@pytest.fixture(scope="module")
def solved_run(source, tiny_mini, tmp_path_factory):
    return executed(source, tiny_mini, tmp_path_factory.mktemp("solved"))


@pytest.fixture(scope="module")
def stub_run(stub, tiny_mini, tmp_path_factory):
    return executed(stub, tiny_mini, tmp_path_factory.mktemp("stub"))


def executed(notebook, data, folder):
    """A copy that ran to its last cell, whatever its cells raised, on the tiny corpus (so quickly), in `folder`."""
    notebook = copy.deepcopy(notebook)
    wanted = {"RNNT_DATA": str(data), "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in wanted.items():
            patch.setenv(name, value)
        client = NotebookClient(notebook, timeout=300, allow_errors=True, resources={"metadata": {"path": str(folder)}})
        client.execute(env=os.environ.copy())
    notebook.metadata["ran_in"] = str(folder)
    return notebook


def cells(notebook, kind):
    return [cell for cell in notebook.cells if cell.cell_type == kind]


def cell(notebook, grade_id):
    return next(cell for cell in notebook.cells if cell.id == grade_id)


def outputs(notebook, kind):
    return [(cell.id, out) for cell in cells(notebook, "code") for out in cell.outputs if out.output_type == kind]


def printed(notebook, grade_id):
    return "".join(out.text for out in cell(notebook, grade_id).outputs if out.output_type == "stream")


def namespace(source, *grade_ids):
    """The names that the given cells define, run without a kernel."""
    names = {"torch": torch, "math": math, "nn": nn, "F": F, "tokenizer": tokenizer}
    names |= {"pack_padded_sequence": pack_padded_sequence, "pad_packed_sequence": pad_packed_sequence}
    for grade_id in grade_ids:
        exec(cell(source, grade_id).source, names)
    return names


# The file


def test_the_source_is_valid_and_holds_no_output(source):
    nbformat.validate(source)
    assert (source.nbformat, source.nbformat_minor) == (4, 5)
    for code in cells(source, "code"):
        assert code.outputs == []
        assert code.execution_count is None


def test_saving_the_source_again_changes_no_byte():
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_every_cell_has_valid_nbgrader_metadata_and_its_grade_id_as_cell_id(source):
    MetadataValidator().validate_nb(source)
    ids = [cell.metadata.nbgrader.grade_id for cell in source.cells]
    assert ids == [cell.id for cell in source.cells]
    assert len(set(ids)) == len(ids)


def test_the_answers_are_the_five_exercises_that_are_written(source):
    assert tuple(cell.id for cell in source.cells if cell.metadata.nbgrader.solution) == ANSWERS


def test_beside_the_answers_only_settings_and_experiments_are_open_to_edits(source):
    unlocked = {cell.id for cell in source.cells if not cell.metadata.nbgrader.locked}
    free = unlocked - set(ANSWERS)
    assert {"choose-corpus"} <= free
    assert all(re.match(r"choose-|experiment-", grade_id) for grade_id in free), free
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


def test_stub_and_solution_differ_only_between_the_marks(source, stub):
    region = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
    assert len(source.cells) == len(stub.cells)
    for ours, theirs in zip(source.cells, stub.cells, strict=True):
        assert region.sub(lambda found: found[1] + STUB, ours.source) == theirs.source
        assert (ours.source != theirs.source) == ours.metadata.nbgrader.solution


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


def test_given_code_cells_are_short(source):
    for code in cells(source, "code"):
        if not code.metadata.nbgrader.solution:
            assert len(code.source.splitlines()) <= 24, code.id


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
    answer = cell(source, "greedy-count").source
    assert f"In the table, {len(moves)}." in answer
    assert f"In the table, {1 + moves.count('l')}." in answer


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
    assert "Nothing." in cell(source, "loss").source


# The text


def test_no_picture_is_linked_from_elsewhere(source):
    for text in cells(source, "markdown"):
        assert not re.search(r"!\[|<img", text.source), text.id


def test_headings_start_at_one_title_and_skip_no_level(source):
    levels = [
        len(mark) for text in cells(source, "markdown") for mark in re.findall(r"^(#+) ", text.source, re.MULTILINE)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    numbers = [found for text in cells(source, "markdown") for found in re.findall(r"^##? (\d)\.", text.source, re.M)]
    assert [int(number) for number in numbers] == list(range(1, levels.count(2) + 1))


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


def test_mathematics_is_closed_and_renders_in_both_mathjax_and_katex(source):
    for text in cells(source, "markdown"):
        prose = re.sub(r"```.*?```|`[^`]*`", "", text.source, flags=re.DOTALL)
        displays = prose.split("$$")
        assert len(displays) % 2 == 1, text.id
        inline = "".join(displays[::2])
        assert inline.count("$") % 2 == 0, text.id
        formulas = displays[1::2] + re.findall(r"\$([^$\n]+)\$", inline)
        assert 2 * len(re.findall(r"\$([^$\n]+)\$", inline)) == inline.count("$"), text.id
        for formula in formulas:
            assert formula.count("{") == formula.count("}"), (text.id, formula)
            # Some renderers eat the backslash of `\{`, KaTeX has no `eqnarray` or `\label`, `|` ends a table's cell.
            assert not re.search(r"\\[{}]|eqnarray|\\label|\\def|\|", formula), (text.id, formula)


def test_hidden_answers_are_blocks_that_markdown_still_reads_inside(source):
    questions = [text for text in cells(source, "markdown") if "Predict before you run" in text.source]
    assert 2 <= len(questions) <= 5
    for text in questions:
        assert re.search(r"<details>\n<summary>Answer</summary>\n\n.+\n\n</details>$", text.source, re.DOTALL), text.id


INTERFACE = re.compile(r"(from|import) |\w+: [\w.]+( = [\w.]+)?,$|\w+=\w+,$|def ")
"""Imports, arguments and headers: the names are the course's, so that existing solutions run."""


def test_no_sentence_or_line_of_code_comes_from_the_seed(source):
    if not SEED.exists():
        pytest.skip("the seed document lies outside the repository and is not on this machine")
    seed = SEED.read_text(encoding="utf-8")
    sentences, lines = shingles(seed), {line.strip() for line in seed.splitlines()}
    assert len(sentences) > 1000
    for text in cells(source, "markdown"):
        shared = shingles(text.source) & sentences
        assert not shared, (text.id, textwrap.shorten(str(shared), 300))
    for code in cells(source, "code"):
        ours = {line.strip() for line in code.source.splitlines() if len(line.strip()) > 30}
        ours = {line for line in ours if not INTERFACE.match(line)}
        assert not ours & lines, code.id


def shingles(text):
    """Runs of eight words. Formulas are left out: the definition of a sum over alignments is nobody's sentence."""
    words = re.findall(r"\w+", re.sub(r"\$\$.*?\$\$|\$[^$\n]*\$", " ", text.lower(), flags=re.DOTALL))
    return {tuple(words[start : start + 8]) for start in range(len(words) - 7)}
