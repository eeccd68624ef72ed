"Packaging. Everything is configured in settings.ini: edit there, not here."
import re
import shlex
from configparser import ConfigParser
from pathlib import Path

import setuptools

config = ConfigParser(delimiters=["="])
config.read("settings.ini", encoding="utf-8")
cfg = config["DEFAULT"]

STATUSES = ["1 - Planning", "2 - Pre-Alpha", "3 - Alpha", "4 - Beta", "5 - Production/Stable", "6 - Mature", "7 - Inactive"]
EXTRAS = {"dev": "dev_requirements", "widget": "widget_requirements", "board": "board_requirements", "heic": "heic_requirements", "openvino": "openvino_requirements", "ray": "ray_requirements", "scale": "scale_requirements", "lance": "lance_requirements", "browser": "browser_requirements"}

def long_description(path):
    "The README as PyPI can show it: links and pictures inside the repository become links to GitHub."
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    url = f"{cfg['git_url']}/%s/{cfg['branch']}/"
    text = re.sub(r"(!\[[^\]]*\]\()(?!\w+:|#)", lambda match: match[1] + url % "raw", text)
    return re.sub(r"(?<!!)(\[[^\]]*\]\()(?!\w+:|#)", lambda match: match[1] + url % "blob", text)


setuptools.setup(
    name=cfg["lib_name"],
    version=cfg["version"],
    description=cfg["description"],
    long_description=long_description(Path("README.md")),
    long_description_content_type="text/markdown",
    keywords=cfg["keywords"].split(),
    author=cfg["author"],
    author_email=cfg["author_email"],
    url=cfg["git_url"],
    license=cfg["license"].upper(),
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: " + STATUSES[int(cfg["status"]) - 1],
        "Intended Audience :: " + cfg["audience"],
        "Natural Language :: " + cfg["language"],
        "Programming Language :: Python :: 3",
    ],
    packages=setuptools.find_packages(include=[cfg["lib_path"], cfg["lib_path"] + ".*"]),
    package_data={cfg["lib_name"]: shlex.split(cfg["package_data"])},
    python_requires=">=" + cfg["min_python"],
    install_requires=shlex.split(cfg["requirements"]),
    extras_require={extra: shlex.split(cfg[key]) for extra, key in EXTRAS.items()},
    entry_points={"console_scripts": shlex.split(cfg["console_scripts"]), "nbdev": [f"{cfg['lib_name']}={cfg['lib_path']}._modidx:d"]},
    zip_safe=False,
)
