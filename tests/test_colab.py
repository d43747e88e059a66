"""The released notebooks on a machine like Colab's: fetched, uploaded, cut off in the middle of training."""

import functools
import json
import re
import shutil
import subprocess
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from colab import Colab, needs_a_room

from autograder import cli
from autograder.course import Course
from helpers.making import mini
from notebooks import HOMEWORK3, SEMINAR4, cell, outputs, printed, read

pytestmark = [pytest.mark.slow, needs_a_room]


class Server:
    """The course's web page, on this machine. `asked` is what was fetched."""

    def __init__(self, folder):
        self.asked = asked = []

        class Handler(SimpleHTTPRequestHandler):
            def log_message(self, *_):
                asked.append(self.path)

        folder.mkdir(parents=True, exist_ok=True)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    served = Server(tmp_path_factory.mktemp("course") / "handout")
    yield served
    served.close()


@pytest.fixture(scope="module")
def course(server, tmp_path_factory):
    """Both assignments released, and their zips on the server."""
    course = Course(tmp_path_factory.getbasetemp() / "course0")
    (course.root / "course.toml").write_text(f'[bundle]\nurl = "{server.address}/"\n', "utf-8")
    for assignment in ("seminar4", "homework3"):
        assert cli.main(["release", assignment, "--course", str(course.root)]) == 0
    return course


@pytest.fixture(scope="module")
def machine(tmp_path_factory):
    """One that several tests use, so that packages are installed once."""
    return Colab(tmp_path_factory.mktemp("machine") / "colab")


def released(course, name):
    return read(course.root / "handout" / name / f"{name}.ipynb")


def solved(course, name):
    """The released notebook with the course's own solutions typed in."""
    notebook, source = released(course, name), read({"seminar4": SEMINAR4, "homework3": HOMEWORK3}[name])
    for answer in source.cells:
        if answer.metadata.nbgrader.solution:
            lines = answer.source.splitlines()
            kept = [line for line in lines if "### BEGIN SOLUTION" not in line and "### END SOLUTION" not in line]
            cell(notebook, answer.id).source = "\n".join(kept)
    return notebook


def only(notebook, *ids):
    """The notebook with these cells alone."""
    notebook.cells = [one for one in notebook.cells if one.id in ids]
    return notebook


def with_address(notebook, url):
    start = cell(notebook, "start")
    start.source = re.sub(r'BUNDLE = "[^"]*"', f'BUNDLE = "{url}"', start.source)
    return notebook


def sentences(notebook):
    return [out.evalue for _, out in outputs(notebook, "error")]


def test_the_seminar_runs_from_nothing_and_earns_all_points(machine, course, server):
    before = machine.versions()
    assert "jiwer" not in before
    ran = machine.run(solved(course, "seminar4"))
    assert sentences(ran) == []
    for check in ("check-forward", "check-backward"):
        assert float(cell(ran, check).outputs[-1].data["text/plain"]) == 5.0
    assert re.search(
        r"On Google Colab: Python 3\.\d+\.\d+, torch \S+, (no GPU found|training on)", printed(ran, "start")
    )
    assert server.asked == ["/seminar4.zip"]
    assert {path.name for path in machine.content.iterdir()} == {"sample_data", "seminar4", "help.json"}
    after = machine.versions()
    assert {name: after[name] for name in before} == before  # torch and all others as they were
    new = after.keys() - before.keys()
    assert {"jiwer", "espeakng-loader"} <= new
    assert "jupyterlab" not in new  # Colab is the editor

    again = machine.run(only(released(course, "seminar4"), "start", "setup"))
    assert server.asked == ["/seminar4.zip"]
    assert "Installing" not in printed(again, "start")


@pytest.mark.parametrize("address", ["", "nowhere", "a web page"])
def test_without_an_address_that_answers_with_the_zip_it_asks_for_the_file(machine, course, server, address):
    url = {"": "", "nowhere": "http://127.0.0.1:9/seminar4.zip", "a web page": f"{server.address}/"}[address]
    notebook = only(with_address(released(course, "seminar4"), url), "start", "setup", "draw-trellis")
    machine.emptied()
    shutil.copy(course.root / "handout" / "seminar4.zip", machine.laptop / "seminar4 (2).zip")
    ran = machine.run(notebook)
    assert sentences(ran) == []
    assert "Choose the file seminar4.zip" in printed(ran, "start")
    assert cell(ran, "draw-trellis").outputs


