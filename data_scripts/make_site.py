"""Build the site from `docs` and the notebooks: the students' guide, the instructors' guide, live drawings.

python -m data_scripts.make_site [--output build/site]

A broken link, a page that no other leads to or a drawing that nobody makes is an error. Nothing is fetched.
"""

import argparse
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main(arguments: list[str] | None = None) -> int:
    """Assemble the pages, let Sphinx build them, say where they are."""
    parser = argparse.ArgumentParser(
        prog="python -m data_scripts.make_site", description=__doc__.splitlines()[0].split(":")[0] + "."
    )
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "site", help="where (default: build/site)")
    output = parser.parse_args(arguments).output.resolve()
    from sphinx.cmd.build import build_main

    from .site.sources import assemble

    source = output.with_name(f"{output.name}-source")
    print("Running the students' notebooks ...", flush=True)
    assemble(source)
    shutil.rmtree(output, ignore_errors=True)
    options = ["--fail-on-warning", "--keep-going", "--quiet", "--builder", "html"]
    status = build_main([*options, "--doctree-dir", str(source / "_doctrees"), str(source), str(output)])
    if status == 0:
        size = sum(file.stat().st_size for file in output.rglob("*") if file.is_file())
        print(f"The site: {output / 'index.html'} ({size / 1e6:.1f} MB)")
    return status


if __name__ == "__main__":
    sys.exit(main())
