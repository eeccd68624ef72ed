"""How the docs show a class, a command and a chapter.

nbdev shows a class by its docstring alone, and methods only where they stand in a cell of their own (`@patch_to`). Pages should list them all. A command
of the shell has a signature of `Annotated`s; its page shows what `--help` says. And every chapter says where it can be run and where its source is.
`renderer` in settings.ini names the class `ClassRenderer`, `procs` the class `places`, so `.ci` must be on the path when docs are built: `.ci/docs.py` is in
there itself, elsewhere `PYTHONPATH=.ci nbdev_docs`.
"""
import html
import inspect
import json
import re
import sys
from pathlib import Path
from typing import Annotated, get_origin

from execnb.nbio import mk_cell
from nbdev.config import get_config
from nbdev.process import Processor
from nbdev.showdoc import BasicMarkdownRenderer


def public_methods(cls):
    "(name, function) of the public methods and properties in the body of a class that have a docstring."
    for name, member in vars(cls).items():
        if isinstance(member, (classmethod, staticmethod)): member = member.__func__
        if isinstance(member, property): member = member.fget
        if not name.startswith("_") and inspect.isfunction(member) and member.__doc__: yield name, member


def help_of(function):
    "What `--help` says of the command that is this function, or None if it is no command: a command has parameters that Typer annotated."
    if not inspect.isfunction(function) or not any(get_origin(hint) is Annotated for hint in inspect.get_annotations(function).values()): return None
    app = getattr(sys.modules[function.__module__], "app", None)
    if app is None: return None
    from typer.testing import CliRunner
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback.__name__ == function.__name__]
    line = [*commands, "--help"]
    result = CliRunner().invoke(app, line, prog_name=app.info.name, env={"COLUMNS": "88", "TERMINAL_WIDTH": "88"}, terminal_width=88)
    if result.exit_code: raise RuntimeError(f"{app.info.name} {' '.join(line)}: {result.output}")
    return f"$ {' '.join([app.info.name, *line])}\n{result.output.rstrip()}"


def help_block(text):
    "Help as a block in which nbdev looks for no names to link."
    return f'<pre class="help"><code>{html.escape(text).replace("`", "&#96;")}</code></pre>'


def rendered(text, symbol):
    "nbdev's Markdown of `symbol`: no backticks in its signature, where nbdev would make links of them that nothing can follow, and the line of its source."
    text = re.sub(r"```python\n(.*?)\n```", lambda match: f"```python\n{match[1].replace('`', '')}\n```", text, flags=re.S)
    return with_line(text, symbol)


def with_line(text, symbol):
    "`text`, with a line for a source link where nbdev found none: because of a decorator, or since the method is a patch of another module."
    if not (match := re.search(r"([\w/]+\.py)#LNone", text)): return text
    function = inspect.unwrap(symbol)
    here = inspect.getsourcefile(function).endswith(match[1].split("blob/main/")[-1])
    return text.replace("#LNone", f"#L{inspect.getsourcelines(function)[1]}" if here else "")


class ClassRenderer(BasicMarkdownRenderer):
    "Markdown of a symbol, as nbdev makes it; for a class, with its methods; for a command, with its help in place of its signature."

    def _repr_markdown_(self):
        text = rendered(super()._repr_markdown_(), self.sym)
        if told := help_of(self.sym): return re.sub(r"```python\n.*?\n```.*", lambda match: help_block(told), text, flags=re.S)
        if not inspect.isclass(self.sym): return text
        for name, member in public_methods(self.sym):
            method = BasicMarkdownRenderer(member, name=f"{self.sym.__name__}.{name}", title_level=4)
            text += "\n\n" + rendered(method._repr_markdown_(), member)
        return text


def place_links(path):
    "Where the chapter `path` runs (if it has the cell that installs vibrec in Colab), its notebook and its module, as one line of HTML."
    config = get_config()
    sources = ["".join(cell["source"]) for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    notebook = Path(path).resolve().relative_to(config.config_path.resolve()).as_posix()
    tree = f"{config.user}/{config.repo}/blob/{config.branch}"
    links = [("Notebook", f"https://github.com/{tree}/{notebook}")]
    if module := next((match[1] for match in (re.match(r"#\|\s*default_exp\s+(\S+)", source) for source in sources) if match), None):
        links.append(("Module", f"https://github.com/{tree}/{config.lib_name}/{module.replace('.', '/')}.py"))
    if any("/content" in source and "pip install" in source for source in sources):
        links.insert(0, ("Open in Colab", f"https://colab.research.google.com/github/{tree}/{notebook}"))
    return '<p class="places">' + " ".join(f'<a href="{address}">{name}</a>' for name, address in links) + "</p>"


class places(Processor):  # noqa: N801 – a name as nbdev's own processors have
    "Adds `place_links` below the title of a page."

    def end(self):
        "Once all else is done."
        self.nb.cells.insert(1, mk_cell(place_links(self.nb.path_), "markdown"))
