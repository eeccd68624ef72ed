#!/usr/bin/env python3
"""The mood board in a real browser: `python .ci/browser.py` uses it in Voilà, JupyterLab and Notebook 7 as a person does.

Four pictures of more than 3 MB are uploaded at once, one of 20 MB is dropped, one is pasted. Results are liked, explained,
looks are found, swapped piece by piece, kept, liked, compared, chosen and exported twice, sentences are typed into the
search, a picture is looked at large, all of it by keyboard where that is the question.
The window is made as narrow as a telephone, the kernel is started afresh, a second board stands below the first. After
each step the page must show what it should. Meanwhile it is measured how long the kernel's event loop was ever busy.
Exit status: 0 if all holds, 1 if not, 3 if something that this needs is not installed (it says what):
`pip install -e ".[browser]"`, and Chromium with its driver (Debian: `apt-get install chromium chromium-driver`).

    python .ci/browser.py                          # all servers, the whole demo catalogue
    python .ci/browser.py --server voila --shots FOLDER       # with fewer --items, too few blue pieces for three looks
    python .ci/browser.py --book                   # and make the screenshots of the book from what was seen
"""
import argparse
import contextlib
import html
import importlib.util
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from chromium import PROGRAMS, program

NEEDED = dict.fromkeys(("selenium", "voila", "jupyterlab", "notebook", "ipywidgets", "anywidget"),
                       "pip install -e '.[browser]'")
