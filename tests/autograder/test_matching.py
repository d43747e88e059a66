import copy
import random
import time

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from nbgrader.nbgraderformat import MetadataValidator
from released_sample import BACKWARD, BACKWARD_STUB, FORWARD, FORWARD_STUB, cell, position, solved, template

from autograder.matching import defined_names, repair

IDS = [one.id for one in template().cells]


def grade_ids(notebook):
    return [one.metadata.get("nbgrader", {}).get("grade_id") for one in notebook.cells]


def strip_all_marks(notebook):
    for number, one in enumerate(notebook.cells):
        one.metadata = nbformat.from_dict({})
        one.id = f"new-{number}"
    return notebook


def fixed(submission):
    """Repair, and check what must hold for every repair."""
    released, before = template(), copy.deepcopy(submission)
    result = repair(released, submission)
    assert submission == before, "the submission was changed in place"
    assert released == template(), "the template was changed in place"
    notebook = result.notebook
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    assert sorted(filter(None, grade_ids(notebook))) == sorted(IDS)
    assert len({one.id for one in notebook.cells}) == len(notebook.cells)
    for expected in released.cells:
        found = cell(notebook, expected.id)
        assert found.metadata == expected.metadata
        assert found.cell_type == expected.cell_type
        if expected.id not in ("forward", "backward"):
            assert found.source == expected.source
    again = repair(released, notebook)
    assert again.notes == []
    assert nbformat.writes(again.notebook) == nbformat.writes(notebook)
    assert again.answered == result.answered
    for note in result.notes:
        assert note.endswith(".")
        assert "\n" not in note
    return result


def sources(notebook):
    return [one.source for one in notebook.cells]


def test_an_untouched_notebook_comes_back_as_it_was():
    result = fixed(template())
    assert (result.notes, result.recognised, result.answered) == ([], len(IDS), 0)
    assert result.notebook == template()


def test_an_honest_hand_in_is_not_touched():
    result = fixed(solved())
    assert (result.notes, result.recognised, result.answered) == ([], len(IDS), 2)
    assert sources(result.notebook) == sources(solved())


def test_a_deleted_check_is_put_back_directly_under_its_answer():
    notebook = solved()
    notebook.cells.remove(cell(notebook, "check-forward"))
    result = fixed(notebook)
    assert result.notes == ["Cell check-forward had been deleted; it was put back."]
    assert grade_ids(result.notebook) == IDS


def test_a_deleted_check_goes_under_all_pieces_of_a_split_answer():
    notebook = solved()
    notebook.cells.remove(cell(notebook, "check-forward"))
    helper = copy.deepcopy(cell(notebook, "forward"))
    helper.source, helper.id = "def walk(log_probs):\n    return log_probs", "split"
    notebook.cells.insert(position(notebook, "forward") + 1, helper)
    result = fixed(notebook)
    at = position(result.notebook, "forward")
    assert grade_ids(result.notebook)[at : at + 3] == ["forward", None, "check-forward"]


def test_a_deleted_check_goes_under_the_last_of_its_answers_in_any_order():
    released, notebook = template(), solved()
    for one in (released, notebook):
        one.cells.remove(cell(one, "check-forward"))
    notebook.cells.remove(cell(notebook, "check-backward"))
    notebook.cells.append(notebook.cells.pop(position(notebook, "forward")))
    order = grade_ids(repair(released, notebook).notebook)
    assert order[-2:] == ["forward", "check-backward"]


def test_checks_stay_where_the_student_had_them():
    notebook = solved()
    check = notebook.cells.pop(position(notebook, "check-forward"))
    notebook.cells.append(check)
    result = fixed(notebook)
    assert grade_ids(result.notebook)[-1] == "check-forward"
    assert result.notes == []


def test_given_cells_that_were_deleted_are_named_in_one_sentence():
    notebook = solved()
    notebook.cells = [one for one in notebook.cells if one.id not in ("title", "imports", "posterior-text")]
    result = fixed(notebook)
    assert result.notes == ["3 given cells had been deleted and were put back: title, imports, posterior-text."]
    assert grade_ids(result.notebook) == IDS


