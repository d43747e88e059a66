"""The folder that Sphinx reads: the pages of `docs`, those that lie at the top of the repository, and the notebooks."""

import re
import shutil
from pathlib import Path

from . import notebooks

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
FROM_THE_TOP = {"SECURITY.md": "security.md", "CONTRIBUTING.md": "contributing.md"}
"""Pages that lie where GitHub looks for them."""
PAGES = FROM_THE_TOP | {f"notebooks/{name}/{name}.ipynb": f"{name}.md" for name in notebooks.NAMES}
"""Files outside of `docs` that are pages of the site."""
WITHHELD = re.compile(r"^### (Survivors|Wrongly named)\n.*?(?=^#)", re.MULTILINE | re.DOTALL)
"""Of docs/checks.md: lines of solutions, with one sign changed."""
LINK = re.compile(r"\[([^\]]*)\]\((?!\w+:|#)([^)#\s]+)(#[^)\s]*)?\)")


def assemble(folder: Path) -> None:
    """Fill `folder`, which is made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(DOCS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for page in folder.rglob("*.md"):
        own = DOCS / page.relative_to(folder)
        page.write_text(_within(WITHHELD.sub("", own.read_text("utf-8")), own.parent, page.parent, folder), "utf-8")
    for source, name in FROM_THE_TOP.items():
        (folder / name).write_text(_within((ROOT / source).read_text("utf-8"), ROOT, folder, folder), "utf-8")
    for name in notebooks.NAMES:
        notebooks.write(name, folder)


def _within(text: str, here: Path, page: Path, folder: Path) -> str:
    """Links as the site needs them: to its pages, or the name of a file that is only in the repository.

    Broken links stay as they are: Sphinx says where they are.
    """

    up = "../" * len(page.relative_to(folder).parts)

    def led(link: re.Match) -> str:
        words, path, anchor = link[1], link[2], link[3] or ""
        target = (here / path).resolve()
        if target.is_relative_to(DOCS):
            return f"[{words}]({up}{target.relative_to(DOCS).as_posix()}{anchor})"
        if not (target.is_relative_to(ROOT) and target.exists()):
            return link[0]
        name = target.relative_to(ROOT).as_posix()
        if name in PAGES:
            return f"[{words}]({up}{PAGES[name]}{anchor})"
        return f"`{name}`" if words.strip("`") == name else f"{words} (`{name}`)"

    return LINK.sub(led, text)