LARGE = ("photo-0.jpg", "photo-1.jpg", "a photo, with commas; 2.jpg", '"><b class=hostile>photo.jpg')
SERVERS = ("voila", "lab", "notebook")
CELLS = ("""
import asyncio
import time
from pathlib import Path
from vibrec.eval import Recommender
from vibrec.widget import MoodBoard""", """
async def watch():
    clocks = time.perf_counter, time.thread_time, time.process_time
    before, worst = [clock() for clock in clocks], [0, 0]
    while True:
        await asyncio.sleep(.005)
        now = [clock() for clock in clocks]
        gap, own, ours = (one - other for one, other in zip(now, before))
        if gap > worst[0] or own > worst[1]:
            if gap > worst[0]: share = min(1, ours / gap)
            worst = [max(gap, worst[0]), max(own, worst[1])]
            Path("gap.txt").write_text(f"{worst[0]} {worst[1]} {share}")
        before = now
recommender = Recommender.load("recommender")
recommender.encoder;""", """
MoodBoard(recommender, slots=["shoes", "bag", "outerwear"], k=5, folder="out")""", """
MoodBoard(recommender, slots=["shoes"], k=2, folder="out", remember="second")""", """
watching = asyncio.create_task(watch())""")
IN_BOARD = "const root = document.querySelectorAll('.vb')[arguments[0]]; if (!root) return null;"
FIND_BUTTON = IN_BOARD + """
const found = [...root.querySelectorAll('button')].filter(b => b.textContent.trim() == arguments[1])
const button = found.at(arguments[2])
button?.scrollIntoView({block: 'center'})
return button
"""
FIND_LOOK_BUTTON = IN_BOARD + """
const look = root.querySelectorAll('.vb-look')[arguments[2]]
const place = arguments[3] < 0 ? look : look?.querySelectorAll('.vb-card')[arguments[3]]
const found = [...place?.querySelectorAll('button') ?? []].filter(b => b.textContent.trim() == arguments[1])
const button = found.find(b => arguments[3] >= 0 || !b.closest('.vb-card'))
button?.scrollIntoView({block: 'center'})
return button
"""
CHOOSE_BLUE = IN_BOARD + """
const list = [...root.querySelectorAll('select')].find(s => [...s.options].some(o => o.text == 'Blue'))
list.value = 'Blue'
list.dispatchEvent(new Event('change', {bubbles: true}))
"""
BROKEN = IN_BOARD + """
const pictures = [...root.querySelectorAll('img')].filter(i => !i.naturalWidth && i.getAttribute('src'))
return pictures.length + document.querySelectorAll('.jupyter-widgets-error-widget').length
"""
# files that come from outside, as a drop or as a paste: in pieces of base64, because a picture of 20 MB is long
COLLECT = "window.given ??= []; window.given.push(arguments[0])"
GIVE = """
const root = document.querySelectorAll('.vb')[arguments[0]], [name, kind, how] = arguments[1]
const bytes = Uint8Array.from(atob(window.given.join('')), letter => letter.charCodeAt(0))
window.given = []
const transfer = new DataTransfer()
transfer.items.add(new File([bytes], name, {type: kind}))
if (how == 'paste') {
    root.focus()
    document.activeElement.dispatchEvent(new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true, cancelable: true}))
} else for (const what of ['dragenter', 'dragover', 'drop']) {
    const place = root.querySelector('.vb-main') ?? root
    place.dispatchEvent(new DragEvent(what, {dataTransfer: transfer, bubbles: true, cancelable: true}))
    if (what == 'dragover') window.marked = root.classList.contains('vb-drop')
}
return how == 'paste' || window.marked
"""
CUT_OFF = IN_BOARD + """
const outer = root.getBoundingClientRect(), wrong = []
const edge = Math.min(outer.right, document.documentElement.clientWidth)
for (const node of root.querySelectorAll('button, img, input, select, .vb-card')) {
    const box = node.getBoundingClientRect()
    if (!box.width || getComputedStyle(node).visibility == 'hidden' || node.closest('dialog')) continue
    const text = node.textContent.trim().slice(0, 30) || node.getAttribute('aria-label') || node.className
    if (box.left < outer.left - 1 || box.right > edge + 1) wrong.push(`${text} reaches out (${box.right} > ${edge})`)
    if (node.matches('button') && node.scrollWidth > node.clientWidth + 1) wrong.push(`${text} is cut off`)
}
for (const node of root.querySelectorAll('.vb-quiet, .vb-told, .vb-advice, .vb-problem, .vb-section')) {
    if (!node.closest('.vb-card, dialog') && node.scrollWidth > node.clientWidth + 1) {
        wrong.push(`${node.textContent.trim().slice(0, 30)} … is cut off`)
    }
}
const cards = [...root.querySelectorAll('.vb-row .vb-card')].map(card => card.getBoundingClientRect())
const first = cards.length ? cards.filter(box => Math.abs(box.top - cards[0].top) < 2).length : 0
return {wrong, width: Math.round(outer.width), columns: first, narrowest: Math.round(Math.min(...cards.map(box => box.width)))}
"""
NAMELESS = IN_BOARD + """
const name = node => node.getAttribute('aria-label') || node.textContent.trim() || node.alt
return [...root.querySelectorAll('button, img, input:not([type=file]), select, [role=slider]')]
    .filter(node => !name(node) && !node.closest('dialog')).map(node => node.outerHTML.slice(0, 150))
"""
DARK = IN_BOARD + """
for (const name of ['paper', 'card', 'ink', 'quiet', 'line', 'accent']) root.style.setProperty(`--${name}`, `var(--day-${name})`)
root.style.setProperty('--wash', 'var(--day-line)')
const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(value => value / 255)
    const linear = parts.map(value => value <= .03928 ? value / 12.92 : ((value + .055) / 1.055) ** 2.4)
    return .2126 * linear[0] + .7152 * linear[1] + .0722 * linear[2]
}
const ground = node => {
    for (; node; node = node.parentElement) {
        const colour = getComputedStyle(node).backgroundColor
        if (!/, 0\\)$|transparent/.test(colour)) return colour
    }
}
const found = {}
for (const css of ['.vb-name', '.vb-section', '.vb-title', '.vb-card .vb-quiet', '.vb-buttons button', '.vb-choose', '.vb-strong',
                   '.vb-chip', '.vb-look .vb-slot', '.vb-look .vb-price', '.vb-look button.vb-on', '.vb-compared td',
                   '.vb-compared th', '.vb-chip.mod-active', '.vb-hint', 'select', 'input[type=text]', '.widget-label']) {
    const node = root.querySelector(css)
    if (!node) continue
    const pair = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => b - a)
    found[css] = (pair[0] + .05) / (pair[1] + .05)
}
found.dark = light(ground(root)) < .1 ? 21 : 0
return found
"""
ACTIVE = """
const node = document.activeElement
if (!node?.closest('.vb')) return null
const style = getComputedStyle(node)
return [node.getAttribute('aria-label') || node.textContent.trim() || node.tagName, style.outlineStyle, style.outlineWidth]
"""


def programs(given):
    "Where Chromium and its driver are, unless `given`; ends with status 3 and a sentence when something is missing."
    found = {name: given.get(name) or program(name) for name in PROGRAMS}
    missing = [f"{name} ({how})" for name, how in NEEDED.items() if importlib.util.find_spec(name) is None]
    missing += [f"{name} (Debian and Ubuntu: apt-get install chromium chromium-driver)"
                for name, path in found.items() if path is None]
    if missing:
        print(f"skipped: the browser test needs {', '.join(missing)}")
        sys.exit(3)
    return found


def photograph(size, quality, seed, vibe):
    "A JPEG as large as a telephone makes them: a fabric of the vibe under much grain."
    import numpy as np
    from PIL import Image

    from vibrec.demo import draw_texture

    rng = np.random.default_rng(seed)
    fabric = draw_texture(vibe, rng).resize(size)
    grain = Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    stream = io.BytesIO()
    Image.blend(fabric, grain, .3).save(stream, "JPEG", quality=quality)
    return stream.getvalue()