def test_a_deleted_answer_is_put_back_as_the_stub():
    notebook = solved()
    notebook.cells.remove(cell(notebook, "backward"))
    result = fixed(notebook)
    assert cell(result.notebook, "backward").source == BACKWARD_STUB
    assert result.notes == ["Cell backward had been deleted; it was put back without an answer."]
    assert (result.answered, result.recognised) == (1, len(IDS) - 1)


def test_only_two_answers_in_an_own_notebook_are_enough():
    result = fixed(new_notebook(cells=[new_code_cell(FORWARD), new_code_cell(BACKWARD)]))
    assert cell(result.notebook, "forward").source == FORWARD
    assert cell(result.notebook, "backward").source == BACKWARD
    assert (result.recognised, result.answered) == (2, 2)
    order = grade_ids(result.notebook)
    assert order.index("forward") < order.index("check-forward") < order.index("check-backward")


def test_marks_that_are_lost_everywhere_are_found_by_other_signs():
    result = fixed(strip_all_marks(solved()))
    assert result.recognised == len(IDS)
    assert grade_ids(result.notebook) == IDS
    assert cell(result.notebook, "forward").source == FORWARD
    assert result.notes == ["11 cells had lost the mark of the grading system; they were recognised by other signs."]


def test_metadata_that_is_lost_while_cell_ids_stay_is_found_by_them():
    notebook = solved()
    for one in notebook.cells:
        one.metadata = nbformat.from_dict({})
    cell_forward = notebook.cells[IDS.index("forward")]
    cell_forward.source = "something_else = 1"  # neither the text nor a name could tell
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == "something_else = 1"


def test_an_edited_given_cell_without_marks_is_found_by_similarity():
    notebook = strip_all_marks(solved())
    title = notebook.cells[0]
    title.source = title.source.replace("two ways", "2 ways") + " (by me)"
    result = fixed(notebook)
    assert result.recognised == len(IDS)
    assert result.notes[1:] == ["Cell title had been changed; the original was put back."]


def test_an_answer_in_own_words_is_recognised_by_its_name():
    result = fixed(new_notebook(cells=[new_code_cell("def forward(a, b, blank=0): return a, 0")]))
    assert (result.recognised, result.answered) == (1, 1)


def test_a_given_cell_that_was_rewritten_is_recognised_by_the_names_it_defines():
    notebook = strip_all_marks(solved())
    mine = notebook.cells[IDS.index("example")]
    mine.source = (
        'symbols = ("-", "C", "A", "T")\ncat = checks.case("dog")  # I tried another word here, and it works too'
    )
    result = fixed(notebook)
    assert result.recognised == len(IDS)
    assert mine.source not in sources(result.notebook)


def test_trailing_blanks_and_line_ends_are_no_change():
    notebook = solved()
    cell(notebook, "imports").source = "import torch  \r\n\r\nfrom helpers import checks, lattice\n\n"
    cell(notebook, "check-forward").source += "\n"
    assert fixed(notebook).notes == []


def test_many_changed_given_cells_are_one_sentence():
    notebook = solved()
    for name in ("title", "forward-text", "posterior-text"):
        cell(notebook, name).source += " Mine."
    assert fixed(notebook).notes == [
        "3 given cells had been changed; the originals were put back: title, forward-text, posterior-text."
    ]


def test_a_changed_check_is_restored_and_said():
    notebook = solved()
    cell(notebook, "check-forward").source = "5.0"
    result = fixed(notebook)
    assert result.notes == ["Cell check-forward had been changed; the original was put back."]
    assert "5.0" not in sources(result.notebook)


def test_code_added_to_a_given_cell_is_kept_after_it():
    notebook = solved()
    cell(notebook, "imports").source += "\nimport math"
    result = fixed(notebook)
    at = position(result.notebook, "imports")
    assert "import math" in result.notebook.cells[at + 1].source
    assert result.notebook.cells[at + 1].metadata == {}
    assert "kept in a cell beside it" in result.notes[0]


