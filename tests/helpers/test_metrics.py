"""Error rates, worked out by hand."""

import pytest

from helpers.metrics import cer, corpus_cer, corpus_wer, mean_cer, mean_wer, wer


def test_substitutions_deletions_and_insertions_count_one_each():
    assert cer("kitten", "sitting") == pytest.approx(3 / 6)
    assert wer("the cat sat on the mat", "the cat sit on mat please") == pytest.approx(3 / 6)


def test_a_space_is_a_character():
    assert cer("in to", "into") == pytest.approx(1 / 5)
    assert wer("in to", "into") == pytest.approx(2 / 2)


def test_a_long_hypothesis_can_be_worse_than_one():
    assert cer("a", "abcd") == pytest.approx(3.0)
    assert wer("a", "a b c") == pytest.approx(2.0)


@pytest.mark.parametrize("hypothesis", ["a  b", " a b", "a b  ", "a \t b"])
def test_only_the_words_count_of_white_space(hypothesis):
    assert cer("a b", hypothesis) == 0.0
    assert wer("a b", hypothesis) == 0.0
    assert cer(hypothesis, "a b") == wer(hypothesis, "a b") == 0.0


@pytest.mark.parametrize("rate", [cer, wer])
def test_an_empty_reference_is_right_only_for_an_empty_hypothesis(rate):
    assert rate("", "") == 0.0
    assert rate("", "  ") == 0.0
    assert rate("", "some thing") == 1.0


@pytest.mark.parametrize("rate", [cer, wer])
def test_an_empty_hypothesis_misses_everything(rate):
    assert rate("some thing", "") == 1.0


def test_the_two_averages_weigh_short_utterances_differently():
    references, hypotheses = ["a", "abcdefghi"], ["b", "abcdefghi"]
    assert mean_cer(references, hypotheses) == pytest.approx(0.5)
    assert corpus_cer(references, hypotheses) == pytest.approx(0.1)
    references, hypotheses = ["one", "two three four"], ["none", "two three four"]
    assert mean_wer(references, hypotheses) == pytest.approx(0.5)
    assert corpus_wer(references, hypotheses) == pytest.approx(0.25)


def test_words_said_where_nothing_was_said_count_in_the_corpus_rate():
    assert corpus_cer(["", "abcd"], ["xy", "abcd"]) == pytest.approx(2 / 4)
    assert corpus_wer(["", "a b"], ["x", "a b"]) == pytest.approx(1 / 2)
    assert corpus_cer(["", ""], ["", ""]) == 0.0
    assert corpus_wer(["", ""], ["", "x y"]) == 1.0


def test_capitals_count():
    assert cer("a", "A") == 1.0


@pytest.mark.parametrize("rate", [corpus_cer, corpus_wer, mean_cer, mean_wer])
def test_lists_that_do_not_pair_up_are_refused(rate):
    with pytest.raises(ValueError, match="2 references and 1 hypotheses"):
        rate(["a", "b"], ["a"])
    with pytest.raises(ValueError, match="no utterance"):
        rate([], [])
    with pytest.raises(ValueError, match="lists of texts"):
        rate("abc", "abc")
