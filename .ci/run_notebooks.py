#!/usr/bin/env python3
"""Run notebooks top to bottom and keep their outputs.

`python .ci/run_notebooks.py [NOTEBOOK ...]`: without arguments every chapter of `nbs/` is run. Cells that nbdev would skip (`#| eval: false`,
`#| slow`) are not run and keep the outputs they have; widget views, whose ids change from run to run, are dropped.
"""
import re, sys, time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
SKIP = re.compile(r"^#\|\s*(eval:\s*false|slow)\b", re.M)
VOLATILE = ("application/vnd.jupyter.widget-view+json",)

def run(path):
    nb = nbformat.read(path, as_version=4)
    client = NotebookClient(nb, timeout=1800, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}})
    client.store_widget_state = False
    with client.setup_kernel():
        for i, cell in enumerate(nb.cells):
            if cell.cell_type != "code" or SKIP.search(cell.source): continue
            client.execute_cell(cell, i)
            for out in cell.outputs:
                for kind in VOLATILE: out.get("data", {}).pop(kind, None)
    nb.metadata.pop("widgets", None)
    for cell in nb.cells: cell.metadata.pop("execution", None)
    nbformat.write(nb, path)

if __name__ == "__main__":
    paths = [Path(p).resolve() for p in sys.argv[1:]] or sorted((ROOT / "nbs").glob("*.ipynb"))
    failed = 0
    for path in paths:
        start = time.time()
        try: run(path); print(f"{path.name}: ran in {time.time()-start:.0f} s")
        except CellExecutionError as e: failed += 1; print(f"{path.name}: FAILED\n{e}", file=sys.stderr)
    sys.exit(bool(failed))
