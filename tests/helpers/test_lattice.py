"""The static lattice: data, geometry, both back ends, and what it says about bad input."""

import base64
import re
import subprocess
import sys
from itertools import pairwise
from math import comb
from xml.etree import ElementTree

import numpy as np
import pytest
from lattices import forward_backward, log_softmax, make

from helpers import lattice
from helpers.lattice.numerals import logarithm, probability
from helpers.lattice.panel import MAP, density_for
from helpers.lattice.scene import Circle, Heat, Line, Rect, Text
from helpers.lattice.style import HEAT_OPACITY, PALETTE, resolve, text_width

SYMBOLS = ("∅", "C", "A", "T")


def cat_scores():
    f = [[0.2, 2.0, 0.1, -0.5], [1.0, 0.6, 0.7, -0.3], [0.4, -0.5, 1.8, 0.2], [0.5, -1.0, 0.3, 1.9]]
    g = [[0.3, 0.9, -0.6, -0.8], [0.4, -0.9, 0.8, -0.4], [0.2, -0.8, -0.7, 1.0], [1.5, -0.6, -0.5, -0.4]]
    return log_softmax(np.array(f)[:, None, :] + np.array(g)[None, :, :])


@pytest.fixture(scope="module")
def cat():
    return lattice.Lattice.from_log_probs(cat_scores(), [1, 2, 3], blank=0, symbols=SYMBOLS)


@pytest.fixture(scope="module")
def arrays(cat):
    return forward_backward(cat)


@pytest.fixture(scope="module")
def figures(cat, arrays):
    a, b = arrays
    yours = a.copy()
    yours[2, 1] += 0.5
    return {
        "trellis": lattice.trellis(cat),
        "paths": lattice.trellis(cat, paths=["lbblblb", "bbblllb"]),
        "arcs": lattice.arcs(cat),
        "alpha": lattice.alpha(cat, a),
        "beta": lattice.beta(cat, b),
        "occupancy": lattice.occupancy(cat, a, b),
        "best_path": lattice.best_path(cat),
        "compare": lattice.compare(cat, yours, a, wrong=(2, 1)),
    }


# ---- data


def test_the_arcs_are_picked_from_the_joiner_output(cat):
    scores = cat_scores()
    assert (cat.T, cat.U, cat.symbols) == (4, 3, ("C", "A", "T"))
    assert cat.blank[3, 1] == scores[3, 1, 0]
    assert cat.label[2, 1] == scores[2, 1, 2]


def test_a_negative_blank_counts_from_the_end(cat):
    turned = np.roll(cat_scores(), -1, axis=-1)
    other = lattice.Lattice.from_log_probs(turned, [0, 1, 2], blank=-1)
    np.testing.assert_array_equal(other.blank, cat.blank)
    np.testing.assert_array_equal(other.label, cat.label)
    assert other.symbols == ("0", "1", "2")


@pytest.mark.parametrize(("T", "U"), [(1, 0), (1, 4), (5, 0), (4, 3), (3, 5), (8, 4)])
def test_every_alignment_comes_once(T, U):
    paths = list(make(T, U).alignments())
    assert len(paths) == len(set(paths)) == comb(T + U - 1, U) == make(T, U).count_alignments()
    assert all(p.endswith("b") and p.count("b") == T and p.count("l") == U for p in paths)


@pytest.mark.parametrize(("T", "U"), [(4, 3), (1, 3), (5, 0), (8, 4)])
def test_alignments_sum_to_the_probability_of_the_dynamic_programme(T, U, cat):
    x = cat if (T, U) == (4, 3) else make(T, U)
    cost = forward_backward(x)[1][0, 0]
    assert np.logaddexp.reduce([x.log_prob(path) for path in x.alignments()]) == pytest.approx(cost, abs=1e-12)
    assert x.log_total() == pytest.approx(cost, abs=1e-12)


def test_the_best_path_beats_all_others(cat):
    best = cat.best_path()
    assert cat.log_prob(best) == max(cat.log_prob(path) for path in cat.alignments())


def test_best_path_survives_impossible_arcs():
    blank = np.full((2, 2), -np.inf)
    blank[0, 0] = blank[1, 1] = -0.5
    x = lattice.Lattice(blank, np.full((2, 1), -1.0), ("C",))
    assert x.best_path() == "blb"
    assert x.log_total() == pytest.approx(-2.0)


