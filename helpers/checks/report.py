"""How the outcome of a check looks: a number for nbgrader, a small table for a person."""

import re
from html import escape

from .comparing import Finding
from .misconceptions import in_words
from .scoring import ExerciseResult, ItemResult

# Styles stand on the elements: Jupyter's own table rules win over a style sheet, and its sanitiser drops one.
BOX = "font:14px/1.45 system-ui,sans-serif;max-width:54em;color:var(--jp-ui-font-color1,inherit)"
CELL = "padding:.35em .6em;text-align:left;vertical-align:top;white-space:normal;border-top:1px solid #8886"
# Mixed with the text's own colour they can be read on light and dark, whether a host has a variable for that or not.
MARK = {
    True: ("✓", "color-mix(in srgb,#159030 60%,currentColor)"),
    False: ("✗", "color-mix(in srgb,#e5382b 60%,currentColor)"),
}
NOTE = "border-left:4px solid #8886;padding:.4em .8em;margin:.6em 0"
CAUSE = "border-left:4px solid #c04f00;padding:.4em .8em;margin:.6em 0"
SOFT = "color:var(--jp-ui-font-color2,inherit);margin:.4em 0"


class CheckResult:
    """The outcome of one check.

    Its `repr` is the number of points and nothing else: unmodified nbgrader reads it as partial credit.

    Attributes:
        result: points and findings.
        note: what else there is to say, without points; empty where there is nothing.
    """

    def __init__(self, result: ExerciseResult, note: str = ""):
        self.result, self.note = result, note

    @property
    def points(self) -> float:
        """Points reached on the public cases."""
        return self.result.points

    def __float__(self) -> float:
        return float(self.points)

    def __repr__(self) -> str:
        return f"{float(self.points)}"

    def text(self) -> str:
        """The whole report for a terminal."""
        lines = [_headline(self.result)]
        if sentence := in_words(self.result.exercise.key, list(self.result.misconceptions)):
            lines.append(sentence)
        for item in self.result.items if self.result.written else ():
            lines.append(f"{'✓' if item.passed else '✗'} {item.item.title}: {_points(item)}")
            for title, finding in item.wrong[:1]:
                lines += [f"    {part}" for part in (f"{title}:", *sentences(finding))]
        lines += [note for note in (self.note, self._invitation()) if note]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f"<p><strong>{escape(_headline(self.result))}</strong></p>"]
        if sentence := in_words(self.result.exercise.key, list(self.result.misconceptions)):
            parts.append(f'<p style="{CAUSE}">{escape(sentence)}</p>')
        if self.result.written:
            rows = "".join(_row(item) for item in self.result.items)
            parts.append(f'<table style="width:100%;border-collapse:collapse;margin:0">{rows}</table>')
        if self.note:
            parts.append(f'<p style="{NOTE}">{escape(self.note)}</p>')
        if invitation := self._invitation():
            parts.append(f'<p style="{SOFT}">{with_code(invitation)}</p>')
        return f'<div style="{BOX}">{"".join(parts)}</div>'

    def _invitation(self) -> str:
        from .hinting import invitation

        missing = not all(item.passed for item in self.result.items)
        return invitation(self.result.exercise) if missing else ""


def with_code(text: str) -> str:
    """A text as HTML, calls of checks set as code."""
    return re.sub(r"checks\.\w+\([^)]*\)", lambda call: f"<code>{call[0]}</code>", escape(text, quote=False))


def sentences(finding: Finding) -> list[str]:
    """What, where, the numbers, why, next: those there are."""
    known = (finding.what, finding.where, finding.numbers, finding.why, finding.next and f"Next: {finding.next}")
    return [sentence for sentence in known if sentence]


def _headline(result: ExerciseResult) -> str:
    if not result.written:
        return (
            f"{result.exercise.key} is not implemented yet. Replace the line that raises NotImplementedError, "
            "run that cell, then run this one again."
        )
    full = all(item.passed for item in result.items)
    return (
        f"{'✓ ' if full else ''}{result.exercise.title}: {result.points:g} of {result.exercise.points:g} points"
        f"{'. All right.' if full else ''}"
    )


def _points(item: ItemResult) -> str:
    return f"{item.points:g} / {item.item.points:g}"


def _row(result: ItemResult) -> str:
    mark, color = MARK[result.passed]
    body = escape(result.item.title)
    for title, finding in result.wrong[:1]:
        more = f" (and {len(result.wrong) - 1} more)" if len(result.wrong) > 1 else ""
        lines = [f"<em>{escape(title + more)}</em>", *map(escape, sentences(finding))]
        body += f'<div style="margin-top:.3em;padding-left:.8em;border-left:2px solid #8886">{"<br>".join(lines)}</div>'
    return (
        f'<tr><td style="{CELL};width:1.2em;font-weight:700;color:{color}">{mark}</td>'
        f'<td style="{CELL}">{body}</td>'
        f'<td style="{CELL};width:5em;text-align:right;white-space:nowrap">{_points(result)}</td></tr>'
    )
