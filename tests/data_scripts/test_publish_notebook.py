"""The copy for GitHub: pictures with alt text, no scripts, no widgets."""

import json

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from data_scripts import publish_notebook
from helpers import lattice


@pytest.fixture
def notebook():
    data, metadata = lattice.trellis(T=3, labels="CAT")._repr_mimebundle_()
    outputs = [
        new_output("execute_result", data=data, metadata=metadata, execution_count=1),
        new_output("stream", name="stdout", text="loss 3.2\n"),
        new_output("display_data", data={"text/html": "<table><tr><td>1</td></tr></table>", "text/plain": "1"}),
        new_output("display_data", data={"text/html": "<script>alert(1)</script>", "text/plain": "an alert"}),
        new_output("display_data", data={"application/javascript": "alert(1)"}),
        new_output(
            "display_data",
            data={"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/plain": "IntSlider(value=0)"},
        ),
    ]
    made = new_notebook(cells=[new_markdown_cell("# Title"), new_code_cell("lattice.trellis()", outputs=outputs)])
    made.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {}}}
    return made


def test_a_drawing_becomes_its_picture_with_alt_text(notebook):
    copy, counts = publish_notebook.published(notebook)
    picture = copy.cells[1].outputs[0]
    assert set(picture.data) == {"image/png"}
    assert "T = 3 encoder frames" in picture.metadata["image/png"]["alt"]
    assert counts == {"pictures": 1, "widgets": 1}


def test_no_script_and_no_widget_is_left(notebook):
    copy, _ = publish_notebook.published(notebook)
    text = json.dumps(copy.cells[1].outputs)
    assert "script" not in text
    assert "widget" not in text
    assert "widgets" not in copy.metadata


def test_everything_else_stays(notebook):
    copy, _ = publish_notebook.published(notebook)
    kinds = [set(output.get("data", {"stream": 1})) for output in copy.cells[1].outputs]
    assert kinds == [{"image/png"}, {"stream"}, {"text/html", "text/plain"}, {"text/plain"}]
    assert copy.cells[0] == notebook.cells[0]
    assert "text/html" in notebook.cells[1].outputs[0].data  # the notebook itself is as it was


def test_the_command_writes_a_valid_copy(notebook, tmp_path, capsys):
    source, target = tmp_path / "a.ipynb", tmp_path / "b.ipynb"
    nbformat.write(notebook, source)
    assert publish_notebook.main([str(source), str(target)]) == 0
    nbformat.validate(nbformat.read(target, as_version=4))
    assert "1 pictures, 1 widgets left out" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "target", "words"),
    [(None, "b", "cannot be read"), ("no json", "b", "is not a notebook"), ("{}", "a", "give the copy another name")],
)
def test_a_mistake_is_one_sentence(tmp_path, capsys, content, target, words):
    source = tmp_path / "a"
    if content is not None:
        source.write_text(content)
    assert publish_notebook.main([str(source), str(tmp_path / target)]) == 1
    said = capsys.readouterr().err
    assert words in said
    assert said.count("\n") == 1