def test_spelling(cat):
    assert cat.spell("lbblblb") == "C∅∅A∅T∅"
    words = lattice.Lattice(np.zeros((1, 3)), np.zeros((1, 2)), ("seven", " "))
    assert words.spell("llb") == "seven ␣ ∅"


def test_enumeration_refuses_a_real_utterance():
    with pytest.raises(ValueError, match="too many to try one by one"):
        make(60, 10).best_path()


def test_torch_tensors_are_taken(cat):
    torch = pytest.importorskip("torch")
    scores = torch.tensor(cat_scores(), requires_grad=True)
    other = lattice.Lattice.from_log_probs(scores, torch.tensor([1, 2, 3]), symbols=SYMBOLS)
    np.testing.assert_array_equal(other.blank, cat.blank)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"log_probs": np.zeros((4, 4))}, r"must have shape \(T, U\+1, V\); it has shape \(4, 4\)"),
        ({"log_probs": np.zeros((1, 4, 4, 4))}, r"log_probs\[0\]"),
        ({"log_probs": np.zeros((0, 4, 4))}, "at least one frame"),
        ({"log_probs": "scores"}, "log_probs must be an array of numbers"),
        ({"targets": [1, 2]}, r"room for 3 labels, but targets has 2"),
        ({"targets": [1, 2, 4]}, r"targets\[2\] is 4, outside the 4 classes"),
        ({"targets": [1, -1, 2]}, r"targets\[1\] is -1, outside"),
        ({"targets": [1, 0, 2]}, r"targets\[1\] is 0, the blank"),
        ({"targets": [1, 2.5, 3]}, "whole numbers"),
        ({"targets": [[1, 2, 3]]}, r"targets must have shape \(U,\)"),
        ({"blank": 7}, "blank is 7, outside"),
        ({"blank": None}, "blank must be the number of a class"),
        ({"symbols": "CAT"}, "must name all V = 4 classes"),
        ({"log_probs": np.exp(cat_scores())}, r"log_probs\[0, 0, 0\] is 0.07964.*log_softmax"),
        ({"log_probs": np.full((4, 4, 4), np.nan)}, r"log_probs\[0, 0, 0\] is nan"),
    ],
)
def test_a_bad_lattice_is_refused_in_one_sentence(change, message):
    good = {"log_probs": cat_scores(), "targets": [1, 2, 3], "blank": 0, "symbols": SYMBOLS}
    with pytest.raises(ValueError, match=message) as caught:
        lattice.Lattice.from_log_probs(**{**good, **change})
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("lbblbl", "has 3 blanks and 3 labels; .* needs 4 and 3"),
        ("bbbblll", "ends in a label"),
        ("lbxlblb", 'has "x" at step 2'),
        (["b", "l"], "this is a list"),
    ],
)
def test_a_bad_path_is_refused_in_one_sentence(cat, path, message):
    with pytest.raises(ValueError, match=message):
        cat.log_prob(path)
    with pytest.raises(ValueError, match=message):
        lattice.trellis(cat, paths=[path])


# ---- numbers


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1, "1.00"), (0.994, "0.99"), (0.488, "0.49"), (0.0999, "0.10"), (0.0966, "0.097"), (0.01, "0.010"),
        (0.0094, "9e-3"), (0.00997, "0.010"), (9.7e-6, "1e-5"), (1e-17, "1e-17"), (0, "0"), (3.4, "3.40"),
    ],
)  # fmt: skip
def test_probabilities_are_short(p, text):
    with np.errstate(divide="ignore"):
        assert probability(np.log(p)) == text


def test_a_probability_below_the_smallest_float_is_not_zero():
    assert probability(-1000.0) == "5e-435"


def test_logarithms_are_short():
    assert [logarithm(v) for v in (-2.314, -12.34, -123.4, -0.001, -np.inf, np.inf, np.nan)] == [
        "−2.31", "−12.3", "−123", "0.00", "−∞", "+∞", "NaN",
    ]  # fmt: skip


# ---- geometry