def test_an_answer_written_into_the_check_cell_counts_and_is_not_hidden_by_the_stub():
    notebook = template()
    check = cell(notebook, "check-forward")
    check.source = FORWARD + "\n" + check.source
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == check.source
    assert FORWARD_STUB not in sources(result.notebook)
    assert position(result.notebook, "forward") < position(result.notebook, "check-forward")
    assert result.answered == 1


def test_an_answer_in_a_new_cell_counts_and_the_empty_one_goes():
    notebook = template()
    notebook.cells.insert(2, new_code_cell(FORWARD))
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == FORWARD
    assert FORWARD_STUB not in sources(result.notebook)
    assert "could have hidden your answer" in result.notes[0]


def test_two_answers_in_one_cell_are_not_hidden_by_the_stub_below():
    notebook = template()
    cell(notebook, "forward").source = FORWARD + "\n\n" + BACKWARD
    result = fixed(notebook)
    assert position(result.notebook, "backward") < position(result.notebook, "forward")
    assert "moved above it" in result.notes[0]
    names = {}
    exec(
        compile(
            "\n\n".join(
                sources(result.notebook)[i]
                for i in sorted([position(result.notebook, "backward"), position(result.notebook, "forward")])
            ),
            "x",
            "exec",
        ),
        names,
    )
    assert "walk" in names["backward"].__code__.co_names


def test_merged_cells_keep_both_answers_when_the_second_cell_is_gone():
    notebook = template()
    cell(notebook, "forward").source = FORWARD + "\nchecks.forward(forward)\n" + BACKWARD
    notebook.cells = [one for one in notebook.cells if one.id not in ("check-forward", "backward")]
    result = fixed(notebook)
    assert position(result.notebook, "backward") < position(result.notebook, "forward")


def test_a_merged_copy_of_one_answer_still_counts_for_the_other():
    notebook = solved()
    cell(notebook, "forward").source = FORWARD_STUB
    merged = copy.deepcopy(cell(notebook, "backward"))
    merged.source, merged.id = BACKWARD + "\n" + FORWARD, "merged"
    notebook.cells.insert(position(notebook, "backward"), merged)
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == merged.source
    assert result.answered == 2


def test_copies_of_an_answer_are_all_kept_and_the_last_carries_the_mark():
    notebook = solved()
    at = position(notebook, "forward")
    second = copy.deepcopy(notebook.cells[at])
    second.source, second.id = FORWARD.replace("1.5", "2.5"), "second"
    notebook.cells.insert(at + 1, second)
    result = fixed(notebook)
    assert sources(result.notebook)[at : at + 2] == [FORWARD, second.source]
    assert cell(result.notebook, "forward").source == second.source
    assert result.notes == [
        "Cell forward was there 2 times; all were kept in their order, and the last definition counts."
    ]


@pytest.mark.parametrize("stub_first", [True, False])
def test_an_untouched_copy_never_hides_the_answer(stub_first):
    notebook = solved()
    at = position(notebook, "forward")
    stub = copy.deepcopy(template().cells[at])
    stub.id = "copy-of-stub"
    notebook.cells.insert(at if stub_first else at + 1, stub)
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == FORWARD
    assert FORWARD_STUB not in sources(result.notebook)


def test_the_first_of_several_untouched_copies_is_kept():
    notebook = template()
    extra = copy.deepcopy(cell(notebook, "forward"))
    extra.id = "extra"
    notebook.cells.append(extra)
    result = fixed(notebook)
    assert grade_ids(result.notebook) == IDS
    assert result.answered == 0


def test_a_copied_answer_that_became_the_other_task_is_recognised_by_its_name():
    notebook = solved()
    at = position(notebook, "backward")
    notebook.cells[at] = copy.deepcopy(cell(notebook, "forward"))
    notebook.cells[at].source, notebook.cells[at].id = BACKWARD, "pasted"
    result = fixed(notebook)
    assert cell(result.notebook, "backward").source == BACKWARD
    assert cell(result.notebook, "forward").source == FORWARD


