"""The live layer without a browser: what is in the HTML, and what must not be."""

import base64
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from urllib.parse import unquote
from xml.etree import ElementTree

import numpy as np
import pytest
from lattices import forward_backward, log_softmax

from helpers import lattice
from helpers.lattice import live
from helpers.lattice.live import packing

LIMIT = 150_000  # bytes of a view, pictures in it not counted


def lattice_of(T, U, seed=0):
    logits = np.random.default_rng(seed).normal(size=(T, U + 1, 5))
    targets = np.arange(U) % 4 + 1
    return lattice.Lattice.from_log_probs(log_softmax(logits), targets, symbols=("∅", *"CATS")), logits, targets


LONG = lattice_of(30, 20)[0]


@pytest.fixture(scope="module")
def figures():
    x, logits, targets = lattice_of(8, 4)
    a, b = forward_backward(x)
    return {
        "trellis": lattice.trellis(x, paths=[x.best_path()]),
        "arcs": lattice.arcs(x),
        "alpha": lattice.alpha(x, a),
        "beta": lattice.beta(x, b),
        "occupancy": lattice.occupancy(x, a, b),
        "best_path": lattice.best_path(x),
        "compare": lattice.compare(x, a + 0.1, a, wrong=(0, 0)),
        "walk": lattice.walk(x),
        "cut": lattice.cut(x, a, b),
        "gradient": lattice.gradient(x, a, b, logits, targets),
    }


def payload_of(figure):
    """What the script is given."""
    return json.loads(re.search(r"\nstart\(document\.currentScript,(.*)\);\}\)\(\);</script>", figure.html())[1])


class Outline(HTMLParser):
    """Elements of a fragment, scripts as browsers see them."""

    def __init__(self, html):
        super().__init__()
        self.found, self.scripts, self.open = [], [], False
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self.open = tag == "script"

    def handle_endtag(self, tag):
        self.open = False

    def handle_data(self, data):
        if self.open:
            self.scripts.append(data)


# ---- the fragment


def test_every_view_is_live_and_keeps_its_drawing_outside_the_script(figures):
    for name, figure in figures.items():
        html = figure.html()
        assert html.index("data-picture") < html.index("<script>"), name
        assert html.count("<script>") == html.count("</script") == 1, name
        assert payload_of(figure)["view"] == name


def test_the_script_finds_every_node_and_arc_of_its_grids_in_the_svg(figures):
    for name, figure in figures.items():
        ids = {e.get("data-id") for e in ElementTree.fromstring(figure.svg()).iter()}
        for prefix, (T, U, *_) in payload_of(figure)["grids"].items():
            for t in range(T):
                for u in range(U + 1):
                    assert f"{prefix}node-{t}-{u}" in ids, name
                    if t < T - 1 or u == U:
                        assert f"{prefix}blank-{t}-{u}" in ids, name
                    if u < U:
                        assert f"{prefix}label-{t}-{u}" in ids, name
            assert f"{prefix}final" in ids


def test_places_of_the_script_are_those_of_the_svg(figures):
    for figure in figures.values():
        for prefix, (_, _, x0, y0, dx, dy, *_) in payload_of(figure)["grids"].items():
            node = figure.scene.find(f"{prefix}node-3-2")
            assert (node.x, node.y) == pytest.approx((x0 + 3 * dx, y0 - 2 * dy), abs=0.05)


def test_the_markup_is_well_formed_and_carries_no_ids(figures):
    for name, figure in figures.items():
        ElementTree.fromstring(figure.svg())
        page = Outline(figure.html())
        assert len(page.scripts) == 1, name
        assert not any("id" in attributes for _, attributes in page.found), name
        assert not any(key.startswith("on") for _, attributes in page.found for key in attributes), name


def test_nothing_is_fetched_from_anywhere(figures):
    for figure in figures.values():
        html = figure.html().replace("xmlns='http://www.w3.org/2000/svg'", "")
        assert "http" not in html
        assert html.count("url(") == html.count("url(&quot;data:image/svg+xml,") == 1
        assert not re.search(r"@import|<link|<img|src=|\bfetch\(|XMLHttpRequest|WebSocket|import\(", html)


