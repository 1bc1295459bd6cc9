"""
``conformance replay``: ask one case again and hold the answer against the earlier one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from conformance import run, runs, stored
from conformance import whom as who
from conformance.capture.target import Target
from conformance.cli import options, shown
from conformance.contract import contracts
from conformance.model import JSON, Exchange, Level, Outcome, Result
from conformance.read.reply import Reply
from conformance.report import curl
from conformance.report.text import line, visible

_EPILOG = """\b
Examples:
  conformance replay openai-chat.explored.4f1c0a9b2d3e
  conformance replay openai-chat.stream.done https://host/v1 -m m
"""
#: What is shown of a body, in characters, and of a stream, in events.
_MOST, _EVENTS = 2000, 40


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.argument("name", metavar="ID")
@options.whom
@click.option(
    "--run", "folder", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder (default: newest)."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(name: str, *, folder: Path | None, as_json: bool, **whom: Any) -> int:
    """
    Ask one case again, with what it is compared with, and show what came and
    when.

    ID is a case of an earlier run, or of the suite.  The run's target is asked
    unless another is named.  Exit code 1 when a MUST is violated, 3 when no
    answer came.
    """
    found = stored.find(name, folder)
    with options.chosen(**_like_before(whom, found)) as targets:
        target = options.one(targets)
        result = _ask(found, target)
    if as_json:
        shown.data(_document(found, result))
    else:
        shown.text("\n".join(_lines(found, result)) + "\n")
    return _code(result)


def _like_before(given: Mapping[str, Any], found: stored.Stored) -> dict[str, Any]:
    """
    The options, with the address and the model of the run where none is named.
    """
    named = any(given[each] for each in ("url", "targets", "target", "group")) or os.environ.get("OPENAI_BASE_URL")
    if found.run is None or named or found.run.label == who.LABEL:
        return dict(given)
    return {**given, "url": found.run.base_url, "model": given["model"] or found.run.model}


def _ask(found: stored.Stored, target: Target) -> Result:
    from conformance.capture.live import Live

    claims = None if target.claims is None else frozenset(target.claims)
    known = {found.case.contract: contracts.load(found.case.contract)}
    around = run.Circumstances(claims=claims, keyed=target.key is not None)
    results = run.run(found.needed, known, lambda: Live(target), circumstances=around)
    return next(result for result in results if result.case.id == found.case.id)


def _code(result: Result) -> int:
    if result.outcome is Outcome.FAIL:
        return 1
    return 3 if result.outcome in (Outcome.ERROR, Outcome.NOT_RUN) else 0


def _lines(found: stored.Stored, result: Result) -> Iterator[str]:
    yield f"{found.case.id}: {line(found.case.title, 300)}"
    for attempt in result.attempts:
        exchange = attempt.exchange
        yield ""
        yield curl.line(exchange, found.case.request)
        yield ""
        yield f"{exchange.status or exchange.ending.value} after {exchange.first_byte or exchange.seconds:.3f} s"
        yield from _came(exchange)
    yield ""
    yield from _compared(found, result)


def _came(exchange: Exchange) -> Iterator[str]:
    reply = Reply(exchange)
    if not reply.is_stream:
        yield visible(reply.body.decode(errors="backslashreplace")[:_MOST])
        return
    events = reply.stream.events
    for event in events[:_EVENTS]:
        read = reply.read_of(event.end)
        at = reply.reads[read][0] if read is not None else None
        text = reply.body[event.start : event.end].decode(errors="backslashreplace").strip()
        yield (f"{at:8.3f} s  " if at is not None else "") + visible(text[:300])
    if len(events) > _EVENTS:
        yield f"and {len(events) - _EVENTS} more events"


def _compared(found: stored.Stored, result: Result) -> Iterator[str]:
    """
    What is violated now, and what was before.
    """
    levels = contracts.load(found.case.contract).requirements
    now, before = _violated(result), _violated(found.result)
    yield f"outcome: {result.outcome.value}" + (f" ({result.cause})" if result.cause else "")
    for name in sorted(now | before, key=lambda each: (list(Level).index(levels[each].level), each)):
        word = "still" if name in now & before else "now" if name in now else "no longer"
        known = word if found.result is not None else "violated"
        said = next((each.message for each in result.findings if each.requirement == name), "")
        yield f"  {known:<9} {levels[name].level.value:<6} {name}" + (f": {line(said, 200)}" if said else "")
    if found.folder is not None:
        yield f"before: {found.folder / runs.RECORDING if found.folder.is_dir() else found.folder}"


def _violated(result: Result | None) -> set[str]:
    return {finding.requirement for finding in result.findings} if result is not None else set()


def _document(found: stored.Stored, result: Result) -> dict[str, JSON]:
    return {
        "case": found.case.id,
        "outcome": result.outcome.value,
        "cause": result.cause,
        "attempts": [
            {
                "status": each.exchange.status,
                "seconds": each.exchange.seconds,
                "curl": curl.line(each.exchange, found.case.request),
            }
            for each in result.attempts
        ],
        "findings": [
            {"requirement": each.requirement, "message": each.message, "where": each.where} for each in result.findings
        ],
        "before": None if found.result is None else [*sorted(_violated(found.result))],
    }
