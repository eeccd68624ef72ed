#!/usr/bin/env python3
"""The built docs in Chromium, opened as files: `python .ci/docs.py && python .ci/pages.py`.

Every page at the width of a laptop and of a telephone: the page itself never scrolls sideways, no block of code or output does, and a table or a formula
that is too wide scrolls within itself. Nothing is requested but files. The search answers to the keyboard alone, and dark pages are dark. Exit status 1 if
not, 3 where it lacks what `pip install -e ".[browser]"` brings, Chromium or its driver.
"""
import argparse
import json
import sys
from pathlib import Path

from chromium import program

try:
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError:
    print("skipped: the look at the pages needs selenium (pip install -e '.[browser]')")
    sys.exit(3)

ROOT = Path(__file__).resolve().parent.parent
WIDTHS = (1280, 390)
LOOK = """
const wide = [...document.querySelectorAll("main pre, main code, main p, main li")].filter((e) => {
  const style = getComputedStyle(e);
  return style.display !== "inline" && e.scrollWidth > e.clientWidth + 1 && !e.querySelector("table, math, svg, img, iframe");
});
const within = (e) => { for (let a = e.parentElement; a && a.tagName !== "MAIN"; a = a.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(a).overflowX)) return true; };
const cut = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1 && !within(e));
return {cut: cut.slice(0, 3).map((e) => e.tagName.toLowerCase() + ": " + e.textContent.trim().slice(0, 60)), page: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        wide: wide.map((e) => e.tagName.toLowerCase() + ": " + e.textContent.trim().slice(0, 60)),
        latex: [...document.querySelectorAll(".math")].filter((e) => !e.querySelector("math")).length};
"""


def browser(options, dark=False):
    "A Chromium without a window."
    settings = webdriver.ChromeOptions()
    settings.binary_location = options.browser
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"): settings.add_argument(argument)
    settings.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=settings, service=webdriver.ChromeService(executable_path=options.driver))
    scheme = "dark" if dark else "light"
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
    return driver


def set_width(driver, width):
    "Windows have a least width; what the page is told has none."
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", dict(width=width, height=900, deviceScaleFactor=1, mobile=width < 600))


def requested(driver):
    "What was asked of other hosts since the last question."
    messages = (json.loads(entry["message"])["message"] for entry in driver.get_log("performance"))
    addresses = (message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent")
    return [address for address in addresses if not address.startswith(("file:", "data:", "blob:", "about:"))]


def check_widths(driver, pages, site):
    "What scrolls sideways, what was requested, what the console complains about."
    for width in WIDTHS:
        set_width(driver, width)
        for page in pages:
            driver.get(page.as_uri())
            seen, name = driver.execute_script(LOOK), page.relative_to(site)
            if seen["page"] > 0: yield f"{name} at {width}: the page is {seen['page']} pixels too wide"
            yield from (f"{name} at {width}: scrolls sideways: {text}" for text in seen["wide"])
            yield from (f"{name} at {width}: cut off at the right: {text}" for text in seen["cut"])
            if seen["latex"]: yield f"{name}: {seen['latex']} formulas without MathML"
            yield from (f"{name} requests {address}" for address in requested(driver))
            yield from (f"{name}: {entry['message']}" for entry in driver.get_log("browser") if entry["level"] == "SEVERE")


def check_search(driver, site):
    "The search, by keyboard: slash, words, arrow, Enter."
    set_width(driver, WIDTHS[0])
    for words, wanted in {"knn_graph": "graph.html#knn_graph", "attention layer": "gat.html", "fill blank": "fitb.html"}.items():
        driver.get((site / "index.html").as_uri())
        body = driver.find_element(By.TAG_NAME, "body")
        body.send_keys("/")
        field = driver.switch_to.active_element
        field.send_keys(words)
        try: results = WebDriverWait(driver, 5).until(lambda driver: driver.find_elements(By.CSS_SELECTOR, ".search-result"))
        except Exception: yield f"search: nothing for {words!r}"; continue
        found = [result.get_attribute("href").rpartition("/")[2] for result in results]
        if not any(address.startswith(wanted) for address in found[:3]): yield f"search: {words!r} gives {found[:3]}, not {wanted}"
        field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)
        try: WebDriverWait(driver, 5).until(lambda driver: driver.current_url.endswith(found[0]))
        except Exception: yield f"search: Enter leads to {driver.current_url}, not to {found[0]}"


def check_dark(driver, site):
    "Dark ground, light text, pictures on white."
    driver.get((site / "index.html").as_uri())
    colours = driver.execute_script("""
        const c = (e, k) => getComputedStyle(e)[k].match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0) / 3;
        return {ground: c(document.body, "backgroundColor"), text: c(document.querySelector("main p"), "color"),
                bar: c(document.querySelector("#quarto-header .navbar"), "backgroundColor"), picture: c(document.querySelector("main img"), "backgroundColor")};""")
    if not (colours["ground"] < 60 and colours["bar"] < 60 and colours["text"] > 180 and colours["picture"] > 240): yield f"dark mode: mean colours {colours}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--site", type=Path, default=ROOT / "_docs")
    parser.add_argument("--browser", default=program("chromium"))
    parser.add_argument("--driver", default=program("chromedriver"))
    options = parser.parse_args()
    if not options.browser or not options.driver:
        print("skipped: no Chromium or no chromedriver (Debian: apt-get install chromium chromium-driver)")
        return 3
    site = options.site.resolve()
    pages = sorted(site.rglob("*.html"))
    if not pages: sys.exit(f"{site}: no pages; run `python .ci/docs.py` first")
    problems = []
    for dark in (False, True):
        driver = browser(options, dark)
        try: problems += [*check_dark(driver, site)] if dark else [*check_widths(driver, pages, site), *check_search(driver, site)]
        finally: driver.quit()
    for problem in dict.fromkeys(problems): print(f"PROBLEM {problem}")
    print(f"{len(pages)} pages at {' and '.join(map(str, WIDTHS))} pixels, {len(problems)} problems")
    return bool(problems)


if __name__ == "__main__":
    sys.exit(main())
