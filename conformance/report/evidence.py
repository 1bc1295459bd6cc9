"""
What is shown of an exchange: a bounded piece of it, with the places that findings name marked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from conformance.model import Attempt, Ending, Exchange, Finding
from conformance.report import curl
from conformance.report.text import cut, visible
from conformance.report.views import AttemptView, EventView

#: Bytes of a body, of one event and of the raw beginning that are shown.
_BODY, _EVENT, _HEX = 16 * 1024, 2048, 512
#: Events shown at the beginning, at the end and around each violation.
_FIRST, _LAST, _AROUND = 20, 5, 3
#: The same where nothing is to be seen but that all is well.
_QUIET_BODY, _QUIET_FIRST, _QUIET_LAST = 4 * 1024, 5, 2
#: Violated events that get their surroundings shown.
_MARKED = 10

_EVENT_NUMBER = re.compile(r"event\[(\d+)\](.*)", re.DOTALL)
_ENDINGS = {
    Ending.COMPLETE: "complete",
    Ending.TRUNCATED: "cut off: the connection ended before the framing said so",
    Ending.MALFORMED: "malformed HTTP framing",
    Ending.CONNECT: "no connection",
    Ending.TLS: "TLS failed",
    Ending.RESET: "connection reset before any response",
    Ending.CONNECT_TIMEOUT: "time-out while connecting",
    Ending.FIRST_BYTE_TIMEOUT: "time-out before the first byte",
    Ending.IDLE_TIMEOUT: "time-out between reads",
    Ending.TOTAL_TIMEOUT: "time-out of the whole exchange",
    Ending.ABORTED: "closed by us, as the case says",
    Ending.CUT: "the recorder kept only a part",
    Ending.TOO_LARGE: "stopped: more bytes than the suite keeps",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One event or read of a stream; ``skipped`` says how many are left out before the next row.
    """

    number: int = 0
    at: str = ""
    size: int = 0
    read: str = ""
    text: str = ""
    findings: tuple[Finding, ...] = ()
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Tick:
    """
    A moment on the time line, in thousandths of its length.
    """

    x: int
    violated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    What is shown of one attempt.
    """

    number: int
    reason: str
    status: str
    ending: str
    seconds: str
    first_byte: str
    curl: str
    headers: tuple[tuple[str, str], ...]
    body: str
    unit: str
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    total: int
    violated: tuple[int, ...]
    findings: tuple[Finding, ...]
    hex: str


def show(attempt: Attempt, number: int, view: AttemptView | None, *, quiet: bool = False) -> Shown:
    """
    The evidence of an attempt; without a view a stream is shown read by read, and a body as far as it is UTF-8.

    ``quiet`` shows less: the case passed.
    """
    exchange = attempt.exchange
    events = view.events if view is not None else _reads(exchange)
    marks = _marks(attempt.findings) if view is not None else {}
    violated = tuple(sorted(marks))
    return Shown(
        number=number,
        reason="" if exchange.reason == "first" else exchange.reason,
        status="no response" if exchange.status is None else f"{exchange.status} {exchange.http_version}",
        ending=_ENDINGS[exchange.ending] + (f" ({exchange.error})" if exchange.error else ""),
        seconds=milliseconds(exchange.seconds),
        first_byte="" if exchange.first_byte is None else milliseconds(exchange.first_byte),
        curl=curl.line(exchange),
        headers=exchange.headers,
        body=cut(_body(exchange, view), _QUIET_BODY if quiet else _BODY),
        unit="event" if view is not None else "read",
        rows=tuple(_rows(events, marks, *((_QUIET_FIRST, _QUIET_LAST) if quiet else (_FIRST, _LAST)))),
        ticks=_ticks(events, exchange.seconds, set(marks)),
        total=len(events),
        violated=violated,
        findings=attempt.findings,
        hex=_dump(b"".join(chunk.data for chunk in exchange.chunks)[:_HEX]) if attempt.findings else "",
    )


def milliseconds(seconds: float) -> str:
    """
    ``401 ms``.
    """
    return f"{round(seconds * 1000)} ms"


def _reads(exchange: Exchange) -> tuple[EventView, ...]:
    if len(exchange.chunks) < 2:
        return ()
    views, start = [], 0
    for number, chunk in enumerate(exchange.chunks):
        text = chunk.data[:_EVENT].decode(errors="backslashreplace").rstrip("\n")
        end = start + len(chunk.data)
        views.append(EventView(index=number, at=chunk.at, text=text, start=start, end=end, read=number))
        start = end
    return tuple(views)


def _body(exchange: Exchange, view: AttemptView | None) -> str:
    if view is not None:
        text = "" if view.events else view.body
    elif len(exchange.chunks) == 1:
        text = exchange.chunks[0].data.decode(errors="backslashreplace")
    else:
        text = ""
    return visible(text, "\n")


def _marks(findings: Sequence[Finding]) -> dict[int, tuple[Finding, ...]]:
    marks: dict[int, tuple[Finding, ...]] = {}
    for finding in findings:
        found = _EVENT_NUMBER.match(finding.where)
        if found is not None:
            marks[int(found[1])] = (*marks.get(int(found[1]), ()), finding)
    return marks


def _rows(events: Sequence[EventView], marks: dict[int, tuple[Finding, ...]], first: int, last: int) -> list[Row]:
    shown = set(range(first)) | set(range(len(events) - last, len(events)))
    marked = [place for place, event in enumerate(events) if event.index in marks]
    for place in marked[:_MARKED]:
        shown |= set(range(place - _AROUND, place + _AROUND + 1))
    rows: list[Row] = []
    skipped = 0
    for place, event in enumerate(events):
        if place not in shown:
            skipped += 1
            continue
        if skipped:
            rows.append(Row(skipped=skipped))
            skipped = 0
        rows.append(_row(event, marks.get(event.index, ())))
    return rows


def _row(event: EventView, findings: tuple[Finding, ...]) -> Row:
    return Row(
        number=event.index,
        at="" if event.at is None else f"{round(event.at * 1000)}",
        size=event.end - event.start,
        read="" if event.read is None else str(event.read),
        text=cut(visible(event.text, "\n"), _EVENT),
        findings=findings,
    )


def _ticks(events: Sequence[EventView], seconds: float, violated: set[int]) -> tuple[Tick, ...]:
    whole = max([seconds, *(event.at for event in events if event.at is not None)], default=0)
    places: dict[int, bool] = {}
    for event in events:
        if event.at is not None and whole > 0:
            x = round(event.at / whole * 1000)
            places[x] = places.get(x, False) or event.index in violated
    return tuple(Tick(x, places[x]) for x in sorted(places))


def _dump(data: bytes) -> str:
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        lines.append(f"{start:04x}  {part.hex(' '):<47}  {text}")
    return "\n".join(lines)
