"""What is told where parts of different releases meet."""

import helpers
from helpers.fitting import Release, graded_as, mismatch, this_release

OLD, NEW, OTHER = Release("0.1.0", 1), Release("0.3.0", 1), Release("1.0.0", 2)


def test_parts_of_one_release_are_not_worth_a_word():
    assert mismatch(NEW, NEW) == ""
    assert graded_as(NEW, NEW) == ""


def test_an_older_notebook_beside_newer_helpers_and_the_reverse_are_told_apart():
    told = "This notebook was released with helpers 0.1.0, the folder beside it is 0.3.0: "
    assert mismatch(OLD, NEW).startswith(told + "they work together")
    assert "they work together" in mismatch(NEW, OLD)
    assert "the notebook is too old" in mismatch(OLD, OTHER)
    assert "the folder is too old" in mismatch(OTHER, OLD)


def test_a_hand_in_of_another_release_is_said_to_be_older_or_newer():
    assert "an older release than the course's, which has 0.3.0: it is graded as it is" in graded_as(OLD, NEW)
    assert "a newer release" in graded_as(NEW, OLD)
    assert "look at the grade" in graded_as(OLD, OTHER)
    assert "update the grader" in graded_as(OTHER, OLD)


def test_versions_are_ordered_as_numbers():
    assert Release("0.10.0", 1).order > Release("0.9.3", 1).order
    assert Release("0.1.0", 2).order > Release("9.0", 1).order


def test_this_release_is_the_package_version():
    assert this_release() == Release(helpers.__version__, helpers.FORMAT)
