"""What is handed out: complete, the same every time, without the staff's side, and at home anywhere."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from email.parser import Parser

import nbformat
import pytest

import helpers
from autograder import cli
from autograder.bundle import STAFF_ONLY, pins, wheel
from autograder.course import ASSIGNMENTS, REPOSITORY, Course
from autograder.settings import Bundle, Links
from autograder.stamping import badges, bundle_url, released_with
from helpers.fitting import Release

NAMES = tuple(ASSIGNMENTS)
TOML = """[bundle]
url = "https://course.example/files"
[links]
repository = "ada-lovelace/rnnt.course"
branch = "spring/2027"
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("bundle") / "course")
    course.root.mkdir()
    (course.root / "course.toml").write_text(TOML, "utf-8")
    for name in NAMES:
        assert cli.main(["release", name, "--course", str(course.root)]) == 0
    return course


@pytest.fixture(scope="module", params=NAMES)
def folder(course, request):
    return course.root / "handout" / request.param


def relative(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_it_holds_the_notebook_helpers_a_readme_and_the_packages(folder):
    files = relative(folder)
    assert {file for file in files if "/" not in file} == {f"{folder.name}.ipynb", "README.md", "requirements.txt"}
    ours = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "helpers").rglob("*") if path.is_file()}
    ours = {file for file in ours if "__pycache__" not in file}
    withheld = {f"helpers/{name}" for name in ASSIGNMENTS[folder.name].withheld}
    assert {file for file in files if "/" in file} == (ours - withheld) | {
        "helpers/released.json",
        "helpers/assets/hints.json",
    }


def test_the_zip_is_the_folder_and_small_and_ends_with_the_notebook(folder):
    archive = folder.with_suffix(".zip")
    assert archive.stat().st_size < 15e6
    with zipfile.ZipFile(archive) as packed:
        names = packed.namelist()
        assert set(names) == {f"{folder.name}/{file}" for file in relative(folder)}
        # The notebook's first cell takes it as the sign that everything has been unpacked.
        assert names[-1] == f"{folder.name}/{folder.name}.ipynb"
        assert all(packed.read(name) == (folder.parent / name).read_bytes() for name in names)


def test_releasing_again_gives_the_same_bytes(course):
    archive = course.root / "handout" / "seminar4.zip"
    before = archive.read_bytes()
    os.utime(REPOSITORY / "helpers" / "text.py")  # a date is no content
    assert cli.main(["release", "seminar4", "--course", str(course.root)]) == 0
    assert archive.read_bytes() == before


def test_nothing_of_the_staff_is_in_it(folder):
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix not in {".npz", ".safetensors", ".flac", ".pyc"}:
            found = re.search(r"autograder|oracle|BEGIN SOLUTION|HIDDEN TESTS|course\.key", path.read_text("utf-8"))
            assert not found, (path, found)
    assert not {path.name for path in folder.rglob("*")} & {"course.key", "course.toml", "gradebook.db"}


def test_only_the_homework_holds_the_loss(course):
    for name, holds in (("seminar4", False), ("homework3", True)):
        with zipfile.ZipFile(course.root / "handout" / f"{name}.zip") as packed:
            assert any(file.endswith("helpers/loss.py") for file in packed.namelist()) == holds
            assert not any("/homework3/" in file or "/seminar4/" in file for file in packed.namelist())


