#!/usr/bin/env python3
"""The cell by which a chapter runs in Colab: `python .ci/colab.py` adds it where it is missing, `--check` says where, and exits 1.

It installs vibrec there, from the repository, and does nothing on any other machine. It is hidden in the docs and skipped by the tests.
"""
import json
import re
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CELL = "incolab1"
WIDGETS = re.compile(r"\bipywidgets\b|\bvibrec\.(?:widget|panels|cards|front)\b")


def command(sources):
    "The source of the cell for a notebook with these sources: what it imports beyond vibrec is installed with it."
    settings = ConfigParser()
    settings.read(ROOT / "settings.ini")
    settings = settings["DEFAULT"]
    imports = "\n".join(sources)
    name = settings["lib_name"] + ("[widget]" if WIDGETS.search(imports) else "")
    others = [package for package in ("fastcore", "hypothesis") if re.search(rf"^\s*(?:from|import) {package}\b", imports, re.M)]
    packages = " ".join([f'"{name} @ git+{settings["git_url"]}.git"', *others])
    return f"#| hide\n#| eval: false\n![ -e /content ] && pip install -q {packages}    # in Colab only"


def with_cell(notebook):
    "The notebook with that cell before its first code cell, as it is now to be."
    old = next((cell for cell in notebook["cells"] if cell["id"] == CELL), None)
    cells = [cell for cell in notebook["cells"] if cell is not old]
    source = command(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
    if old and "".join(old["source"]) == source: return notebook  # wherever it stands
    first = next(k for k, cell in enumerate(cells) if cell["cell_type"] == "code")
    cell = dict(cell_type="code", execution_count=None, id=CELL, metadata={}, outputs=[], source=source.splitlines(keepends=True))
    return {**notebook, "cells": [*cells[:first], cell, *cells[first:]]}


def lacking():
    "The chapters, as (path, text that they should have), whose cell is missing or out of date. Benchmarks and trainings need data that Colab has not."
    for path in sorted((ROOT / "nbs").glob("*.ipynb")):
        text = path.read_text(encoding="utf-8")
        wanted = json.dumps(with_cell(json.loads(text)), sort_keys=True, indent=1, ensure_ascii=False) + "\n"
        if wanted != text: yield path, wanted


if __name__ == "__main__":
    found = list(lacking())
    for path, text in found:
        if "--check" not in sys.argv: path.write_text(text, encoding="utf-8")
        print(f"nbs/{path.name}: {'has no cell for Colab, or an old one: run `python .ci/colab.py`' if '--check' in sys.argv else 'done'}")
    sys.exit("--check" in sys.argv and bool(found))
