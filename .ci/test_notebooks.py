#!/usr/bin/env python3
"""Run the tests and count notebooks: `python .ci/test_notebooks.py`, or one of them, `python .ci/test_notebooks.py nbs/02_graph.ipynb`.

What they run in is what surroundings.py says. Another test command may be given as a whole: `python .ci/test_notebooks.py 'nbdev_test --n_workers 4 --do_print'`.

`nbdev_test` says no more than "Success.", and exits 0 when it found no notebook at all. This runs the command as it stands, then says for each notebook
that nbdev would test whether it passed. A notebook fails when nbdev names it as failed, or when the command died before it was through. The last line is
`N passed, N failed`; the exit status is 1 if anything failed or there was nothing to test.
"""
import re
import shlex
import subprocess
import sys
from pathlib import Path

from nbdev.doclinks import nbglob

from surroundings import calm

COMMAND = "nbdev_test --n_workers 2 --do_print"    # with two on two cores, and a line for each that begins
BANNER = "Tests Failed On The Following Notebooks"


def run(command):
    "Run `command`, show its output while it runs, and give its exit status and output back."
    process = subprocess.Popen(command, shell=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    return process.wait(), "".join(lines)


def verdicts(names, command, status, output):
    "{notebook: passed} for the notebooks `names`, from the exit `status` and the `output` of `command`."
    if "--do_print" in command:
        started = set(re.findall(r"Starting \S*?([^/\\\s]+?\.ipynb)", output))    # workers may share a line
        return {name: passed and name in started for name, passed in verdicts(names, "", status, output).items()}
    if status == 0: return dict.fromkeys(names, "Success." in output)
    if BANNER not in output: return dict.fromkeys(names, False)
    failed = set(re.findall(r"^\t(\S+\.ipynb)$", output.split(BANNER, 1)[1], re.M))
    return {name: name not in failed for name in names}


if __name__ == "__main__":
    calm()
    command, names = sys.argv[1] if len(sys.argv) > 1 else COMMAND, sorted(path.name for path in nbglob(as_path=True))
    if command.endswith(".ipynb"): command, names = f"nbdev_test --path {shlex.quote(command)} --do_print", [Path(command).name]
    status, output = run(command)
    result = verdicts(names, command, status, output)
    for name, passed in result.items(): print(f"{'passed' if passed else 'FAILED'}: {name}")
    n_failed = sum(not passed for passed in result.values()) or int(status != 0 or not names)
    print(f"{sum(result.values())} passed, {n_failed} failed")
    sys.exit(bool(n_failed))
