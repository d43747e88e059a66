"""LibriSpeech's folders, for all corpora, and folders that are complete or absent.

<root>/LibriSpeech/<split>/<speaker>/<chapter>/<speaker>-<chapter>-<number>.flac
<root>/LibriSpeech/<split>/<speaker>/<chapter>/<speaker>-<chapter>.trans.txt     "<id> TRANSCRIPT" per line
"""

import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..units import size
from .errors import CorpusError

FOLDER = "LibriSpeech"
_UNFINISHED = ".unfinished-"
_ABANDONED = 6 * 3600  # seconds after which an unfinished folder belongs to a process that was killed


def data_home() -> Path:
    """Where corpora are kept: the folder in the environment variable RNNT_DATA, else the user's cache folder."""
    named = os.environ.get("RNNT_DATA")
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path("rnnt-notebooks", appauthor=False)


def utterance_id(speaker: int, chapter: int, number: int) -> str:
    """Such as "1089-134686-0000"."""
    return f"{speaker}-{chapter}-{number:04d}"


def chapter_folder(root: Path, split: str, speaker: int, chapter: int) -> Path:
    """Where the utterances of one speaker's chapter lie."""
    return root / FOLDER / split / str(speaker) / str(chapter)


def write_transcripts(folder: Path, lines: Sequence[tuple[str, str]]) -> None:
    """Writes (id, text) pairs, upper-cased as LibriSpeech does, into the transcript file of a chapter's folder."""
    name = f"{folder.parent.name}-{folder.name}.trans.txt"
    text = "".join(f"{key} {words.upper()}\n" for key, words in lines)
    (folder / name).write_text(text, encoding="utf-8", newline="\n")


def read_transcripts(split_folder: Path) -> Iterator[tuple[str, str, Path]]:
    """(id, text as written, path of the sound file) of every utterance of a split, sorted by id.

    Raises CorpusError for a sound file without transcript.
    """
    for audio in sorted(split_folder.glob("*/*"), key=_by_number):
        transcripts = _transcripts(audio)
        for path in sorted(audio.glob("*.flac")):
            text = transcripts.get(path.stem, "").strip()
            if not text:
                raise CorpusError(
                    f"{path.name} has no transcript in {audio}: delete {split_folder.parent.parent} and make the "
                    "corpus again, or add the line."
                )
            yield path.stem, text, path


def _by_number(folder: Path) -> tuple:
    return tuple((int(part), "") if part.isdigit() else (0, part) for part in folder.parts[-2:])


def _transcripts(folder: Path) -> dict[str, str]:
    found = {}
    for path in sorted(folder.glob("*.trans.txt")):
        for line in path.read_text("utf-8").splitlines():
            key, _, text = line.partition(" ")
            found[key] = text
    return found


@contextmanager
def complete_or_absent(target: Path) -> Iterator[Path]:
    """A fresh folder next to `target` that takes its name when the block ends well, and is removed when it does not.

    If someone else has finished `target` in the meantime, theirs stays. Raises CorpusError when the disk is full.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    work = Path(tempfile.mkdtemp(prefix=f"{_UNFINISHED}{target.name}-", dir=target.parent))
    try:
        yield work
        work.chmod(0o755)  # mkdtemp makes it private; a corpus may be shared
        try:
            work.rename(target)
        except OSError:
            if not target.is_dir():
                raise
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            raise CorpusError(f"The disk is full: nothing was left in {target.parent}. {HOW_TO_MOVE}") from None
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


HOW_TO_MOVE = "Free some space, or name another folder in the environment variable RNNT_DATA."


def check_space(folder: Path, needed: int) -> None:
    """Raises CorpusError unless `needed` bytes are free where `folder` is or will be."""
    there = folder
    while not there.exists():
        there = there.parent
    free = shutil.disk_usage(there).free
    if free < needed:
        raise CorpusError(f"{folder} needs {size(needed)} and {size(free)} are free. {HOW_TO_MOVE}")


def _sweep(folder: Path) -> None:
    """Removes what a killed process left long ago."""
    for left in folder.glob(f"{_UNFINISHED}*"):
        try:
            if time.time() - left.stat().st_mtime > _ABANDONED:
                shutil.rmtree(left, ignore_errors=True)
        except FileNotFoundError:
            pass
