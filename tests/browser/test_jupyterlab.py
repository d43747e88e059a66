"""Both roads from end to end, in real JupyterLab: a student's from the bundle to the zip, and the instructor's from the
zip through formgrader to the table. Everything is clicked and typed; nothing is stubbed."""

import csv
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from autograder.course import ASSIGNMENTS, Course
from autograder.matching import repair
from autograder.release import release

from . import vs_code
from .conftest import screenshot
from .serving import TOKEN, jupyter, setting

SEMINAR = ASSIGNMENTS["seminar4"]
PATIENCE = 60_000  # ms; two cores may be busy
SOLUTIONS = {
    "forward": """\
    log_alpha[0, 0] = 0.0
    for t in range(T):
        for u in range(U + 1):
            if t > 0:
                log_alpha[t, u] = log_alpha[t - 1, u] + log_probs[t - 1, u, blank]
            if u > 0:
                by_label = log_alpha[t, u - 1] + log_probs[t, u - 1, targets[u - 1]]
                log_alpha[t, u] = np.logaddexp(log_alpha[t, u], by_label)
    cost = -float(log_alpha[T - 1, U])""",
    "backward": """\
    log_beta[T - 1, U] = log_probs[T - 1, U, blank]
    for t in reversed(range(T)):
        for u in reversed(range(U + 1)):
            if t < T - 1:
                log_beta[t, u] = log_probs[t, u, blank] + log_beta[t + 1, u]
            if u < U:
                by_label = log_probs[t, u, targets[u]] + log_beta[t, u + 1]
                log_beta[t, u] = np.logaddexp(log_beta[t, u], by_label)
    cost = -float(log_beta[0, 0])""",
}
"""As a student writes them. The first one forgets the last blank, and is mended after the check has said so."""
FORGOTTEN, MENDED = (
    "    cost = -float(log_alpha[T - 1, U])",
    "    cost = -float(log_alpha[T - 1, U] + log_probs[T - 1, U, blank])",
)


COMMENT = "A clear loop. Say in a comment why the last blank comes at the end."


class Notebook:
    """A notebook open in JupyterLab or Notebook 7. Cells are named by their grade ids."""

    def __init__(self, page, released: Path):
        self.page = page
        self._order = [cell.id for cell in nbformat.read(released, 4).cells]
        page.set_default_timeout(PATIENCE)
        page.wait_for_function(
            "(n) => document.querySelectorAll('.jp-Notebook .jp-Cell').length === n", arg=len(self._order)
        )
        self._idle()

    def cell(self, name: str):
        """The cell on the page."""
        found = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{self._order.index(name)}"]')
        found.scroll_into_view_if_needed()
        return found

    def outputs(self, name: str):
        """What stands under a cell."""
        return self.cell(name).locator(".jp-OutputArea")

    def run(self, name: str) -> None:
        """Runs a cell, by Ctrl+Enter, and waits for its end."""
        cell = self.cell(name)
        before = cell.locator(".jp-InputPrompt").inner_text()
        cell.locator(".jp-InputPrompt").click()
        self.page.keyboard.press("Control+Enter")
        self._ended(cell, before)

    def run_all(self) -> None:
        """By the menu, as far as it goes."""
        first = self.cell("start")
        before = first.locator(".jp-InputPrompt").inner_text()
        self.menu("Run", "Run All Cells")
        self._ended(first, before)

    def menu(self, *path: str) -> None:
        """Clicks through the menu."""
        self.page.get_by_role("menuitem", name=path[0], exact=True).click()
        for item in path[1:]:
            self.page.locator(".lm-Menu-item", has_text=re.compile(rf"^\W*{re.escape(item)}")).first.click()

    def write(self, name: str, line: str, text: str) -> None:
        """Puts `text` in the place of a line of a cell, key by key."""
        cell = self.cell(name)
        cell.locator(".cm-line", has_text=line).last.click()
        self._type_over(text)

    def add_below(self, name: str, text: str):
        """Adds a code cell, writes into it, runs it; returns what stands under it."""
        self.cell(name).locator(".jp-InputPrompt").click()
        self.page.keyboard.press("b")
        self._order.insert(self._order.index(name) + 1, added := f"below-{name}-{len(self._order)}")
        self.cell(added).locator(".cm-line").click()
        self._type_over(text)
        self.run(added)
        return self.outputs(added)

    def save(self) -> None:
        """Ctrl+S, and waits until it is on disk."""
        self.page.keyboard.press("Control+s")
        self.page.wait_for_function("() => !document.querySelector('.lm-TabBar-tab.jp-mod-dirty')")

    def _type_over(self, text: str) -> None:
        keyboard = self.page.keyboard
        for number, line in enumerate(text.split("\n")):
            if number:
                keyboard.press("Enter")
                keyboard.press("Shift+Home")  # the indentation that the editor proposes
            else:
                keyboard.press("End")
                keyboard.press("Shift+Home")
                keyboard.press("Shift+Home")
            keyboard.type(line)

    def _ended(self, cell, before: str) -> None:
        self.page.wait_for_function(
            "([cell, before]) => { const now = cell.querySelector('.jp-InputPrompt').textContent;"
            " return /\\d/.test(now) && now.trim() !== before.trim(); }",
            arg=[cell.element_handle(), before],
        )
        self._idle()

    def _idle(self) -> None:
        self.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for()
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-InputPrompt')].some((one) => one.textContent.includes('*'))"
        )


