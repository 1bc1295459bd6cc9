"""
What is shown of an exchange: a bounded piece of it, with the places that findings name marked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from conformance.model import JSON, Attempt, Ending, Exchange, Finding, Request
from conformance.report import curl
from conformance.report.text import cut, grouped, line, plural, shorten, visible
from conformance.report.views import AttemptView, EventView

#: Bytes of a body, of one event and of the raw beginning that are shown.
_BODY, _EVENT, _HEX = 16 * 1024, 2048, 256
#: Bytes of an event whose violation is shown in hexadecimal, and how many such events.
_HEX_EVENT, _HEX_EVENTS = 192, 3
#: Characters of the events that are kept at hand but not shown before they are asked for.
_AT_HAND = 12 * 1024
#: Ticks of a time line: more cannot be told apart.
_TICKS = 400
#: Findings of one attempt that are listed.
_FINDINGS = 20
#: Characters of a request that is shown as a line for a shell.
LONGEST = 16 * 1024
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
    #: At hand, to be shown when it is asked for.
    hidden: bool = False


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
    #: The answer put together from a stream's events.
    assembled: str
    unit: str
    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    total: int
    violated: tuple[int, ...]
    findings: tuple[Finding, ...]
    #: Bytes as they came: what they are, and a dump.
    dumps: tuple[tuple[str, str], ...]


def show(
    attempt: Attempt, number: int, view: AttemptView | None, *, request: Request | None = None, quiet: bool = False
) -> Shown:
    """
    The evidence of an attempt; without a view a stream is shown read by read, and a body as far as it is UTF-8.

    ``request`` is what the case asked for, ``quiet`` shows less: the case passed.
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
        curl=curl.line(exchange, request),
        headers=exchange.headers,
        body=cut(_body(exchange, view), _QUIET_BODY if quiet else _BODY),
        assembled=cut(visible(view.assembled, "\n"), _QUIET_BODY if quiet else _BODY) if view is not None else "",
        unit="event" if view is not None else "read",
        rows=tuple(_rows(events, marks, *((_QUIET_FIRST, _QUIET_LAST) if quiet else (_FIRST, _LAST)))),
        ticks=_ticks(events, exchange.seconds, set(marks)),
        total=len(events),
        violated=violated,
        findings=attempt.findings,
        dumps=tuple(_dumps(exchange, [event for event in events if event.index in marks])) if attempt.findings else (),
    )


def document(shown: Shown) -> dict[str, JSON]:
    """
    The same for the script of a page: one attempt as a JSON object, every text made visible.
    """
    findings = {finding: place for place, finding in enumerate(dict.fromkeys(shown.findings))}
    return {
        "reason": shown.reason,
        "status": shown.status,
        "ending": visible(shown.ending),
        "seconds": shown.seconds,
        "first": shown.first_byte,
        # A request of a megabyte is sent again by its name, not by a line to copy.
        "curl": shown.curl if len(shown.curl) <= LONGEST else "",
        "headers": [[shorten(line(name), 200), shorten(line(value), 2000)] for name, value in shown.headers[:100]],
        "body": shown.body,
        "assembled": shown.assembled,
        "dumps": [[title, text] for title, text in shown.dumps],
        "unit": shown.unit,
        "total": shown.total,
        "bad": [*shown.violated[:_FINDINGS]],
        "ticks": [[tick.x, int(tick.violated)] for tick in shown.ticks],
        "rows": [_row_document(row, findings) for row in shown.rows],
        "findings": [
            [
                finding.requirement,
                shorten(line(finding.where), 300),
                shorten(visible(finding.expected, "\n"), 500),
                shorten(visible(finding.observed, "\n"), 1000),
            ]
            for finding in list(findings)[:_FINDINGS]
        ],
        "more": max(len(findings) - _FINDINGS, 0),
    }


def _row_document(row: Row, findings: dict[Finding, int]) -> JSON:
    if row.skipped:
        return [row.skipped]
    places = [findings[each] for each in row.findings if findings[each] < _FINDINGS]
    return [row.number, row.at, row.size, row.read, row.text, [*places], int(row.hidden)]


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
    skipped, at_hand = 0, _AT_HAND
    for place, event in enumerate(events):
        hidden = place not in shown
        at_hand -= min(len(event.text), _EVENT) if hidden else 0
        if hidden and at_hand < 0:
            skipped += 1
            continue
        if skipped:
            rows.append(Row(skipped=skipped))
            skipped = 0
        rows.append(_row(event, marks.get(event.index, ()), hidden=hidden))
    return rows


def _row(event: EventView, findings: tuple[Finding, ...], *, hidden: bool) -> Row:
    return Row(
        hidden=hidden,
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
            x = round(event.at / whole * _TICKS) * 1000 // _TICKS
            places[x] = places.get(x, False) or event.index in violated
    return tuple(Tick(x, places[x]) for x in sorted(places))


def _dumps(exchange: Exchange, violated: Sequence[EventView]) -> Iterator[tuple[str, str]]:
    data = b"".join(chunk.data for chunk in exchange.chunks)
    if data:
        yield f"the first {min(len(data), _HEX)} of {plural(len(data), 'byte')}", _dump(data[:_HEX])
    for event in violated[:_HEX_EVENTS]:
        # Offsets are those of the decoded body: where a coding hides the reads they say nothing of these bytes.
        if event.read is not None and event.start >= _HEX:
            part = data[event.start : min(event.end, event.start + _HEX_EVENT)]
            yield f"event {event.index}, from byte {grouped(event.start)}", _dump(part, event.start)


def _dump(data: bytes, offset: int = 0) -> str:
    lines = []
    for start in range(0, len(data), 16):
        part = data[start : start + 16]
        text = "".join(chr(byte) if 0x20 <= byte < 0x7F else "." for byte in part)
        lines.append(f"{offset + start:04x}  {part.hex(' '):<47}  {text}")
    return "\n".join(lines)