def test_t_goes_right_and_u_goes_up(figures):
    scene = figures["alpha"].scene
    across = [scene.find(f"node-{t}-1") for t in range(4)]
    upward = [scene.find(f"node-2-{u}") for u in range(4)]
    assert all(a.x < b.x and a.y == b.y for a, b in pairwise(across))
    assert all(a.y > b.y and a.x == b.x for a, b in pairwise(upward))


def test_arcs_join_their_nodes(figures):
    scene = figures["arcs"].scene
    blank, label = scene.find("blank-1-2"), scene.find("label-1-2")
    tail, right, up = (scene.find(f"node-{n}") for n in ("1-2", "2-2", "1-3"))
    assert tail.x < blank.x1 < blank.x2 < right.x
    assert blank.y1 == blank.y2 == tail.y
    assert tail.y > label.y1 > label.y2 > up.y
    assert label.x1 == label.x2 == tail.x


def test_the_terminal_blank_leads_to_the_final_dot(figures):
    scene = figures["trellis"].scene
    arc, dot = scene.find("blank-3-3"), scene.find("final")
    assert arc.x1 > scene.find("node-3-3").x
    assert arc.x2 < dot.x
    assert arc.y2 == dot.y
    for u in range(3):  # the other blanks of the last frame lead nowhere
        with pytest.raises(KeyError):
            scene.find(f"blank-3-{u}")


def test_a_lattice_has_all_its_nodes_and_arcs(figures):
    ids = {item.id for item in figures["trellis"].scene.items}
    assert sum(bool(re.fullmatch(r"node-\d-\d", i)) for i in ids) == 4 * 4
    assert sum(bool(re.fullmatch(r"blank-\d-\d", i)) for i in ids) == 3 * 4 + 1
    assert sum(bool(re.fullmatch(r"label-\d-\d", i)) for i in ids) == 4 * 3


def test_a_halo_follows_its_path(cat):
    scene = lattice.trellis(cat, paths=["lbblblb"]).scene
    halo, nodes = scene.find("halo-0"), ["0-0", "0-1", "1-1", "2-1", "2-2", "3-2", "3-3"]
    corners = [(scene.find(f"node-{n}").x, scene.find(f"node-{n}").y) for n in nodes]
    assert list(dict.fromkeys(halo.points))[:-1] == corners
    assert halo.points[-1] == (scene.find("final").x, scene.find("final").y)


def test_halos_on_a_shared_arc_lie_side_by_side_and_are_told_apart_without_colour(cat):
    scene = lattice.trellis(cat, paths=["lbblblb", "bbblllb", "lbbbllb"]).scene
    halos = [scene.find(f"halo-{i}") for i in range(3)]
    ends = [halo.points[-1][1] for halo in halos]  # all three take the terminal blank
    assert all(abs(a - b) >= halos[0].width for a, b in pairwise(sorted(ends)))
    assert len({resolve(halo.classes).get("dash") for halo in halos}) == 3
    assert [scene.find(f"badge-{i}-number").text for i in range(3)] == ["1", "2", "3"]


def test_blank_and_label_differ_in_more_than_colour():
    assert "dash" in resolve(("arc", "blank"))
    assert "dash" not in resolve(("arc", "label"))


@pytest.mark.parametrize(("T", "U"), [(4, 3), (8, 4), (1, 0), (1, 3), (5, 0), (16, 7)])
def test_no_text_leaves_the_picture_or_covers_another(T, U):
    x = make(T, U)
    a, b = forward_backward(x)
    for figure in (lattice.alpha(x, a), lattice.occupancy(x, a, b), lattice.arcs(x), lattice.compare(x, a - 1, a)):
        boxes = []
        for item in figure.scene.items:
            if isinstance(item, Text):
                size = item.size or resolve(item.classes)["size"]
                # Real widths are below the estimate that the layout uses.
                width = 0.93 * text_width(item.text, size)
                left = item.x - {"start": 0, "middle": width / 2, "end": width}[item.anchor]
                boxes.append((left, item.y - 0.36 * size, left + width, item.y + 0.36 * size, item))
        for x0, y0, x1, y1, item in boxes:
            assert x0 >= 0, item
            assert y0 >= 0, item
            assert x1 <= figure.scene.width, item
            assert y1 <= figure.scene.height, item
        for i, (ax0, ay0, ax1, ay1, one) in enumerate(boxes):
            for bx0, by0, bx1, by1, two in boxes[:i]:
                assert ax1 <= bx0 or bx1 <= ax0 or ay1 <= by0 or by1 <= ay0, (one, two)
        circles = [c for c in figure.scene.items if isinstance(c, Circle) and c.id.startswith("node")]
        for x0, y0, x1, y1, item in boxes:
            if item.id.startswith("number"):
                for c in circles:
                    near = (np.clip(c.x, x0, x1) - c.x, np.clip(c.y, y0, y1) - c.y)
                    assert np.hypot(*near) > c.r, (item, c.id)
            if item.id.startswith("number-blank"):
                assert y1 < figure.scene.find(item.id.removeprefix("number-")).y1 - 2.5, item  # above the broadest arc
            if item.id.startswith("number-label"):
                assert x0 > figure.scene.find(item.id.removeprefix("number-")).x1 + 2.5, item