def test_a_split_answer_keeps_both_halves_and_marks_the_one_with_the_function():
    notebook = solved()
    at = position(notebook, "forward")
    half = copy.deepcopy(notebook.cells[at])
    half.source, half.id = "def walk(log_probs):\n    return log_probs", "half"
    notebook.cells.insert(at + 1, half)
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == FORWARD
    assert half.source in sources(result.notebook)


@pytest.mark.parametrize("name", ["check-forward", "imports", "title"])
def test_copies_of_check_and_given_cells_are_dropped(name):
    notebook = solved()
    extra = copy.deepcopy(cell(notebook, name))
    extra.id = "extra"
    notebook.cells.insert(position(notebook, name), extra)
    result = fixed(notebook)
    assert grade_ids(result.notebook) == IDS
    assert result.notes == [f"Cell {name} was there more than once; one was kept."]


def test_a_copied_check_that_became_own_code_is_kept_as_an_ordinary_cell():
    notebook = solved()
    extra = copy.deepcopy(cell(notebook, "check-forward"))
    extra.source, extra.id = "def walk(log_probs):\n    return log_probs", "extra"
    notebook.cells.insert(2, extra)
    result = fixed(notebook)
    assert result.notebook.cells[2].source == extra.source
    assert cell(result.notebook, "check-forward").source == "checks.forward(forward)"


@pytest.mark.parametrize("make", [new_markdown_cell, new_raw_cell])
def test_a_check_that_was_turned_into_text_is_restored(make):
    notebook = solved()
    at = position(notebook, "check-forward")
    old = notebook.cells[at]
    notebook.cells[at] = make(old.source, id=old.id, metadata=old.metadata)
    result = fixed(notebook)
    assert len(result.notes) == 1
    assert "had been turned into a" in result.notes[0]


@pytest.mark.parametrize("make", [new_markdown_cell, new_raw_cell])
@pytest.mark.parametrize("text", [FORWARD, f"```python\n{FORWARD}\n```"])
def test_an_answer_that_was_turned_into_text_becomes_code_again(make, text):
    notebook = solved()
    at = position(notebook, "forward")
    notebook.cells[at] = make(text, id="forward", metadata=notebook.cells[at].metadata)
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source.strip() == FORWARD.strip()
    assert result.notes == [
        "Cell forward had been turned into a {} cell; it is a code cell again, with your text.".format(
            "raw" if make is new_raw_cell else "markdown"
        )
    ]


def test_prose_in_place_of_an_answer_is_kept_as_prose():
    notebook = solved()
    at = position(notebook, "forward")
    notebook.cells[at] = new_markdown_cell("I could not do this one.", metadata=notebook.cells[at].metadata)
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source == FORWARD_STUB
    assert "I could not do this one." in sources(result.notebook)
    assert result.answered == 1


def test_extra_cells_stay_where_they_are_without_marks():
    notebook = solved()
    notebook.cells.insert(4, new_code_cell("def walk(x):\n    return x", metadata={"tags": ["mine"], "nbgrader": {}}))
    notebook.cells.append(new_markdown_cell("My thoughts."))
    result = fixed(notebook)
    assert result.notes == []
    assert result.notebook.cells[4].source == "def walk(x):\n    return x"
    assert result.notebook.cells[4].metadata == {}
    assert result.notebook.cells[-1].source == "My thoughts."


@pytest.mark.parametrize(
    "change", [{"points": 100}, {"grade": False}, {"solution": True}, {"locked": False}, {"schema_version": 99}]
)
def test_tampered_settings_are_overruled(change):
    notebook = solved()
    cell(notebook, "check-forward").metadata.nbgrader.update(change)
    result = fixed(notebook)
    assert result.notes == ["The grading settings of cell check-forward had been changed; they were set back."]


