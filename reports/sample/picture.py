"""
Make ``docs/compare.png`` again, a part of the vendors' matrix: ``python reports/sample/picture.py``.

Needs Chromium and the extra ``browser``.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

HERE = Path(__file__).resolve().parent
#: So many columns can be read in a picture.
SHOWN = {"azure-openai", "deepseek", "groq", "mistral", "openai"}


def main() -> None:
    """
    Choose columns as a reader would, and take the picture.
    """
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1520, "height": 1100})
        page.goto((HERE / "vendors/compare.html").as_uri())
        page.wait_for_selector("html[data-ready]")
        page.click("#matrix-columns > summary")
        for label in page.locator("#matrix-columns label").all():
            label.locator("input").set_checked(label.inner_text().strip() in SHOWN)
        page.click("#matrix-columns > summary")
        page.evaluate("document.activeElement.blur(); document.getElementById('matrix').scrollIntoView()")
        page.screenshot(path=str(HERE.parent.parent / "docs/compare.png"))
        browser.close()


if __name__ == "__main__":
    main()