# ---- values


def test_impossible_nodes_show_probability_zero(cat, arrays):
    a = arrays[0].copy()
    a[0, 3] = -np.inf
    assert lattice.alpha(cat, a).scene.find("value-0-3").text == "0"


def test_alpha_shows_the_given_array_even_when_it_is_wrong(cat, arrays):
    a = arrays[0].copy()
    a[2, 2] = np.log(0.229)
    assert lattice.alpha(cat, a).scene.find("value-2-2").text == "0.23"


def test_the_fill_of_alpha_is_logarithmic_and_of_occupancy_linear(cat, arrays, figures):
    a, b = arrays
    level = {k: figures["alpha"].scene.find(f"node-{k}").level for k in ("0-0", "1-1", "3-0")}
    assert level["0-0"] == 1
    assert level["3-0"] == 0
    assert level["1-1"] == pytest.approx((a[1, 1] - a[3, 0]) / (a[0, 0] - a[3, 0]))
    assert figures["occupancy"].scene.find("node-1-1").level == pytest.approx(np.exp(a[1, 1] + b[1, 1] - b[0, 0]))


def test_one_blank_leaves_every_frame_and_one_label_every_row(figures):
    spec = figures["occupancy"].spec
    np.testing.assert_allclose(spec["blank_posterior"].sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(spec["label_posterior"].sum(axis=0), 1, atol=1e-12)
    diagonals = [np.trace(spec["occupancy"][:, ::-1], k) for k in range(-3, 4)]
    np.testing.assert_allclose(diagonals, 1, atol=1e-12)


def test_occupancy_says_when_the_two_arrays_disagree(cat, arrays):
    a, b = arrays
    text = " ".join(item.text for item in lattice.occupancy(cat, a - 0.3, b).scene.items if isinstance(item, Text))
    assert "arrays disagree about ln P(y|x)" in text
    text = " ".join(item.text for item in lattice.occupancy(cat, a, b).scene.items if isinstance(item, Text))
    assert "disagree" not in text


def test_the_best_path_is_given_its_share(cat, figures):
    share = 100 * np.exp(cat.log_prob(cat.best_path()) - cat.log_total())
    assert f"{share:.1f} % of P(y|x)" in figures["best_path"].alt
    assert cat.spell(cat.best_path()) in figures["best_path"].alt


@pytest.mark.parametrize("view", [lattice.alpha, lattice.beta])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda a: a[:3], r"must have shape \(T, U\+1\) = \(4, 4\); it has shape \(3, 4\)"),
        (lambda a: np.where(a == a[1, 2], np.nan, a), r"log_\w+\[1, 2\] is NaN"),
        (lambda a: np.where(a == a[1, 2], np.inf, a), r"log_\w+\[1, 2\] is \+inf"),
        (lambda a: None, "must"),
    ],
)
def test_a_bad_array_is_refused_in_one_sentence(cat, arrays, view, spoil, message):
    with pytest.raises(ValueError, match=message):
        view(cat, spoil(arrays[0]))