def test_a_cancelled_upload_and_a_wrong_file_say_what_is_missing(machine, course):
    notebook = only(with_address(released(course, "seminar4"), ""), "start")
    assert "There is no folder helpers" in sentences(machine.emptied().run(notebook))[0]
    shutil.copy(course.root / "handout" / "seminar4" / "README.md", machine.laptop)
    assert "zip" in sentences(machine.run(notebook))[0]


def test_whoever_declines_drive_is_told_what_that_means_and_goes_on(machine, course):
    machine.emptied()
    ran = machine.run(only(released(course, "homework3"), "start", "setup"))
    assert sentences(ran) == []
    assert "Without Google Drive" in printed(ran, "start")
    assert "lost when Colab disconnects" in printed(ran, "start")


UP_TO_TRAINING = (
    *("start", "setup", "choose-corpus", "open-corpus", "choose-sizes", "batch", "encoder", "decoder", "joiner"),
    *("transducer", "greedy", "by-heart", "train"),
)


def test_training_goes_on_where_a_machine_was_cut_off(machine, course, tmp_path):
    """Two machines, one Drive: the second finds the checkpoint of the first and repeats no step of it."""
    drive = tmp_path / "drive"
    drive.mkdir()
    run = drive / "rnnt" / "homework3" / "run"
    notebook = only(solved(course, "homework3"), *UP_TO_TRAINING)
    cell(
        notebook, "choose-sizes"
    ).source += "\nrecipe = replace(recipe, epochs=10, batch_size=8, log_every=1, evaluate_every=999)"
    # The experiment of this cell takes long; what it defines is needed.
    cell(notebook, "by-heart").source = cell(notebook, "by-heart").source.partition("\npupil, on_device")[0]

    recipe = mini.Recipe(train=24, dev=6, test=6, train_voices=3, dev_voices=1, test_voices=2)
    mini.make(tmp_path / "data" / mini.folder_name(), recipe, progress=False)

    def train_on(colab, **how):
        colab.drive = drive
        shutil.copytree(tmp_path / "data", colab.content / "data")
        return colab.run(notebook, RNNT_DATA="/content/data", **how)

    def rows(kind):
        log = run / "log.jsonl"
        lines = log.read_text("utf-8").splitlines() if log.exists() else []
        found = [json.loads(line) for line in lines if line.endswith("}")]
        return [row for row in found if row["kind"] == kind]

    def well_on_the_way():
        return (run / "checkpoint.pt").exists() and len(rows("train")) > 6

    train_on(machine.emptied(), kill_when=well_on_the_way)
    done = rows("train")
    assert len(done) < 30
    assert not rows("final")

    second = train_on(Colab(tmp_path / "second"))
    assert sentences(second) == []
    assert "Found your training in Google Drive" in printed(second, "start")
    steps = [row["step"] for row in rows("train")]
    assert steps == list(range(1, 31))
    kept = [row for row in rows("train") if row in done]
    assert len(kept) >= 3  # rows of the first machine, with its clock
    assert len(rows("final")) == 1
    assert (run / "weights.safetensors").exists()


def test_a_newer_torch_without_its_torchaudio(course, tmp_path):
    """torch 2.13 where its file lies at hand: the seminar runs, and the homework says what is missing."""
    colab = Colab(tmp_path / "newer", without=("torch", "torchaudio"))
    install = [str(colab.python), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "torch==2.13.0"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this machine has no file of torch 2.13.0 that pip finds, and fetching one takes gigabytes")
    ran = colab.run(solved(course, "seminar4"))
    assert "torch 2.13.0" in printed(ran, "start")
    assert sentences(ran) == []
    assert [float(cell(ran, f"check-{name}").outputs[-1].data["text/plain"]) for name in ("forward", "backward")] == [
        5,
        5,
    ]
    told = printed(colab.run(only(released(course, "homework3"), "start")), "start")
    assert re.search(r"Not installed in this Python \(.*\): torchaudio\.", told)
