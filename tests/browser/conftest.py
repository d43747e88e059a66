"""A real browser for the drawings: the system's chromium, headless, without a network.

    def test_hover(page_of, cat):
        page = page_of(lattice.arcs(cat))                     # also several figures, or HTML
        page.locator("[data-id=node-1-2]").hover()            # Playwright looks through shadow roots
        assert "..." in page.locator(".panel").inner_text()
        screenshot(page, "arcs")                              # build/screenshots/arcs.png, to be looked at

Every page fails its test when the console reports an error. Without a browser these tests are skipped; where CI is set
they fail instead.
"""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from lattices import forward_backward, log_softmax

from helpers import lattice

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def unavailable(reason: str) -> None:
    """No browser: a reason to skip, on CI a failure."""
    (pytest.fail if os.environ.get("CI", "").lower() in ("true", "1") else pytest.skip)(reason)


@pytest.fixture(scope="session")
def browser():
    """A running headless chromium (Playwright's Browser)."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        unavailable("playwright is not installed: pip install -e '.[dev]'")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        unavailable("no chromium on this machine: apt-get install chromium")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"] if root else [])
        yield running
        running.close()


@pytest.fixture
def open_page(browser):
    """Function (url, **options of a context) -> page; only file:, data: and this machine can be reached."""
    contexts, problems = [], []

    def gate(route):
        local = route.request.url.startswith(("file:", "data:", "blob:", "http://127.0.0.1", "http://localhost"))
        return route.continue_() if local else route.abort()

    def open_it(url, quiet=True, **options):
        context = browser.new_context(**{"viewport": {"width": 1000, "height": 800}, **options})
        contexts.append(context)
        context.route("**/*", gate)
        page = context.new_page()
        if quiet:
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert not problems, problems


@pytest.fixture
def page_of(open_page, tmp_path):
    """Function (figures or HTML ..., theme="light", **options) -> page that shows them, live, from a file."""

    def show(*parts, theme="light", **options):
        body = "".join(part if isinstance(part, str) else part.html() for part in parts)
        file = tmp_path / f"page-{len(list(tmp_path.iterdir()))}.html"
        file.write_text(
            f'<!DOCTYPE html><html lang="en" data-theme="{theme}"><head><meta charset="utf-8"><title>Lattice</title>'
            f'</head><body style="background:{"#15171c" if theme == "dark" else "#fff"}">{body}</body></html>',
            "utf-8",
        )
        return open_page(file.as_uri(), **options)

    return show


def screenshot(page, name: str) -> Path:
    """Writes build/screenshots/NAME.png of the whole page, for a maintainer's eyes."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


@pytest.fixture(scope="session")
def cats_logits():
    """What a joiner would return for CATS over eight frames, (8, 5, 5); blank is 0."""
    return 1.2 * np.random.default_rng(3).normal(size=(8, 5, 5))


@pytest.fixture(scope="session")
def cats(cats_logits):
    """CATS over eight frames: the lattice, log_alpha, log_beta."""
    scores = log_softmax(cats_logits)
    x = lattice.Lattice.from_log_probs(scores, [1, 2, 3, 4], symbols=("∅", "C", "A", "T", "S"))
    return (x, *forward_backward(x))