def prepare(folder, items, fitted):
    "In `folder`: a fitted recommender, a notebook that shows two boards, pictures small and large, a file that is none."
    import nbformat
    import numpy as np

    from vibrec.catalog import Catalog
    from vibrec.demo import draw_palette, draw_texture
    from vibrec.eval import Recommender

    if fitted is not None: shutil.copytree(fitted, folder / "recommender")
    else:
        catalog = Catalog.demo(n_items=items)
        Recommender.fit(catalog, model="gat", epochs=12, progress=False).save(folder / "recommender")
    rng = np.random.default_rng(0)
    draw_texture("coastal", rng).save(folder / "fabric.png")
    draw_palette("coastal", rng).save(folder / "palette.jpg")
    draw_texture("night", rng).save(folder / "fabric.tif")
    for number in range(4):
        (folder / LARGE[number]).write_bytes(photograph((2900, 2180), 92, number, "coastal"))
    (folder / "huge.jpg").write_bytes(photograph((6000, 4800), 95, 9, "coastal"))
    (folder / "shopping list.png").write_text("milk, eggs")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    book.metadata.kernelspec = dict(name="python3", display_name="Python 3", language="python")
    for name in ("board.ipynb", "unused.ipynb"): nbformat.write(book, folder / name)


@contextlib.contextmanager
def serve(kind, folder):
    "Start Voilà, JupyterLab or Notebook 7; yield the address of the board."
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = ["--no-browser", f"--port={port}"]
    quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    open_to_all = ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True",
                   "--allow-root", "--ip=127.0.0.1"]
    command = {"voila": ["-m", "voila", "board.ipynb", *common],
               "lab": ["-m", "jupyter", "lab", *common, *open_to_all, *quiet],
               "notebook": ["-m", "jupyter", "notebook", *common, *open_to_all]}[kind]
    with open(folder / f"{kind}.log", "wb") as log:
        process = subprocess.Popen([sys.executable, *command], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    try:
        end = time.monotonic() + 300
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), timeout=2).close()
                break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{kind} does not start: {(folder / f'{kind}.log').read_text()[-1500:]}")
            time.sleep(.5)
        yield f"http://127.0.0.1:{port}", dict(voila="", lab="/lab/tree/board.ipynb?reset",
                                               notebook="/notebooks/board.ipynb")[kind]
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired): process.wait(20)
        if process.poll() is None: process.kill()


@contextlib.contextmanager
def browse(found, height):
    "A headless Chromium, 1280 pixels wide, without a network: what a page needs from elsewhere, it has to do without."
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = found["chromium"]
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                     "--force-device-scale-factor=1", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
                     f"--window-size=1280,{height}"):
        options.add_argument(argument)
    options.unhandled_prompt_behavior = "accept"  # "leave the page?", which JupyterLab asks
    options.page_load_strategy = "none"          # the test waits for what it needs to see
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found["chromedriver"]))
    try: yield driver
    finally: driver.quit()