def test_nothing_is_stored_and_no_name_is_left_on_the_page():
    for path in live._HERE.glob("*.js"):
        source = path.read_text("utf-8")
        assert not re.search(
            r"localStorage|sessionStorage|document\.cookie|\beval\(|innerHTML|insertAdjacent", source
        ), path
        assert not re.search(r"\bwindow\.\w+\s*=|globalThis", source), path
        assert "</script" not in source, path
        assert "<!--" not in source, path


@pytest.mark.parametrize("size", [(8, 4), (10, 7), (10, 8), (10, 9), (15, 9), (18, 10), (22, 8), (40, 9)])
def test_a_view_stays_below_150_kilobytes(size):
    x, *_ = lattice_of(*size)
    a, b = forward_backward(x)
    log_p = float(b[0, 0])
    views = lattice.alpha(x, a), lattice.occupancy(x, a, b), lattice.cut(x, a, b), lattice.compare(x, a, a)
    for figure in (*views, lattice.walk(x, log_p=log_p), lattice.arcs(x)):
        html = re.sub(r"data:image/png;base64,[^\"]*", "", figure.html())
        assert len(html.encode()) < LIMIT, figure.view


def test_a_real_utterance_stays_below_150_kilobytes():
    x, *_ = lattice_of(150, 40)
    a, b = forward_backward(x)
    for figure in (
        lattice.arcs(x),
        lattice.alpha(x, a),
        lattice.beta(x, b),
        lattice.occupancy(x, a, b),
        lattice.cut(x, a, b),
    ):
        html = figure.html()
        assert "<script>" in html
        assert len(re.sub(r"data:image/png;base64,[^\"]*", "", html).encode()) < LIMIT, figure.view


def test_a_lattice_beyond_all_measure_stays_a_picture():
    x = lattice.Lattice(np.zeros((835, 159)), np.zeros((835, 158)), ("A",) * 158)
    html = lattice.alpha(x, np.zeros((835, 159))).html()
    assert "<script" not in html
    assert len(html) < 400_000


def test_markup_in_symbols_and_questions_cannot_leave_the_script():
    evil = "</script><script>alert(1)</script><!-- <b>"
    x = lattice.Lattice(np.full((2, 2), -1.0), np.full((2, 1), -1.0), (evil,))
    figure = lattice.arcs(x).ask(evil, [evil, "b"], 0, evil)
    html = figure.html()
    assert html.count("</script") == 1
    assert html.count("<script") == 1
    assert "<!--" not in html
    page = Outline(html)
    assert len(page.scripts) == 1
    assert not any(tag == "b" for tag, _ in page.found)
    assert payload_of(figure)["spec"]["symbols"] == [evil]


def test_the_picture_in_the_page_is_the_drawing(figures):
    for name, figure in figures.items():
        style = next(a["style"] for _, a in Outline(figure.html()).found if "data-picture" in a)
        source = unquote(re.search(r'url\("data:image/svg\+xml,([^"()#]*)"\)', style)[1])
        shown, drawn = ElementTree.fromstring(source), ElementTree.fromstring(figure.svg())
        assert shown.get("aria-label") == figure.alt
        texts = [[e.text for e in tree.iter() if e.tag.endswith("}text")] for tree in (shown, drawn)]
        assert texts[0] == texts[1], name
        ids = [[e.get("data-id") for e in tree.iter()] for tree in (shown, drawn)]
        assert set(ids[0]) == set(ids[1]), name


def test_symbols_with_quotes_percents_and_parentheses_arrive():
    symbols = ("'", '"', "%41", "#)", "\\27", "a\nb")
    x = lattice.Lattice(np.full((2, 7), -1.0), np.full((2, 6), -1.0), symbols)
    style = next(a["style"] for _, a in Outline(lattice.arcs(x).html()).found if "data-picture" in a)
    source = unquote(re.search(r'url\("data:image/svg\+xml,([^"()#]*)"\)', style)[1])
    texts = [e.text for e in ElementTree.fromstring(source).iter() if e.tag.endswith("}text")]
    assert {"'", "%41", "#)", "\\27"} <= set(texts)
    assert '"' in texts


# ---- the numbers


