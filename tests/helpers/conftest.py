"""A tiny `mini`, made once by the real maker, and where the real recordings lie."""

from pathlib import Path

import pytest
from tiny import TINY

from helpers.making import mini

SPEECH = Path(__file__).resolve().parents[3] / "shared" / "speech"


@pytest.fixture(scope="session")
def tiny_mini(tmp_path_factory):
    """Folder of a corpus of 24 utterances in 4 voices: 12 train, 4 dev, and 4 in each test."""
    return mini.make(tmp_path_factory.mktemp("corpora") / "tiny", TINY, progress=False)


@pytest.fixture(scope="session")
def real_speech():
    """Folder with LibriSpeech/ and fsdd/, kept beside the repository and not in it."""
    if not SPEECH.is_dir():
        pytest.skip("the real recordings (../shared/speech) are not on this machine")
    return SPEECH
