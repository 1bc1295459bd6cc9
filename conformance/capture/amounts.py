"""
Rates and durations as people write them, and the name that somebody may have meant.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import Any

from conformance.capture.target import Timeouts
from conformance.errors import UsageError

_PER = {"s": 1.0, "m": 60.0, "h": 3600.0}


def per_second(rate: str | float) -> float:
    """
    ``60/m`` as requests a second; a number alone is a second's.  Raises ``UsageError``.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(?:/\s*([smh]))?\s*", str(rate))
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"{rate!r} is no rate\n  Write it as 60/m, 2/s or 500/h.")
    return float(match[1]) / _PER[match[2] or "s"]


def seconds(duration: str | float) -> float:
    """
    ``60s``, ``2m`` or ``500ms`` as seconds; a number alone is seconds.  Raises ``UsageError``.
    """
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h)?\s*", str(duration))
    if match is None or float(match[1]) <= 0:
        raise UsageError(f"{duration!r} is no duration\n  Write it as 60s, 2m or 500ms.")
    return float(match[1]) * {**_PER, "ms": 0.001}[match[2] or "s"]


def timeouts(value: Any) -> Timeouts:
    """
    Time-outs from a duration, a mapping of durations, or the default; raises ``UsageError``.
    """
    if value is None:
        return Timeouts()
    if isinstance(value, dict):
        return Timeouts(**{name: seconds(each) for name, each in value.items()})
    return Timeouts.of(seconds(value))


def nearest(name: str, known: Iterable[str]) -> str:
    """
    The end of a complaint about an unknown name: the nearest known one, or all of them.
    """
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean {near[0]!r}?" if near else f"; known: {', '.join(sorted(known))}"
