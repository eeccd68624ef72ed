"""How the docs show a class: its own text, then every public method that its body defines.

nbdev shows a class by its docstring alone, and methods only where they stand in a cell of their own (`@patch_to`). Pages should list them all.
`renderer` in settings.ini names the class below, so `.ci` must be on the path when docs are built: `.ci/docs.py` is in there itself, elsewhere
`PYTHONPATH=.ci nbdev_docs`.
"""
import inspect

from nbdev.showdoc import BasicMarkdownRenderer


def public_methods(cls):
    "(name, function) of the public methods and properties in the body of a class that have a docstring."
    for name, member in vars(cls).items():
        if isinstance(member, (classmethod, staticmethod)): member = member.__func__
        if isinstance(member, property): member = member.fget
        if not name.startswith("_") and inspect.isfunction(member) and member.__doc__: yield name, member


class ClassRenderer(BasicMarkdownRenderer):
    "Markdown of a symbol, as nbdev makes it; for a class, with its methods."

    def _repr_markdown_(self):
        text = super()._repr_markdown_()
        if not inspect.isclass(self.sym): return text
        methods = (BasicMarkdownRenderer(member, name=f"{self.sym.__name__}.{name}", title_level=4) for name, member in public_methods(self.sym))
        return "\n\n".join([text, *(method._repr_markdown_() for method in methods)])
