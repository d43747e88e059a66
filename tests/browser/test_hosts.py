"""Where drawings are shown: exported pages, sandboxed frames, JupyterLab and Notebook with real servers."""

import html
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.sign import NotebookNotary
from nbformat.v4 import new_code_cell, new_notebook, new_output

from autograder.course import ASSIGNMENTS, Course
from autograder.feedback import feedback
from autograder.verdicts import ExerciseGrade, Grade, Verdict
from helpers import lattice
from helpers.lattice.numerals import three_digits

from .conftest import screenshot
from .serving import jupyter, setting


def notebook_of(*figures):
    """A notebook as it is after a run and a save: a cell a figure, with outputs."""
    cells = []
    for i, figure in enumerate(figures):
        data, metadata = figure._repr_mimebundle_()
        output = new_output("execute_result", data=data, metadata=metadata, execution_count=i + 1)
        cells.append(new_code_cell(f"figure_{i}", outputs=[output], execution_count=i + 1))
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": spec})


def hover_says_its_recurrence(scope, cats):
    a = cats[1]
    scope.locator("[data-id=node-4-3]").first.hover()
    assert three_digits(a[4, 3]) in scope.locator(".panel").first.inner_text()


def test_an_exported_page_is_live_without_a_network(open_page, cats, tmp_path):
    from nbconvert import HTMLExporter

    page_text, _ = HTMLExporter().from_notebook_node(notebook_of(lattice.alpha(*cats[:2]), lattice.walk(cats[0])))
    file = tmp_path / "exported.html"
    file.write_text(page_text, "utf-8")
    page = open_page(file.as_uri(), quiet=False)  # the page around it asks for MathJax, in vain
    hover_says_its_recurrence(page, cats)
    walk = page.locator("[data-lattice=walk]")
    walk.locator("[data-id=node-0-0]").focus()
    page.keyboard.press("b")
    assert '"b"' in walk.locator(".panel").inner_text()
    screenshot(page, "host_nbconvert")


def test_a_feedback_page_of_nbgrader_is_live(open_page, cats, tmp_path):
    from nbconvert import HTMLExporter
    from nbgrader.server_extensions.formgrader import handlers

    home = Path(handlers.__file__).parent  # as nbgrader's own converter, generate_feedback.py, sets it up
    exporter = HTMLExporter(
        template_name="feedback",
        extra_template_basedirs=[str(home / "templates")],
        extra_template_paths=[str(home / "static" / "node_modules" / "bootstrap" / "dist" / "css")],
    )
    resources = {"nbgrader": {"score": 0, "max_score": 0, "late_penalty": 0, "notebook": "a"}}
    page_text, _ = exporter.from_notebook_node(notebook_of(lattice.alpha(*cats[:2])), resources=resources)
    file = tmp_path / "feedback.html"
    file.write_text(page_text, "utf-8")
    page = open_page(file.as_uri(), quiet=False)
    hover_says_its_recurrence(page.locator("[data-lattice]"), cats)


def test_our_own_feedback_page_is_live_and_runs_nothing_else(open_page, tmp_path):
    told = """<script>document.title = "taken"</script><img src=x onerror="document.title='taken'">"""
    cells = np.log(np.full((4, 4), 0.25)).tolist()
    exercise = ExerciseGrade("forward", "Forward", "answered", "", [], {"cells": cells, "wrong": [1, 0]})
    grade = Grade("anna", "seminar4", Verdict.GRADED, "", [exercise], [told], [told], "full", 1.0, "")
    file = feedback(ASSIGNMENTS["seminar4"], Course(tmp_path), grade)
    # Even where the template let a script through, the page's policy stops it.
    file.write_text(file.read_text("utf-8").replace("</main>", f"{told}</main>"), "utf-8")
    page = open_page(file.as_uri(), quiet=False)
    page.locator("[data-id=yours-node-1-0]").first.hover()
    assert "yours −1.3863, expected −2.5302" in page.locator(".panel").first.inner_text()
    assert page.title() != "taken"


def test_latex_and_pdf_get_the_picture(cats):
    from nbconvert import LatexExporter

    text, resources = LatexExporter().from_notebook_node(notebook_of(lattice.alpha(*cats[:2])))
    assert "includegraphics" in text
    assert "script" not in text
    assert any(data.startswith(b"\x89PNG") for data in resources["outputs"].values())


def test_a_sandboxed_frame_of_no_origin_is_live(page_of, cats):
    page_text = f'<!DOCTYPE html><html lang="en">{lattice.walk(cats[0]).html()}{lattice.alpha(*cats[:2]).html()}</html>'
    frame_tag = f'<iframe sandbox="allow-scripts" width="950" height="1400" srcdoc="{html.escape(page_text)}"></iframe>'
    page = page_of(frame_tag, quiet=False)  # Chromium reports that the frame may not copy; that is what we want to see
    frame = page.frame_locator("iframe")
    hover_says_its_recurrence(frame.locator("[data-lattice=alpha]"), cats)
    frame.locator("[data-lattice=walk] [data-id=label-0-0]").click(force=True)  # a thin line
    panel = frame.locator("[data-lattice=walk] .panel")
    assert '"l"' in panel.inner_text()
    for key in "lll" + "b" * 8:
        page.keyboard.press(key)
    assert "of 330" in panel.inner_text()
    frame.get_by_role("button", name="copy path").click()  # allowed or not, the line is there to be seen
    hint = frame.locator("[data-lattice=walk] .hint")
    hint.get_by_text('path = "llllbbbbbbbb"').wait_for()


