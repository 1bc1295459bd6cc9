"""
A real browser that looks at our pages, and what it saw: console, dialogs, requests.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

#: Jenkins shows archived pages under this policy, and without script.
#: https://www.jenkins.io/doc/book/security/configuring-content-security-policy/
JENKINS = "sandbox; default-src 'none'; img-src 'self'; style-src 'self';"
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """
    The browser to use; skips the test with a word where there is none.
    """
    found = os.environ.get("CONFORMANCE_BROWSER") or next(filter(None, map(shutil.which, _NAMES)), None)
    if found is None:
        pytest.skip("no browser is installed: install chromium, or name one in CONFORMANCE_BROWSER")
    return found


@contextmanager
def browsing() -> Iterator[Any]:
    """
    A browser for the length of a block.
    """
    api = pytest.importorskip("playwright.sync_api", reason="the extra `browser` is not installed")
    path = executable()
    with api.sync_playwright() as driver:
        # Containers have no user namespaces for the sandbox; the pages are our own.
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass(slots=True)
class Visit:
    """
    A page that is open, and everything it did beside showing itself.
    """

    page: Any
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    @property
    def noise(self) -> tuple[list[str], list[str], list[str]]:
        """
        What a quiet page has none of; the page itself and its pages beside are no requests.
        """
        foreign = [url for url in self.requests if not url.startswith("file://")]
        return self.console, foreign, self.dialogs

    def text(self, selector: str) -> str:
        """
        The visible text of an element, white space as one blank.
        """
        return " ".join(self.page.inner_text(selector).split())

    def count(self, selector: str) -> int:
        """
        How many elements match.
        """
        return int(self.page.locator(selector).count())


@contextmanager
def visiting(browser: Any, url: str, *, scripted: bool = True, **context: Any) -> Iterator[Visit]:
    """
    A page in a window of its own for the length of a block, ready to be used.
    """
    window = browser.new_context(
        java_script_enabled=scripted, **{"viewport": {"width": 1280, "height": 900}, **context}
    )
    visit = Visit(page=window.new_page())
    visit.page.on("console", lambda message: visit.console.append(f"{message.type}: {message.text}"))
    visit.page.on("pageerror", lambda error: visit.console.append(f"error: {error}"))
    visit.page.on("request", lambda request: visit.requests.append(request.url))
    visit.page.on("dialog", lambda dialog: (visit.dialogs.append(dialog.message), dialog.dismiss()))
    visit.page.goto(url)
    if scripted:
        visit.page.wait_for_selector("html[data-ready]")
    try:
        yield visit
    finally:
        window.close()


@contextmanager
def served(folder: Path, policy: str) -> Iterator[str]:
    """
    The files of a folder on a loopback port under a Content-Security-Policy, for the length of a block.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = (folder / self.path.strip("/")).read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Security-Policy", policy)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """
            Tests are quiet.
            """

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
