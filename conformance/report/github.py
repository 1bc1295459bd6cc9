"""
Annotations for GitHub Actions: the few lines that a step may pin to a run, spent on what is new.

GitHub shows ten errors and ten warnings a step and says nothing of the rest, so that the last line counts it.
Source: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.model import Disposition, Level, Scorecard, Standing, Violation
from conformance.report.baseline import worst
from conformance.report.text import line, plural

_MOST = 10


def render(
    card: Scorecard,
    standing: Standing | None = None,
    *,
    level: Level = Level.MUST,
    exists: Callable[[str], bool] = lambda _: False,
) -> tuple[str, ...]:
    """
    Workflow commands, one a line: violations at or above ``level`` that are new, then expired, then stale entries.

    ``exists`` tells whether a case's file is part of the repository, so that the annotation can point at its line.
    """
    levels = list(Level)[: list(Level).index(level) + 1]
    counted = [each for each in card.violations if each.requirement.level in levels]
    order = (Disposition.NEW, Disposition.EXPIRED)
    said = [(word, each) for word in order for each in counted if worst(each, standing) is word]
    errors = [_error(card, violation, word, exists) for word, violation in said]
    more = len(errors) - _MOST
    extra = (f"::notice title=conformance::+{plural(more, 'more violation')} in the step summary",) if more > 0 else ()
    return (*errors[:_MOST], *extra, *list(_stale(card, standing))[:_MOST])


def _error(card: Scorecard, violation: Violation, word: Disposition, exists: Callable[[str], bool]) -> str:
    name, _, finding = violation.samples[0]
    case = next(result.case for result in card.results if result.case.id == name)
    place = f" at {finding.where}" if finding.where else ""
    title = f"{card.run.target}: {violation.requirement.level} {violation.requirement.id}"
    text = f"{word.value}: {finding.message}{place} ({plural(len(violation.cases), 'case')}, first {name})"
    where = f"file={_property(case.file)},line={case.line}," if case.file and exists(case.file) else ""
    return f"::error {where}title={_property(title)}::{_data(text)}"


def _stale(card: Scorecard, standing: Standing | None) -> Iterator[str]:
    for entry, disposition in standing.entries if standing is not None else ():
        if disposition is Disposition.UNEXPECTED_PASS:
            title = f"{card.run.target}: stale baseline"
            text = f"{entry.requirement} holds now, remove the entry of line {entry.line}"
            yield f"::warning title={_property(title)}::{_data(text)}"


def _data(text: str) -> str:
    return line(text, 900).replace("%", "%25")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
