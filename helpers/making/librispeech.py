"""`librispeech`: audiobooks read aloud (Panayotov et al., "LibriSpeech", ICASSP 2015; OpenSLR 12; CC BY 4.0)."""

import shutil
from pathlib import Path

from .errors import DownloadError
from .fetching import Archive, download, unpack
from .layout import FOLDER, check_space, complete_or_absent

_OFFICIAL = "https://www.openslr.org/resources/12"
MIRRORS = {
    "us": "https://us.openslr.org/resources/12",
    "eu": "https://openslr.elda.org/resources/12",
    "cn": "https://openslr.magicdatatech.com/resources/12",
}

# The checksums are those in torchaudio.datasets.librispeech, the sizes those that OpenSLR serves.
ARCHIVES = {
    name: Archive(f"{_OFFICIAL}/{name}.tar.gz", size, sha256)
    for name, size, sha256 in (
        ("train-clean-100", 6_387_309_499, "d4ddd1d5a6ab303066f14971d768ee43278a5f2a0aa43dc716b0e64ecbbbf6e2"),
        ("dev-clean", 337_926_286, "76f87d090650617fca0cac8f88b9416e0ebf80350acb97b343a85fa903728ab3"),
        ("test-clean", 346_663_984, "39fde525e59672dc6d1551919b1478f724438a95aa55f874b576be21967e6c23"),
    )
}

_UNPACKED = 1.06  # bytes on disk per byte of archive: FLAC does not shrink any further


def get(name: str, root: Path, *, mirror: str | None = None, keep_archive: bool = False, progress: bool = True) -> Path:
    """Downloads and unpacks one of ARCHIVES, unless it is there; returns its folder, `root`/LibriSpeech/`name`.

    Args:
        name: such as "test-clean".
        root: gets `LibriSpeech/`.
        mirror: a key of MIRRORS, or the address of a folder that holds the archives.
        keep_archive: do not delete the .tar.gz afterwards.
        progress: show bars.

    Raises DownloadError, or CorpusError when there is not enough space.
    """
    target = root / FOLDER / name
    if target.is_dir():
        return target
    archive = ARCHIVES[name]
    waiting = sum(path.stat().st_size for path in root.glob(f"{archive.name}*") if path.is_file())
    check_space(root, int(archive.size * (1 + _UNPACKED)) - waiting)
    packed = download(archive, root, mirror=MIRRORS.get(mirror, mirror), progress=progress)
    # `work` is thrown away with everything that was not taken out of it.
    with complete_or_absent(target) as work:
        unpack(packed, work, progress=progress)
        unpacked = work / FOLDER / name
        if not unpacked.is_dir():
            raise DownloadError(f"{packed} has no folder {FOLDER}/{name}: it is another archive, delete it.")
        for item in (work / FOLDER).iterdir():  # LICENSE.TXT, SPEAKERS.TXT and so on come with every archive
            if item.is_file():
                shutil.copyfile(item, root / FOLDER / item.name)
        for item in unpacked.iterdir():
            item.rename(work / item.name)
        shutil.rmtree(work / FOLDER)
    if not keep_archive:
        packed.unlink()
    return target
