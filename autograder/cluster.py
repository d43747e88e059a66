"""Grading on a Dask cluster: the same pure function, on the threads of its workers.

The workers need this project in the same version, and the sandbox of each is its own machine's. The course key and the
submissions travel to them: across a network that others use, take `tls://`.
"""

import contextlib
import logging
import re
from collections.abc import Iterator
from concurrent.futures import Future

from .errors import UserError
from .grading import Bundle, grade_submission, grader_version, undecided
from .sandbox import Policy
from .verdicts import Grade, Verdict

CONNECT_SECONDS = 15
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://\S+:\d{1,5}/?")


def grade_here(bundle: Bundle, key: bytes, version: str, policy: Policy) -> Grade:
    """On a worker: grade, if it is the same grader. Workers may join at any time."""
    if grader_version() != version:
        return undecided(bundle, key, Verdict.GRADER_ERROR, "A worker has another version of the grader.", "")
    return grade_submission(bundle, key, policy=policy)


class Cluster:
    """A pool of graders behind a scheduler. A lost worker's submissions go to another one."""

    def __init__(self, address: str, policy: Policy | None = None):
        """UserError where there is no such scheduler, no worker, or a worker with another version."""
        try:
            from distributed import Client
        except ImportError:
            raise UserError(
                "Grading on a cluster needs Dask: python -m pip install 'rnnt-notebooks[cluster]', here and there."
            ) from None
        if not ADDRESS.fullmatch(address):
            raise UserError(f"There is no Dask scheduler at {address}: an address is like tcp://host:8786.")
        # What goes wrong is told in one sentence.
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self._address, self._policy = address, policy or Policy()
        try:
            self._client = Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise UserError(f"There is no Dask scheduler at {address} ({error or type(error).__name__}).") from None
        try:
            self._check()
            self._executor = self._client.get_executor(pure=False)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *error) -> None:
        self._client.close()

    @property
    def width(self) -> int:
        """Twice the threads that the cluster has just now."""
        with self._explained():
            return 2 * max(1, sum(self._client.nthreads().values()))

    def submit(self, bundle: Bundle, key: bytes) -> "Future[Grade]":
        """Send it to a worker."""
        with self._explained():
            return self._executor.submit(grade_here, bundle, key, grader_version(), self._policy)

    def stop(self) -> None:
        """Take back what has not been graded yet."""
        with contextlib.suppress(Exception):  # there may be nobody left to tell
            self._executor.shutdown(wait=False)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Dask has many for a scheduler that does not answer
            raise UserError(
                f"The scheduler at {self._address} was lost. What is done is kept; the same command goes on from here."
            ) from error

    def _check(self) -> None:
        try:
            versions = self._client.run(grader_version)
        except Exception as error:
            raise UserError(
                f"A worker of {self._address} cannot import this grader ({error}): install it there."
            ) from None
        if not versions:
            raise UserError(f"The scheduler at {self._address} has no workers: run `dask worker {self._address}`.")
        if other := [worker for worker, version in versions.items() if version != grader_version()]:
            raise UserError(f"{other[0]} has another version of the grader: install this one there.")
