"""What holds for every notebook: a clean file, an honest stub, text that renders everywhere and is our own."""

import itertools
import json
import re
import textwrap

import nbformat
import pytest
from nbgrader.nbgraderformat import MetadataValidator

from autograder.release import STUB
from helpers.checks.predictions import PREDICTIONS
from notebooks import HOMEWORK3, REPOSITORY, SEED, SEMINAR4, cells, emptied, executed, outputs, read, shingles

ALL = sorted((REPOSITORY / "notebooks").rglob("*.ipynb"))
MOST_LINES = {SEMINAR4: 16, HOMEWORK3: 24}
"""Of a code cell that is given."""
MOST_LINES_OF_START = 28
"""It must work before there is anything to import. Colab folds it into its title."""

INTERFACE = re.compile(r"(from|import) |\w+: [\w.]+( = [\w.]+)?,$|\w+=\w+,$|def ")
"""Imports, arguments and headers: the names are the course's, so that existing solutions run."""


@pytest.fixture(scope="module", params=ALL, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture(scope="module")
def source(path):
    return read(path)


def test_the_two_notebooks_are_among_them():
    assert {SEMINAR4, HOMEWORK3} <= set(ALL)


# The file


def test_the_source_is_valid_and_holds_no_output(source):
    nbformat.validate(source)
    assert (source.nbformat, source.nbformat_minor) == (4, 5)
    for code in cells(source, "code"):
        assert code.outputs == []
        assert code.execution_count is None


def test_saving_the_source_again_changes_no_byte(path):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n"


def test_every_cell_has_valid_nbgrader_metadata_and_its_grade_id_as_cell_id(source):
    MetadataValidator().validate_nb(source)
    ids = [cell.metadata.nbgrader.grade_id for cell in source.cells]
    assert ids == [cell.id for cell in source.cells]
    assert len(set(ids)) == len(ids)


def test_stub_and_solution_differ_only_between_the_marks(source):
    region = re.compile(r"^( *)### BEGIN SOLUTION\n.*?^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
    stub = emptied(source)
    assert len(source.cells) == len(stub.cells)
    for ours, theirs in zip(source.cells, stub.cells, strict=True):
        assert region.sub(lambda found: found[1] + STUB, ours.source) == theirs.source
        assert (ours.source != theirs.source) == ours.metadata.nbgrader.solution


def test_given_code_cells_are_short(path, source):
    for code in cells(source, "code"):
        if not code.metadata.nbgrader.solution:
            most = MOST_LINES_OF_START if code.id == "start" else MOST_LINES.get(path, 16)
            assert len(code.source.splitlines()) <= most, code.id


def test_the_last_cell_is_preflight_and_waits_for_names(source):
    last = source.cells[-1]
    assert (last.id, last.source) == ("preflight", 'checks.preflight(last="", first="")')
    assert last.metadata.rnnt.grading == "skip"
    assert source.cells[-2].id == "hand-in"


def test_where_notebooks_are_tested_a_warning_is_an_error_and_a_file_left_open_is_seen(tmp_path):
    codes = {
        "deprecated": "import warnings\nwarnings.warn('old', DeprecationWarning)",
        "library": "from traitlets import HasTraits\nHasTraits(no_such_trait=1)",
        "left-open": "def read():\n    return open('/dev/null').read()\nread()",
        "quiet": "print(1)",
    }
    made = [nbformat.v4.new_code_cell(code, id=name) for name, code in codes.items()]
    run = executed(nbformat.v4.new_notebook(cells=made), tmp_path)
    assert {where: out.ename for where, out in outputs(run, "error")} == {
        "deprecated": "DeprecationWarning",
        "library": "DeprecationWarning",
    }
    words = {where: out.text for where, out in outputs(run, "stream")}
    assert "ResourceWarning: unclosed file" in words["left-open"]
    assert words["quiet"] == "1\n"


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


def test_each_prediction_is_asked_once_in_a_cell_that_only_asks_and_is_announced_before(path, source):
    asked = []
    for before, cell in itertools.pairwise(source.cells):
        if key := re.fullmatch(r'checks\.predict\("([a-z0-9-]+)"\)', cell.source):
            asked.append(key[1])
            assert cell.id == f"predict-{key[1]}"
            assert cell.metadata.rnnt.grading == "skip"
            assert "Predict before you run" in before.source or before.id.startswith("predict-"), cell.id
    assert asked == list(PREDICTIONS[path.stem])
    announced = [text for text in cells(source, "markdown") if "**Predict before you run" in text.source]
    assert len(asked) - 1 <= len(announced) <= len(asked)
    assert not any("<details>" in text.source for text in cells(source, "markdown"))


def test_the_title_says_what_is_noted_and_whether_it_costs(source):
    title = cells(source, "markdown")[0].source
    for word in ("checks.hint(", "help.json", "handed in", "no points unless"):
        assert word in title


def test_no_sentence_or_line_of_code_comes_from_the_seed(path, source):
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
        if path == HOMEWORK3:
            ours = {line for line in ours if not INTERFACE.match(line)}
        assert not ours & lines, code.id