def test_a_host_that_hides_currentscript_is_live_all_the_same(page_of, cats):
    """Some hosts set the HTML first and evaluate the scripts of it afterwards."""
    page = page_of("<div class='target'></div>")
    page.evaluate(
        """(text) => {
          const target = document.querySelector(".target");
          target.innerHTML = text;
          for (const script of target.querySelectorAll("script")) new Function(script.textContent)();
        }""",
        lattice.alpha(*cats[:2]).html() + lattice.alpha(*cats[:2]).html(),
    )
    assert page.locator("[data-live]").count() == 2
    hover_says_its_recurrence(page.locator("[data-lattice]").nth(1), cats)


# ---- real servers


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """(address, folder, home) of a Jupyter server with JupyterLab and Notebook 7."""
    folder = tmp_path_factory.mktemp("jupyter")
    (folder / "work").mkdir()
    with jupyter("notebook", folder / "work", folder / "home") as address:
        yield address, folder / "work", folder / "home"


def saved(server, name, trusted, *figures):
    """Writes a notebook as another kernel left it; trusted as the server trusts what its user ran."""
    _, work, home = server
    made = notebook_of(*figures)
    nbformat.write(made, work / name)
    if trusted:
        notary = NotebookNotary(data_dir=str(home / "JUPYTER_DATA_DIR"))
        notary.sign(nbformat.read(work / name, as_version=4))


@pytest.mark.slow
@pytest.mark.parametrize("app", ["lab/tree", "notebooks"])
def test_a_saved_notebook_is_live_again_with_a_new_kernel(server, open_page, cats, app):
    name = f"saved-{app[:3]}.ipynb"
    saved(server, name, True, lattice.alpha(*cats[:2]), lattice.walk(cats[0]))
    page = open_page(f"{server[0]}/{app}/{name}?token=t", quiet=False)
    page.set_default_timeout(120_000)
    page.locator("[data-lattice=alpha] [data-id=node-4-3]").first.wait_for()
    hover_says_its_recurrence(page.locator("[data-lattice=alpha]"), cats)

    cells = page.locator(".jp-Notebook .jp-Cell")
    before = cells.count()
    walk = page.locator("[data-lattice=walk]")
    walk.locator("[data-id=node-0-0]").click()
    for key in ("b", "l", "b", "d", "d", "a"):  # b and a insert cells, dd deletes one
        page.keyboard.press(key)
    assert '"blb"' in walk.locator(".panel").inner_text()
    walk.get_by_role("button", name="back").click()
    page.keyboard.press("b")
    assert '"blb"' in walk.locator(".panel").inner_text() or '"bl"' in walk.locator(".panel").inner_text()
    assert cells.count() == before
    screenshot(page, f"host_{app[:3]}")

    # The same key outside the drawing does insert a cell, or the lines above would prove nothing.
    page.locator(".jp-InputArea-prompt").first.click()
    page.keyboard.press("b")
    page.wait_for_function("(n) => document.querySelectorAll('.jp-Notebook .jp-Cell').length === n", arg=before + 1)


@pytest.mark.slow
def test_a_notebook_that_is_not_trusted_shows_the_picture_with_alt_text(server, open_page, cats):
    saved(server, "foreign.ipynb", False, lattice.alpha(*cats[:2]))
    page = open_page(f"{server[0]}/lab/workspaces/foreign/tree/foreign.ipynb?token=t", quiet=False)
    page.set_default_timeout(120_000)
    output = page.locator(".jp-OutputArea-output")
    picture = output.locator("[title*='forward probability']")
    picture.wait_for()
    assert picture.evaluate("(e) => getComputedStyle(e).backgroundImage").startswith('url("data:image/svg+xml,')
    assert output.inner_text().strip() == ""  # no script, no style sheet, no stray numbers
    assert page.locator("[data-live]").count() == 0
    screenshot(page, "host_not_trusted")


@pytest.mark.slow
def test_jupyterlab_in_dark_colours_has_a_dark_drawing(server, open_page, cats):
    saved(server, "dark.ipynb", True, lattice.alpha(*cats[:2]))
    setting(server[2], "@jupyterlab/apputils-extension", "themes", '{"theme": "JupyterLab Dark"}')
    page = open_page(f"{server[0]}/lab/workspaces/dark/tree/dark.ipynb?token=t", quiet=False)
    page.set_default_timeout(120_000)
    stage = page.locator("[data-lattice=alpha] .stage[data-theme=dark]")
    stage.wait_for()
    assert stage.evaluate("(e) => getComputedStyle(e).backgroundColor") != "rgb(255, 255, 255)"
    screenshot(page, "host_lab_dark")
