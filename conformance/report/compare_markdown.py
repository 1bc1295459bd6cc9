"""
The comparison for a pull request or a CI step: profiles against targets, what differs most, and what to keep in mind.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance import __version__
from conformance.model import Level
from conformance.report import compare_words, labels
from conformance.report.compare import Comparison
from conformance.report.markdown import code, escaped
from conformance.report.text import plural

#: GitHub's comments end at 64 KiB.
_MOST = 60 * 1024
#: More targets than this do not fit into a comment's table.
_COLUMNS = 12


def render(made: Comparison, *, report: str = "") -> str:
    """
    The summary, at most 60 KiB of UTF-8.  ``report`` is where the comparison was written.
    """
    head = "\n".join(_head(made)) + "\n"
    foot = f"\nsuite {escaped(__version__)}" + (f" · report: {code(report)}" if report else "") + "\n"
    room = _MOST - len((head + foot).encode()) - 100
    found = [*_findings(made)]
    body, left = "", len(found)
    for text in found:
        if len((body + text).encode()) > room:
            break
        body, left = body + text, left - 1
    more = f"\nand {plural(left, 'more requirement')}, see the report.\n" if left else ""
    return head + body + more + foot


def _head(made: Comparison) -> Iterator[str]:
    names = [escaped(column.name) for column in made.columns[:_COLUMNS]]
    yield f"### {escaped(compare_words.headline(made))}"
    yield ""
    yield compare_words.detail(made)
    yield ""
    for remark in made.remarks:
        yield f"- **{escaped(remark.title)}.** {escaped(remark.text)}"
    yield ""
    yield "| profile | " + " | ".join(names) + " |"
    yield "| --- |" + " --- |" * len(names)
    for group in made.groups:
        said = [escaped(compare_words.verdict_words(group, column)[0]) for column in range(len(names))]
        yield f"| {escaped(group.title)} | " + " | ".join(said) + " |"
    if len(made.columns) > _COLUMNS:
        yield ""
        yield f"and {plural(len(made.columns) - _COLUMNS, 'more target')}, see the report."
    yield ""


def _findings(made: Comparison) -> Iterator[str]:
    for each in made.findings:
        row = each.requirement
        if row.level is Level.MAY:
            return
        sign = labels.LEVEL_SYMBOLS[row.level]
        yield (
            f"- {sign} {row.level} {code(row.id)} {escaped(row.text)} "
            f"Violated by {escaped(compare_words.seen(each, made))}\n"
        )
