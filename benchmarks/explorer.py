"""The lattice explorer: how fast it is drawn in Python, and how fast it answers in a real browser.

"ours" is what was measured, "baseline" the time that it may take at most; a ratio above 1 keeps the promise.
"""

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from autograder.judging import oracle
from helpers import lattice
from helpers.checks.cases import random_log_probs

from .measuring import Result, Skipped, result

FRAME = 16.0  # ms: one picture of a screen at 60 Hz
HOVERS = 60
# From the moment a pointer arrives to the moment after the next frame is painted, and what of it is ours: the script,
# the style and the layout that it asks for. A frame is waited for in any case.
_HOVER = """async () => {
  const root = document.querySelector("[data-lattice]").shadowRoot;
  const svg = root.querySelector("svg");
  const nodes = [...svg.querySelectorAll("[data-id^='node-']")];
  const painted = () => new Promise((done) => requestAnimationFrame(() => {
    const channel = new MessageChannel();
    channel.port1.onmessage = done;
    channel.port2.postMessage(0);
  }));
  const [work, paint] = [[], []];
  for (let i = 0; i < HOVERS + 5; i++) {
    const box = nodes[(i * 7) % nodes.length].getBoundingClientRect();
    await painted();
    await new Promise((done) => setTimeout(done, (i * 5) % 16)); // a hand knows nothing of frames
    const began = performance.now();
    svg.dispatchEvent(new PointerEvent("pointermove", {
      clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true, pointerType: "mouse" }));
    root.querySelector(".panel").getBoundingClientRect();
    work.push(performance.now() - began);
    await painted();
    paint.push(performance.now() - began);
  }
  return [work.slice(5), paint.slice(5)];
}""".replace("HOVERS", str(HOVERS))
_FIRST_PAINT = "() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime"


def _alpha(frames: int, labels: int) -> lattice.Figure:
    log_probs, targets = random_log_probs(0, frames, labels, 30, 1.0), np.arange(labels) % 29 + 1
    cat = lattice.Lattice.from_log_probs(log_probs, targets)
    return lattice.alpha(cat, oracle.forward(log_probs, targets, 0)[0])


@contextmanager
def chromium() -> Iterator:
    """A headless chromium (Playwright's Browser). Skipped where there is none."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise Skipped("no chromium on this machine: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
        )
        yield browser
        browser.close()


@contextmanager
def _page(figure: lattice.Figure) -> Iterator:
    """A page that shows the figure."""
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        file = Path(folder) / "page.html"
        figure.save(file)
        page = browser.new_page(viewport={"width": 1300, "height": 800})
        page.goto(file.as_uri())
        yield page


def _hover(frames: int, labels: int) -> Result:
    with _page(_alpha(frames, labels)) as page:
        work, paint = (statistics.median(times) for times in page.evaluate(_HOVER))
    nodes = frames * (labels + 1)
    what = f"median of {HOVERS} hovers at {nodes} nodes, event to painted frame; the script's part is {work:.1f} ms"
    return result(f"explorer_hover_{nodes}", paint, FRAME, "ms", what)


def explorer_hover_40() -> Result:
    """Hover to paint at 40 nodes."""
    return _hover(8, 4)


def explorer_hover_400() -> Result:
    """Hover to paint at 400 nodes."""
    return _hover(40, 9)


def explorer_first_paint() -> Result:
    """First paint of a view, from the start of loading its page."""
    with _page(_alpha(8, 4)) as page:
        times = []
        for _ in range(9):
            page.reload()
            page.wait_for_function(_FIRST_PAINT)
            times.append(page.evaluate(_FIRST_PAINT))
        script = page.locator("[data-live]").get_attribute("data-live")
    what = f"median first contentful paint of a page with the view of 8 x 5 nodes; the script's part is {script} ms"
    return result("explorer_first_paint", statistics.median(times), 150.0, "ms", what)


def explorer_svg() -> Result:
    """Building the SVG of 8 x 5 nodes in Python, from arrays."""
    log_probs, targets = random_log_probs(0, 8, 4, 30, 1.0), np.arange(4) + 1
    cat = lattice.Lattice.from_log_probs(log_probs, targets)
    log_alpha = oracle.forward(log_probs, targets, 0)[0]
    times = []
    for _ in range(50):
        start = time.process_time()
        lattice.alpha(cat, log_alpha).svg()
        times.append(1000 * (time.process_time() - start))
    what = "median of building the view alpha and its SVG at 8 x 5 nodes, CPU"
    return result("explorer_svg", statistics.median(times), 5.0, "ms CPU", what)


BENCHMARKS = (explorer_svg, explorer_first_paint, explorer_hover_40, explorer_hover_400)
