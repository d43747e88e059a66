"""The site: it builds without a warning, fetches nothing, publishes no solution, and its drawings answer."""

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag, urlsplit

import pytest

from data_scripts.site import figures
from data_scripts.site.mathematics import mathml

from .conftest import screenshot

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "notebooks").rglob("*.ipynb"))
REGION = re.compile(r"^ *### BEGIN SOLUTION\n(.*?)^ *### END SOLUTION$", re.MULTILINE | re.DOTALL)
LOADING = {"src", "srcset", "poster", "data", "background"}
"""Attributes that fetch something, besides the href of a <link>."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    done = subprocess.run(
        [sys.executable, "-m", "data_scripts.make_site", "--output", str(folder)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


class Page(HTMLParser):
    """What a page loads, where its links lead, and the names that links can lead to."""

    def __init__(self, text: str):
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        """Collect them."""
        given = dict(attributes)
        self.ids |= {given[key] for key in ("id", "name") if given.get(key)}
        self.loads += [value for key, value in given.items() if key in LOADING and value]
        if tag == "link" and given.get("rel") not in ("next", "prev", "search", "index"):
            self.loads.append(given.get("href", ""))
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])


@pytest.fixture(scope="module")
def pages(site):
    return {path: Page(path.read_text("utf-8")) for path in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site, pages):
    assert len(pages) > 20
    for path, page in pages.items():
        for address in page.loads:
            parts = urlsplit(address)
            assert parts.scheme == "data" or not (parts.scheme or parts.netloc), f"{path.name} loads {address[:100]}"
    for sheet in site.rglob("*.css"):
        loads = re.findall(r"@import[^;]+|url\(([^)]*)\)", sheet.read_text("utf-8"))
        assert not [address for address in loads if "//" in address and "data:" not in address], sheet.name


def test_every_link_within_the_site_leads_somewhere(site, pages):
    for path, page in pages.items():
        for link in page.links:
            address, anchor = urldefrag(link)
            if urlsplit(address).scheme:
                continue
            target = (path.parent / address).resolve() if address else path
            assert target.exists(), f"{path.relative_to(site)} links to {link}"
            if anchor and target.suffix == ".html":
                assert anchor in pages[target].ids, f"{path.relative_to(site)} links to {link}"


def test_no_line_of_a_solution_is_published(site):
    solutions = set()
    for source in SOURCES:
        cells = json.loads(source.read_text("utf-8"))["cells"]
        given = {line.strip() for cell in cells for line in REGION.sub("", "".join(cell["source"])).splitlines()}
        for cell in cells:
            for region in REGION.findall("".join(cell["source"])):
                solutions |= {line.strip() for line in region.splitlines()} - given
    telling = {line for line in solutions if len(line) > 25}
    assert len(telling) > 30
    for file in site.rglob("*"):
        if file.suffix in (".html", ".txt", ".md", ".js", ".ipynb"):
            text = re.sub(r"<[^>]+>", "", file.read_text("utf-8")).replace("&quot;", '"').replace("&#39;", "'")
            text = text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")
            assert not [line for line in telling if line in text], file.name


def test_it_is_small_and_holds_no_key(site):
    files = [file for file in site.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) < 8e6
    assert not [file for file in files if file.suffix in (".ipynb", ".db", ".key", ".safetensors")]


def test_every_drawing_is_on_the_gallery(site):
    gallery = (site / "gallery.html").read_text("utf-8")
    for name in figures.FIGURES:
        assert f'id="live-{name}"' in gallery, name


def test_no_formula_is_left_as_latex(site):
    for name in ("seminar4", "homework3"):
        text = (site / f"{name}.html").read_text("utf-8")
        assert text.count("<math") > 20
        prose = re.sub(r"<(script|style|pre|code)\b.*?</\1>|<[^>]+>", " ", text, flags=re.DOTALL)
        assert not re.search(r"\\[a-z]{3,}", prose), name


def test_a_formula_becomes_mathml_that_browsers_draw():
    assert "<mfrac>" in mathml(r"\frac{1}{2}", "inline")
    assert 'display="block"' in mathml("x", "block")
    assert "<mi>𝐱</mi>" in mathml(r"\mathbf x", "inline")
    assert "<mi>ℬ</mi>" in mathml(r"\mathcal B", "inline")
    assert "<mi>Encoder</mi>" in mathml(r"\mathrm{Encoder}", "inline")
    aligned = mathml(r"\begin{aligned}a &= b \\ &= c\end{aligned}", "block")
    assert aligned.count("<mtr>") == 2
    assert "&</mi>" not in aligned


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_answer_on_the_site_without_a_network(site, open_page, theme):
    page = open_page((site / "gallery.html").as_uri(), color_scheme=theme)
    walk = page.locator("#live-walk")
    assert walk.locator(".stage").get_attribute("data-theme") == theme
    told = walk.locator(".panel").inner_text()
    walk.locator("[data-id=node-0-0]").focus()
    page.keyboard.press("l")
    page.keyboard.press("b")
    assert walk.locator(".panel").inner_text() != told
    arcs = page.locator("#live-arcs")
    before = arcs.locator(".panel").inner_text()
    arcs.locator("[data-id=node-1-2]").hover()
    assert arcs.locator(".panel").inner_text() != before
    screenshot(page, f"site-gallery-{theme}")


def test_pages_fit_a_phone(site, open_page):
    page = open_page((site / "index.html").as_uri(), viewport={"width": 390, "height": 800})
    for path in sorted(site.rglob("*.html")):
        page.goto(path.as_uri())
        wider = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert wider <= 0, f"{path.name} is {wider} pixels wider than a phone"


def test_the_search_finds_a_page_from_a_disk(site, open_page):
    page = open_page(f"{(site / 'search.html').as_uri()}?q=receipt")
    found = page.locator("#search-results a", has_text="Handing in").first
    found.wait_for()
    assert "students/handing-in.html" in found.get_attribute("href")
