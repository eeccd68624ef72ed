"""Damage saved recommenders for some seconds, and count what loading them says: `python .ci/damage.py [SECONDS] [SEED]`.

Each round copies a small recommender, damages one thing (bits, lengths, files, folders, JSON values, parts of another fit) and loads it. It must either
say so in an ArtifactError, or give the same answers to the last bit. Anything else fails: another exception, or other answers without a word.
"""
import json
import random
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import numpy as np

from vibrec.catalog import Catalog
from vibrec.core import ArtifactError
from vibrec.eval import Recommender
from vibrec.features import Features

FITS = dict(similarity={}, cluster={}, cooccurrence=dict(epochs=2), gat=dict(epochs=2), transformer=dict(epochs=1), reranked=dict(epochs=1))


def fit(folder, family, seed):
    "A small recommender with random features, in a folder."
    catalog = Catalog.drawn(n_items=120)
    x = np.random.default_rng(seed).standard_normal((len(catalog), 24)).astype(np.float32)
    features = Features(catalog.ids, x / np.linalg.norm(x, axis=1, keepdims=True), "vibrec/base")
    how = dict(model="transformer", rerank="similarity") if family == "reranked" else dict(model=family)
    Recommender.fit(catalog, features=features, seed=seed, progress=False, attributes=None, **how, **FITS[family]).save(folder)


def answers(folder):
    "What a recommender says: its vectors, and two boards completed."
    recommender = Recommender.load(folder)
    tables = [recommender.recommend(list(recommender.catalog.ids[rows]), k=5).table.to_json() for rows in ([0, 9], [40])]
    return recommender.vectors.tobytes(), recommender.features.x.tobytes(), tables


def files(folder): return sorted(path for path in folder.rglob("*") if path.is_file())


# --- damages: each takes (random, folder, folder of another fit) and says what it did

def flip_bits(dice, folder, other):
    path = dice.choice(files(folder))
    content = bytearray(path.read_bytes())
    for _ in range(dice.choice((1, 1, 2, 20))): content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)
    return f"bits of {path.name}"


def change_length(dice, folder, other):
    path = dice.choice(files(folder))
    content = path.read_bytes()
    path.write_bytes(dice.choice((b"", content[:dice.randrange(len(content))], content + b"\0" * 8, content * 2)))
    return f"length of {path.name}"


def remove(dice, folder, other):
    path = dice.choice([path for path in folder.rglob("*")])
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    return f"removed {path.name}"


def folder_for_file(dice, folder, other):
    path = dice.choice(files(folder))
    path.unlink()
    path.mkdir()
    return f"folder in place of {path.name}"


def mix(dice, folder, other):
    path = dice.choice([path for path in folder.rglob("*")])
    source = other / path.relative_to(folder)
    if not source.exists(): return "nothing"
    if path.is_dir():
        shutil.rmtree(path)
        shutil.copytree(source, path)
    else: shutil.copyfile(source, path)
    return f"{path.name} of another fit"


def exchange(dice, folder, other):
    one, two = dice.choice(files(folder)), dice.choice(files(folder))
    content = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(content)
    return f"{one.name} and {two.name} exchanged"


def edit(dice, value):
    "Another value in the place of one in a JSON tree."
    if isinstance(value, dict) and value:
        name = dice.choice(list(value))
        if dice.random() < .15: return {key: kept for key, kept in value.items() if key != name}
        return value | {name: edit(dice, value[name])}
    if isinstance(value, list) and value:
        if dice.random() < .5: return dice.choice((value[::-1], value[1:], value + value[:1]))
        row = dice.randrange(len(value))
        return [*value[:row], edit(dice, value[row]), *value[row + 1:]]
    return dice.choice((None, -1, 0, 1e12, 2.5, "", "x", [], {}, True, float("nan"), "../x"))


def edit_json(dice, folder, other):
    path = dice.choice([path for path in files(folder) if path.suffix == ".json"])
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content if dice.random() < .1 else edit(dice, content), indent=dice.choice((None, 4))))
    return f"values in {path.name}"


DAMAGES = (flip_bits, change_length, remove, folder_for_file, mix, exchange, edit_json)


def try_one(folder, expected):
    "What loading a damaged recommender comes to."
    try: found = answers(folder)
    except ArtifactError as error: return "clear error" if str(folder) in str(error) else "error without a name"
    except Exception as error: return f"other exception {type(error).__name__}: {str(error)[:200]}"
    return "equal answers" if found == expected else "silently different"


def main(seconds=45., seed=0):
    "Damage until the time is over; a report, and whether all is well."
    dice, counts, failures = random.Random(seed), Counter(), []
    with tempfile.TemporaryDirectory() as work:
        work = Path(work)
        for family in FITS:
            for number in (1, 2): fit(work / f"{family}-{number}", family, number)
        expected, stop = {family: answers(work / f"{family}-1") for family in FITS}, time.monotonic() + seconds
        while time.monotonic() < stop:
            family, damage = dice.choice(list(FITS)), dice.choice(DAMAGES)
            shutil.rmtree(work / "damaged", ignore_errors=True)
            shutil.copytree(work / f"{family}-1", work / "damaged")
            what = damage(dice, work / "damaged", work / f"{family}-2")
            verdict = try_one(work / "damaged", expected[family])
            counts[verdict] += 1
            if verdict not in ("clear error", "equal answers"): failures.append(f"{family}, {what}: {verdict}")
    print(f"{sum(counts.values())} damaged recommenders: " + ", ".join(f"{n} {name}" for name, n in counts.most_common()))
    for failure in failures[:20]: print("  FAILED", failure)
    return not failures


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(not main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:3])))
