"""
The words of a comparison: cells, notes, sentences.  None of them names a winner.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from conformance.model import Verdict
from conformance.report import labels
from conformance.report.compare import DECIDED, Cell, Comparison, Group, Mark, Row
from conformance.report.shared import Sample, Shared
from conformance.report.text import line

#: The sign of each mark, and its tone.
SIGNS: Mapping[Mark, tuple[str, str]] = {
    Mark.HELD: ("✓", "good"),
    Mark.VIOLATED: ("✗", "fail"),
    Mark.UNMET: ("!", "warn"),
    Mark.NOTED: ("i", "none"),
    Mark.INCONCLUSIVE: ("?", "open"),
    Mark.UNTESTED: ("·", "none"),
    Mark.UNSUPPORTED: ("—", "none"),
    Mark.NOT_CLAIMED: ("n/a", "none"),
}
MEANINGS = {
    Mark.VIOLATED.value: "a MUST",
    Mark.UNMET.value: "a SHOULD",
    Mark.NOTED.value: "the contract leaves it open",
    Mark.INCONCLUSIVE.value: "asked, but what it speaks of never occurred",
    Mark.UNTESTED.value: "nothing came to what it speaks of",
    Mark.UNSUPPORTED.value: "refused in a documented way",
}
_SUPERSCRIPT = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

#: Samples of one requirement that are quoted.
_SAMPLES = 3
_TONES = {Verdict.CONFORMS: "good", Verdict.WARNINGS: "warn", Verdict.FAILS: "fail", Verdict.INCOMPLETE: "open"}


def headline(made: Comparison) -> str:
    """
    Who stands side by side.
    """
    names = [line(column.name, 40) for column in made.columns]
    return f"{len(names)} targets side by side: {labels.listed(names, 4)}"


def detail(made: Comparison) -> str:
    """
    How much differs and how much is broken.
    """
    rows = [row for row in made.rows if any(cell.mark in DECIDED for cell in row.cells)]
    differ, broken = sum(row.differs for row in rows), sum(row.broken for row in rows)
    return (
        f"Of {len(rows)} requirements that were decided for at least one target, {differ} "
        f"{'differs' if differ == 1 else 'differ'} between targets and {broken} "
        f"{'is' if broken == 1 else 'are'} violated by at least one."
    )


def words(cell: Cell, note: int = 0) -> str:
    """
    ``✗ violated 3/14 ²``: a sign, a word, how many of how many when not all are alike, and the note's number.
    """
    sign = SIGNS[cell.mark][0]
    said = f"{sign} {cell.mark.value}" if sign != "n/a" else cell.mark.value
    if not cell.violated:
        return said
    return f"{said} {cell.violated}/{cell.cases}" + (f" {str(note).translate(_SUPERSCRIPT)}" if cell.partial else "")


def verdict_words(group: Group, column: int) -> tuple[str, str]:
    """
    What a target's cell of a profile says, and its tone: ``✗ fails, 41/43 held``.
    """
    score = group.scores[column]
    if score is None:
        return "· not asked", "none"
    counts = "" if score.verdict is Verdict.NOT_CLAIMED else ", {}/{} held".format(*labels.at_stake(score))
    short = {Verdict.WARNINGS: "warnings", Verdict.FAILS: "fails"}.get(score.verdict, labels.words(score.verdict))
    return f"{labels.VERDICT_SYMBOLS[score.verdict]} {short}{counts}", _TONES.get(score.verdict, "none")


def notes(made: Comparison) -> list[tuple[int, str, str]]:
    """
    Number, requirement and text of what is behind partial cells.
    """
    found = {each.requirement.id: each for each in made.findings}
    return [
        (row.note, row.requirement.id, _note(row, found[row.requirement.id], made))
        for row in made.rows
        if row.note and row.requirement.id in found
    ]


def _note(row: Row, found: Shared, made: Comparison) -> str:
    partial = [
        f"{line(column.name, 40)} {cell.violated} of {cell.cases}"
        for column, cell in zip(made.columns, row.cells, strict=True)
        if cell.partial
    ]
    first = next(iter(found.samples.values()))[0].finding
    said = f"expected {line(first.expected, 120)}, got {line(first.observed, 120)}"
    return f"{labels.listed(partial, 6)} cases: {said}{f' at {line(first.where, 80)}' if first.where else ''}"


def seen(each: Shared, made: Comparison) -> str:
    """
    Who violates it, in how many cases, and who holds it.
    """
    names = [line(column.name, 40) for column in made.columns]
    broken = [f"{names[number]} ({each.cases[number]})" for number in each.samples]
    held = [names[number] for number in each.held]
    return f"{labels.listed(broken, 12)}. Held by: {labels.listed(held, 12) or 'nobody'}."


def quotes(each: Shared, made: Comparison) -> list[tuple[str, Sample]]:
    """
    A few samples that say different things, with the target that showed them.
    """
    first: dict[str, tuple[str, Sample]] = {}
    for number, samples in each.samples.items():
        for sample in samples:
            first.setdefault(sample.finding.message, (line(made.columns[number].name, 40), sample))
    return list(first.values())[:_SAMPLES]


def counted(targets: Sequence[tuple[str, int]]) -> str:
    """
    ``acme (3), globex (1)``.
    """
    return ", ".join(f"{name} ({number})" for name, number in targets)
