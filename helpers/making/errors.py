"""What can be wrong with a corpus. The message is one sentence: what, where, what to do."""


class CorpusError(Exception):
    """A corpus cannot be made, fetched or read."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks for this: in a notebook the sentence is the whole story.
        return [f"{type(self).__name__}: {self}"]


class CorpusMissing(CorpusError):
    """The corpus is not on this machine."""


class AudioError(CorpusError):
    """A sound file cannot be read, or there is nothing in it."""


class DownloadError(CorpusError):
    """A download did not arrive, or is not what it should be."""