class Page:
    "The board as you see it; `board` says which of those on the page."

    def __init__(self, driver, shots, kind): self.driver, self.shots, self.kind, self.board = driver, shots, kind, 0

    def script(self, text, *arguments): return self.driver.execute_script(text, self.board, *arguments)

    def all(self, css): return self.driver.find_elements("css selector", css)

    def inside(self, css): return self.script(IN_BOARD + "return [...root.querySelectorAll(arguments[1])]", css) or []

    def until(self, what, condition, seconds=300):
        "Wait for a condition; its value. Fails with `what` and a screenshot."
        from selenium.common.exceptions import StaleElementReferenceException

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(StaleElementReferenceException, IndexError):
                if value := condition(): return value
            time.sleep(.1)
        self.shot("failed")
        (self.shots / f"{self.kind}-console.json").write_text(json.dumps(self.driver.get_log("browser"), indent=1))
        raise AssertionError(f"{self.kind}: {what} did not happen within {seconds} s; see {self.shots}")

    def settled(self):
        "Wait until the board says that it has nothing to do, and still says so a moment later."
        quiet = lambda: self.texts(".vb-head") and not self.texts(".vb-busy")
        self.until("the board comes to rest", lambda: quiet() and (time.sleep(.4) or quiet()))

    def texts(self, css):
        "The texts of all elements that match, read in one go, because the page may change between two questions."
        script = "return [...root.querySelectorAll(arguments[1])].map(e => e.textContent.trim())"
        return self.script(IN_BOARD + script, css) or []

    def whole(self, css):
        "As `texts`, for all of the page."
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())"
        return self.driver.execute_script(script, css)

    def results(self): return self.texts(".vb-row .vb-card .vb-title")

    def pins(self): return self.texts(".vb-pins .vb-card .vb-title")

    def looks(self):
        "The names of the pieces of each look, in order."
        script = """return [...root.querySelectorAll('.vb-look')].map(look =>
            [...look.querySelectorAll('.vb-card .vb-title')].map(title => title.textContent.trim()))"""
        return self.script(IN_BOARD + script) or []

    def looks_named(self): return self.texts(".vb-look [role=heading]")

    def kept(self): return [text for text in self.texts(".vb-looks .vb-chip") if text.startswith("kept:")]

    def alt(self, n, piece):
        "What a screen reader says of a piece of a look."
        script = "return root.querySelectorAll('.vb-look')[arguments[1]].querySelectorAll('.vb-card img')[arguments[2]].alt"
        return self.script(IN_BOARD + script, n, piece)

    def press_look(self, n, label, piece=None):
        "Click a button of a look, or of one of its pieces."
        self.press(label, find=(FIND_LOOK_BUTTON, n, -1 if piece is None else piece))

    def press(self, label, at=0, find=None):
        "Click a button by its label, as the mouse would."
        def click():
            button = self.script(FIND_BUTTON, label, at) if find is None else self.script(find[0], label, *find[1:])
            if button is None or not button.is_enabled(): return False
            button.click()
            return True
        self.until(f"the button {label!r} can be pressed", click, 30)
        time.sleep(.3)

    def keys(self, *keys):
        "Press keys, one after the other, wherever the focus is."
        from selenium.webdriver import ActionChains

        chain = ActionChains(self.driver)
        for key in keys: chain.send_keys(key)
        chain.perform()

    def choose(self, *paths):
        "Choose files in the dialog of the upload button."
        self.inside(".vb-chooser")[0].send_keys("\n".join(map(str, paths)))

    def give(self, path, kind, how):
        "Drop or paste a file."
        import base64

        text = base64.b64encode(Path(path).read_bytes()).decode()
        for start in range(0, len(text), 4_000_000):
            self.driver.execute_script(COLLECT, text[start:start + 4_000_000])
        return self.script(GIVE, [Path(path).name, kind, how])

    def width(self, pixels, height=1500, scale=1):
        "Make the window as wide as this; 0: as it was."
        override = dict(width=pixels, height=height, deviceScaleFactor=scale, mobile=False)
        if pixels: self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", override)
        else: self.driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        time.sleep(1)

    def broken(self):
        "How many pictures and widgets cannot be shown."
        return self.script(BROKEN)

    def shot(self, name, part=None):
        "Write what can be seen, of the whole window or of the first element that matches `part`."
        self.script("document.querySelectorAll('.vb')[arguments[0]]?.scrollIntoView({block: 'start'})")
        path = str(self.shots / f"{self.kind}-{name}.png")
        if part is None: self.driver.save_screenshot(path)
        else: self.all(part)[0].screenshot(path)


def run_cell(page, n):
    """
    Select a cell of a notebook and run it; True when the kernel has it.

    A click while the kernel is starting is lost, so this is called until it is true.
    """
    prompts = ".jp-Notebook .jp-CodeCell .jp-InputArea-prompt"
    given = lambda: any(mark.isdigit() or mark == "*" for mark in page.whole(prompts)[n])
    if not given():
        page.all(prompts)[n].click()
        page.all('[data-command="notebook:run-cell-and-select-next"]')[0].click()
        time.sleep(1)
    return given()


def open_board(page, address):
    "Open the notebook or the page until both boards are there."
    page.driver.get("".join(address))
    if page.kind != "voila":
        page.until("the cells appear", lambda: len(page.whole(".jp-Notebook .jp-Cell")) >= len(CELLS))
        if page.kind == "lab":
            page.until("the kernel is idle", lambda: page.all('.jp-NotebookPanel [data-status="idle"]'))
        for n in range(len(CELLS)): page.until(f"cell {n + 1} is run", lambda: run_cell(page, n), 120)
        for button in page.all(".Toastify button"):  # a question about news, which lies over the board
            if button.text == "No": button.click()
    page.until("both boards appear", lambda: len(page.all(".vb .vb-head")) == 2, 300)
    page.until("the upload button appears", lambda: len(page.all(".vb-choose")) == 2, 60)
    page.until("the board knows its keyboard", lambda: page.all(".vb[data-lm-suppress-shortcuts]"), 30)
    page.settled()


def restart(page, address, folder):
    "End the kernel and open the page again, as if the notebook had never been run."
    if page.kind != "voila":                     # Voilà starts a kernel for each visit
        ended = """
        const done = arguments[0]
        fetch('/api/sessions').then(reply => reply.json()).then(found => Promise.all(
            found.map(one => fetch('/api/sessions/' + one.id, {method: 'DELETE'})))).then(() => done(true))
        """
        page.driver.set_script_timeout(60)
        page.driver.execute_async_script(ended)
    before = page.driver.current_window_handle   # a page that is left by its address asks whether to leave
    page.driver.switch_to.new_window("tab")
    after = page.driver.current_window_handle
    page.driver.switch_to.window(before)
    page.driver.close()
    page.driver.switch_to.window(after)
    page.driver.execute_cdp_cmd("Page.bringToFront", {})  # a page that lies behind draws nothing
    shutil.copy(folder / "unused.ipynb", folder / "board.ipynb")
    open_board(page, address)


