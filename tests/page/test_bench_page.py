#!/usr/bin/env python3
"""The page that `kaisar bench --report` writes, in a real browser: light and dark, on a desk and on a telephone.

Screenshots are left in BUILD/logs/tests/bench-page-*.png, for people to look at.
"""
import atexit
import functools
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from browser import Browser, find_chromium
from tap import Skip, case, main

BUILD = pathlib.Path(os.environ["KAISAR_BUILD"])
SHOTS = BUILD / "logs/tests"
SIZES = [("desk", 1280, 900, "light"), ("night", 1280, 900, "dark"), ("telephone", 390, 800, "light")]
FOLDER = tempfile.TemporaryDirectory()
WORKLOADS = ["peak-s8", "gemm-s8", "gemm-f32", "chacha8", "memory-copy", "memory-triad", "memory-latency", "pcie-h2d"]

# Rectangles of what is written in the drawing that is shown, in the page's own units.
LABELS = """[...document.querySelectorAll('.roofline')].filter(s => s.getBoundingClientRect().width)
  .flatMap(s => [...s.querySelectorAll('.point text, .roof-label:not(.memory)')].map(t => {
    const r = t.getBoundingClientRect(), o = s.getBoundingClientRect();
    return [t.textContent, r.left - o.left, r.top - o.top, r.right - o.left, r.bottom - o.top, o.width, o.height]; }))"""


@functools.cache
def report_in(folder):
    page = pathlib.Path(folder.name) / "report.html"
    subprocess.run([BUILD / "bin/kaisar", "bench", *WORKLOADS, "--duration", "0.1", "--report", page, "--quiet"], check=True,
                   stdout=subprocess.DEVNULL, timeout=60)
    return page


def in_browser(check):
    """Calls check(browser, page, name, width) for the page in every size: one page and one browser for all cases."""
    if not find_chromium():
        raise Skip("there is no chromium: apt-get install chromium")
    page, browser = report_in(FOLDER), only_browser()
    for name, width, height, scheme in SIZES:
        browser.open(page, width, height, scheme)
        check(browser, page, name, width)


@functools.cache
def only_browser():
    browser = Browser()
    atexit.register(browser.__exit__)
    return browser


@case("the page says nothing to the console and asks for nothing but itself")
def _():
    def check(browser, page, *_):
        assert browser.requests() == [f"file://{page}"], browser.requests()
        assert browser.complaints() == [], browser.complaints()
        assert "Content-Security-Policy" in page.read_text()
    in_browser(check)


@case("it fits its window, and no label covers another or leaves the drawing")
def _():
    def check(browser, _page, name, width):
        assert browser.evaluate("document.documentElement.scrollWidth") <= width, name
        labels = browser.evaluate(LABELS)
        assert len(labels) >= 6, labels
        for i, (text, left, top, right, bottom, box_width, box_height) in enumerate(labels):
            assert -1 <= left and right <= box_width + 1 and -1 <= top and bottom <= box_height + 1, (name, text)
            for other, l, t, r, b, *_ in labels[i + 1:]:
                assert left >= r - 1 or l >= right - 1 or top >= b - 4 or t >= bottom - 4, f"{name}: {text} covers {other}"
    in_browser(check)


@case("whoever cannot see the drawings finds their figures in words and in a table")
def _():
    def check(browser, *_):
        assert browser.evaluate("[...document.querySelectorAll('svg')].every(s => s.querySelector('title') && s.getAttribute('role') === 'img')")
        assert browser.evaluate("document.querySelectorAll('tbody th[scope=row]').length") == len(WORKLOADS) - 1
        assert browser.evaluate("document.querySelector('caption') !== null && document.documentElement.lang === 'en'")
        assert browser.evaluate("document.body.innerText.includes('pcie-h2d')"), "a waived workload is missing"
        assert browser.evaluate("document.querySelectorAll('h1').length") == 1
    in_browser(check)


@case("text is readable on its ground, in light and in dark")
def _():
    contrast = """(() => { const light = c => { const v = c.match(/[\\d.]+/g).slice(0, 3).map(x => { x /= 255;
        return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; }); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
      const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor;
        if (!c.startsWith('rgba(0, 0, 0, 0')) return c; } return 'rgb(255, 255, 255)'; };
      return Math.min(...[...document.querySelectorAll('p, dd, dt, h1, h2, h3, td, th, li span, .mark')].filter(e => e.innerText)
        .map(e => { const a = light(getComputedStyle(e).color), b = light(ground(e));
          return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05); })); })()"""
    in_browser(lambda browser, _page, name, _width: _assert_at_least(browser.evaluate(contrast), 4.5, name))


def _assert_at_least(value, least, what):
    assert value >= least, f"{what}: {value:.2f}"


@case("a screenshot of each shows more than an empty sheet")
def _():
    SHOTS.mkdir(parents=True, exist_ok=True)

    def check(browser, _page, name, _width):
        data = browser.screenshot(SHOTS / f"bench-page-{name}.png")
        assert data.startswith(b"\x89PNG") and len(data) > 40_000, (name, len(data))
    in_browser(check)


if __name__ == "__main__":
    main()
