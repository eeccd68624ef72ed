#!/usr/bin/env python3
"""The docs site, without Quarto: `python .ci/docs.py` writes it to `_docs/` and checks it.

nbdev processes the notebooks as it does for Quarto (`_proc/`: directives obeyed, signatures and links added), smalldocs makes the pages from the same
`_quarto.yml`. Two things that Quarto does by itself are done here: pages get the names that nbdev's links expect (`01_features` → `features`), and the
links of nbdev, which point at the published site, become relative. `.ci/offline.py` makes the pages work from files, without a network. Then the site is
read back: no page is empty, no notebook is missing from the sidebar, "What comes next" is the next page, no internal link, anchor or picture leads nowhere,
no link to our repository names a file or a line that is not there, no page shows LaTeX, and none requests anything from another host. Exit status 1 if
anything of that is wrong.
"""
import ast
import json
import re
import shutil
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import yaml
from colab import lacking
from nbdev.config import get_config
from nbdev.doclinks import nbglob
from nbdev.quarto import refresh_quarto_yml
from nbdev.serve import proc_nbs
from offline import foreign_requests, offline
from show_methods import place_links
from smalldocs.site import build

ROOT = Path(__file__).resolve().parent.parent
NUMBER = re.compile(r"^\d+[a-zA-Z0-9]*_")  # what nbdev drops from a notebook's name
LINK = re.compile(r"(\]\(|href=\\\"|src=\\\")((?:[\w.-]+/)*)(\d+[a-zA-Z0-9]*_)([\w.-]+?)\.ipynb")
NEXT = re.compile(r"^## What comes next\n(.*)", re.M | re.S)
LEAST_WORDS = 30


class Page(HTMLParser):
    "What the check needs of a page: its ids, its links and pictures, and the words of its main part."

    def __init__(self, path):
        super().__init__()
        self.ids, self.links, self.words, self.errors, self.depth = {""}, [], 0, 0, 0
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.ids |= {attributes[key] for key in ("id", "name") if attributes.get(key)}
        self.links += [attributes[key] for key in ("href", "src") if attributes.get(key)]
        self.errors += "cell-output-error" in (attributes.get("class") or "")
        if tag == "main" or self.depth: self.depth += tag == "main"

    def handle_endtag(self, tag):
        if tag == "main": self.depth -= 1

    def handle_data(self, text):
        if self.depth: self.words += len(text.split())


def relative_links(text, base, depth):
    "The notebook `text` with links to notebooks renamed and links to the published site made relative."
    text = LINK.sub(r"\1\2\4.ipynb", text)
    return re.sub(re.escape(base) + r"/?(?=[\w#])", "../" * depth, text)


def with_places(text, source):
    "The processed notebook `text` with the links that `procs = show_methods:places` in settings.ini would have added."
    notebook = json.loads(text)
    notebook["cells"].insert(1, dict(cell_type="markdown", id="places", metadata={}, source=place_links(source)))
    return json.dumps(notebook, ensure_ascii=False)


def prepare(config):
    "nbdev's processed notebooks, under the names that its links expect."
    refresh_quarto_yml()
    shutil.rmtree(ROOT / "_proc", ignore_errors=True)
    folder = Path(proc_nbs(n_workers=2, force=True))
    base = config.doc_host.rstrip("/") + "/" + config.doc_baseurl.strip("/")
    for path in sorted(folder.rglob("*.ipynb")):
        text = relative_links(path.read_text(encoding="utf-8"), base, len(path.relative_to(folder).parts) - 1)
        if not config.get("procs", ""): text = with_places(text, config.nbs_path / path.relative_to(folder))
        path.unlink()
        path.with_name(NUMBER.sub("", path.name)).write_text(text, encoding="utf-8")
    sidebar = folder / "sidebar.yml"
    sidebar.write_text(re.sub(r"(?<=[ /])\d+[a-zA-Z0-9]*_(?=[\w.-]+\.ipynb)", "", sidebar.read_text(encoding="utf-8")), encoding="utf-8")
    return folder


def listed(contents):
    "Every path and glob of a sidebar."
    for entry in contents:
        if isinstance(entry, dict): yield from listed(entry.get("contents", [])); yield from filter(None, [entry.get("href")])
        else: yield entry


def check_sidebar(config):
    "Notebooks without an entry in `nbs/sidebar.yml`."
    entries = list(listed(yaml.safe_load((config.nbs_path / "sidebar.yml").read_text())["website"]["sidebar"]["contents"]))
    paths = [Path(path).relative_to(config.nbs_path) for path in nbglob(as_path=True)]
    return [f"nbs/{path} is not in nbs/sidebar.yml" for path in paths if not any(path.match(entry) for entry in entries)]


def reading_order(config):
    "The notebooks in the order of the sidebar, relative to `nbs/`."
    entries = listed(yaml.safe_load((config.nbs_path / "sidebar.yml").read_text())["website"]["sidebar"]["contents"])
    return [path.relative_to(config.nbs_path) for entry in entries for path in sorted(config.nbs_path.glob(entry))]


def check_next(config):
    "Chapters whose section \"What comes next\" does not begin with the page that comes next."
    problems, order = [], reading_order(config)
    for path, following in zip(order, order[1:]):
        cells = json.loads((config.nbs_path / path).read_text(encoding="utf-8"))["cells"]
        for match in filter(None, (NEXT.search("".join(cell["source"])) for cell in cells if cell["cell_type"] == "markdown")):
            first = (re.findall(r"\]\(([^)#]+)", match[1]) or ["nothing"])[0]
            if (path.parent / first).as_posix() != following.as_posix():
                problems.append(f"{path}: the first link of \"What comes next\" is {first}, the next page is {following}")
    return problems