def check(name, holds, detail=""):
    "One line a claim; stops at the first that does not hold."
    print(f"  {'ok' if holds else 'FAILED'}: {name}{f' ({detail})' if detail else ''}", flush=True)
    if not holds: raise AssertionError(name)


def walk_uploads(page, folder):
    "Pictures come in, whatever their size and their way."
    check("an empty board says what to do", "upload a picture" in page.texts(".vb-advice")[0])
    check("it offers samples", len(page.texts(".vb-main > .vb-wrap .vb-chip")) == 3)
    page.choose(folder / "fabric.png", folder / "palette.jpg")
    page.until("two pictures are on the board", lambda: len(page.pins()) == 2, 180)
    page.settled()
    check("two uploaded pictures are on the board", page.pins() == ["fabric.png", "palette.jpg"])
    check("they bring results", len(page.results()) == 15, f"{len(page.results())} results")
    check("every picture is drawn", page.broken() == 0, f"{page.broken()} pictures broken")
    check("every control and every picture has a name", not page.script(NAMELESS), page.script(NAMELESS))
    page.shot("uploaded")

    large = [folder / name for name in LARGE]
    megabytes = [path.stat().st_size / 1e6 for path in large]
    start = time.monotonic()
    page.choose(*large)
    page.until("four large pictures are on the board", lambda: len(page.pins()) == 6, 180)
    page.settled()
    check("four pictures of more than 3 MB at once", min(megabytes) > 3,
          f"{sum(megabytes):.0f} MB, {time.monotonic() - start:.0f} s")
    check("a hostile name is text", LARGE[3] in page.pins() and not page.inside(".hostile"))
    size = (folder / "huge.jpg").stat().st_size / 1e6
    check("the board shows where to drop", page.give(folder / "huge.jpg", "image/jpeg", "drop"))
    page.until("the dropped picture is on the board", lambda: "huge.jpg" in page.pins(), 180)
    check("one of 20 MB is dropped", size > 20, f"{size:.0f} MB")
    page.settled()
    page.give(folder / "fabric.tif", "image/tiff", "paste")
    page.until("the pasted picture is on the board", lambda: "fabric.tif" in page.pins(), 60)
    check("one that the browser cannot read is pasted", len(page.pins()) == 8)
    page.settled()
    page.choose(folder / "shopping list.png")
    page.until("a complaint appears", lambda: page.texts(".vb-problem"), 60)
    page.settled()
    complaints = page.texts(".vb-problem")
    check("a file that is no picture is named", len(complaints) == 1 and "shopping list.png: not an image" in complaints[0])
    page.shot("many")
    for _ in range(6): page.press("Undo")
    page.until("the first two are left", lambda: page.pins() == ["fabric.png", "palette.jpg"], 60)
    page.settled()


def walk_widths(page):
    "Nothing is cut off, however narrow."
    narrow = [(390, 2, 2), (360, 2, 2)] if page.kind == "voila" else [(700, 1, 1)]  # a telephone shows no notebook
    for pixels, scale, least in [(1024, 1, 2), *narrow]:
        page.width(pixels, 1500, scale)
        found = page.script(CUT_OFF)
        check(f"nothing is cut off at {pixels} pixels", not found["wrong"], found["wrong"][:4] or found)
        check("cards are wide enough", found["narrowest"] >= 110 and found["columns"] >= least)
        page.shot(f"{pixels}")
    page.width(0)


def walk_clicks(page, folder):
    "What a person does with a mouse, and what must be seen after it."
    first = page.results()
    page.press("Like", at=1); page.settled()
    liked = page.results()
    new = len(set(liked) - set(first))
    check("a like changes the results", liked != first, f"{new} new" if new else "another order")
    check("the like is shown", any(text.startswith("liked") for text in page.texts(".vb-wrap button")))
    page.press("Dislike", at=-1); page.settled()
    check("a dislike takes the item away", liked[-1] not in page.results())
    page.press("bag"); page.settled()
    left = page.results()
    check("dropping a slot drops its results", len(left) == 10 and not any(name.startswith("bag-") for name in left))
    before = page.results()
    page.script(CHOOSE_BLUE)
    page.settled()
    lines = page.texts(".vb-row .vb-card .vb-quiet:nth-child(2)")
    check("a filter changes the results", page.results() != before and all("blue" in text.lower() for text in lines))
    page.press("Why"); page.until("the reasons appear", lambda: page.texts(".vb-why"), 60); page.settled()
    reasons = page.texts(".vb-why")[0]
    check("why is answered, with the place among blue shoes", "on your board" in reasons and "Number 1 of" in reasons,
          reasons[:60])
    steps = 4 + walk_looks(page, folder)
    for _ in range(steps): page.press("Undo")
    page.settled(); page.until("the first results are back", lambda: page.results() == first, 20)
    check("four undos bring the first results back", page.results() == first)


