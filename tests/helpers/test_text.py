"""The alphabet."""

import subprocess
import sys

import pytest
import torch

from helpers.text import BLANK_SYMBOL, BOS, Tokenizer, tokenizer


def test_symbols_have_the_order_of_the_course():
    assert [tokenizer.char_map[symbol] for symbol in ("'", " ", "a", "z", BLANK_SYMBOL, BOS)] == [0, 1, 2, 27, 28, 29]
    assert len(tokenizer) == len(tokenizer.char_map) == len(tokenizer.index_map) == 30
    assert (tokenizer.blank, tokenizer.bos) == (28, 29)
    assert all(tokenizer.index_map[index] == symbol for symbol, index in tokenizer.char_map.items())


def test_text_survives_the_way_there_and_back():
    text = "the quick brown fox isn't lazy"
    assert tokenizer.indices_to_text(tokenizer.text_to_indices(text)) == text


def test_capitals_become_small_letters():
    assert tokenizer.text_to_indices("I'M A") == tokenizer.text_to_indices("i'm a") == [10, 0, 14, 1, 2]


def test_an_empty_text_is_no_labels():
    assert tokenizer.text_to_indices("") == []
    assert tokenizer.indices_to_text([]) == ""


@pytest.mark.parametrize(("text", "character", "place"), [("cat 3", "3", 4), ("naïve", "ï", 2), ("it’s", "’", 2)])
def test_a_character_outside_the_alphabet_is_named_with_its_place(text, character, place):
    with pytest.raises(ValueError, match=f"'{character}' at place {place} ") as caught:
        tokenizer.text_to_indices(text)
    assert "\n" not in str(caught.value)


def test_a_character_whose_small_form_is_two_is_outside_the_alphabet():
    with pytest.raises(ValueError, match="at place 1 "):
        tokenizer.text_to_indices("aİ")


@pytest.mark.parametrize("text", ["a_b", "<BOS>"])
def test_special_symbols_are_no_text(text):
    with pytest.raises(ValueError, match="outside the alphabet"):
        tokenizer.text_to_indices(text)


def test_blank_and_bos_do_not_show_in_a_transcript():
    assert tokenizer.indices_to_text([29, 4, 28, 2, 29, 21, 28]) == "cat"


def test_labels_may_be_a_tensor():
    assert tokenizer.indices_to_text(torch.tensor([4, 2, 21], dtype=torch.int32)) == "cat"


@pytest.mark.parametrize("label", [30, -1])
def test_a_label_that_does_not_exist_is_named(label):
    with pytest.raises(ValueError, match=f"Label {label} at place 1 "):
        tokenizer.indices_to_text([4, label])


def test_a_symbol_that_does_not_exist_is_named():
    assert Tokenizer().get_symbol_index(BOS) == 29
    with pytest.raises(ValueError, match="no symbol 'é'"):
        tokenizer.get_symbol_index("é")


def test_the_alphabet_is_there_without_torch():
    code = "import sys, helpers.text, helpers.metrics, helpers.corpora; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
