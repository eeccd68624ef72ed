#!/usr/bin/env python3
"""Is everything in the wheel? `python .ci/wheel.py WHEEL`: every module and asset that git knows is, nothing else is, and it stays small."""
import subprocess
import sys
import zipfile
from pathlib import Path

LIMIT = 14_000_000  # bytes of the file that an installation downloads


def problems_of(wheel):
    "What is wrong with the wheel at the path `wheel`."
    tracked = set(subprocess.run(["git", "ls-files", "vibrec"], capture_output=True, text=True, check=True).stdout.split("\n")) - {""}
    with zipfile.ZipFile(wheel) as archive: sizes = {info.filename: info.file_size for info in archive.infolist() if not info.is_dir()}
    packed = {name for name in sizes if ".dist-info/" not in name}
    assets, size = sum(size for name, size in sizes.items() if name.startswith("vibrec/assets/")), Path(wheel).stat().st_size
    print(f"{wheel}: {len(packed)} files, {size / 1e6:.2f} MB (limit {LIMIT / 1e6:.0f} MB), {assets / 1e6:.2f} MB of assets before compression")
    yield from (f"{name} is missing from the wheel: see package_data in settings.ini" for name in sorted(tracked - packed))
    yield from (f"{name} is in the wheel but not in git" for name in sorted(packed - tracked))
    if size > LIMIT: yield f"the wheel takes {size:,} bytes, {LIMIT:,} are allowed"
    if not any(name.endswith("LICENSE") for name in sizes): yield "no LICENSE in the wheel"


if __name__ == "__main__":
    problems = list(problems_of(sys.argv[1]))
    print(*problems, sep="\n")
    sys.exit(bool(problems))