def walk_looks(page, folder):
    "A look is swapped, kept, liked, compared, chosen and exported; how many steps that is to undo."
    page.press("Complete the look"); page.until("looks appear", lambda: len(page.looks()) == 3, 60); page.settled()
    first = page.looks()
    check("three looks are shown", all(len(look) == 2 for look in first))
    check("their pictures are drawn", page.broken() == 0, f"{page.broken()} pictures broken")
    check("the first is chosen", "Look 1, chosen" in page.texts(".vb-look [role=heading]"))
    page.press_look(1, "Choose"); page.until("it is marked", lambda: "Look 2, chosen" in page.looks_named(), 30)
    page.settled()
    framed = page.texts(".vb-look.vb-chosen [role=heading]")
    check("the second can be chosen, by a frame and in words", framed == ["Look 2, chosen"])
    page.press_look(1, "Keep", 0); page.until("a chip appears", page.kept, 30); page.settled()
    check("a piece is kept", len(page.inside(".vb-look .vb-card button.vb-on[aria-pressed=true]")) >= 1
          and len(page.kept()) == 1)
    page.press_look(1, "Swap", 1)
    page.until("another piece is there", lambda: page.looks()[1][1] != first[1][1], 60); page.settled()
    check("only that piece is swapped", page.looks() == [first[0], [first[1][0], page.looks()[1][1]], first[2]])
    page.press_look(1, "Compare"); page.until("a table appears", lambda: page.texts(".vb-compared"), 30); page.settled()
    check("two looks are compared", page.texts(".vb-compared th[scope=col]") == ["Look 2", "Look 1"]
          and "score" in page.texts(".vb-compared th[scope=row]"), page.texts(".vb-compared th[scope=row]"))
    check("every control of a look has a name", not page.script(NAMELESS), page.script(NAMELESS))
    page.shot("chosen", dict(voila=".vb", lab=".jp-NotebookPanel").get(page.kind))
    walk_widths(page)
    export(page, folder, 2)
    second = page.looks()[1]
    page_of_look = (folder / "out" / "look.html").read_text()
    text = html.unescape(re.sub("<details.*?</details>", "", page_of_look, flags=re.S))  # reasons name other products
    other = set(first[0] + first[1]) - set(second)
    check("the page holds the chosen look, and no other", all(name in text for name in second)
          and not any(name in text for name in other), f"{second}, not {other}")
    page.press_look(1, "Like"); page.settled()
    liked = sum(text.startswith("liked") for text in page.texts(".vb-wrap button"))
    check("a look is liked, and stays", liked >= 2 and page.looks()[1] == second, f"{liked} liked")
    page.press("Complete the look"); page.settled()
    check("what is kept is in every look", {look[0] for look in page.looks()} == {second[0]})
    for _ in range(2): page.press("Undo")
    page.until("the look from before is back", lambda: page.looks()[1:2] == [second], 60); page.settled()
    return 4                                     # complete, choose, keep, swap


def walk_search(page):
    "What is typed is understood, found, and put on the board; what looks like HTML is text."
    from selenium.webdriver.common.keys import Keys

    def type_in(text):
        field = page.inside("input[placeholder^='Search']")[0]
        field.send_keys(Keys.CONTROL, "a"); field.send_keys(text)
        page.until(f"the search says how it read {text!r}", lambda: text.split()[-1] in " ".join(note()).lower(), 60)
        page.settled()
        return note()[0]

    note, found = lambda: page.texts(".vb-read[role=status]"), lambda: page.texts(".vb-small .vb-title")
    before, said = page.pins(), type_in("women's dress under 100")
    check("a search says how it was understood", all(part in said for part in ("under 100", "Women", "dress")), said)
    check("a search finds items", len(found()) == 6 and page.broken() == 0, found())
    said = type_in("<img src=x onerror=document.title='broken'> <b>blue</b> bag")
    check("HTML that is typed is text", not page.inside(".vb-read b, .vb-read img")
          and page.driver.title != "broken", said)
    name = found()[0]
    page.press("Add"); page.until("it is on the board", lambda: len(page.pins()) == len(before) + 1, 60); page.settled()
    check("what was found can be added", set(page.pins()) - set(before) == {name}, name)
    page.press("Undo"); page.until("undo takes it away", lambda: page.pins() == before, 60); page.settled()


def export(page, folder, times):
    "Export what is chosen, so many times; nothing is overwritten."
    for name in [f"look{'' if n == 1 else f'-{n}'}.png" for n in range(1, times + 1)]:
        page.press("Export look")
        page.until("links appear", lambda: name in [link.get_attribute("download") for link in page.inside(".vb-link")], 60)
        page.settled()
        check(f"{name} is written and offered", (folder / "out" / name).stat().st_size > 10_000)
    check("the page says where", str(folder / "out" / name) in page.texts(".vb-downloads")[0])


