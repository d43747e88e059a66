"""Download LibriSpeech: train-clean-100, dev-clean and test-clean.

    python -m data_scripts.get_librispeech                                # all three, 7.1 GB (15 GB while unpacking)
    python -m data_scripts.get_librispeech --split dev-clean test-clean --mirror us

A split that is there is not fetched again, and a download that broke off continues.
Students can do the same from a notebook: corpora.fetch("librispeech", "dev").
"""

import argparse
import sys
from pathlib import Path

from data_scripts.command import one_sentence
from helpers.making.librispeech import ARCHIVES, MIRRORS


def main(arguments: list[str] | None = None) -> int:
    """Download what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--split", nargs="+", choices=list(ARCHIVES), default=list(ARCHIVES), help="default: all")
    parser.add_argument("--output", type=Path, help="folder for LibriSpeech/ (default: in the cache folder)")
    parser.add_argument("--mirror", help=f"{', '.join(MIRRORS)}, or the address of a folder with the archives")
    parser.add_argument("--keep-archive", action="store_true", help="keep the .tar.gz files")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args(arguments)
    with one_sentence() as outcome:
        from helpers.making import layout, librispeech

        root = options.output or layout.data_home() / "librispeech"
        for name in options.split:
            folder = librispeech.get(
                name, root, mirror=options.mirror, keep_archive=options.keep_archive, progress=not options.quiet
            )
            print(folder)
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
