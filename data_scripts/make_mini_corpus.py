"""Synthesise the corpus `mini` and print what is in it.

    python -m data_scripts.make_mini_corpus                       # into the cache folder, where corpus("mini") looks
    python -m data_scripts.make_mini_corpus --output somewhere --train 500 --seed 7

A corpus that is there is not made again. Students need not run this: corpus("mini") does on first use.
"""

import argparse
import sys
import time
from pathlib import Path

from data_scripts.command import one_sentence
from helpers.units import duration


def main(arguments: list[str] | None = None) -> int:
    """Make the corpus."""
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0], epilog="Default sizes and seed give the corpus that everybody has."
    )
    parser.add_argument("--output", type=Path, help="folder for LibriSpeech/ (default: in the cache folder)")
    parser.add_argument("--seed", type=int, help="of sentences, voices and noise")
    parser.add_argument("--train", type=int, help="utterances")
    parser.add_argument("--dev", type=int, help="utterances")
    parser.add_argument("--test", type=int, help="utterances in each of the two tests")
    parser.add_argument("--workers", type=int, help="processes at a time (default: one per core)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    options = parser.parse_args(arguments)
    with one_sentence() as outcome:
        _make(options)
    return outcome.code


def _make(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from helpers import corpora
    from helpers.making import mini

    sizes = {key: value for key in ("seed", "train", "dev", "test") if (value := getattr(options, key)) is not None}
    recipe = replace(mini.RECIPE, **sizes)
    target = options.output or corpora.data_home() / mini.folder_name(recipe)
    start, there = time.perf_counter(), target.is_dir()
    mini.make(target, recipe, workers=options.workers, progress=not options.quiet)
    print(f"{target}: {'was there' if there else f'made in {duration(time.perf_counter() - start)}'}")
    print(f"{'split':16}{'utterances':>11}{'minutes':>9}{'seconds each':>16}{'voices':>8}{'sentences':>11}{'words':>7}")
    for split in mini.CHAPTERS:
        corpus = corpora.corpus("mini", split, root=target)
        words = {word for utterance in corpus for word in utterance.text.split()}
        print(
            f"{split:16}{len(corpus):11}{corpus.seconds / 60:9.1f}"
            f"{f'{min(corpus.durations):.1f} to {max(corpus.durations):.1f}':>16}"
            f"{len(corpus.speakers):8}{len({utterance.text for utterance in corpus}):11}{len(words):7}"
        )


if __name__ == "__main__":
    sys.exit(main())
