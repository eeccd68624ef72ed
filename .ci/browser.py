#!/usr/bin/env python3
"""The mood board in a real browser: `python .ci/browser.py` clicks through Voilà and JupyterLab as a person would.

Two pictures are uploaded, one result is liked, a slot is dropped, a filter set, the look exported, a file that is no
picture given. After each step the page must show what it should. Meanwhile it is measured how long the kernel's event
loop was ever busy. Exit status: 0 if all holds, 1 if not, 3 if something that this needs is not installed (it says
what): `pip install -e ".[browser]"`, and Chromium with its driver (Debian: `apt-get install chromium chromium-driver`).

    python .ci/browser.py                          # both servers, the whole demo catalogue
    python .ci/browser.py --server voila --items 1200 --shots FOLDER   # fewer have too few blue pieces for three looks
"""
import argparse
import contextlib
import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NEEDED = dict.fromkeys(("selenium", "voila", "jupyterlab", "ipywidgets"), "pip install -e '.[browser]'")
PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome"),
            "chromedriver": ("chromedriver", "chromium.chromedriver")}
CELLS = ("""
import asyncio
import time
from pathlib import Path
from vibrec.eval import Recommender
from vibrec.widget import MoodBoard""", """
async def watch():
    before, worst = time.perf_counter(), 0
    while True:
        await asyncio.sleep(.005)
        now = time.perf_counter()
        if now - before - .005 > worst:
            worst = now - before - .005
            Path("gap.txt").write_text(f"{worst}")
        before = now
recommender = Recommender.load("recommender")
recommender.encoder;""", """
MoodBoard(recommender, slots=["shoes", "bag", "outerwear"], k=5, folder="out")""", """
watching = asyncio.create_task(watch())""")
CHOOSER = """
HTMLInputElement.prototype.click = function () { this.id = 'chosen'; document.body.appendChild(this) }
"""                                              # a file dialog that a program can fill
FIND_BUTTON = """
const found = [...document.querySelectorAll('.vb button')].filter(b => b.textContent.trim() == arguments[0])
const button = found.at(arguments[1])
button?.scrollIntoView({block: 'center'})
return button
"""
CHOOSE_BLUE = """
const lists = [...document.querySelectorAll('.vb select')]
const list = lists.find(s => [...s.options].some(o => o.text == 'blue'))
list.value = 'blue'
list.dispatchEvent(new Event('change', {bubbles: true}))
"""
BROKEN = """
const pictures = [...document.querySelectorAll('.vb img')].filter(i => !i.naturalWidth)
return pictures.length + document.querySelectorAll('.jupyter-widgets-error-widget').length
"""


def programs(given):
    "Where Chromium and its driver are, unless `given`; ends with status 3 and a sentence when something is missing."
    found = {name: given.get(name) or next(filter(None, map(shutil.which, names)), None)
             for name, names in PROGRAMS.items()}
    missing = [f"{name} ({how})" for name, how in NEEDED.items() if importlib.util.find_spec(name) is None]
    missing += [f"{name} (Debian and Ubuntu: apt-get install chromium chromium-driver)"
                for name, path in found.items() if path is None]
    if missing:
        print(f"skipped: the browser test needs {', '.join(missing)}")
        sys.exit(3)
    return found


def prepare(folder, items, fitted):
    "In `folder`: a fitted recommender, a notebook that shows a board, two pictures and a file that is none."
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
    (folder / "shopping list.png").write_text("milk, eggs")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    book.metadata.kernelspec = dict(name="python3", display_name="Python 3", language="python")
    nbformat.write(book, folder / "board.ipynb")


@contextlib.contextmanager
def serve(kind, folder):
    "Start Voilà or JupyterLab; yield the address of the board."
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    common = ["--no-browser", f"--port={port}"]
    quiet = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    open_to_all = ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"]
    command = {"voila": ["-m", "voila", "board.ipynb", *common],
               "lab": ["-m", "jupyter", "lab", *common, "--allow-root", "--ip=127.0.0.1", *open_to_all, *quiet]}[kind]
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
        yield f"http://127.0.0.1:{port}" + ("/doc/tree/board.ipynb?reset" if kind == "lab" else "")
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
    options.page_load_strategy = "none"          # the test waits for what it needs to see
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(found["chromedriver"]))
    try: yield driver
    finally: driver.quit()


