"""Make the corpus `digits` from the Free Spoken Digit Dataset: download 12 MB, or take recordings from a folder.

    python -m data_scripts.get_digits
    python -m data_scripts.get_digits --recordings free-spoken-digit-dataset/recordings --output somewhere

Students can do the same from a notebook: corpora.fetch("digits").
"""

import argparse
import sys
from pathlib import Path

from data_scripts.command import one_sentence


def main(arguments: list[str] | None = None) -> int:
    """Make the corpus."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--recordings", type=Path, help="folder with <digit>_<speaker>_<take>.wav; nothing is fetched")
    parser.add_argument("--output", type=Path, help="folder for LibriSpeech/ (default: in the cache folder)")
    parser.add_argument("--mirror", help="address of a folder that holds the archive v1.0.9.tar.gz")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args(arguments)
    with one_sentence() as outcome:
        from helpers.making import digits, layout

        target = options.output or layout.data_home() / digits.FOLDER_NAME
        if options.recordings:
            digits.make(options.recordings, target, progress=not options.quiet)
        else:
            digits.get(target, mirror=options.mirror, progress=not options.quiet)
        print(target)
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