def check_colab():
    "Chapters that would not run in Colab."
    return [f"nbs/{path.name}: run `python .ci/colab.py`, which adds the cell that installs vibrec in Colab" for path, _ in lacking()]


def check_pages(config):
    "Notebooks whose pages would have one name: a page takes its notebook's name without the number, and the last one written stays."
    found = {}
    for path in nbglob(as_path=True): found.setdefault(Path(path).relative_to(config.nbs_path).with_name(NUMBER.sub("", path.name)), []).append(path.name)
    return [f"{' and '.join(sorted(names))} would be one page; rename one of them" for names in found.values() if len(names) > 1]


def check_titles():
    "Notebooks whose first cell says more than a title and a summary: nbdev makes front matter of that cell and drops the rest."
    problems = []
    for path in nbglob(as_path=True):
        cells = json.loads(Path(path).read_text(encoding="utf-8"))["cells"]
        lines = [line for line in "".join(cells[0]["source"]).splitlines() if line.strip()] if cells else [""]
        if not lines[0].startswith("# "): problems.append(f"{path.name}: the first cell is no title (`# …`)")
        if lost := [line for line in lines[1:] if not re.match(r"> |- [\w-]+:", line)]:
            problems.append(f"{path.name}: nbdev drops this from the title cell, put it in the next one: {lost[0][:60]}")
    return problems


def check_imports():
    "Cells that import and do something else: nbdev runs every cell with an import when it makes the docs, without the cells before it."
    problems = []
    for path in nbglob(as_path=True):
        for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            if cell["cell_type"] != "code" or re.search(r"^#\|\s*(export|exports|exporti|eval:\s*false)\b", source, re.M): continue
            kinds = {type(node) for node in ast.walk(ast.parse(re.sub(r"^[%!].*$", "", source, flags=re.M)))}
            if kinds & {ast.Import, ast.ImportFrom} and kinds & {ast.Expr, ast.Assign}:
                problems.append(f"{path.name}: cell {cell['id']} imports and does something else: make two cells of it")
    return problems


def check_options():
    "Cells whose `#| key: value` lines are no YAML (a colon in an unquoted text): all of the cell's options would be ignored."
    problems = []
    for path in nbglob(as_path=True):
        for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"]:
            options = re.findall(r"^#\|\s*([\w-]+: .*)$", "".join(cell["source"]), re.M)
            try: yaml.safe_load("\n".join(options))
            except yaml.YAMLError: problems.append(f"{path.name}: cell {cell['id']}: quote the text of its options: {options}")
    return problems


def exact(path):
    "Whether the file or folder `path` exists under just this name, on systems that take Readme for README, too."
    return all(part.name in {entry.name for entry in part.parent.iterdir()} if part.parent.is_dir() else False
               for part in [path, *path.parents] if part != ROOT and ROOT in part.parents)


def check_repository(url, config):
    "What is wrong with a link to a file of our repository, on GitHub or in Colab; nothing for other links."
    place = rf"https://(?:github\.com|colab\.research\.google\.com/github)/{config.user}/{config.repo}/(?:blob|tree)/{config.branch}/([^#?]+)(?:#L(\d+))?"
    if not (match := re.match(place, unquote(url))): return None
    path = ROOT / match[1]
    if not exact(path): return f"{match[1]} is not in the repository"
    if match[2] and int(match[2]) > len(path.read_text(encoding="utf-8").splitlines()): return f"{match[1]} has no line {match[2]}"


def check_site(site, config):
    "Dead links, missing anchors and empty pages of the site in the folder `site`."
    pages, problems = {path: Page(path) for path in sorted(site.rglob("*.html"))}, []
    for path, page in pages.items():
        name = path.relative_to(site)
        if page.words < LEAST_WORDS: problems.append(f"{name}: {page.words} words only")
        if page.errors: problems.append(f"{name}: {page.errors} outputs are errors")
        for link in page.links:
            url = urlsplit(link)
            if wrong := check_repository(link, config): problems.append(f"{name}: {wrong}: {link}")
            if url.scheme or url.netloc: continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if target.is_dir(): target /= "index.html"
            if not target.exists(): problems.append(f"{name}: dead link {link}")
            elif target in pages and unquote(url.fragment) not in pages[target].ids and link != "#": problems.append(f"{name}: no such anchor {link}")
    if not pages: problems.append(f"no page in {site}")
    return len(pages), list(dict.fromkeys(problems))


def main():
    "Build, check, and return the exit status."
    config = get_config()
    problems = check_sidebar(config) + check_pages(config) + check_next(config) + check_colab() + check_titles() + check_imports() + check_options()
    for problem in problems: print(f"PROBLEM {problem}", flush=True)
    folder = prepare(config)
    made = build(folder, quiet=True)
    site = ROOT / "_docs"
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(made.out, site)
    undone = offline(site)
    pages, found = check_site(site, config)
    found += undone + foreign_requests(site)
    for warning in made.warnings:
        if "output-file" not in warning: print(f"smalldocs: {warning}")
    for problem in found: print(f"PROBLEM {problem}")
    print(f"{pages} pages in {site}, {len(problems + found)} problems")
    return bool(problems + found)


if __name__ == "__main__":
    sys.exit(main())
