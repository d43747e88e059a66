"""The newest release of every direct dependency: does the project still work with it, and if not, with which?"""

import shutil
from dataclasses import dataclass, field

from . import suite
from .environments import Broken, Environment, Report, interpreter, pins, supported_pythons
from .suite import NOTEBOOKS, QUICK, Outcome


@dataclass(frozen=True)
class Package:
    """One direct dependency."""

    name: str
    pinned: str
    tried: str
    newest: str
    failed: tuple[str, ...] = ()
    """Tests that pass again with the pinned release."""

    @property
    def outcome(self) -> str:
        """In a few words."""
        if len(self.failed) == 1:
            return f"breaks 1 test, {self.failed[0]}"
        if self.failed:
            return f"breaks {len(self.failed)} tests, such as {self.failed[0]}"
        if self.tried == self.newest:
            return "the pin is the newest" if self.tried == self.pinned else "works"
        return f"{self.tried} works; others do not go with {self.newest}"


@dataclass(frozen=True)
class Future:
    """What came of it."""

    python: str
    packages: list[Package]
    outcome: Outcome
    unexplained: dict[str, str] = field(default_factory=dict)
    """Failures that no single package brings back to life."""


def look(report: Report) -> Future:
    """Install the newest of everything into an environment of its own, test, and find out what breaks.

    Broken where no supported Python is here, or pip finds no set of packages.
    """
    version = next((one for one in reversed(supported_pythons()) if interpreter(one)), None)
    if version is None:
        raise Broken(f"There is no Python {' or '.join(supported_pythons())} on this machine.")
    environment = Environment("future")
    report(f"installing the newest of {len(pins())} packages for Python {version}")
    environment.make(interpreter(version))
    environment.install(*pins())
    tried, newest = environment.installed(), environment.held_back()
    outcome = suite.run(environment, *QUICK, report=report) + suite.run(environment, *NOTEBOOKS, report=report)
    blame = _blame(environment, tried, outcome, report)
    packages = [
        Package(name, pin, tried[key], newest.get(key, tried[key]), blame.get(name, ()))
        for name, pin in pins().items()
        for key in [name.lower()]
    ]
    explained = {test for tests in blame.values() for test in tests}
    left = {test: words for test, words in outcome.failed.items() if test not in explained}
    if outcome.good:
        shutil.rmtree(environment.folder)
    return Future(version, packages, outcome, left)


def _blame(environment: Environment, tried: dict[str, str], outcome: Outcome, report: Report) -> dict[str, tuple]:
    """For each package that is newer than its pin: the failed tests that pass once it is back at the pin."""
    failed, blame = sorted(outcome.failed), {}
    newer = [name for name, pin in pins().items() if failed and tried[name.lower()].partition("+")[0] != pin]
    for name in newer:
        report(f"{len(failed)} tests failed; trying them with {name} as pinned")
        try:
            environment.install(f"{name}=={pins()[name]}")
        except Broken:
            continue  # it does not go with the others any more, so it cannot be told
        again = suite.run(environment, *failed, report=report)
        if not again.broken and (mended := tuple(test for test in failed if test not in again.failed)):
            blame[name] = mended
        # All as tried: pip may have moved others along with it.
        environment.install(*(f"{other}=={tried[other.lower()]}" for other in pins()))
    return blame