def test_bad_arguments_of_views_are_refused(cat, arrays):
    a, b = arrays
    for call, message in [
        (lambda: lattice.trellis(), "needs a lattice or its size"),
        (lambda: lattice.trellis(T=0, labels="CAT"), "at least one encoder frame"),
        (lambda: lattice.trellis(cat, T=4), "not both"),
        (lambda: lattice.trellis(cat_scores()), "Lattice.from_log_probs"),
        (lambda: lattice.trellis(cat, paths="lbblblb"), "list of alignments"),
        (lambda: lattice.trellis(cat, paths=["lbblblb"] * 7), "at most 6"),
        (lambda: lattice.occupancy(cat, a, np.full_like(b, -np.inf)), "P.* is 0"),
        (lambda: lattice.compare(cat, a, a[:2]), "expected must have shape"),
        (lambda: lattice.compare(cat, a, a, wrong=(4, 0)), "not a node"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()


# ---- compare


def _said(figure):
    return " ".join(i.text for i in figure.scene.items if isinstance(i, Text) and i.id.startswith("caption"))


def test_compare_rings_the_wrong_cell_and_spells_out_both_numbers(arrays, figures):
    figure = figures["compare"]
    ids = {item.id for item in figure.scene.items}
    assert {"yours-ring-2-1", "expected-ring-2-1"} <= ids
    expected = logarithm(arrays[0][2, 1], 4)
    yours = logarithm(arrays[0][2, 1] + 0.5, 4)
    assert f"log_alpha[2, 1]: yours is {yours}, expected is {expected}." in _said(figure)
    assert "1 of 16 cells differs" in _said(figure)
    assert "odd" in figure.scene.find("yours-node-2-1").classes
    assert "odd" not in figure.scene.find("yours-node-1-1").classes


def test_compare_uses_one_scale_for_both(figures):
    scene = figures["compare"].scene
    for node in ("0-0", "1-2", "3-3"):
        assert scene.find(f"yours-node-{node}").level == scene.find(f"expected-node-{node}").level


def test_compare_does_not_mind_rounding(cat, arrays):
    assert "All 16 cells agree" in _said(lattice.compare(cat, arrays[0].astype(np.float32), arrays[0]))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda a: a[:3, :3], "shape (3, 3), expected is (4, 4)"),
        (lambda a: np.zeros((9, 9)), "shape (9, 9), expected is (4, 4)"),
        (lambda a: a[None], "shape (1, 4, 4), expected is (4, 4): nothing"),
        (lambda a: 3.5, "shape ()"),
        (lambda a: None, "is None: does the function return it?"),
        (lambda a: "nothing", "Nothing of yours can be drawn"),
        (lambda a: [[1.0], [1.0, 2.0]], "Nothing of yours can be drawn"),
        (lambda a: a * np.nan, "NaN in 16 of its cells, the first at [0, 0]"),
        (lambda a: np.where(a < -4, np.inf, a), "has +∞ in"),
    ],
)
def test_compare_draws_what_it_can_and_says_what_is_off(cat, arrays, spoil, said):
    figure = lattice.compare(cat, spoil(arrays[0]), arrays[0], wrong=(3, 3))
    assert said in _said(figure)
    ElementTree.fromstring(figure.svg())


def test_compare_shows_minus_infinity_where_only_yours_has_it(cat, arrays):
    a = arrays[0].copy()
    a[1, 1] = -np.inf
    figure = lattice.compare(cat, a, arrays[0])
    assert figure.scene.find("yours-value-1-1").text == "−∞"
    assert "odd" in figure.scene.find("yours-node-1-1").classes
    both = lattice.compare(cat, a, a)
    assert "All 16 cells agree" in _said(both)


# ---- SVG and HTML


def test_svg_is_well_formed_and_has_the_ids_of_the_scene(figures):
    for name, figure in figures.items():
        tree = ElementTree.fromstring(figure.svg())
        ids = [e.get("data-id") for e in tree.iter() if e.get("data-id")]
        assert sorted(ids) == sorted(item.id for item in figure.scene.items), name


def test_markup_in_symbols_stays_text():
    x = lattice.Lattice(np.full((1, 3), -1.0), np.full((1, 2), -1.0), ('<b id="x">', "&$^_"))
    figure = lattice.trellis(x, paths=["llb"])
    texts = [e.text for e in ElementTree.fromstring(figure.svg()).iter() if e.tag.endswith("text")]
    assert "&$^_" in texts
    assert figure.png().startswith(b"\x89PNG")


def test_svg_is_self_contained(figures):
    for figure in figures.values():
        svg = figure.svg().replace('xmlns="http://www.w3.org/2000/svg"', "")
        assert not re.search(r"http|<script|<link|@import|url\(|<img", svg)


