"""What our pages share: the templates, and a policy under which nothing runs but the scripts of our own drawings."""

import re
from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from pathlib import Path

_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def templates():
    """The Jinja environment. Everything is escaped that is not marked as ours."""
    import jinja2

    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters["code"] = _code
    return found


def _code(text: str):
    """Escaped, with what stands between two backticks as code."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def policy(drawings: Iterable[str] = (), sound: bool = False) -> str:
    """The Content-Security-Policy of a page: nothing is fetched; the scripts in these drawings run and no other does.

    `sound`: the page carries sound in itself.
    """
    rules = ["default-src 'none'", "style-src 'unsafe-inline'", "img-src data:"]
    if sound:
        rules.append("media-src data:")
    scripts = [script for drawing in drawings for script in _SCRIPT.findall(drawing)]
    if scripts:
        rules.append(f"script-src {' '.join(map(_allowed, scripts))}")
    return "; ".join(rules)


def _allowed(script: str) -> str:
    """What the policy calls one inline script."""
    return f"'sha256-{b64encode(sha256(script.encode()).digest()).decode()}'"