def revive(value):
    """What `unpack` in core.js does, in Python."""
    if isinstance(value, list):
        return [revive(part) for part in value]
    if not isinstance(value, dict):
        return value
    if value.get("~") == "packed":
        width, digits = value["width"], [packing.DIGITS.index(sign) for sign in value["data"]]
        codes = np.array(digits).reshape(-1, width) @ 64 ** np.arange(width - 1, -1, -1)
        found = np.where(codes, value["low"] + (codes - 1) * value["step"], -np.inf)
        return found.reshape(value["shape"])
    if "~" in value:
        return float(value["~"])
    return {key: revive(part) for key, part in value.items()}


def test_the_given_arrays_arrive_right_or_wrong(figures):
    spec = revive(payload_of(figures["compare"])["spec"])
    np.testing.assert_allclose(spec["yours"], figures["compare"].spec["yours"], atol=1e-6)


@pytest.mark.parametrize("width", [10.0, 40.0, 900.0])
def test_a_packed_array_keeps_its_numbers_and_its_infinities(width):
    values = -width * np.random.default_rng(0).random((60, 30))
    values[3, 4] = -np.inf
    packed = json.loads(packing.to_json({"a": values}))["a"]
    assert packed["~"] == "packed"
    assert len(packed["data"]) <= 4 * values.size
    found = revive(packed)
    assert found[3, 4] == -np.inf
    finite = np.isfinite(values)
    np.testing.assert_allclose(found[finite], values[finite], atol=packing.COARSEST)


def test_an_array_too_wide_to_pack_travels_in_decimals():
    values = np.zeros((60, 30))
    values[0, 0] = -1e9
    np.testing.assert_array_equal(revive(json.loads(packing.to_json({"a": values}))["a"]), values)


def test_infinities_and_nan_travel():
    assert revive(json.loads(packing.to_json({"a": np.array([-np.inf, np.inf, 1.5])}))) == {"a": [-np.inf, np.inf, 1.5]}
    assert np.isnan(revive(json.loads(packing.to_json({"a": np.nan})))["a"])


def test_small_numbers_keep_their_digits():
    assert json.loads(packing.to_json({"a": 1.23456789e-9}))["a"] == pytest.approx(1.23456789e-9, rel=1e-6)


# ---- invariants


