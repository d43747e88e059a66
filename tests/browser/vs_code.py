"""VS Code's notebook, as far as its public source tells: the page that shows outputs, and what a save does to the file.

Read at github.com/microsoft/vscode, in November 2026:
- extensions/notebook-renderers/src/index.ts: HTML is set by innerHTML; each script is then made anew, run at the end of
  the output's element and taken out again, so that it stands nowhere near where it was written;
- src/vs/workbench/contrib/notebook/browser/view/renderers/backLayerWebView.ts: the page's policy (with the setting
  notebook.experimental.enableCsp; without it nothing is forbidden) and its rules for tables;
- src/vs/workbench/contrib/webview/browser/pre/index.html: the classes of the body for each theme, the default rules;
- extensions/ipynb/src/deserializers.ts, serializers.ts: the order of kinds of output, what is kept, how it is written.
"""

import copy
import json

POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' https: http: data:; font-src 'self' https:; connect-src https:; child-src https: data:;"
)
THEMES = {
    "light": ("vscode-light", "#ffffff", "#3b3b3b"),
    "dark": ("vscode-dark", "#1f1f1f", "#cccccc"),
    "high contrast": ("vscode-high-contrast", "#000000", "#ffffff"),
    "high contrast light": ("vscode-high-contrast-light vscode-high-contrast", "#ffffff", "#292929"),
}
"""Classes of the body, background and ink."""

PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>outputs</title>
<meta http-equiv="Content-Security-Policy" content="{policy}"><style>
body {{ background: {paper}; color: {ink}; font: 13px sans-serif; margin: 0; padding: 0 20px }}
table, thead, tr, th, td, tbody {{ border: none; border-spacing: 0; border-collapse: collapse }}
table {{ width: 100% }} th, td {{ padding: 4px 8px }}
tr:nth-child(even) {{ background-color: rgba(130, 130, 130, 0.08) }}
.output {{ overflow-x: auto; padding: 8px }}
</style></head><body class="{classes}"><div id="container"></div></body></html>"""

SHOW = """(outputs) => {
  for (const text of outputs) {
    const container = document.createElement("div");
    container.className = "output";
    document.getElementById("container").append(container);
    const element = document.createElement("div");
    element.innerHTML = text;
    container.appendChild(element);
    for (const written of [...element.getElementsByTagName("script")]) {
      const script = document.createElement("script");
      script.text = written.innerText;
      element.appendChild(script).parentNode.removeChild(script);
    }
  }
}"""

ORDER = ("application/vnd.", "text/html", "image/png", "image/svg+xml", "text/plain")
"""Kinds of output that ours have, the preferred one first."""


def shown(open_page, folder, outputs, theme="light", **options):
    """A page that shows HTML outputs as VS Code does; fails where one breaks the policy or a script stops."""
    classes, paper, ink = THEMES[theme]
    file = folder / f"vs-code-{theme.replace(' ', '-')}.html"
    file.write_text(PAGE.format(policy=POLICY, classes=classes, paper=paper, ink=ink), "utf-8")
    page = open_page(file.as_uri(), **options)
    page.evaluate(SHOW, list(outputs))
    return page


def picked(output: dict) -> tuple[str, str] | None:
    """Kind and text of what is shown of a cell's output; None for streams and errors."""
    data = output.get("data", {})
    kind = next((name for wanted in ORDER for name in data if name.startswith(wanted)), None)
    return kind and (kind, "".join(data[kind]) if isinstance(data[kind], list) else data[kind])


def saved(notebook: dict) -> dict:
    """The notebook after VS Code has opened, run and saved it: keys sorted, metadata and ids kept, its kernel named."""
    notebook = copy.deepcopy(notebook)
    for cell in notebook["cells"]:
        text = "".join(cell["source"])
        cell["source"] = text.replace("\r\n", "\n").splitlines(keepends=True)
        if cell["cell_type"] == "code":
            for output in cell["outputs"]:
                output.pop("transient", None)
    notebook["metadata"] = {
        "kernelspec": {"display_name": ".venv", "language": "python", "name": "python3"},
        "language_info": {"name": "python", "version": "3.12.4", "file_extension": ".py"},
    }
    return json.loads(json.dumps(notebook, sort_keys=True))
