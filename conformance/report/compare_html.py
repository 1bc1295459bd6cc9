"""
``compare.html``: targets side by side in one file; profiles, the rows that matter and findings read without script.

A cell leads to the requirement's page, where the exchanges of the targets stand beside each other.  Evidence that has
no room goes into files beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.model import JSON, Contract, Level, Result
from conformance.report import compare_words, extensions, html, labels, links, pacing, packing, page, parameters
from conformance.report.compare import Comparison, Mark
from conformance.report.extensions import Extension
from conformance.report.parameters import Parameter
from conformance.report.shared import Shared, Side
from conformance.report.text import line, shorten
from conformance.report.views import CaseView

MAIN = "compare.html"
_BESIDE = 4 * 1024 * 1024
#: Cells, findings and extensions that stand in the page itself; the script shows the others.
_CELLS, _FINDINGS, _EXTENSIONS = 900, 40, 60
#: With more targets than this their plots would crowd the page.
_PLOTTED = 16
_SAMPLES = 3
_STYLES = ("report.css", "compare.css")
_SCRIPTS = ("dom.js", "data.js", "case.js", "list.js", "route.js", "side.js", "matrix.js", "compare.js")

_MARKS = list(Mark)
#: The view of a case at a target, by the target's place.
Views = Callable[[int, str], CaseView]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """
    Everything that the page is made of.
    """

    made: Comparison
    extensions: tuple[Extension, ...]
    parameters: tuple[Parameter, ...]
    shown: frozenset[str]
    results: tuple[Mapping[str, Result], ...]
    views: Views | None


def pages(made: Comparison, views: Views | None = None, *, soft_cap: int = page.SOFT_CAP) -> dict[str, str]:
    """
    The page for a comparison and what goes beside it, by path.

    ``views`` gives the read replies of a case that is to be shown; without it no evidence is shown, only findings with
    their short quotations.  The same arguments give the same texts.
    """
    facts = [(column.name, column.facts) for column in made.columns]
    whole = _Page(
        made=made,
        extensions=extensions.of(facts),
        parameters=parameters.of(facts),
        shown=_static(made),
        results=tuple({result.case.id: result for result in column.card.results} for column in made.columns),
        views=views,
    )
    frame = _frame(whole)
    template = page.environment().get_template("compare.html.j2")
    bare = template.render(**frame, data=packing.text(_data(whole, {})), blocks=(), beside=0)
    packed = packing.pack(_evidence(whole), first=soft_cap - len(bare) - 16 * len(_wanted(made)), room=_BESIDE)
    data = packing.text(_data(whole, packed.places))
    texts = {MAIN: template.render(**frame, data=data, blocks=packed.pages[0], beside=len(packed.pages) - 1)}
    for number, blocks in enumerate(packed.pages[1:], start=1):
        beside = page.environment().get_template("compare-evidence.html.j2")
        texts[f"evidence/{number}.html"] = beside.render(
            **page.assets(_STYLES, _SCRIPTS),
            data=packing.text({**_data(whole, packed.places), "page": number, "rows": []}),
            blocks=blocks,
            number=number,
            places=[key.split(":", 1) for key, place in packed.places.items() if place[0] == number],
            names=[line(column.name, 60) for column in made.columns],
        )
    return texts


def _frame(whole: _Page) -> dict[str, Any]:
    made = whole.made
    plotted = {line(column.name): column.facts.pacing for column in made.columns}
    return {
        **page.assets(_STYLES, _SCRIPTS),
        "made": made,
        "headline": compare_words.headline(made),
        "detail": compare_words.detail(made),
        "names": [line(column.name, 60) for column in made.columns],
        "shown": whole.shown,
        "say": compare_words,
        "findings": made.findings[:_FINDINGS],
        "more_findings": made.findings[_FINDINGS:],
        "notes": compare_words.notes(made),
        "extensions": whole.extensions,
        "static_extensions": whole.extensions[:_EXTENSIONS],
        "parameters": whole.parameters,
        "static_parameters": [each for each in whole.parameters if each.top and each.sent][:_EXTENSIONS],
        "measures": pacing.measures(plotted),
        "plotted": sum(bool(each) for each in plotted.values()) <= _PLOTTED,
        "evidence": whole.views is not None,
        "contracts": _contracts(made),
    }


def _contracts(made: Comparison) -> list[Contract]:
    return list({each.id: each for column in made.columns for each in column.card.contracts}.values())


def _static(made: Comparison) -> frozenset[str]:
    """
    The requirements whose rows stand in the page: what is broken or differs, by level, as many as there is room for.
    """
    levels = list(Level)
    ranked = sorted(
        made.rows,
        key=lambda row: (not row.broken, not row.differs, levels.index(row.requirement.level), row.requirement.id),
    )
    most = max(_CELLS // max(len(made.columns), 1), 12)
    return frozenset(row.requirement.id for row in ranked[:most] if row.broken or row.differs)


def _wanted(made: Comparison) -> list[Side]:
    """
    The cases to show, those that violate a MUST first, each once.
    """
    sides = [side for each in made.findings for side in each.sides]
    ordered = [side for side in sides if side.violated] + [side for side in sides if not side.violated]
    return list({(side.target, side.case): side for side in reversed(ordered)}.values())[::-1]


def _evidence(whole: _Page) -> Iterator[tuple[str, JSON]]:
    for side in _wanted(whole.made) if whole.views is not None else ():
        result = whole.results[side.target][side.case]
        view = whole.views(side.target, side.case) if whole.views is not None else None
        yield _key(side), html.case_document(result, view, quiet=not side.violated)


def _key(side: Side) -> str:
    return f"{side.target}:{links.key(side.case)}"


def _data(whole: _Page, places: Mapping[str, tuple[int, int]]) -> dict[str, JSON]:
    """
    What the script shows: rows, findings and where the evidence is.
    """
    made = whole.made
    groups = [group.title for group in made.groups]
    return {
        "page": 0,
        "targets": [line(column.name, 60) for column in made.columns],
        "marks": [[mark.value, *compare_words.SIGNS[mark]] for mark in _MARKS],
        "groups": [
            [title, [[*compare_words.verdict_words(group, n)] for n in range(len(made.columns))]]
            for title, group in zip(groups, made.groups, strict=True)
        ],
        "rows": [
            [
                row.requirement.id,
                row.requirement.level.value,
                row.requirement.text,
                place,
                [[_MARKS.index(cell.mark), cell.violated, cell.cases] for cell in row.cells],
                row.note,
            ]
            for place, group in enumerate(made.groups)
            for row in group.rows
        ],
        "findings": {each.requirement.id: _finding(each) for each in made.findings},
        "cases": {key: [*place] for key, place in places.items()},
        "outcomes": {_key(side): _outcome(whole.results[side.target][side.case]) for side in _wanted(made)},
        "extensions": [
            [each.place, each.kind, ", ".join(each.types), compare_words.counted(each.senders)]
            for each in whole.extensions
        ],
        "parameters": [
            [each.place, compare_words.counted(each.accepted), compare_words.counted(each.refused)]
            for each in whole.parameters
        ],
    }


def _outcome(result: Result) -> JSON:
    outcome = result.outcome
    return [outcome.value, labels.SYMBOLS[outcome], labels.words(outcome), line(result.case.title, 160)]


def _finding(each: Shared) -> JSON:
    row = each.requirement
    return {
        "level": row.level.value,
        "text": row.text,
        "breaks": row.breaks,
        "doc": labels.link(row.doc),
        "samples": [
            [
                number,
                links.key(sample.case),
                shorten(line(sample.finding.where), 300),
                shorten(line(sample.finding.expected), 300),
                shorten(line(sample.finding.observed), 300),
                sample.cases,
            ]
            for number, samples in each.samples.items()
            for sample in samples[:_SAMPLES]
        ],
        "sides": [
            [side.target, links.key(side.case), int(side.same), side.state.value if side.state else ""]
            for side in each.sides
        ],
    }