def says(where, text: str) -> None:
    """Waits until `where` shows the text; fails if it never does."""
    where.filter(has_text=text).first.wait_for()


def autograder(*arguments: str) -> str:
    """One of the instructor's commands, in a process of its own; what it printed."""
    done = subprocess.run([sys.executable, "-m", "autograder", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def student_settings(home: Path) -> None:
    """What `requirements.txt` of the bundle makes of this machine: JupyterLab without nbgrader. And no news."""
    config = home / "JUPYTER_CONFIG_DIR"
    (config / "labconfig").mkdir(parents=True)
    (config / "labconfig" / "page_config.json").write_text('{"disabledExtensions": {"@jupyter/nbgrader": true}}')
    names = ("assignment_list", "course_list", "formgrader", "validate_assignment")
    off = {f"nbgrader.server_extensions.{name}": False for name in names}
    (config / "jupyter_server_config.json").write_text(json.dumps({"ServerApp": {"jpserver_extensions": off}}))
    no_news(home)


def no_news(home: Path) -> None:
    """JupyterLab asks once whether it may fetch news; that was answered."""
    setting(home, "@jupyterlab/apputils-extension", "notification", '{"fetchNews": "false", "checkForUpdates": false}')


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with the seminar released."""
    course = Course(tmp_path_factory.mktemp("friday") / "course")
    course.root.mkdir()
    release(SEMINAR, course)
    return course


@pytest.fixture(scope="module")
def student(course, tmp_path_factory):
    """(address, folder) of the server that a student starts in the unpacked bundle."""
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(course.root / "handout" / "seminar4.zip") as bundle:
        bundle.extractall(folder)
    student_settings(folder / "home")
    with jupyter("jupyterlab", folder / "seminar4", folder / "home") as address:
        yield address, folder / "seminar4"


@pytest.mark.slow
def test_from_the_bundle_to_a_grade_given_by_hand(course, student, open_page, tmp_path):
    address, folder = student
    page = open_page(f"{address}/lab/tree/seminar4.ipynb?token={TOKEN}", quiet=False)
    notebook = Notebook(page, folder / "seminar4.ipynb")
    run_the_stubs(notebook)
    predict(notebook)
    explore(notebook)
    solve(notebook)
    downloaded = hand_in(notebook, tmp_path)
    notebook_7_shows_the_same(open_page, page, address, folder)
    vs_code_takes_it(open_page, course, folder, tmp_path)
    dark(notebook)
    page.close()

    grade(course, downloaded)
    grade_by_hand(course, open_page, tmp_path)
    report(course)
    told(course, open_page)


# ---- the student


def run_the_stubs(notebook):
    screenshot(notebook.page, "lab_1_opened")
    notebook.run_all()
    says(notebook.outputs("start"), "all on the CPU")
    says(notebook.outputs("check-forward"), "forward is not implemented yet")
    screenshot(notebook.page, "lab_2_stub_checked")
    # The first cell that needs the solution stops the run, and says what to do.
    stopped = notebook.outputs("draw-your-alpha")
    says(stopped, "Not written yet: replace this line with your solution.")
    screenshot(notebook.page, "lab_3_stub_stops")
    assert notebook.outputs("check-backward").inner_text() == ""


def predict(notebook):
    asked = notebook.outputs("predict-alignments")
    asked.get_by_label("your prediction").fill("20")
    notebook.page.keyboard.press("Enter")
    says(asked.locator(".answer"), "Right.")
    screenshot(notebook.page, "lab_4_predicted")
    said = notebook.add_below("predict-alpha-1-0", 'checks.predict("alpha-1-0", -2.53)')
    says(said, "Right: -2.53")


def explore(notebook):
    walk = notebook.outputs("draw-walk").locator("[data-lattice=walk]")
    walk.locator("[data-id=node-0-0]").click()
    for key in "lbblblb":
        notebook.page.keyboard.press(key)
    says(walk.locator(".panel"), "of 20")
    screenshot(notebook.page, "lab_5_walked")


def solve(notebook):
    notebook.write("forward", "raise NotImplementedError", SOLUTIONS["forward"])
    notebook.run("forward")
    notebook.run("check-forward")
    says(notebook.outputs("check-forward"), "final blank")
    screenshot(notebook.page, "lab_6_red")
    says(notebook.add_below("check-forward", 'checks.hint("forward")'), "Hint 1 of 3")
    screenshot(notebook.page, "lab_7_hint")
    notebook.write("forward", FORGOTTEN.strip(), MENDED)
    notebook.run("forward")
    notebook.run("check-forward")
    says(notebook.outputs("check-forward"), "✓ Forward: 5 of 5 points. All right.")
    screenshot(notebook.page, "lab_8_green")
    notebook.write("backward", "raise NotImplementedError", SOLUTIONS["backward"])
    notebook.run_all()
    says(notebook.outputs("check-backward"), "5 of 5 points")
    yours = notebook.outputs("draw-occupancy").locator("[data-lattice=occupancy]")
    yours.locator("[data-id=node-2-1]").hover()
    screenshot(notebook.page, "lab_9_yours")


def hand_in(notebook, tmp_path) -> Path:
    notebook.write("preflight", "checks.preflight", 'checks.preflight(last="Lovelace", first="Ada")')
    notebook.save()
    notebook.run("preflight")
    told = notebook.outputs("preflight")
    says(told, "✓ Ready to hand in: lovelace_ada_sem4.zip")
    screenshot(notebook.page, "lab_10_preflight")
    with notebook.page.expect_download() as waiting:
        told.get_by_role("link", name="Download lovelace_ada_sem4.zip").click()
    downloads = tmp_path / "downloads"
    waiting.value.save_as(downloads / "lovelace_ada_sem4.zip")
    with zipfile.ZipFile(downloads / "lovelace_ada_sem4.zip") as packed:
        inside = {Path(name).name: packed.read(name) for name in packed.namelist()}
    assert set(inside) == {"seminar4.ipynb", "help.json", "manifest.json"}
    written = {cell.id: cell.source for cell in nbformat.reads(inside["seminar4.ipynb"], 4).cells}
    assert SOLUTIONS["forward"].replace(FORGOTTEN, MENDED) in written["forward"]  # what was typed is what is saved
    assert SOLUTIONS["backward"] in written["backward"]
    return downloads


def drawings(page) -> dict[str, str]:
    """Every drawing of the seminar, by its key: the SVG that is seen."""
    return page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll("[data-lattice]")].map((host) =>
             [host.dataset.key, host.shadowRoot?.querySelector("svg")?.textContent]))"""
    )


def notebook_7_shows_the_same(open_page, lab, address, folder):
    page = open_page(f"{address}/notebooks/seminar4.ipynb?token={TOKEN}", quiet=False)
    notebook = Notebook(page, folder / "seminar4.ipynb")
    shown = drawings(lab)
    assert len(shown) > 10
    page.wait_for_function(
        "(n) => document.querySelectorAll('[data-lattice] .stage, [data-lattice]').length >= n", arg=len(shown)
    )
    notebook.cell("draw-occupancy")
    screenshot(page, "notebook_7")
    assert drawings(page) == shown
    page.close()


def vs_code_takes_it(open_page, course, folder, tmp_path):
    """What the student has saved, opened in VS Code's page and saved by it, as far as its behaviour is known."""
    notebook = json.loads((folder / "seminar4.ipynb").read_text("utf-8"))
    seen = [vs_code.picked(output) for cell in notebook["cells"] for output in cell.get("outputs", ())]
    assert {kind for kind, _ in filter(None, seen)} <= {"application/vnd.jupyter.widget-view+json", "text/html"}
    outputs = [text for kind, text in filter(None, seen) if kind == "text/html"]
    page = vs_code.shown(open_page, tmp_path, outputs, "dark")
    drawn = page.locator("[data-lattice], [data-predict]").count()
    assert drawn > 20
    assert page.locator(".stage[data-theme=dark]").count() == drawn
    page.close()
    released, saved = (
        nbformat.reads(text, 4)
        for text in (course.release(SEMINAR).read_text("utf-8"), json.dumps(vs_code.saved(notebook)))
    )
    assert repair(released, saved).notes == repair(released, nbformat.from_dict(notebook)).notes


def dark(notebook):
    notebook.page.bring_to_front()
    notebook.menu("Settings", "Theme", "JupyterLab Dark")
    notebook.page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    for number, name in enumerate(("check-forward", "draw-occupancy", "predict-alignments", "preflight")):
        notebook.cell(name)
        screenshot(notebook.page, f"lab_dark_{number}_{name}")


# ---- the instructor


def grade(course, downloads):
    root = str(course.root)
    assert "taken" in autograder("collect", str(downloads), "--course", root)
    autograder("grade", "seminar4", "--course", root)


def grade_by_hand(course, open_page, tmp_path):
    no_news(tmp_path / "home")
    with jupyter("jupyterlab", course.root, tmp_path / "home") as address:
        page = open_page(f"{address}/lab?token={TOKEN}", quiet=False, viewport={"width": 1500, "height": 1000})
        page.set_default_timeout(PATIENCE)
        page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
        page.get_by_role("menuitem", name="Formgrader").click()
        grader = page.frame_locator("iframe")
        grader.get_by_role("link", name="seminar4", exact=True).first.wait_for()
        screenshot(page, "formgrader_1_assignments")
        grader.get_by_role("link", name="Manual Grading").click()
        for _ in range(2):  # the assignment, then its notebook
            grader.locator("td").get_by_role("link", name="seminar4", exact=True).click()
        says(grader.locator("tbody tr"), "10 / 10")
        screenshot(page, "formgrader_2_scores")
        grader.get_by_role("link", name="Submission #1").click()
        points, comment = grader.locator("#check-forward"), grader.locator("#forward-comment")
        points.scroll_into_view_if_needed()
        says(grader.locator(".output_area"), "Every cell of log_alpha")  # our findings, under the check
        assert points.get_attribute("placeholder") == "5"
        for box, text in ((points, "4.5"), (comment, COMMENT)):
            box.fill(text)
            with page.expect_response(lambda answer: answer.request.method == "PUT"):
                box.press("Tab")
        screenshot(page, "formgrader_3_by_hand")


def report(course):
    root = str(course.root)
    assert "9.5" in autograder("report", "seminar4", "--course", root)
    with (course.root / "reports" / "seminar4.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["student"], float(row["points"]), float(row["gradebook_score"])) == ("lovelace_ada", 10, 9.5)
    assert "0 graded, 1 unchanged" in autograder("grade", "seminar4", "--course", root)  # and it stays


def told(course, open_page):
    """What was given by hand reaches the student."""
    autograder("feedback", "seminar4", "--course", str(course.root))
    page = open_page((course.feedback(SEMINAR, "lovelace_ada") / "seminar4.html").as_uri())
    assert "9.5 of 10" in page.locator(".total").inner_text()
    assert "Forward 4.5/5" in page.locator(".glance").inner_text()
    card = page.locator("#by-hand").inner_text()
    assert "Forward: 4.5 of 5 points." in card
    assert COMMENT in card
    screenshot(page, "feedback_by_hand")