class Page:
    "The board as you see it."

    def __init__(self, driver, shots, kind): self.driver, self.shots, self.kind = driver, shots, kind

    def all(self, css, within=None): return (within or self.driver).find_elements("css selector", css)

    def until(self, what, condition, seconds=300):
        "Wait for a condition; its value. Fails with `what` and a screenshot."
        from selenium.common.exceptions import StaleElementReferenceException

        end = time.monotonic() + seconds
        while time.monotonic() < end:
            with contextlib.suppress(StaleElementReferenceException, IndexError):
                if value := condition(): return value
            time.sleep(.1)
        self.shot("failed")
        raise AssertionError(f"{self.kind}: {what} did not happen within {seconds} s; see {self.shots}")

    def settled(self):
        "Wait until the board says that it has nothing to do, and still says so a moment later."
        quiet = lambda: self.texts(".vb .vb-head") and not self.texts(".vb .vb-busy")
        self.until("the board comes to rest", lambda: quiet() and (time.sleep(.4) or quiet()))

    def texts(self, css):
        "The texts of all elements that match, read in one go, because the page may change between two questions."
        script = "return [...document.querySelectorAll(arguments[0])].map(e => e.textContent.trim())"
        return self.driver.execute_script(script, css)

    def results(self): return self.texts(".vb-row .vb-card .vb-title")

    def pins(self): return self.texts(".vb-main > .vb-grid .vb-card .vb-title")

    def press(self, label, at=0):
        "Click a button by its label, as the mouse would."
        def click():
            button = self.driver.execute_script(FIND_BUTTON, label, at)
            if button is None or not button.is_enabled(): return False
            button.click()
            return True
        self.until(f"the button {label!r} can be pressed", click, 30)
        time.sleep(.3)

    def choose(self, *paths):
        "Choose files in the dialog of the upload button."
        self.driver.execute_script(CHOOSER)
        self.all(".vb button.widget-upload")[0].click()
        field = self.until("the file dialog opens", lambda: self.all("#chosen"))[0]
        self.driver.execute_script("arguments[0].value = ''", field)  # a driver adds to what was chosen before
        field.send_keys("\n".join(map(str, paths)))
        self.driver.execute_script("document.getElementById('chosen')?.remove()")

    def broken(self):
        "How many pictures and widgets cannot be shown."
        return self.driver.execute_script(BROKEN)

    def shot(self, name):
        self.driver.execute_script("document.querySelector('.vb')?.scrollIntoView({block: 'start'})")
        self.driver.save_screenshot(str(self.shots / f"{self.kind}-{name}.png"))


def run_cell(page, n):
    """
    Select a cell of JupyterLab and run it; True when the kernel has it.

    A click while the kernel is starting is lost, so this is called until it is true.
    """
    prompts = ".jp-Notebook .jp-CodeCell .jp-InputArea-prompt"
    given = lambda: any(mark.isdigit() or mark == "*" for mark in page.texts(prompts)[n])
    if not given():
        page.all(prompts)[n].click()
        page.all('.jp-NotebookPanel-toolbar [data-command="notebook:run-cell-and-select-next"]')[0].click()
        time.sleep(1)
    return given()


def open_board(page, address):
    "Open the notebook or the page until the board is there."
    page.driver.get(address)
    if page.kind == "lab":
        idle = '.jp-NotebookPanel [data-status="idle"]'
        page.until("the kernel is idle", lambda: page.all(idle) and page.texts(".jp-Notebook .jp-Cell"))
        for n in range(len(CELLS)): page.until(f"cell {n + 1} is run", lambda: run_cell(page, n), 60)
        for button in page.all(".Toastify button"):  # a question about news, which lies over the board
            if button.text == "No": button.click()
    page.until("the board appears", lambda: page.all(".vb .vb-head"), 300)
    page.settled()


