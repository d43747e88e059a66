"""Character and word error rates, counted by jiwer.

    rate = (substitutions + deletions + insertions) / length of the reference

in characters (CER, spaces count) or words (WER). Both treat any run of white space as one space and ignore it at the
ends, so "a  b" is "a b" for both. Case counts: our texts are lower case throughout.

Two averages, and they differ: `mean_cer` averages the rate of each utterance, so a short utterance weighs as much as
a long one; `corpus_cer` divides all errors by all reference characters, which is what papers report.

An empty reference: the rate is 0.0 when the hypothesis is empty too, else 1.0 (there is nothing to divide by). In a
corpus rate its insertions are errors like all others; if all references are empty, the same rule holds for the corpus.
"""

from collections.abc import Sequence


def cer(reference: str, hypothesis: str) -> float:
    """Character error rate of one utterance, 0.0 or more."""
    return _rate(*_character_errors([reference], [hypothesis]))


def wer(reference: str, hypothesis: str) -> float:
    """Word error rate of one utterance, 0.0 or more."""
    return _rate(*_word_errors([reference], [hypothesis]))


def corpus_cer(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """All character errors over all reference characters. Raises ValueError for lists of other or no length."""
    _check_pairs(references, hypotheses)
    return _rate(*_character_errors(references, hypotheses))


def corpus_wer(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """All word errors over all reference words. Raises ValueError for lists of other or no length."""
    _check_pairs(references, hypotheses)
    return _rate(*_word_errors(references, hypotheses))


def mean_cer(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Mean over the utterances of their character error rates."""
    _check_pairs(references, hypotheses)
    return sum(map(cer, references, hypotheses)) / len(references)


def mean_wer(references: Sequence[str], hypotheses: Sequence[str]) -> float:
    """Mean over the utterances of their word error rates."""
    _check_pairs(references, hypotheses)
    return sum(map(wer, references, hypotheses)) / len(references)


def _check_pairs(references: Sequence[str], hypotheses: Sequence[str]) -> None:
    if isinstance(references, str) or isinstance(hypotheses, str):
        raise ValueError("references and hypotheses are lists of texts; for a single pair use cer() or wer().")
    if len(references) != len(hypotheses):
        raise ValueError(
            f"There are {len(references)} references and {len(hypotheses)} hypotheses: one of each per utterance."
        )
    if not references:
        raise ValueError("There is no utterance to average over: references and hypotheses are empty.")


def _character_errors(references: Sequence[str], hypotheses: Sequence[str]) -> tuple[int, int]:
    import jiwer  # here, so that the notebook's first cell does not wait for it

    return _counts(jiwer.process_characters(_spaced(references), _spaced(hypotheses)))


def _word_errors(references: Sequence[str], hypotheses: Sequence[str]) -> tuple[int, int]:
    import jiwer

    return _counts(jiwer.process_words(_spaced(references), _spaced(hypotheses)))


def _spaced(texts: Sequence[str]) -> list[str]:
    # jiwer collapses double spaces for words but not for characters.
    return [" ".join(text.split()) for text in texts]


def _counts(found) -> tuple[int, int]:
    return found.substitutions + found.deletions + found.insertions, found.substitutions + found.deletions + found.hits


def _rate(errors: int, length: int) -> float:
    return errors / length if length else float(errors > 0)
