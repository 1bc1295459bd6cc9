"""
The columns that pytest-html's log gets: target, requirement, level and a link into our report, never a body.

pytest-html writes cells as they are, so everything is escaped here.  Its log shows what pytest did; ``report.html``
shows what the endpoint did.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from conformance.model import Level
from conformance.report import links
from conformance.report.text import line

#: So many requirements are named in one cell; the report has all.
_MOST = 3


def header() -> tuple[str, ...]:
    """
    The heads of our columns, which pytest-html can sort by.
    """
    names = ("Target", "Requirement", "Level")
    sortable = (f'<th class="sortable" data-column-type="{name.lower()}">{name}</th>' for name in names)
    return (*sortable, "<th>Evidence</th>")


def row(
    *, target: str, case: str, requirements: Sequence[tuple[str, Level]] = (), report: str = "report.html"
) -> tuple[str, ...]:
    """
    The cells of one case, in the order of ``header``.

    ``requirements`` are those that the case violated, or the one that it is about, each with its level; ``report`` is
    the path of our report, relative to the log.
    """
    named = [line(name, 120) for name, _ in requirements]
    more = [f"and {len(named) - _MOST} more"] if len(named) > _MOST else []
    levels = sorted({level for _, level in requirements}, key=list(Level).index)
    return (
        _cell("target", line(target, 80)),
        _cell("requirement", ", ".join(named[:_MOST] + more)),
        _cell("level", levels[0].value if levels else ""),
        f'<td class="col-evidence"><a href="{escape(report + links.case(case))}">report</a></td>',
    )


def _cell(name: str, text: str) -> str:
    return f'<td class="col-{name}">{escape(text)}</td>'
