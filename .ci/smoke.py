#!/usr/bin/env python3
"""Does an installed vibrec work? `python smoke.py`, run anywhere but in the checkout: every module is imported, from an installation and not from a
checkout, and none of them needs what only developers have."""
import importlib
import pkgutil
import sys
from pathlib import Path

DEVELOPMENT_ONLY = {"nbdev", "execnb", "fastcore", "ghapi", "jupyterlab", "nbclient", "smalldocs"}
NEEDS_IPYWIDGETS = {"vibrec.front", "vibrec.cards", "vibrec.pieces", "vibrec.looks_panel", "vibrec.panels", "vibrec.widget"}  # the extra `widget`

import vibrec

for module in pkgutil.walk_packages(vibrec.__path__, "vibrec."):
    if module.name not in {"vibrec._modidx", *NEEDS_IPYWIDGETS}: importlib.import_module(module.name)
home = Path(vibrec.__file__).resolve().parent
if (home.parent / "settings.ini").exists(): sys.exit(f"vibrec comes from the checkout {home.parent}, not from the wheel")
if needed := DEVELOPMENT_ONLY & sys.modules.keys(): sys.exit(f"importing vibrec imports {', '.join(sorted(needed))}: these are for developers only")
print(f"vibrec {vibrec.__version__}: {len([name for name in sys.modules if name.startswith('vibrec.')])} modules imported from {home}")
