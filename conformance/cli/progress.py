"""
What a long run shows while it lasts, on standard error: a live line on a terminal, a plain line now and then elsewhere.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import TextIO

import click

from conformance.capture.engine import Stats
from conformance.model import Outcome, Result

#: Seconds between two looks: at a terminal's live line, and elsewhere.
_LIVE, _PLAIN = 0.2, 1.0
#: Seconds between two plain lines, unless a tenth of the cases was answered before.
_EVERY = 30.0
_WORDS = ((Outcome.FAIL, "failed"), (Outcome.WARN, "warned"), (Outcome.INCONCLUSIVE, "open"))


class Progress:
    """
    Looks at the engine from a thread of its own, so that a wait for a rate limit shows as well.
    """

    def __init__(self, *, name: str, total: int, file: TextIO, quiet: bool = False, live: bool = False) -> None:
        """
        ``total`` cases will be asked; ``live`` lines are written over.  A quiet one still knows its line.
        """
        self._name, self._total, self._file, self._quiet, self._live = name, total, file, quiet, live
        self._counts: Counter[Outcome] = Counter()
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = self._said = time.monotonic()
        self._tenths = 0
        self._stats: Callable[[], Stats] | None = None

    @property
    def line(self) -> str:
        """
        What the line would say now.
        """
        return f"{self._name}  not begun" if self._stats is None else self._words(self._stats())

    def start(self, stats: Callable[[], Stats]) -> None:
        """
        Asking begins.
        """
        self._stats = stats
        if not self._quiet:
            self._thread = threading.Thread(target=self._watch, args=(stats,), name="progress", daemon=True)
            self._thread.start()

    def result(self, result: Result) -> None:
        """
        Another case is judged.
        """
        self._counts[result.outcome] += 1

    def end(self) -> None:
        """
        Stop looking, and take the live line away.
        """
        self._over.set()
        if self._thread is not None:
            self._thread.join(2)
            if self._live:
                click.echo("\r\x1b[2K", nl=False, file=self._file)

    def _watch(self, stats: Callable[[], Stats]) -> None:
        while not self._over.wait(_LIVE if self._live else _PLAIN):
            now = stats()
            if self._live:
                room = max(20, shutil.get_terminal_size().columns - 1)
                click.echo("\r\x1b[2K" + self._words(now)[:room], nl=False, file=self._file)
            elif self._due(now):
                click.echo(self._words(now), file=self._file)

    def _due(self, stats: Stats) -> bool:
        tenths, now = 10 * stats.answered // max(self._total, 1), time.monotonic()
        if tenths <= self._tenths and now - self._said < _EVERY:
            return False
        self._tenths, self._said = tenths, now
        return True

    def _words(self, stats: Stats) -> str:
        said = [f"{self._name}  {stats.answered}/{self._total} answered"]
        said += [f"{self._counts[outcome]} {word}" for outcome, word in _WORDS if self._counts[outcome]]
        said.append(f"{stats.sent / max(time.monotonic() - self._began, 0.001):.0f} requests/s")
        wait = (stats.waiting_until or 0.0) - time.time()
        if wait > 0:
            said.append(f"waiting {wait:.0f} s for the rate limit")
        return " | ".join(said)
