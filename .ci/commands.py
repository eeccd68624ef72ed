#!/usr/bin/env python3
"""The set-up commands of README.md: `python .ci/commands.py demo` and `python .ci/commands.py test`, in two parts with `--install` and `--run`.

The README promises two commands, each one line: the first installs and runs the main job, the second installs and runs the tests. CI runs what the README
says, so that the README cannot go stale. What fetches the repository (`git clone … && cd …`) or makes an environment (`python -m venv …`) is left out:
CI is in the one already and makes the other itself.
"""
import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"
PREPARATION = re.compile(r"^(git clone \S+( \S+)? && cd \S+ && )?(python3? -m venv \S+ && (source|\.) \S+ && )?")
KINDS = {"demo": "vibrec demo", "test": "test"}    # nbdev_test, or .ci/test_notebooks.py, which calls it


def set_up_commands(readme):
    "The shell lines of `readme` that install something, without the part that fetches the repository."
    blocks = re.findall(r"^```(?:bash|sh|shell|console)\n(.*?)^```", readme, re.M | re.S)
    lines = [line.strip().removeprefix("$ ") for block in blocks for line in block.splitlines()]
    return [PREPARATION.sub("", line) for line in lines if "pip install" in line]


if __name__ == "__main__":
    found = set_up_commands(README.read_text(encoding="utf-8"))
    if len(found) != 2 or not all(word in line for word, line in zip(KINDS.values(), found)):
        sys.exit(f"README.md must have two set-up commands, one with `vibrec demo`, then one with `nbdev_test` or `test_notebooks`; found {found}")
    line = found[list(KINDS).index(sys.argv[1])]
    install, run = line.rsplit(" && ", 1)
    print(install if "--install" in sys.argv else run if "--run" in sys.argv else line)