@pytest.mark.parametrize("size", [(8, 4), (5, 0), (1, 3), (3, 6)])
def test_cuts_blanks_and_labels_sum_as_they_must(size):
    x, *_ = lattice_of(*size)
    a, b = forward_backward(x)
    spec = lattice.occupancy(x, a, b).spec
    T, U = size
    for n in range(T + U):
        assert sum(spec["occupancy"][t, n - t] for t in range(T) if 0 <= n - t <= U) == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(spec["blank_posterior"].sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(spec["occupancy"].sum(axis=1), 1 + spec["label_posterior"].sum(axis=1), atol=1e-12)


@pytest.mark.parametrize("size", [(4, 3), (5, 0), (1, 3), (6, 2)])
def test_occupancy_autograd_and_a_push_are_one_number(size):
    x, logits, targets = lattice_of(*size, seed=2)
    spec = lattice.gradient(x, *forward_backward(x), logits, targets).spec
    for kind in ("blank", "label"):
        there = spec["autograd"][kind]
        if kind == "blank":  # the blanks of the last frame below the last row lead nowhere
            there = np.delete(there.reshape(-1, 2), [(size[0] - 1) * (size[1] + 1) + u for u in range(size[1])], axis=0)
        for way, tolerance in (("tables", 1e-9), ("push", 1e-7)):
            mine = spec[way][kind]
            np.testing.assert_allclose(mine, spec["autograd"][kind], atol=tolerance, err_msg=f"{kind} {way}")


def test_a_wrong_table_is_not_repaired_by_the_gradient_view():
    x, logits, targets = lattice_of(4, 3)
    a, b = forward_backward(x)
    a[2, 1] += 0.5
    figure = lattice.gradient(x, a, b, logits, targets)
    gap = np.abs(figure.spec["tables"]["label"] - figure.spec["autograd"]["label"])
    assert gap[2, 1, 0] > 1e-3
    assert any("of-wrong" in item.classes for item in figure.scene.items)


# ---- the three views, still


def test_the_walk_shows_one_alignment_with_its_share_and_rank(figures):
    x, *_ = lattice_of(8, 4)
    path = figures["walk"].spec["example"]
    scores = [x.log_prob(one) for one in x.alignments()]
    assert f"rank {1 + sum(one > x.log_prob(path) for one in scores)} of 330" in figures["walk"].alt
    assert x.spell(path) in figures["walk"].alt


def test_a_long_walk_needs_no_enumeration():
    x, *_ = lattice_of(60, 20)
    figure = lattice.walk(x, log_p=-100.0)
    assert "ranking" not in figure.spec
    assert "% of P(y|x)" in figure.alt
    assert lattice.walk(x).spec["log_p"] is None


def test_the_cut_says_when_it_misses_p():
    x, *_ = lattice_of(8, 4)
    a, b = forward_backward(x)
    assert "= P(y|x)" in lattice.cut(x, a, b, at=5).alt
    a[3, 2] += 1
    assert "≠ P(y|x)" in lattice.cut(x, a, b, at=5).alt
    assert "= P(y|x)" in lattice.cut(x, a, b, at=4).alt


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x, a, b, z, y: lattice.walk(x, log_p=3.0), "log_p is 3.0, not the logarithm"),
        (lambda x, a, b, z, y: lattice.walk("x"), "must be a Lattice"),
        (lambda x, a, b, z, y: lattice.cut(x, a, b, at=99), r"take one of 0\.\.11"),
        (lambda x, a, b, z, y: lattice.cut(x, a[:2], b), r"log_alpha must have shape"),
        (lambda x, a, b, z, y: lattice.cut(x, a, b - np.inf), "P.* is 0"),
        (lambda x, a, b, z, y: lattice.gradient(x, a, b, z + np.arange(5), y), "do not belong to this lattice"),
        (lambda x, a, b, z, y: lattice.gradient(x, a, b, z[0], y), r"must have shape \(T, U\+1, V\)"),
        (lambda x, a, b, z, y: lattice.gradient(x, a, b, z - np.inf, y), "finite numbers"),
        (lambda x, a, b, z, y: lattice.gradient(LONG, *forward_backward(LONG), z, y), "too many"),
        (lambda x, a, b, z, y: lattice.arcs(x).ask("?", ["one"], 0, ""), "at least two"),
        (lambda x, a, b, z, y: lattice.arcs(x).ask("?", ["one", "two"], 2, ""), "right is 2"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused_in_one_sentence(call, message):
    x, logits, targets = lattice_of(8, 4)
    with pytest.raises(ValueError, match=message) as caught:
        call(x, *forward_backward(x), logits, targets)
    assert "\n" not in str(caught.value)


# ---- questions


def test_a_question_is_text_with_a_folded_answer_and_not_in_the_picture(figures):
    plain, asked = (
        figures["arcs"],
        figures["arcs"].ask("Which way is time?", ["right", "up"], 0, "t grows to the right."),
    )
    html = asked.html()
    assert re.search(r"<p>Which way is time\?</p>.*<details><summary>Answer</summary><p>right\. t grows", html)
    assert asked.png() == plain.png()
    assert asked.svg() == plain.svg()
    assert payload_of(asked)["question"]["options"] == ["right", "up"]


def test_a_question_can_be_left_out():
    x, *_ = lattice_of(4, 3)
    assert lattice.walk(x, question=None).question is None
    assert "data-question" not in lattice.walk(x, question=None).html()


# ---- pictures only


def test_pictures_only_where_the_environment_says_so(figures, monkeypatch):
    monkeypatch.setenv("RNNT_PICTURES", "static")
    data, _ = figures["arcs"]._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert "<script" not in figures["arcs"].html()
    assert "<svg" in figures["arcs"].html()
    monkeypatch.setenv("RNNT_PICTURES", "")
    assert "<script>" in figures["arcs"].html()


def test_the_scripts_are_packaged():
    import tomllib

    root = live._HERE.parents[2]
    patterns = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    assert "lattice/live/*.js" in patterns["helpers"]


def test_a_live_figure_needs_neither_torch_nor_matplotlib():
    code = (
        "import sys; from helpers import lattice; lattice.trellis(T=3, labels='CAT').html();"
        "print([m for m in ('matplotlib', 'torch', 'PIL', 'IPython') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