def test_an_invented_graded_cell_gives_nothing():
    notebook = solved()
    invented = copy.deepcopy(cell(notebook, "check-forward"))
    invented.metadata.nbgrader.update(grade_id="bonus\n<script>" + "x" * 100, points=100)
    invented.source, invented.id = "assert True", "bonus"
    notebook.cells.append(invented)
    result = fixed(notebook)
    assert result.notebook.cells[-1].metadata == {}
    assert "gives no points" in result.notes[0]
    assert len(result.notes[0]) < 150


def test_swapped_marks_are_sorted_out_by_the_text():
    notebook = solved()
    one, two = cell(notebook, "check-forward"), cell(notebook, "check-backward")
    one.metadata, two.metadata = two.metadata, one.metadata
    result = fixed(notebook)
    assert grade_ids(result.notebook) == IDS


def test_another_notebook_is_said_to_be_another():
    other = new_notebook(cells=[new_markdown_cell("# Cooking"), new_code_cell("water = 'hot'\nprint(water)")])
    result = fixed(other)
    assert result.recognised == 0
    assert result.notes == ["No cell of the released notebook was recognised in this one: it is another notebook."]


def test_an_empty_notebook_has_nothing_recognised():
    assert fixed(new_notebook()).recognised == 0


def test_the_students_kernel_is_replaced():
    notebook = solved()
    notebook.metadata = nbformat.from_dict({"kernelspec": {"name": "../../evil", "display_name": "x"}, "colab": {}})
    assert fixed(notebook).notebook.metadata == template().metadata


def test_outputs_of_the_student_are_gone():
    notebook = solved()
    cell(notebook, "check-forward").outputs = [nbformat.v4.new_output("stream", text="5.0\n" * 10)]
    notebook.cells.append(new_code_cell("1", outputs=[nbformat.v4.new_output("stream", text="1")], execution_count=3))
    assert all(not one.get("outputs") for one in fixed(notebook).notebook.cells)


def test_a_syntax_error_does_not_hide_the_name_of_the_function():
    notebook = strip_all_marks(template())
    notebook.cells[IDS.index("forward")].source = "%%time\ndef forward(log_probs, targets:\n    return (1"
    result = fixed(notebook)
    assert cell(result.notebook, "forward").source.startswith("%%time")


def test_repeated_cell_ids_become_different():
    notebook = solved()
    for _ in range(3):
        notebook.cells.append(new_code_cell("print(1)", id="forward"))
    result = fixed(notebook)
    assert sources(result.notebook)[-3:] == ["print(1)"] * 3


def test_a_template_without_grading_marks_on_a_cell_leaves_that_cell_to_the_student():
    released, notebook = template(), solved()
    del released.cells[3].metadata["nbgrader"]
    del notebook.cells[3].metadata["nbgrader"]
    notebook.cells[3].source = "My own words"
    result = repair(released, notebook)
    assert result.notebook.cells[3].source == "My own words"
    assert repair(released, result.notebook).notes == []


def test_an_essay_answer_keeps_its_points_and_its_text():
    released = template()
    essay = new_markdown_cell("YOUR ANSWER HERE", id="essay")
    essay.metadata = nbformat.from_dict(
        {
            "nbgrader": {
                "grade": True,
                "solution": True,
                "locked": False,
                "points": 2,
                "grade_id": "essay",
                "schema_version": 3,
                "task": False,
            }
        }
    )
    released.cells.append(essay)
    notebook = copy.deepcopy(released)
    notebook.cells[-1].source = "Because the blank is never fed back."
    result = repair(released, notebook)
    assert result.notebook.cells[-1].source == "Because the blank is never fed back."
    assert result.notebook.cells[-1].metadata == essay.metadata
    assert result.answered == 1