def walk_keyboard(page):
    "Everything without a mouse."
    from selenium.webdriver.common.keys import Keys

    cells = len(page.whole(".jp-Notebook .jp-Cell"))
    page.press("Complete the look"); page.until("looks appear", lambda: len(page.looks()) == 3, 60); page.settled()
    page.script("document.querySelectorAll('.vb')[arguments[0]].focus()")
    met, ringless = [], []
    for _ in range(300):
        page.keys(Keys.TAB)
        active = page.driver.execute_script(ACTIVE)
        if active is None: break
        met.append(active[0])
        if active[1] == "none" or active[2] == "0px": ringless.append(active[0])
    wanted = ("Stop", "Undo", "Complete", "Save", "Export", "Upload", "Words", "Search", "Fill", "Results", "Enlarge: fabric.png",
              "Weight", "Remove: fabric.png", "Like: ", "Dislike: ", "Why: ", "Enlarge: ",
              "Let the rest adapt: ", "Swap: ", "Keep: ", "Choose: save and export look 3", "Like: ask for more like look 3",
              "Compare: ")
    lacking = [name for name in wanted[1:] if not any(one.startswith(name) for one in met)]
    check("Tab reaches every action", not lacking, f"{len(met)} stops" if not lacking else f"{lacking} of {met}")
    check("the focus can be seen", not ringless, ringless[:5])
    before = page.looks()
    page.script(IN_BOARD + "root.querySelectorAll('.vb-look')[1].querySelector('.vb-card .vb-buttons button').focus()")
    page.keys(Keys.ENTER); page.until("Enter swaps", lambda: page.looks()[1] != before[1], 60); page.settled()
    active = page.driver.execute_script(ACTIVE)
    check("the focus stays on the button, which names the new piece", active[0] == f"Swap: {page.alt(1, 0)}", active[0])
    page.press("Undo"); page.until("undo brings the piece back", lambda: page.looks() == before, 60); page.settled()
    first = page.results()
    page.script(IN_BOARD + "root.querySelector('.vb-row .vb-buttons button').focus()")
    page.keys("d", "d", "x", "a", "b")
    time.sleep(1)
    left = len(page.whole(".jp-Notebook .jp-Cell"))
    check("d d on a button deletes no cell", left == cells and page.results() == first,
          "" if left == cells else f"{left} of {cells} cells are left")
    page.keys(Keys.ENTER); page.settled()
    check("Enter likes", any(text.startswith("liked") for text in page.texts(".vb-wrap button")))
    pressed = page.script(IN_BOARD + "return root.querySelectorAll('.vb-buttons [aria-pressed=true]').length")
    check("a screen reader hears that it is pressed", pressed >= 1)
    page.press("Undo"); page.until("the looks are back", lambda: page.looks() == before, 60); page.settled()
    page.script(IN_BOARD + "root.querySelector('.vb-pins .vb-zoom').focus()")
    page.keys(Keys.ENTER)
    wide = "return document.querySelector('.vb dialog[open] img')?.getBoundingClientRect().width > 300"
    page.until("the picture is shown large", lambda: page.driver.execute_script(wide), 20)
    page.until("it comes from the kernel in full", lambda: page.inside("dialog[open] img[src^='blob:']"), 20)
    page.shot("large")
    page.keys(Keys.ESCAPE)
    page.until("Esc closes it", lambda: not page.inside("dialog[open]"), 10)
    check("the focus is where it was", page.driver.execute_script(ACTIVE)[0].startswith("Enlarge: fabric.png"))
    page.settled()


def walk_dark(page):
    "On a dark system, where the page itself has no theme: text can be told from its ground."
    page.press_look(1, "Compare"); page.until("a table appears", lambda: page.texts(".vb-compared"), 30); page.settled()
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                dict(features=[dict(name="prefers-color-scheme", value="dark")]))
    contrasts = page.script(DARK)
    check("looks are on the dark page", ".vb-look button.vb-on" in contrasts and ".vb-compared td" in contrasts)
    lowest = min(contrasts.values())
    check("on a dark system the board is dark, and can be read", lowest >= 4.5, f"lowest contrast {lowest:.1f}")
    page.shot("dark")
    page.script(IN_BOARD + "root.removeAttribute('style')")
    page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", dict(features=[]))
    page.press_look(1, "Compare"); page.until("the table is closed", lambda: not page.texts(".vb-compared"), 30)
    page.settled()


