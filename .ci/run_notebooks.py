#!/usr/bin/env python3
"""Run notebooks top to bottom and keep their outputs.

`python .ci/run_notebooks.py [NOTEBOOK ...]`: without arguments every chapter of `nbs/` is run. Cells that nbdev would skip (`#| eval: false`,
`#| slow`) are not run and keep the outputs they have. What changes from run to run without meaning anything is not saved: progress bars, paths of this machine in
warnings, the ids of widget views, the metadata of PNGs; heavy PNGs are stored with a palette. Warnings are kept, so that somebody sees them. A notebook that fails is left as it was.
"""
import base64
import io
import os
import re
import struct
import sys
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from PIL import Image

from surroundings import calm

ROOT = Path(__file__).resolve().parent.parent
os.environ.pop("MPLBACKEND", None)  # another backend than the notebook's own would leave every figure out
calm()
SKIP = re.compile(r"^#\|\s*(eval:\s*false|slow)\b", re.M)
WIDGET = "application/vnd.jupyter.widget-view+json"
PROGRESS = re.compile(r"\d+%\|.*\| *[\d.]+\w*/|\b[\d.]+\w*it \[[\d:]+,|\| *[\d.]+\w*/[\d?.]+\w* \[[\d:?]+<|^[\w .,/-]+: *0%\| ")
CELL_FILE = re.compile(r"\S*[/\\]ipykernel_\d+[/\\]\d+\.py(:\d+)?")
WARNED_AT = re.compile(r"^(?:[A-Za-z]:)?[/\\]\S*[/\\]([\w.-]+\.py):\d+: (\w+: )", re.M)  # where a warning comes from: a path of this machine
PNG_TEXT = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}


def strip_png(data):
    "The PNG `data` (base64) without its text chunks: matplotlib writes its version there."
    raw = base64.b64decode(data)
    kept, position = [raw[:8]], 8
    while position < len(raw):
        (length,) = struct.unpack(">I", raw[position : position + 4])
        chunk = raw[position : position + 12 + length]
        if chunk[4:8] not in PNG_TEXT: kept.append(chunk)
        position += 12 + length
    return base64.b64encode(b"".join(kept)).decode() + "\n"


def lighter_png(data, limit=150_000):
    "The PNG `data` (base64) with a palette of 256 colours where it is heavier than `limit` bytes: rows of photographs weigh a third of that."
    raw = base64.b64decode(data)
    if len(raw) <= limit: return data
    stream = io.BytesIO()
    Image.open(io.BytesIO(raw)).convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(stream, "PNG", optimize=True)
    return base64.b64encode(stream.getvalue()).decode() + "\n" if len(stream.getvalue()) < len(raw) else data


def strip_progress(text):
    "`text` without progress bars, which overwrite themselves with carriage returns."
    lines = [re.split(r"\r", line)[-1] if "\r" in line else line for line in text.replace("\r\n", "\n").split("\n")]
    return "\n".join(line for line in lines if not PROGRESS.search(line)).lstrip("\n")


def tidy(outputs):
    "The `outputs` of a cell that are worth a line in the history."
    kept = []
    for out in outputs:
        if out.output_type == "stream" and out.name == "stderr":
            out.text = WARNED_AT.sub(r"\1: \2", CELL_FILE.sub("<this cell>", strip_progress(out.text)))
            if not out.text.strip(): continue
        data = out.get("data", {})
        if data.pop(WIDGET, None) and PROGRESS.search(data.get("text/plain", "")): continue
        if "image/png" in data: data["image/png"] = lighter_png(strip_png(data["image/png"]))
        kept.append(out)
    return kept


def run(path):
    "Run the notebook at `path` and write it back with its outputs."
    nb = nbformat.read(path, as_version=4)
    client = NotebookClient(nb, timeout=1800, kernel_name="python3", coalesce_streams=True,
                            extra_arguments=["--log-level=40"], resources={"metadata": {"path": str(path.parent)}})
    client.store_widget_state = False
    with client.setup_kernel():
        for i, cell in enumerate(nb.cells):
            if cell.cell_type != "code" or SKIP.search(cell.source): continue
            client.execute_cell(cell, i)
            cell.outputs = tidy(cell.outputs)
    nb.metadata.pop("widgets", None)
    for cell in nb.cells: cell.metadata.pop("execution", None)
    nbformat.write(nb, path)


if __name__ == "__main__":
    paths = [Path(p).resolve() for p in sys.argv[1:]] or sorted((ROOT / "nbs").glob("*.ipynb"))
    failed = 0
    for path in paths:
        start = time.time()
        try:
            run(path)
            print(f"{path.name}: ran in {time.time() - start:.0f} s")
        except CellExecutionError as error:
            failed += 1
            print(f"{path.name}: FAILED\n{error}", file=sys.stderr)
    sys.exit(bool(failed))
