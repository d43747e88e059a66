"""The knobs where they live and where they cannot: JupyterLab with a kernel, a saved page without one."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from tests.student_code import LOOPS

from .conftest import screenshot
from .test_hosts import server  # noqa: F401  (a fixture)

REPOSITORY = Path(__file__).resolve().parents[2]
CELL = f"""
import numpy as np
exec({LOOPS!r})
from helpers import lattice
f = np.array([[0.2, 2.0, 0.1, -0.5], [1.0, 0.6, 0.7, -0.3], [0.4, -0.5, 1.8, 0.2], [0.5, -1.0, 0.3, 1.9]])
g = np.array([[0.3, 0.9, -0.6, -0.8], [0.4, -0.9, 0.8, -0.4], [0.2, -0.8, -0.7, 1.0], [1.5, -0.6, -0.5, -0.4]])
lattice.knobs(f, g, [1, 2, 3], forward, backward, 0, ("∅", "C", "A", "T"))
"""


def notebook():
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL)], metadata={"kernelspec": kernel})


@pytest.fixture(scope="module")
def executed():
    ran = notebook()
    NotebookClient(ran, timeout=120, resources={"metadata": {"path": str(REPOSITORY)}}).execute()
    return ran


def test_the_output_holds_the_sliders_and_a_drawing_that_needs_no_kernel(executed):
    kinds = [set(out.data) for out in executed.cells[0].outputs]
    assert any("application/vnd.jupyter.widget-view+json" in kind for kind in kinds)
    (sliders,) = [out for out in executed.cells[0].outputs if "image/png" not in out.data]
    assert sliders.data["text/plain"] == "The sliders need a running kernel: run this cell to move them."
    (still,) = [out for out in executed.cells[0].outputs if "image/png" in out.data]
    assert "cost 2.741 nats" in still.data["text/html"]
    assert "\n" not in still.data["text/plain"]


@pytest.mark.slow
def test_a_saved_page_shows_the_drawing_and_says_why_nothing_slides(executed, open_page, tmp_path):
    ran = nbformat.from_dict(executed)
    ran.metadata.pop("widgets", None)  # as JupyterLab saves it
    html, _ = HTMLExporter(embed_images=True).from_notebook_node(ran)
    file = tmp_path / "page.html"
    file.write_text(html, "utf-8")
    page = open_page(file.as_uri(), quiet=False)  # the exporter's own page asks for MathJax from elsewhere
    still = page.locator("[data-lattice=occupancy]")
    still.wait_for()
    assert still.is_visible()
    assert page.get_by_text("The sliders need a running kernel").is_visible()
    still.locator("[data-id=node-1-1]").hover()
    assert "(t=1, u=1)" in still.locator(".panel").inner_text()
    screenshot(page, "knobs_saved_page")


@pytest.mark.slow
def test_in_jupyterlab_a_slider_redraws_and_the_still_drawing_steps_aside(server, open_page):  # noqa: F811
    address, work, _ = server
    nbformat.write(notebook(), work / "knobs.ipynb")
    page = open_page(f"{address}/lab/tree/knobs.ipynb?token=t", quiet=False, viewport={"width": 1300, "height": 900})
    page.locator(".jp-CodeCell").first.wait_for(timeout=60_000)
    page.get_by_text("| Idle").wait_for(timeout=60_000)  # what is run before the kernel is there is dropped
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    picture = page.locator(".widget-html-content svg")
    picture.wait_for(timeout=60_000)
    assert page.locator(".widget-html-content svg").count() == 1
    assert not page.locator("[data-lattice=occupancy]").is_visible()
    before = page.locator(".widget-html-content").inner_html()
    handle = page.locator(".widget-slider", has_text="blank bias").locator("[role=slider], .noUi-handle").first
    handle.focus()
    handle.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.widget-html-content').innerHTML !== before", arg=before, timeout=10_000
    )
    screenshot(page, "knobs_jupyterlab")
    assert page.locator(".widget-html-content svg").count() == 1