def walk_restart(page, address, folder):
    "What was there before is there again; two boards do not mix."
    page.board = 1
    page.press("A night out"); page.until("a sample is on the second board", lambda: len(page.pins()) == 4, 60); page.settled()
    second = page.pins()
    page.board = 0
    first, results = page.pins(), page.results()
    check("two boards are two", first == ["fabric.png", "palette.jpg"] and len(second) == 4)
    page.press_look(2, "Choose"); page.until("it is marked", lambda: "Look 3, chosen" in page.looks_named(), 30)
    page.press_look(2, "Keep", 0); page.until("a chip appears", page.kept, 30); page.settled()
    look, kept = page.looks()[2], page.kept()
    page.until("the board is kept", lambda: (folder / "out" / "vibrec-board" / "request.json").exists(), 30)
    time.sleep(2)
    restart(page, address, folder)
    page.until("the pictures are back", lambda: page.pins() == first, 60); page.settled()
    page.until("as many results are back", lambda: len(page.results()) == len(results), 60); page.settled()
    back = page.results()
    check("after a restart the board is back, with its results", back == results,
          f"{len(back)} of {len(results)}, without {[name for name in results if name not in back]}")
    check("and it says where from", "kept in" in " ".join(page.texts(".vb-told")))
    page.until("its look is back", lambda: page.looks() == [look], 60); page.settled()
    check("the chosen look is back, and what is kept", page.looks_named() == ["Look 1, chosen"]
          and page.kept() == kept and len(kept) == 1)
    page.press_look(0, "Swap", 1)
    page.until("it can be swapped", lambda: page.looks()[0][1] != look[1] and page.looks()[0][0] == look[0], 60)
    page.settled(); page.press("Undo"); page.settled()
    page.board = 1
    page.until("the second board is back", lambda: page.pins() == second, 60)
    page.board = 0
    page.press("Remove"); page.settled()
    page.press("Remove"); page.until("the board is empty", lambda: not page.pins(), 60); page.settled()
    advice = page.texts(".vb-advice")[-1]
    check("an emptied board says what to do", page.results() == [] and "upload a picture" in advice)
    check("no traceback is on the page", "Traceback" not in page.whole("body")[0])


def keep_shots(shots):
    "The screenshots of the book, with 256 colours, which is enough for a board."
    from PIL import Image

    images = Path(__file__).resolve().parent.parent / "nbs" / "images"
    for source, target in (("voila-chosen", "widget"), ("lab-chosen", "widget-lab")):
        if not (shots / f"{source}.png").exists(): continue
        image = Image.open(shots / f"{source}.png").convert("RGB")
        image.quantize(256, dither=Image.Dither.NONE).save(images / f"{target}.png", optimize=True)
        print(f"{images / target}.png: {(images / f'{target}.png').stat().st_size / 1000:.0f} kB")


def main():
    "Run it for each server; the exit status."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=[*SERVERS, "all"], default="all")
    parser.add_argument("--items", type=int, default=3000, help="size of the demo catalogue")
    parser.add_argument("--shots", type=Path, default=None, help="folder for the screenshots")
    parser.add_argument("--book", action="store_true", help="make the screenshots of the book")
    parser.add_argument("--recommender", type=Path, default=None,
                        help="a saved recommender of the demo catalogue, instead of fitting one")
    parser.add_argument("--browser", help="the program to start, if not the Chromium that is found; "
                                          "its driver must be of the same version")
    parser.add_argument("--driver", help="its chromedriver")
    arguments = parser.parse_args()
    found, failed = programs(dict(chromium=arguments.browser, chromedriver=arguments.driver)), 0
    with tempfile.TemporaryDirectory(prefix="vibrec-browser-", ignore_cleanup_errors=True) as work:
        folder, shots = Path(work), (arguments.shots or Path(tempfile.gettempdir()) / "vibrec-browser").absolute()
        shots.mkdir(parents=True, exist_ok=True)
        prepare(folder, arguments.items, arguments.recommender)
        paths = [str(Path(__file__).resolve().parent.parent), os.environ.get("PYTHONPATH")]
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        for kind in SERVERS if arguments.server == "all" else (arguments.server,):
            print(f"{kind}:", flush=True)
            shutil.rmtree(folder / "out", ignore_errors=True)
            shutil.copy(folder / "unused.ipynb", folder / "board.ipynb")
            try:
                with serve(kind, folder) as address, browse(found, 1500) as driver:
                    page = Page(driver, shots, kind)
                    open_board(page, address)
                    walk_uploads(page, folder)
                    walk_clicks(page, folder)
                    walk_search(page)
                    walk_keyboard(page)
                    walk_dark(page)
                    walk_restart(page, address, folder)
                longest, computing, share = (float(number) for number in (folder / "gap.txt").read_text().split())
                print(f"  the kernel's event loop never computed for longer than {1000 * computing:.0f} ms; it was kept "
                      f"waiting for {1000 * longest:.0f} ms at most, {share:.0%} of which the kernel was computing")
                (folder / "gap.txt").unlink()
            except (AssertionError, RuntimeError) as error:
                failed += 1
                print(f"  {error}", file=sys.stderr)
        if arguments.book: keep_shots(shots)
    print(f"screenshots in {shots}\n{'FAILED' if failed else 'passed'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
