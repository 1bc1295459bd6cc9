"""
What a comparison of 10,000 results over 40 targets costs to make and to read.

Goals: a page of at most 5 MiB and 5,000 elements, ready within 1.5 s, a filter within 0.3 s; made in seconds.
``python benchmarks/comparison.py`` (the last three need Chromium and the extra ``browser``)
"""

from __future__ import annotations

import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance.report import compare, compare_html
from conformance.views import Views
from tests import crowd

#: How often each figure of the browser is taken; the median counts.
_TIMES = 5
_READY = "performance.getEntriesByName('ready')[0].startTime"
#: Types one letter as a user would, and waits until the next frame is drawn.
_FILTER = """letter => new Promise((done) => {
  const box = document.getElementById("matrix-text");
  const began = performance.now();
  box.value = letter;
  box.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began), 0));
})"""


def made(folder: Path) -> None:
    """
    Make the page, and print what it took.
    """
    columns = list(crowd.columns())
    known = [Views(column.card) for column in columns]
    began = time.perf_counter()
    pages = compare_html.pages(compare.compare(columns), lambda target, case: known[target][case])
    print(f"| made in | {time.perf_counter() - began:.1f} s |")
    print(f"| memory of the process | {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB |")
    for name, text in pages.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    print(f"| compare.html | {len(pages['compare.html'].encode()) / 2**20:.2f} MiB |", flush=True)


def read(folder: Path) -> None:
    """
    Open the page in a browser, and print what it took.
    """
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        ready, filtered = [], []
        for _ in range(_TIMES):
            page = browser.new_page()
            page.goto((folder / "compare.html").as_uri())
            page.wait_for_selector("html[data-ready]")
            ready.append(page.evaluate(_READY))
            page.check("input[value=all]")
            filtered += [page.evaluate(_FILTER, letters) for letters in ("vendor", "rule-1", "profile 7", "")]
            elements = page.evaluate("document.querySelectorAll('*').length")
            page.close()
        browser.close()
    print(f"| elements | {elements:,} |")
    print(f"| ready after | {sorted(ready)[len(ready) // 2] / 1000:.2f} s |")
    print(f"| a filter takes | {sorted(filtered)[len(filtered) // 2]:.0f} ms, at most {max(filtered):.0f} ms |")


def main() -> None:
    """
    Print a table.
    """
    print("| what | figure |\n| --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        made(Path(folder))
        try:
            read(Path(folder))
        except ImportError:
            print("| elements, ready, filter | not measured: the extra `browser` is not installed |")


if __name__ == "__main__":
    main()
