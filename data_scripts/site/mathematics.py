"""LaTeX as MathML, which browsers draw by themselves."""

import re
from functools import cache

STYLED = {"bold": (0x1D41A, 0x1D400), "script": (None, 0x1D49C)}
"""Where Unicode has the small and the capital letters of a style: browsers know `mathvariant="normal"` only."""
SCRIPT = dict(zip("BEFHILMR", "ℬℰℱℋℐℒℳℛ", strict=True))
"""Script letters that Unicode had before it had the others."""
_STYLED = re.compile(r'<mi mathvariant="(bold|script)">([A-Za-z])</mi>')
_UPRIGHT = re.compile(r'(?:<mi mathvariant="normal">\w</mi>){2,}')


@cache
def mathml(latex: str, display: str) -> str:
    """One <math> element; `display` is "inline" or "block"."""
    from latex2mathml.converter import convert

    # The converter knows `aligned` by the name that it has as a block of its own.
    found = convert(latex.strip().replace("{aligned}", "{split}"), display=display)
    found = _STYLED.sub(lambda styled: f"<mi>{_letter(styled[1], styled[2])}</mi>", found)
    return _UPRIGHT.sub(lambda word: f"<mi>{re.sub(r'<[^>]+>', '', word[0])}</mi>", found)


def _letter(style: str, letter: str) -> str:
    small, capital = STYLED[style]
    if style == "script" and letter in SCRIPT:
        return SCRIPT[letter]
    start = capital if letter.isupper() else small
    return chr(start + ord(letter) - ord("A" if letter.isupper() else "a")) if start else letter


def inline(translator, node) -> None:
    """Sphinx's visitor of a formula in a line."""
    _write(translator, node, "inline")


def block(translator, node) -> None:
    """Sphinx's visitor of a formula that stands by itself."""
    _write(translator, node, "block")


def _write(translator, node, display: str) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(mathml(node.astext(), display))
    raise SkipNode
