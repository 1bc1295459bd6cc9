"""
What a long run shows while it lasts, on standard error: a live line on a terminal, a plain line now and then elsewhere.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TextIO

import click

from conformance.capture.engine import Stats
from conformance.model import Outcome, Result

#: Seconds between two plain lines.
_EVERY = 30.0


@dataclass(slots=True)
class Progress:
    """
    Counts results as they come and says so; ``file`` is standard error.
    """

    name: str
    total: int
    file: TextIO
    quiet: bool = False
    live: bool = False
    counts: Counter[Outcome] = field(default_factory=Counter)
    began: float = field(default_factory=time.monotonic)
    said: float = field(default_factory=time.monotonic)
    told: int = 0

    def result(self, result: Result, stats: Stats) -> None:
        """
        Another case is decided.
        """
        self.counts[result.outcome] += 1
        if self.quiet:
            return
        if self.live:
            self._live(stats)
        elif self._due():
            click.echo(self._words(stats), file=self.file)

    def end(self) -> None:
        """
        Take the live line away.
        """
        if self.live and not self.quiet:
            click.echo("\r\x1b[2K", nl=False, file=self.file)

    def _live(self, stats: Stats) -> None:
        now = time.monotonic()
        if now - self.said < 0.1 and sum(self.counts.values()) < self.total:
            return
        self.said = now
        width = max(20, _columns() - 1)
        click.echo("\r\x1b[2K" + self._words(stats)[:width], nl=False, file=self.file)

    def _due(self) -> bool:
        done, now = sum(self.counts.values()), time.monotonic()
        tenth = self.total >= 50 and done * 10 // self.total > self.told
        if not tenth and now - self.said < _EVERY:
            return False
        self.said, self.told = now, done * 10 // max(self.total, 1)
        return True

    def _words(self, stats: Stats) -> str:
        done = sum(self.counts.values())
        said = [f"{self.name}  {done}/{self.total} cases"]
        for outcome, word in ((Outcome.FAIL, "failed"), (Outcome.WARN, "warned"), (Outcome.INCONCLUSIVE, "open")):
            if self.counts[outcome]:
                said.append(f"{self.counts[outcome]} {word}")
        said.append(f"{stats.sent / max(time.monotonic() - self.began, 0.001):.0f} requests/s")
        if stats.waiting_until is not None and stats.waiting_until > time.time():
            said.append(f"waiting {stats.waiting_until - time.time():.0f} s for the rate limit")
        return " | ".join(said)


def _columns() -> int:
    import shutil

    return shutil.get_terminal_size().columns
