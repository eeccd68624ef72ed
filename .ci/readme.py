#!/usr/bin/env python3
"""README.md from `nbs/index.ipynb`.

`python .ci/readme.py` writes it, `python .ci/readme.py --check` says what differs and exits 1. nbdev's own command needs Quarto; this one needs nothing
but Python. Prose is taken as it is, with links and pictures re-based on `nbs/`; code becomes fenced Python; text outputs become fenced text; pictures that
a cell draws are written to `nbs/images/`. Cells with `#| hide` are left out, and so are `#|` lines.
"""
import base64
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NBS = ROOT / "nbs"
DIRECTIVE = re.compile(r"^#\|[ \t]*([\w-]+):?[ \t]*(.*)$", re.M)
TARGET = re.compile(r"(\]\(|<img [^>]*?src=\")(?![a-zA-Z][\w+.-]*:|#|/)([^)\s\"]+)")
FENCE = re.compile(r"^(```+|~~~+).*?^\1[ \t]*$", re.M | re.S)


def text_of(value):
    "A string that a notebook may store as a list of lines."
    return "".join(value) if isinstance(value, list) else value


def rebase(markdown):
    "`markdown` with its relative links pointing below `nbs/`, code blocks untouched."
    parts, last = [], 0
    for block in FENCE.finditer(markdown):
        parts += [TARGET.sub(r"\1nbs/\2", markdown[last : block.start()]), block.group()]
        last = block.end()
    return "".join(parts) + TARGET.sub(r"\1nbs/\2", markdown[last:])


def output(out, cell, directives, pictures):
    "One output of a code cell as Markdown; a picture is added to `pictures` by its path."
    if out["output_type"] == "error": raise SystemExit(f"nbs/index.ipynb: cell {cell['id']} has an error as output: run the notebook again")
    if out["output_type"] == "stream": return f"```text\n{text_of(out['text']).rstrip()}\n```" if out["name"] == "stdout" else ""
    data = out["data"]
    if "text/markdown" in data: return rebase(text_of(data["text/markdown"]).strip())
    if "image/png" in data:
        path = f"nbs/images/index-{directives.get('label', cell['id'])}.png"
        pictures[path] = base64.b64decode(text_of(data["image/png"]))
        return f"![{directives.get('fig-alt', 'Output of the code above')}]({path})"
    return f"```text\n{text_of(data['text/plain']).rstrip()}\n```" if "text/plain" in data else ""


def convert(notebook):
    "The README's text, and the pictures it needs: {path: bytes}."
    parts, pictures = [], {}
    for cell in notebook["cells"]:
        source = text_of(cell["source"]).strip("\n")
        if cell["cell_type"] == "markdown": parts.append(rebase(source))
        if cell["cell_type"] != "code": continue
        directives = {key: value.strip().strip("'\"") for key, value in DIRECTIVE.findall(source)}
        if directives.keys() & {"hide", "default_exp"} or directives.get("include") == "false": continue
        code = DIRECTIVE.sub("", source).strip("\n")
        if code and directives.get("echo") != "false" and "hide_input" not in directives: parts.append(f"```python\n{code}\n```")
        if "hide_output" not in directives and directives.get("output") != "false":
            parts += [output(out, cell, directives, pictures) for out in cell["outputs"]]
    return "\n\n".join(part for part in parts if part.strip()) + "\n", pictures


def missing_targets(readme):
    "The relative links of `readme` that lead nowhere."
    found = re.findall(r"\]\((?![a-zA-Z][\w+.-]*:|#)([^)\s#]+)|<img [^>]*?src=\"(?!https?:)([^\"]+)\"", FENCE.sub("", readme))
    return sorted({a or b for a, b in found if not (ROOT / (a or b)).exists()})


if __name__ == "__main__":
    readme, pictures = convert(json.loads((NBS / "index.ipynb").read_text(encoding="utf-8")))
    wanted = {"README.md": readme.encode(), **pictures}
    problems = []
    for path, content in wanted.items():
        target = ROOT / path
        if "--check" in sys.argv:
            if not target.exists() or target.read_bytes() != content: problems.append(f"{path} is not what nbs/index.ipynb says: run `python .ci/readme.py`")
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
    problems += [f"README.md links to {path}, which does not exist" for path in missing_targets(readme)]
    if ":::" in readme: problems.append("README.md has a `:::` block, which only Quarto shows: write plain Markdown in nbs/index.ipynb")
    print("\n".join(problems) if problems else f"{', '.join(wanted)}: in step with nbs/index.ipynb")
    sys.exit(bool(problems))
