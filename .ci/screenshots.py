#!/usr/bin/env python3
"""The picture at the top of README.md, from the page that `vibrec demo` writes, so that it cannot show what the demo does not.

`python .ci/screenshots.py` runs the demo (about a minute), photographs one of its boards in Chromium, writes `nbs/images/demo.png`, and says whether the
table of README.md has the demo's numbers: exit status 1 if not, or if there is no Chromium. `--demo DIR` takes the folder of a demo that has run already.
The pictures of the mood board are made by `.ci/browser.py`.
"""
import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from chromium import program

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "nbs" / "images" / "demo.png"
ONE_BOARD = "<style>body > header, main > section:not(:nth-of-type(NUMBER)), footer, .note, main h3, .look-others { display: none !important } main > section { border: 0 !important; margin: 0 !important; padding-top: .5rem !important }</style>"
WIDTH, HEIGHT, SCALE, MARGIN = 880, 1600, 1.5, 24


def photograph(page, browser):
    "The page as a picture, without what is empty below it."
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "page.png"
        subprocess.run([browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--force-device-scale-factor={SCALE}",
                        f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={target}", page.as_uri()], check=True, capture_output=True, timeout=120)
        picture = Image.open(io.BytesIO(target.read_bytes())).convert("RGB")
    pixels = np.asarray(picture, int)
    used = np.flatnonzero((np.abs(pixels - pixels[-1, 0]) > 6).any(axis=(1, 2)))
    if not len(used): raise SystemExit(f"{page}: nothing to see")
    return picture.crop((0, 0, picture.width, min(picture.height, used[-1] + MARGIN)))


def stale_rows(demo):
    "The rows of the demo's table that README.md does not have."
    from vibrec.report import people_table
    table = people_table(json.loads((demo / "evaluation" / "metrics.json").read_text(encoding="utf-8")))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    return [name for name, row in table.iterrows() if not re.search(r"\s*\|\s*".join(re.escape(cell) for cell in [name, *row]), readme)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--demo", type=Path, help="the folder of a demo that has run")
    parser.add_argument("--board", type=int, default=3, help="number of the board on the page")
    parser.add_argument("--browser", default=program("chromium"))
    options = parser.parse_args()
    if options.browser is None: sys.exit("no Chromium: install it (Debian: apt-get install chromium) or say --browser PATH")
    with tempfile.TemporaryDirectory() as folder:
        demo = options.demo or Path(folder) / "demo"
        if options.demo is None: subprocess.run([sys.executable, "-c", "from vibrec.cli import main; main()", "demo", "--quiet", "--out", str(demo)], check=True)
        page = Path(folder) / "page.html"
        page.write_text((demo / "report.html").read_text(encoding="utf-8").replace("</head>", ONE_BOARD.replace("NUMBER", str(options.board)) + "</head>"), encoding="utf-8")
        picture = photograph(page, options.browser)
        # so few colours that it stays below 200 kB
        picture.quantize(198, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
        print(f"{PICTURE.relative_to(ROOT)}: {picture.width} × {picture.height}, {PICTURE.stat().st_size // 1024} KB")
        stale = stale_rows(demo)
    if stale: print(f"README.md has other numbers than the demo for {', '.join(stale)}: run the slow cell of nbs/index.ipynb, then `python .ci/readme.py`")
    return bool(stale)


if __name__ == "__main__":
    sys.exit(main())