def test_what_it_imports_is_in_the_requirements_or_withheld(folder):
    assignment = ASSIGNMENTS[folder.name]
    listed = (folder / "requirements.txt").read_text("utf-8").splitlines()
    assert listed == pins(assignment)
    names = {pin.partition("==")[0] for pin in listed}
    assert not names & {*STAFF_ONLY, "torchaudio" if "torchaudio" in assignment.withheld else ""}
    brought = {
        "IPython": "ipywidgets",
        "espeakng_loader": "espeakng-loader",
        "PIL": "matplotlib",
        "traitlets": "ipywidgets",
    }
    optional = {"wandb", "google"}
    sources = [path.read_text("utf-8") for path in folder.rglob("*.py")]
    notebook = nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)
    sources += [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                modules = [node.module]
            for module in {module.split(".")[0] for module in modules} - sys.stdlib_module_names - optional:
                known = names | {"helpers"} | set(assignment.withheld)
                assert brought.get(module, module) in known, module


def test_the_readme_is_for_students(folder):
    text = (folder / "README.md").read_text("utf-8")
    for word in ("JupyterLab", "VS Code", "Colab", "requirements.txt", "{last}_{first}_", helpers.__version__):
        assert word in text
    assert ("Google Drive" in text) == (folder.name == "homework3")
    assert text.count("[![Open in Colab]") == 1
    assert "\n\n\n" not in text


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("bwrap") and not os.environ.get("CI"), reason="needs bubblewrap")
def test_it_runs_read_only_in_a_folder_with_blanks_and_accents_from_anywhere(course, tmp_path):
    place = tmp_path / "Séminaire d’Ada — №4"
    shutil.copytree(course.root / "handout" / "seminar4", place)
    code = (
        f"import sys; sys.path.insert(0, {str(place)!r})\n"
        "from helpers import checks, here, lattice\n"
        "here.start('seminar4', released=None)\n"
        "lattice.greedy_walk(1)._repr_mimebundle_()\n"
        "print(checks.forward(lambda log_probs, targets, blank=-1: None), checks.__file__)"
    )
    room = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/dev/shm", "--chdir", "/"]
    done = subprocess.run(
        [*room, sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": "", "MPLCONFIGDIR": "/dev/shm", "PYTHONWARNINGS": "error:::helpers"},
    )
    assert done.returncode == 0, done.stderr
    assert "On this computer" in done.stdout
    assert str(place) in done.stdout


def test_addresses_and_badges_come_from_the_settings(course):
    notebook = nbformat.read(course.root / "handout" / "homework3" / "homework3.ipynb", as_version=4)
    cells = {cell.id: cell.source for cell in notebook.cells}
    assert 'BUNDLE = "https://course.example/files/homework3.zip"' in cells["start"]
    heading, _, row, *_ = cells["title"].splitlines()
    assert heading.startswith("# Homework 3")
    blob = "github/ada-lovelace/rnnt.course/blob/spring/2027/homework3/homework3.ipynb"
    assert f"(https://colab.research.google.com/{blob})" in row
    binder = "gh/ada-lovelace/rnnt.course/spring%2F2027?labpath=homework3%2Fhomework3.ipynb"
    assert f"(https://mybinder.org/v2/{binder})" in row


def test_without_settings_there_are_no_links_and_no_address():
    seminar = ASSIGNMENTS["seminar4"]
    assert badges(Links(), seminar) == ""
    assert bundle_url(Bundle(), seminar) == ""
    assert bundle_url(Bundle("https://x.example/{assignment}-v2.zip"), seminar) == "https://x.example/seminar4-v2.zip"
    assert "/blob/main/a/b/seminar4/" in badges(Links("o/n", path="a/b/"), seminar)


@pytest.mark.parametrize(
    ("section", "line"),
    [("bundle", 'url = "ftp://x"'), ("bundle", """url = 'https://x/"; import os'"""), ("links", 'repository = "name"')],
)
def test_an_address_that_is_none_stops_the_release_in_one_sentence(tmp_path, capsys, section, line):
    (tmp_path / "course.toml").write_text(f"[{section}]\n{line}\n", "utf-8")
    assert cli.main(["release", "seminar4", "--course", str(tmp_path)]) == 2
    told = capsys.readouterr().err
    assert f"{section}.{line.split()[0]}" in told
    assert len(told.splitlines()) == 1


def test_binder_gets_what_the_bundles_need(course):
    """At the top of what is handed out, where Binder looks; with no package of the staff's."""
    text = (course.root / "handout" / "environment.yml").read_text("utf-8")
    listed = re.findall(r"^ {6}- (\S+)$", text, re.MULTILINE)
    assert sorted(listed) == sorted(pins(ASSIGNMENTS["homework3"]))
    assert re.search(r"^  - python=3\.1[123]$", text, re.MULTILINE)
    assert "-e ." not in text


# Versions


def test_a_released_notebook_says_what_it_was_released_with(folder):
    notebook = nbformat.read(folder / f"{folder.name}.ipynb", as_version=4)
    here = Release(helpers.__version__, helpers.FORMAT)
    assert notebook.metadata.rnnt.assignment == folder.name
    assert released_with(notebook.metadata.rnnt, "") == here
    start = next(cell.source for cell in notebook.cells if cell.id == "start")
    assert released_with(None, start) == here  # an editor may lose metadata
    assert json.loads((folder / "helpers" / "released.json").read_text("utf-8")) == {"assignment": folder.name}


@pytest.mark.parametrize(
    "metadata",
    [
        {"released_with": "1" * 1000, "format": 1},
        {"released_with": "<b>1.0</b>", "format": 1},
        {"released_with": "1.0.0", "format": "1"},
        {"released_with": "1.0.0", "format": True},
        {"released_with": "1.0.0", "format": 10**30},
        {"released_with": ["1.0.0"], "format": 1},
        [],
    ],
)
def test_a_hostile_mark_of_a_release_is_none(metadata):
    assert released_with(metadata, "") is None


@pytest.mark.parametrize(
    ("version", "number", "told"),
    [
        ("0.0.9", 1, "an older release than the course's, which has {}: it is graded as it is"),
        ("9.0.0", 1, "a newer release than the course's"),
        ("9.0.0", 2, "update the grader before you trust the grade"),
    ],
)
def test_collect_says_which_release_a_hand_in_is_of_and_takes_it(course, tmp_path, capsys, version, number, told):
    notebook = nbformat.read(course.root / "handout" / "seminar4" / "seminar4.ipynb", as_version=4)
    notebook.metadata.rnnt |= {"released_with": version, "format": number}
    if version == "0.0.9":  # a release that had no first cell of this kind yet
        notebook.cells = [cell for cell in notebook.cells if cell.id != "start"]
    (tmp_path / "inbox").mkdir()
    nbformat.write(notebook, tmp_path / "inbox" / "lovelace_ada_sem4.ipynb")
    assert cli.main(["collect", str(tmp_path / "inbox"), "--course", str(course.root), "--strict"]) == 0
    record = next((course.root / "received" / "seminar4" / "lovelace_ada").glob("*.json"))
    text = json.dumps(json.loads(record.read_text("utf-8")), ensure_ascii=False)
    assert f"The notebook was released with helpers {version}" in text
    assert told.format(helpers.__version__) in text
    capsys.readouterr()


# The wheel


@pytest.mark.slow
def test_helpers_build_as_a_wheel_of_their_own_without_what_is_withheld(tmp_path):
    built = wheel(ASSIGNMENTS["seminar4"], tmp_path, 0.5)
    assert built.name == f"rnnt_helpers-{helpers.__version__}-py3-none-any.whl"
    with zipfile.ZipFile(built) as packed:
        names = set(packed.namelist())
        (metadata,) = [file for file in names if file.endswith(".dist-info/METADATA")]
        about = Parser().parsestr(packed.read(metadata).decode())
    held = {file for file in names if ".dist-info/" not in file}
    assert all(file.startswith("helpers/") for file in held)
    ours = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "helpers").rglob("*") if path.is_file()}
    assert {file for file in ours if "__pycache__" not in file} - held == {"helpers/loss.py"}
    wanted = about.get_all("Requires-Dist")
    assert "torch>=2.6" in wanted
    assert not [line for line in wanted if "==" in line]  # it must not replace what a machine has