@pytest.mark.parametrize(
    ("source", "functions", "values"),
    [
        ("def a(): pass\nclass B: pass\nasync def c(): pass", {"a", "B", "c"}, set()),
        ("x, (y, *z) = 1, (2, 3)\nw: int = 1\nv += 1", set(), {"x", "y", "z", "w", "v"}),
        ("%matplotlib inline\n!pip install x\nx = 1", set(), {"x"}),
        (
            "if True:\n    def a(): pass\ntry:\n    b = 1\nexcept E:\n    c = 2\nfinally:\n    d = 3",
            {"a"},
            {"b", "c", "d"},
        ),
        ("def a():\n    def inner(): pass\n    x = 1", {"a"}, set()),
        ("def broken(:\n  pass", {"broken"}, set()),
        ("-" * 100_000 + "1", set(), set()),
        ("a" + ".a" * 100_000, set(), set()),
        ("(" * 1_000, set(), set()),
        ("x = 1\0", set(), set()),
        ("s = '\\d'", set(), {"s"}),
    ],
    ids=["functions", "values", "magics", "blocks", "inner", "broken", "signs", "dots", "brackets", "null", "escape"],
)
@pytest.mark.filterwarnings("error")
def test_names_are_read_from_any_source(source, functions, values):
    names = defined_names(source)
    assert (set(names.functions), set(names.values)) == (functions, values)


def test_any_mixture_of_accidents_gives_a_whole_notebook():
    chance = random.Random(4)
    for _ in range(40):
        notebook = solved() if chance.random() < 0.8 else template()
        for _ in range(chance.randint(1, 8)):
            if not notebook.cells:
                break
            at = chance.randrange(len(notebook.cells))
            one = notebook.cells[at]
            match chance.randrange(9):
                case 0:
                    del notebook.cells[at]
                case 1:
                    extra = copy.deepcopy(one)
                    extra.id = f"c{chance.random()}"[:12].replace(".", "-")
                    notebook.cells.insert(chance.randint(0, len(notebook.cells)), extra)
                case 2:
                    one.metadata = nbformat.from_dict({})
                case 3:
                    one.id = f"i{chance.randrange(10**6)}"
                case 4:
                    notebook.cells.insert(at, notebook.cells.pop(chance.randrange(len(notebook.cells))))
                case 5:
                    half = copy.deepcopy(one)
                    cut = chance.randint(0, len(one.source))
                    one.source, half.source = one.source[:cut], one.source[cut:]
                    half.id = f"h{chance.randrange(10**6)}"
                    notebook.cells.insert(at + 1, half)
                case 6:
                    make = chance.choice([new_markdown_cell, new_raw_cell, new_code_cell])
                    notebook.cells[at] = make(one.source, id=one.id, metadata=one.metadata)
                case 7:
                    one.source += chance.choice(["\nx = 1", "  \n", "\n" + BACKWARD, "\n" + FORWARD, "\nimport os"])
                case 8:
                    if at + 1 < len(notebook.cells):
                        one.source += "\n" + notebook.cells.pop(at + 1).source
        used = set()
        for number, one in enumerate(notebook.cells):  # a file with repeated ids is not a notebook yet
            one.id = one.id if one.id not in used else f"u{number}"
            used.add(one.id)
        kept, given = sources(fixed(notebook).notebook), sources(template())
        for one in notebook.cells:
            if (
                one.cell_type == "code"
                and defined_names(one.source).functions
                and one.source.strip() + "\n" not in given
            ):
                assert one.source in kept, "a function of the student's is gone"


@pytest.mark.parametrize("marked", [True, False])
def test_a_notebook_made_to_be_slow_is_not(marked):
    released = template()
    cell(released, "posterior").source = "walk(f, (g), [h], (k)), (x, y), (z)\n" * 60
    cells = []
    for number in range(150):
        metadata = {"nbgrader": {"grade_id": "posterior", "grade": True}} if marked else {}
        cells.append(new_code_cell("walk(f, (g), [h], (k)), (y, x), (z) ,\n" * 50 + str(number), metadata=metadata))
    start = time.process_time()
    repair(released, new_notebook(cells=cells))
    assert time.process_time() - start < 5