def check(name, holds, detail=""):
    "One line a claim; stops at the first that does not hold."
    print(f"  {'ok' if holds else 'FAILED'}: {name}{f' ({detail})' if detail else ''}", flush=True)
    if not holds: raise AssertionError(name)


def walk(page, folder):
    "What a person does, and what must be seen after it."
    check("an empty board says what to do", "upload a picture" in page.texts(".vb-advice")[0])
    page.choose(folder / "fabric.png", folder / "palette.jpg")
    page.until("two pictures are on the board", lambda: len(page.pins()) == 2, 180)
    page.settled()
    first = page.results()
    check("two uploaded pictures are on the board", page.pins() == ["fabric.png", "palette.jpg"])
    check("they bring results", len(first) == 15, f"{len(first)} results")
    check("every picture is drawn", page.broken() == 0, f"{page.broken()} pictures broken")
    page.shot("uploaded")

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
    page.driver.execute_script(CHOOSE_BLUE)
    page.settled()
    lines = page.texts(".vb-row .vb-card .vb-quiet:nth-child(2)")
    check("a filter changes the results", page.results() != before and all("blue" in text for text in lines))
    page.press("Why"); page.until("the reasons appear", lambda: page.texts(".vb-why"), 60); page.settled()
    check("why is answered", "on your board" in page.texts(".vb-why")[0])
    page.press("Complete the look"); page.until("looks appear", lambda: page.texts(".vb-looks"), 60); page.settled()
    check("three looks are shown", len(page.texts(".vb-looks > div")) == 3)
    check("their pictures are drawn", page.broken() == 0, f"{page.broken()} pictures broken")
    page.shot("chosen")

    for _ in range(4): page.press("Undo")
    page.settled(); page.until("the first results are back", lambda: page.results() == first, 20)
    check("four undos bring the first results back", page.results() == first)
    page.choose(folder / "shopping list.png")
    page.until("a complaint appears", lambda: page.texts(".vb-problem"), 60); page.settled()
    complaints = page.texts(".vb-problem")
    named = len(complaints) == 1 and "shopping list.png: not an image" in complaints[0]
    check("a file that is no picture is named", named)
    page.press("Export look"); page.until("links appear", lambda: page.texts(".vb-link"), 60); page.settled()
    links = [link.get_attribute("download") for link in page.all(".vb-link")]
    written = (folder / "out" / "look.png").stat().st_size
    check("the look can be downloaded", links == ["look.png", "look.html"] and written > 10_000)
    page.press("Remove"); page.settled()
    page.press("Remove"); page.until("the board is empty", lambda: not page.pins(), 60); page.settled()
    advice = page.texts(".vb-advice")[-1]
    check("an emptied board says what to do", page.results() == [] and "upload a picture" in advice)
    check("no traceback is on the page", "Traceback" not in page.texts("body")[0])


def main():
    "Run it for each server; the exit status."
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--server", choices=["voila", "lab", "both"], default="both")
    parser.add_argument("--items", type=int, default=3000, help="size of the demo catalogue")
    parser.add_argument("--shots", type=Path, default=None, help="folder for the screenshots")
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
        for kind in ("voila", "lab") if arguments.server == "both" else (arguments.server,):
            print(f"{kind}:", flush=True)
            try:
                with serve(kind, folder) as address, browse(found, 1500) as driver:
                    page = Page(driver, shots, kind)
                    open_board(page, address)
                    walk(page, folder)
                longest = 1000 * float((folder / "gap.txt").read_text())
                print(f"  the kernel's event loop was never busy for longer than {longest:.0f} ms")
                (folder / "gap.txt").unlink()
            except (AssertionError, RuntimeError) as error:
                failed += 1
                print(f"  {error}", file=sys.stderr)
    print(f"screenshots in {shots}\n{'FAILED' if failed else 'passed'}")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