def test_figures_on_one_page_share_no_ids_and_no_styles(figures):
    page = "".join(figure.svg() for figure in figures.values())
    assert not re.search(r"<[^>]*\sid=", page)
    scopes = [re.search(r'<svg [^>]*class="(lattice-\w+)"', figure.svg())[1] for figure in figures.values()]
    assert len(set(scopes)) == len(scopes)
    for figure, scope in zip(figures.values(), scopes, strict=True):
        sheet = re.search(r"<style>(.*?)</style>", figure.svg())[1]
        sheet = sheet.replace("@media (prefers-color-scheme:dark){", "").replace("}}", "}")
        for rule in filter(None, sheet.split("}")):
            assert all(f".{scope}" in selector for selector in rule.split("{")[0].split(",")), rule


def test_the_same_drawing_gives_the_same_bytes(cat, figures):
    assert lattice.trellis(cat).svg() == figures["trellis"].svg()


def test_colours_are_variables_with_literal_fall_backs(figures):
    svg = figures["alpha"].svg()
    assert "var(--lattice-paper,var(--jp-layout-color0,#ffffff))" in svg
    assert f'[data-jp-theme-light="false"] .{re.search(r"lattice-[0-9a-f]{10}", svg)[0]}' in svg


def _luminance(literal):
    parts = [int(literal[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_has_contrast_aa(theme):
    paper = _luminance(getattr(PALETTE["paper"], theme))
    badges = [name for name in PALETTE if name.startswith("badge")]
    for role in ("ink", "muted", "blank", "label", "wrong", *badges):
        low, high = sorted((paper, _luminance(getattr(PALETTE[role], theme))))
        assert (high + 0.05) / (low + 0.05) >= 4.5, role
    channels = [[int(getattr(PALETTE[role], theme)[i : i + 2], 16) for i in (1, 3, 5)] for role in ("heat", "paper")]
    full = HEAT_OPACITY * np.array(channels[0]) + (1 - HEAT_OPACITY) * np.array(channels[1])
    low, high = sorted(
        (_luminance(getattr(PALETTE["ink"], theme)), _luminance("#{:02x}{:02x}{:02x}".format(*full.astype(int))))
    )
    assert (high + 0.05) / (low + 0.05) >= 4.5, "a number in a full node"


def test_the_picture_speaks(figures):
    for figure in figures.values():
        root = ElementTree.fromstring(figure.svg())
        assert root.get("role") == "img"
        assert root.get("aria-label") == figure.alt == root[0].text
        assert root[0].tag.endswith("title")
        assert "T = 4" in figure.alt
        assert "U = 3" in figure.alt
        assert "\n" not in figure.alt


# ---- raster, files, notebook


def test_png_is_a_sharp_picture_of_sensible_size(figures):
    for figure in (figures["alpha"], figures["compare"]):
        png = figure.png()
        assert png.startswith(b"\x89PNG\r\n\x1a\n")
        assert 5_000 < len(png) < 100_000
        width, height = (int.from_bytes(png[i : i + 4], "big") for i in (16, 20))
        assert (width, height) == (2 * figure.scene.width, 2 * figure.scene.height)


def test_png_has_the_colours_of_the_style(figures):
    image = pytest.importorskip("PIL.Image")
    from io import BytesIO

    colours = {c for _, c in image.open(BytesIO(figures["trellis"].png())).convert("RGB").getcolors()}
    for role in ("paper", "ink", "outline", "blank", "label"):
        assert tuple(int(PALETTE[role].light[i : i + 2], 16) for i in (1, 3, 5)) in colours


def test_saving_goes_by_the_suffix(figures, tmp_path):
    starts = {"a.svg": b"<svg", "a.png": b"\x89PNG", "a.pdf": b"%PDF", "a.html": b"<!DOCTYPE html>"}
    for name, start in starts.items():
        figures["trellis"].save(tmp_path / name)
        assert (tmp_path / name).read_bytes().startswith(start)
    with pytest.raises(ValueError, match=r"end the name in \.svg"):
        figures["trellis"].save(tmp_path / "a.gif")


def test_drawing_on_given_axes_stays_inside_them(figures):
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    page = Figure(figsize=(8, 4))
    FigureCanvasAgg(page)
    left, right = page.subplots(1, 2)
    figures["alpha"].draw(right)
    page.canvas.draw()
    assert not left.texts
    assert "0.88" in [text.get_text() for text in right.texts]
    frame = page.bbox
    for text in right.texts:
        box = text.get_window_extent()
        assert frame.x0 + frame.width / 2 - 20 < box.x0, text
        assert box.x1 < frame.x1, text


def test_a_notebook_gets_html_png_with_alt_text_and_one_line(figures):
    figure = figures["occupancy"]
    data, metadata = figure._repr_mimebundle_()
    assert set(data) == {"text/html", "image/png", "text/plain"}
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    assert metadata["image/png"]["alt"] == figure.alt
    assert "\n" not in data["text/plain"]
    data, metadata = figure._repr_mimebundle_(include=["text/plain", "text/html"], exclude=["text/html"])
    assert set(data) == {"text/plain"}
    assert metadata == {}


def test_importing_is_light():
    code = "import sys; import helpers.lattice; print([m for m in ('matplotlib', 'torch', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_drawing_leaves_pyplot_alone():
    code = (
        "import sys; from helpers import lattice; lattice.trellis(T=2, labels='A').png(); "
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ---- large lattices


def test_density_follows_the_size():
    names = [density_for(T, U).name for T, U in ((4, 3), (8, 4), (16, 7), (36, 9), (40, 9), (41, 9), (150, 40))]
    assert names == ["roomy", "roomy", "close", "dots", "dots", "map", "map"]


def test_a_large_lattice_becomes_a_heat_map():
    x = make(60, 9)
    rng = np.random.default_rng(0)
    log_alpha = -10 * rng.random((60, 10))
    log_alpha[7, 3] = 0.5
    scene = lattice.alpha(x, log_alpha).scene
    heat = scene.find("nodes")
    assert isinstance(heat, Heat)
    assert heat.levels.shape == (10, 60)  # t to the right, u upward
    assert np.argwhere(heat.levels == 1).tolist() == [[9 - 3, 7]]
    assert not any(isinstance(i, Circle) and i.id.startswith("node") for i in scene.items)
    assert isinstance(scene.find("key-bar-0"), Rect)
    assert isinstance(scene.find(f"blank-59-{x.U}"), Line)


def test_a_large_trellis_says_so_and_is_ruled():
    figure = lattice.trellis(T=100, labels=["A"] * 20, paths=["b" * 99 + "l" * 20 + "b"])
    assert "T × (U+1) = 2,100 nodes are too many to draw one by one" in _said(figure)
    assert figure.scene.find("halo-0").points
    assert len(figure.scene.items) < 400
    ElementTree.fromstring(figure.svg())


def test_an_utterance_beyond_the_cells_is_drawn_in_blocks_that_keep_their_peak():
    T, U = 835, 158
    x = lattice.Lattice(np.zeros((T, U + 1)), np.zeros((T, U)), ("A",) * U)
    log_alpha = np.full((T, U + 1), -50.0)
    log_alpha[500, 80] = 0.0
    figure = lattice.alpha(x, log_alpha)
    full = np.argwhere(figure.scene.find("nodes").levels == 1)
    assert figure.scene.find("nodes").levels.shape == (U + 1, T)
    bt, bu = np.ptp(full[:, 1]) + 1, np.ptp(full[:, 0]) + 1
    assert len(full) == bt * bu  # one block, and not all others
    assert T * (U + 1) / (bt * bu) < 7000
    assert "the largest of" in _said(figure)
    assert density_for(T, U) is MAP


def test_comparing_large_arrays_tints_what_differs():
    x = make(60, 20)
    expected = -np.random.default_rng(1).random((60, 21))
    yours = expected.copy()
    yours[40:] += 1
    figure = lattice.compare(x, yours, expected, wrong=(40, 0))
    tints = [i for i in figure.scene.items if "tint" in i.classes]
    assert sum(i.width * i.height for i in tints) == pytest.approx(20 * 21 * _cell_area(figure))
    assert "420 of 1260 cells differ" in _said(figure)


def _cell_area(figure):
    grid = figure.scene.grids["yours-"]
    return grid.dx * grid.dy
