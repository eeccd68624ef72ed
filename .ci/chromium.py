"""Where Chromium and its driver are: for the scripts that look at pages in a browser."""
import shutil

PROGRAMS = {"chromium": ("chromium", "chromium-browser", "google-chrome"), "chromedriver": ("chromedriver", "chromium.chromedriver")}


def program(name):
    "The path of one of PROGRAMS; None where it is not installed."
    return next(filter(None, map(shutil.which, PROGRAMS[name])), None)
