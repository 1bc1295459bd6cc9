"""
When a request is sent again because of the connection or the load, and after how long: a pure decision.

Whether a case is asked again because a model chose otherwise is the caller's affair.
"""

from __future__ import annotations

import email.utils
import random
from dataclasses import dataclass

from conformance.model import Case, Ending, Exchange

#: Sendings of one asking, rate limits not counted.
TRIES = 3
#: A wrong request that is answered with 500 may have met the target's own trouble: it is asked once more to be sure.
SURE = 2
#: Rate limits of one asking that are waited out.
LIMITED = 6
#: Seconds waited for one rate limit, and for all of one asking.
LONGEST_PAUSE, LONGEST_WAIT = 30.0, 120.0

_BUSY = frozenset({502, 503, 504, 529})
_BROKEN = frozenset(
    {
        Ending.CONNECT,
        Ending.RESET,
        Ending.TRUNCATED,
        Ending.CONNECT_TIMEOUT,
        Ending.FIRST_BYTE_TIMEOUT,
        Ending.IDLE_TIMEOUT,
        Ending.TOTAL_TIMEOUT,
    }
)


@dataclass(frozen=True, slots=True)
class Pause:
    """
    How long to wait before sending again, and whether the whole target waits.
    """

    seconds: float
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Tally:
    """
    What one asking has used up so far: failed tries, rate limits, seconds waited for them.
    """

    tries: int = 0
    limited: int = 0
    waited: float = 0.0


def again(case: Case, exchange: Exchange, tally: Tally) -> tuple[Pause | None, Tally]:
    """
    The pause before the next sending, or None when this exchange is the last; and the new tally.
    """
    wanted = case.expect.status if case.expect else ()
    if exchange.status in wanted:
        return None, tally
    if exchange.status == 429:
        return _limited(exchange, tally)
    used = Tally(tally.tries + 1, tally.limited, tally.waited)
    if not _broken(exchange) or used.tries >= (SURE if _wrong(case) and exchange.status == 500 else TRIES):
        return None, used
    asked = retry_after(exchange)
    return Pause(backoff(used.tries) if asked is None else min(asked, LONGEST_PAUSE)), used


def _limited(exchange: Exchange, tally: Tally) -> tuple[Pause | None, Tally]:
    asked = retry_after(exchange)
    seconds = min(backoff(tally.limited + 1, first=1.0) if asked is None else asked, LONGEST_PAUSE)
    used = Tally(tally.tries, tally.limited + 1, tally.waited + seconds)
    # A spent quota does not come back by waiting.
    spent = b"insufficient_quota" in b"".join(chunk.data for chunk in exchange.chunks)
    if spent or used.limited >= LIMITED or used.waited > LONGEST_WAIT:
        return None, used
    return Pause(seconds, shared=True), used


def _broken(exchange: Exchange) -> bool:
    return exchange.status in _BUSY or exchange.status == 500 or exchange.ending in _BROKEN


def _wrong(case: Case) -> bool:
    return case.invalid or bool(case.expect and (case.expect.refusal or case.expect.status))


def backoff(times: int, *, first: float = 0.5) -> float:
    """
    Seconds before the next sending: doubling, half of it by chance so that clients do not return together.
    """
    ceiling = min(first * 2.0 ** (times - 1), LONGEST_PAUSE)
    return ceiling * random.uniform(0.5, 1.0)


def retry_after(exchange: Exchange) -> float | None:
    """
    Seconds that the server asks us to wait (RFC 9110 section 10.2.3), or None when it says nothing readable.

    A date is read against the server's own clock where it states one.
    """
    values = {name.lower(): value.strip() for name, value in exchange.headers}
    if "retry-after-ms" in values and _number(values["retry-after-ms"]) is not None:
        return (_number(values["retry-after-ms"]) or 0.0) / 1000
    text = values.get("retry-after")
    if text is None:
        return None
    if (seconds := _number(text)) is not None:
        return seconds
    until, now = _date(text), _date(values.get("date", "")) or exchange.started
    return max(0.0, until - now) if until is not None and now is not None else None


def _number(text: str) -> float | None:
    return float(text) if text.replace(".", "", 1).isdecimal() and text.isascii() else None


def _date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
