"""
What changed, as text, JSON and Markdown.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.model import JSON, Finding, RunInfo
from conformance.report import labels
from conformance.report.diff import Change, Changes, Row
from conformance.report.markdown import code, escaped, fenced
from conformance.report.text import grouped, line, plural, shorten

FORMAT = "conformance-changes/1"

WORDS = {
    Change.NEW: ("✗", "new"),
    Change.EXPIRED: ("✗", "expired"),
    Change.FLAKY: ("~", "flaky now"),
    Change.STALE: ("!", "unexpected pass"),
    Change.FIXED: ("✓", "fixed"),
    Change.KNOWN: ("k", "known"),
    Change.UNOBSERVED: ("?", "unobserved"),
}
_BRIEF = (Change.KNOWN, Change.UNOBSERVED)


def headline(made: Changes) -> str:
    """
    ``2 new · 1 flaky now · 3 fixed · 7 known · 1 204 the same``; what did not occur is left out.
    """
    said = [f"{grouped(made.count(change))} {WORDS[change][1]}" for change in Change if made.count(change)]
    if made.same:
        said.append(f"{grouped(made.same)} the same")
    return " · ".join(said) or "nothing changed"


def text(made: Changes) -> str:
    """
    The changes as lines of plain text, ending in a line feed.
    """
    lines = [_title(made), *(f"! {line(note, 200)}" for note in made.notes), headline(made)]
    for step in made.steps:
        if step.before is not step.after:
            was, now = (labels.words(each) if each else "not scored" for each in (step.before, step.after))
            lines.append(f"  {step.contract} {step.profile}: {was} → {now}")
    for row in made.rows:
        lines += _row(row)
    lines += [f"  only {word}: {line(', '.join(ids), 300)}" for word, ids in _lopsided(made) if ids]
    return "\n".join(lines) + "\n"


def _title(made: Changes) -> str:
    after = _named(made.after)
    return f"{after} and its baseline" if made.before is None else f"{_named(made.before)}  →  {after}"


def _named(run: RunInfo) -> str:
    return line(f"{run.label or run.target} {run.model} ({run.started[:16].replace('T', ' ')})", 90)


def _lopsided(made: Changes) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "before", made.removed
    yield "after", made.added


def _row(row: Row) -> Iterator[str]:
    sign, word = WORDS[row.change]
    where = plural(len(row.cases), "case")
    first = (
        f", first {line(row.cases[0], 120)}"
        if len(row.cases) > 1
        else f": {line(row.cases[0], 120)}"
        if row.cases
        else ""
    )
    note = f" ({line(row.note, 160)})" if row.note else ""
    yield f"{sign} {word:<15} {row.requirement.level} {row.requirement.id}{note}, {where}{first}"
    if row.change in _BRIEF:
        return
    for label, finding in (("was", row.before), ("now", row.after)):
        if finding is not None:
            place = f" at {line(finding.where, 120)}" if finding.where else ""
            yield f"    {label}: {line(finding.message, 240)}{place}"


def document(made: Changes) -> dict[str, JSON]:
    """
    The changes as a JSON object.
    """
    return {
        "format": FORMAT,
        "before": None if made.before is None else _run(made.before),
        "after": _run(made.after),
        "notes": list(made.notes),
        "counts": {**{change.value: made.count(change) for change in Change}, "same": made.same},
        "profiles": [
            {
                "contract": step.contract,
                "id": step.profile,
                "before": step.before.value if step.before else None,
                "after": step.after.value if step.after else None,
            }
            for step in made.steps
        ],
        "changes": [_change(row) for row in made.rows],
        "added_cases": list(made.added),
        "removed_cases": list(made.removed),
    }


def _run(run: RunInfo) -> dict[str, JSON]:
    return {"target": run.target, "base_url": run.base_url, "model": run.model, "started": run.started}


def _change(row: Row) -> dict[str, JSON]:
    return {
        "change": row.change.value,
        "requirement": row.requirement.id,
        "level": row.requirement.level.value,
        "signature": row.signature,
        "cases": list(row.cases),
        "note": row.note,
        "before": _finding(row.before),
        "after": _finding(row.after),
    }


def _finding(finding: Finding | None) -> JSON:
    if finding is None:
        return None
    return {"expected": finding.expected, "observed": finding.observed, "where": finding.where}


def markdown(made: Changes, *, most: int = 40) -> str:
    """
    The changes as Markdown for a step summary or a comment; at most so many violations, the rest is counted.
    """
    lines = [f"### {escaped(_title(made))}", "", f"**{headline(made)}**", ""]
    lines += [f"> {escaped(note)}" for note in made.notes]
    lines += ["", "| | requirement | level | cases | |", "| --- | --- | --- | --: | --- |"] if made.rows else []
    for row in made.rows[:most]:
        sign, word = WORDS[row.change]
        name = code(row.requirement.id)
        lines.append(f"| {sign} {word} | {name} | {row.requirement.level} | {len(row.cases)} | {escaped(row.note)} |")
    if len(made.rows) > most:
        lines += ["", f"and {plural(len(made.rows) - most, 'more change')}"]
    for row in made.rows[:most]:
        if row.change not in _BRIEF:
            lines += _details(row)
    return "\n".join(lines) + "\n"


def _details(row: Row) -> Iterator[str]:
    sign, word = WORDS[row.change]
    summary = f"{sign} {word}: <code>{escaped(row.requirement.id)}</code> {escaped(shorten(row.requirement.text, 200))}"
    yield ""
    yield f"<details><summary>{summary}</summary>"
    yield ""
    shown = [
        f"{label}: {shorten(finding.message, 500)} at {finding.where or 'the whole'}"
        for label, finding in (("was", row.before), ("now", row.after))
        if finding is not None
    ]
    yield fenced("\n".join([*shown, *row.cases[:5], *(["…"] if len(row.cases) > 5 else [])]))
    yield ""
    yield "</details>"
