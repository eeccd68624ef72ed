#!/usr/bin/env python3
"""Damage pictures and tables for a while: `python .ci/fuzz.py [SECONDS] [SEED]`.

Each damaged file must be read or end in vibrec's own error. Whatever else comes through is printed with the seed that makes it again, and the
exit status is 1. A picture that is read must be RGB with sane sides; a table that is read must have text ids and be kept by `Catalog.save`.
"""
import io
import random
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image

from vibrec.catalog import Catalog, read_image
from vibrec.core import VibrecError

FORMATS = {"JPEG": {}, "PNG": {}, "WEBP": {}, "GIF": {}, "TIFF": {}, "BMP": {}, "AVIF": {}, "JPEG progressive": dict(progressive=True)}


def sources(rng):
    "(suffix, bytes) of healthy pictures and tables."
    pixels = np.random.default_rng(rng.randrange(2**32)).integers(0, 256, (40, 30, 3), dtype=np.uint8)
    for name, options in FORMATS.items():
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, name.split()[0], **options)
        yield ".picture", stream.getvalue()
    for mode in ("RGBA", "P", "L", "1", "I;16"):
        stream = io.BytesIO()
        picture = Image.fromarray(pixels[..., 0].astype(np.uint16)*250) if mode == "I;16" else Image.fromarray(pixels).convert(mode)
        picture.save(stream, "PNG")
        yield ".picture", stream.getvalue()
    rows = [f"{i:05d};top;{i}.jpg;{i},90 €;{rng.choice(['yes', 'no', ''])};2024-0{1 + i % 9}-11" for i in range(12)]
    text = "id;category;image;price;stock;added\n" + "\n".join(rows) + "\n"
    for encoding in ("utf-8", "utf-16", "cp1252"): yield ".csv", text.encode(encoding)
    yield ".tsv", text.replace(";", "\t").encode()


def damaged(data, rng):
    "Bytes changed, cut out, doubled or moved."
    data = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 4, 16])):
        at, length = rng.randrange(max(1, len(data))), rng.randrange(1, 9)
        kind = rng.randrange(5)
        if kind == 0: data[at:at + length] = rng.randbytes(length)
        elif kind == 1: del data[at:at + length]
        elif kind == 2: data[at:at] = data[at:at + 4*length]
        elif kind == 3: data[at:at + 1] = bytes([rng.choice([0, 255, 34, 59, 44, 10, 13, 127])])
        else: data = data[:max(1, at)] if rng.random() < .3 else data[::-1] if rng.random() < .02 else data + data[:length]
        if not data: data = bytearray(b"\0")
    return bytes(data)


def enter(suffix, data, folder):
    "What becomes of a file: 'read' or 'refused'. Anything else comes through."
    try:
        if suffix == ".picture":
            picture = read_image(data)
            if picture.mode != "RGB" or not 8 <= min(picture.size) or max(picture.size) > 1024: raise AssertionError(f"{picture.mode} {picture.size}")
        else:
            file = folder/f"table{suffix}"
            file.write_bytes(data)
            catalog = Catalog.from_table(file)
            if not all(isinstance(id, str) for id in catalog.ids): raise AssertionError("an id is no text")
            catalog.save(folder/"catalog")
            if list(Catalog.load(folder/"catalog").ids) != list(catalog.ids): raise AssertionError("saving changed the ids")
    except VibrecError: return "refused"
    return "read"


def main(seconds=60., seed=0):
    warnings.simplefilter("ignore")
    counts, wrong, end, number = Counter(), [], time.monotonic() + float(seconds), 0
    healthy = list(sources(random.Random(seed)))
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end:
            rng = random.Random(f"{seed}-{number}")
            suffix, data = rng.choice(healthy)
            try: result = enter(suffix, damaged(data, rng), Path(folder))
            except Exception as error:
                result = "other"
                wrong.append(f"seed {seed}-{number}, {suffix}: {type(error).__name__}: {str(error)[:150]}")
            counts[suffix, result] += 1
            number += 1
    print(*(f"{suffix} {result}: {count:,}" for (suffix, result), count in sorted(counts.items())), *wrong[:20], sep="\n")
    return bool(wrong)


if __name__ == "__main__": sys.exit(main(*sys.argv[1:]))
