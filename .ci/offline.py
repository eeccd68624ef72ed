"""Pages that need no server and no network: what `.ci/docs.py` does to a site after it is built, and the check that it worked.

Formulas become MathML, which browsers draw by themselves. The search reads its index from a script, since a page opened from a file may not fetch one.
Nothing is requested from another host: no script, no style, no font, no picture.
"""
import html
import json
import re
import xml.etree.ElementTree as ET
from pathlib import Path

from latex2mathml.converter import convert

FORMULA = re.compile(r'<span class="math (inline|display)">(.*?)</span>', re.S)
KATEX = re.compile(r'<link rel="stylesheet" href="[^"]*katex[^"]*">|<script src="[^"]*katex[^"]*"[^>]*></script>')
FETCHED = re.compile(r'const r = await fetch\(offset \+ "search\.json"\);\s*index = await r\.json\(\);')
REQUESTS = re.compile(r"""<(?:script|img|iframe|source|video|audio|embed|object|link)\b[^>]*?\b(?:src|srcset|href|data)=["']((?:https?:)?//[^"']+)""", re.I)
NAMED = re.compile(r"""<link\b[^>]*\brel=["'](?:canonical|alternate)["'][^>]*>""", re.I)  # says an address, requests nothing
STYLES = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?((?:https?:)?//[^"')\s]+)""", re.I)
IMPORTS = re.compile(r"""(?:\bimport\b[^;\n]{0,80}?|\bfetch\(\s*)["']((?:https?:)?//[^"']+)""")
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.S)
SPACE = ET.Element("mspace", width="0.167em")
WORDS_KEPT = 700  # characters of a section that the search looks at: the signature and the first paragraphs


def names_of(row):
    "Whether this element is a function's name, such as log, alone or with an index."
    while row.tag in ("msub", "msup", "msubsup", "munder") and len(row): row = row[0]
    return row.tag == "mi" and len(row.text or "") > 1


def mathml(formula, display):
    "A formula of LaTeX as MathML. Raises ValueError where the converter leaves LaTeX behind."
    latex = re.sub(r"\\arg\s*\\(max|min)", r"\\text{arg \1}", formula)
    latex = re.sub(r"\\mathrm\{(\w{2,})\}", r"\\operatorname{\1}", latex)
    tree = ET.fromstring(re.sub(r' xmlns="[^"]*"', "", convert(latex, display=display)))
    for element in tree.iter():
        if element.tag == "mo" and re.fullmatch(r"[A-Za-z\s\u2009]{2,}", element.text or ""): element.tag = "mi"
        if element.get("mathvariant") == "script":  # browsers know the letters, no longer the attribute
            element.text = {"L": "\u2112"}.get(element.text) or chr(0x1D49C + ord(element.text) - ord("A"))
            del element.attrib["mathvariant"]
    for row in [element for element in tree.iter() if element.tag in ("math", "mrow")]:
        for k in range(len(row) - 2, -1, -1):  # from the end, since what is added moves what follows
            if names_of(row[k]) and not (row[k + 1].tag in ("mo", "mspace") or (row[k + 1].tag == "mrow" and len(row[k + 1]) and row[k + 1][0].tag == "mo")):
                row.insert(k + 1, SPACE)
    if "\\" in "".join(tree.itertext()): raise ValueError(f"no MathML for {formula!r}")
    return ET.tostring(tree, encoding="unicode")


def offline_page(text, name):
    "The page `text` with MathML for LaTeX and without the scripts that would have drawn it; and what went wrong."
    problems = []

    def formula(match):
        kind, latex = match[1], html.unescape(match[2])[2:-2]
        try: return f'<span class="math {kind}">{mathml(latex, "block" if kind == "display" else "inline")}</span>'
        except Exception as error:  # noqa: BLE001 – whatever the converter raises, this formula is a problem and the others go on
            problems.append(f"{name}: formula {latex!r}: {error}")
            return match[0]

    text = KATEX.sub("", FORMULA.sub(formula, text))
    text = re.sub(r'(<script src=")([^"]*)site_libs/fuse/fuse\.min\.js"', r'\1\2site_libs/search/search.js"', text)
    text = text.replace('placeholder="Search" aria-label="Search"', 'placeholder="Search ( / )" aria-label="Search the book" title="Press / to search"')
    return text.replace('<div class="smalldocs-search-results dropdown-menu">', '<div class="smalldocs-search-results dropdown-menu" aria-live="polite">'), problems


def offline(site):
    "Make the built site in the folder `site` work from files. Returns what could not be done."
    problems = []
    for path in sorted(site.rglob("*.html")):
        text, found = offline_page(path.read_text(encoding="utf-8"), path.relative_to(site))
        path.write_text(text, encoding="utf-8")
        problems += found
    folder = site / "site_libs" / "search"
    folder.mkdir()
    (site / "site_libs" / "fuse" / "fuse.min.js").unlink()
    (folder / "search.js").write_text((Path(__file__).parent / "search.js").read_text(encoding="utf-8"), encoding="utf-8")
    entries = json.loads((site / "search.json").read_text(encoding="utf-8"))
    kept = [[entry["href"], entry["title"], entry["section"], re.sub(r"\\[\[(].*?\\[\])]", "…", entry["text"])[:WORDS_KEPT]] for entry in entries]
    (folder / "index.js").write_text("window.bookIndex = " + json.dumps(kept, ensure_ascii=False, separators=(",", ":")), encoding="utf-8")
    (site / "search.json").unlink()
    script = site / "site_libs" / "smalldocs.js"
    text, count = FETCHED.subn("index = await window.loadBookIndex(offset);", script.read_text(encoding="utf-8"))
    if count != 1: problems.append("smalldocs.js no longer fetches search.json in the way that .ci/offline.py knows: the search will not work from a file")
    script.write_text(text, encoding="utf-8")
    return problems


def foreign_requests(site):
    "What the pages, styles and scripts of a site would request from another host, and LaTeX that is left on a page."
    problems = []
    for path in sorted(site.rglob("*")):
        if path.suffix not in (".html", ".css", ".js") or "bootstrap.bundle" in path.name: continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".html":
            for link in set(re.findall(r"\[[^\]\n]*\]\([\w/.]+\.html[^)]*\)", text)): problems.append(f"{path.relative_to(site)}: a link that is shown as text: {link}")
            text = NAMED.sub("", CODE.sub("", text))
            found = REQUESTS.findall(text) + STYLES.findall(text)
            found += [address for script in re.findall(r"<script\b[^>]*>(.*?)</script>", text, re.S) for address in IMPORTS.findall(script)]
            if re.search(r"\\\(|\\\[|\\(?:frac|sum|alpha|text|mathrm)\b|\$\$", re.sub(r"<script\b.*?</script>", "", text, flags=re.S)):
                problems.append(f"{path.relative_to(site)}: raw LaTeX")
            if "#LNone" in text or ":Annotated" in text: problems.append(f"{path.relative_to(site)}: a source without its line, or a bare `Annotated`")
        else: found = (STYLES if path.suffix == ".css" else IMPORTS).findall(text)
        problems += [f"{path.relative_to(site)} requests {address}" for address in found]
    return problems
