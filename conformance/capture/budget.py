"""
What a run may cost at most, reckoned before anything is sent.

Ceilings, not forecasts: what was asked for is counted, not what was answered.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from conformance.errors import ConformanceError
from conformance.model import JSON, Case

#: Completion tokens of one choice when the request sets no limit.
UNLIMITED = 256

_LONG = re.compile(r"\$\{long:(\d+)\}")


class Spent(ConformanceError):
    """
    The next request would go beyond the budget; it was not sent.
    """

    exit_code = 3

    def __init__(self, what: str, limit: float) -> None:
        """
        ``what`` is ``requests``, ``tokens`` or ``seconds``.
        """
        super().__init__(what, limit)
        self.what, self.limit = what, limit

    def __str__(self) -> str:
        """
        Which limit, and how to raise it.
        """
        option = {"requests": "--max-requests", "tokens": "--max-tokens", "seconds": "--max-time"}[self.what]
        return f"the budget of {self.limit:g} {self.what} is spent\n  Raise {option}, or select fewer cases."


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """
    Ceilings for ``--dry-run``: every case sent once.
    """

    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0


class Budget:
    """
    Limits of a run, and what is left of them; safe to use from several threads.
    """

    def __init__(self, *, requests: int | None = None, tokens: int | None = None, seconds: float | None = None) -> None:
        """
        None means without limit.  The time runs from the first request.
        """
        self._limits = (requests, tokens, seconds)
        self._requests = self._tokens = 0
        self._began: float | None = None
        self._lock = threading.Lock()

    def take(self, case: Case, body: bytes) -> None:
        """
        Count one request before it is sent; raises ``Spent`` when it would go beyond a limit.
        """
        requests, tokens, seconds = self._limits
        cost = prompt_tokens(body) + completion_tokens(case.request.body)
        with self._lock:
            self._began = self._began or time.monotonic()
            if seconds is not None and time.monotonic() - self._began >= seconds:
                raise Spent("seconds", seconds)
            if requests is not None and self._requests + 1 > requests:
                raise Spent("requests", requests)
            if tokens is not None and self._tokens + cost > tokens:
                raise Spent("tokens", tokens)
            self._requests += 1
            self._tokens += cost


def estimate(cases: Iterable[Case]) -> Estimate:
    """
    What asking every case once costs at most; retries come on top.
    """
    chosen = tuple(cases)
    return Estimate(
        requests=len(chosen),
        prompt_tokens=sum(prompt_tokens(_unfilled(case)) for case in chosen),
        completion_tokens=sum(completion_tokens(case.request.body) for case in chosen),
    )


def prompt_tokens(body: bytes) -> int:
    """
    A quarter of the bytes, rounded up: what English JSON comes to.
    """
    return -(-len(body) // 4)


def completion_tokens(body: JSON) -> int:
    """
    The limit that a request sets, for every choice that it asks for.
    """
    if not isinstance(body, dict):
        return 0
    asked = [body.get(name) for name in ("max_completion_tokens", "max_tokens", "max_output_tokens")]
    limit = next((each for each in asked if _count(each)), UNLIMITED)
    choices = body.get("n")
    return int(str(limit)) * (int(str(choices)) if _count(choices) else 1)


def _count(value: JSON) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _unfilled(case: Case) -> bytes:
    if case.request.raw is not None:
        return case.request.raw
    text = "" if case.request.body is None else json.dumps(case.request.body, ensure_ascii=False, separators=(",", ":"))
    return _LONG.sub(lambda match: "x" * int(match[1]), text).encode("utf-8", "surrogatepass")
