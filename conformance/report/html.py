"""
``report.html``: one file for one target; verdict, findings and coverage read without script, evidence opens with it.

It is inert whatever the target said.  What does not fit goes into files beside it, what passed first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from types import MappingProxyType
from typing import Any

from conformance.model import JSON, Level, Outcome, Result, Scorecard, Violation
from conformance.report import (
    beside,
    coverage,
    curl,
    diff_text,
    evidence,
    excerpt,
    labels,
    links,
    pacing,
    packing,
    page,
)
from conformance.report.beside import Beside
from conformance.report.coverage import Covered
from conformance.report.diff import Change, Changes
from conformance.report.excerpt import Excerpt
from conformance.report.text import line, shorten
from conformance.report.verdicts import profile_of
from conformance.report.views import AttemptView, CaseView, Facts

MAIN = "report.html"
#: Of a page that holds nothing but evidence.
_BESIDE = 4 * 1024 * 1024
#: Rows and findings that stand in the page itself; the script shows the others.
_ROWS, _FINDINGS = 60, 24
_STYLES = ("report.css",)
_SCRIPTS = ("dom.js", "data.js", "case.js", "list.js", "route.js", "report.js")

_GRAVE = (
    Outcome.FAIL,
    Outcome.ERROR,
    Outcome.INCONCLUSIVE,
    Outcome.WARN,
    Outcome.UNSUPPORTED,
    Outcome.INFO,
    Outcome.NOT_RUN,
    Outcome.PASS,
    Outcome.NOT_APPLICABLE,
)
_QUIET = frozenset({Outcome.PASS, Outcome.INFO, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})
_NO_VIEWS: Mapping[str, CaseView] = MappingProxyType({})
_NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Report:
    """
    Everything that the page is made of.
    """

    card: Scorecard
    views: Mapping[str, CaseView]
    facts: Facts
    changes: Changes | None
    beside: Mapping[tuple[Change, str], Beside]
    covered: tuple[Covered, ...]
    #: The gravest first, then by id.
    results: tuple[Result, ...]


def render(card: Scorecard, views: Mapping[str, CaseView] = _NO_VIEWS, *, soft_cap: int = page.SOFT_CAP) -> str:
    """
    The main page alone, see ``pages``.
    """
    return pages(card, views, soft_cap=soft_cap)[MAIN]


def pages(
    card: Scorecard,
    views: Mapping[str, CaseView] = _NO_VIEWS,
    *,
    facts: Facts = _NO_FACTS,
    changes: Changes | None = None,
    earlier: Mapping[str, CaseView] = _NO_VIEWS,
    soft_cap: int = page.SOFT_CAP,
) -> dict[str, str]:
    """
    The page for a scorecard and what goes beside it, by path.

    ``views`` hold the read replies by case id (see ``views``), ``changes`` the comparison with an earlier run,
    whose replies are ``earlier``, or with a baseline.  The same arguments give the same texts.  ``soft_cap`` bounds the main page, in characters.
    """
    ordered = sorted(card.results, key=lambda each: (_GRAVE.index(each.outcome), each.case.id))
    report = _Report(
        card=card,
        views=views,
        facts=facts,
        changes=changes,
        beside=beside.of(changes, earlier, views) if changes is not None else {},
        covered=coverage.of(card),
        results=tuple(ordered),
    )
    frame = _frame(report)
    template = page.environment().get_template("report.html.j2")
    bare = template.render(**frame, data=packing.text(_data(report, {})), blocks=(), beside=0)
    # The data names a page and a block for every case; numbers compress to next to nothing.
    packed = packing.pack(_evidence(report), first=soft_cap - len(bare) - 4 * len(ordered), room=_BESIDE)
    data = packing.text(_data(report, packed.places))
    made = {MAIN: template.render(**frame, data=data, blocks=packed.pages[0], beside=len(packed.pages) - 1)}
    for number, blocks in enumerate(packed.pages[1:], start=1):
        made[f"evidence/{number}.html"] = _beside(report, packed, number, blocks)
    return made


def _beside(report: _Report, packed: packing.Packed, number: int, blocks: Sequence[str]) -> str:
    here = {name: place for name, place in packed.places.items() if place[0] == number}
    data = packing.text({**_data(report, here, only=True), "page": number})
    template = page.environment().get_template("evidence.html.j2")
    return template.render(**page.assets(_STYLES, _SCRIPTS), card=report.card, data=data, blocks=blocks, number=number)


def _frame(report: _Report) -> dict[str, Any]:
    card = report.card
    # What a contract leaves open is noted in a line.
    grave = [each for each in card.violations if each.requirement.level is not Level.MAY]
    return {
        **page.assets(_STYLES, _SCRIPTS),
        "card": card,
        "results": report.results[:_ROWS],
        "profiles_of": _profiles_of(card),
        "undecided": labels.undecided(card),
        "curls": {violation.signature: _curl(violation, card) for violation in card.violations[:_FINDINGS]},
        "advised": _advised(card),
        "excerpts": _excerpts(report),
        "findings": grave[:_FINDINGS],
        "more_findings": [each for each in card.violations if each not in grave[:_FINDINGS]],
        "covered": report.covered,
        "coverage": coverage.summary(report.covered),
        "facts": report.facts,
        "measures": pacing.measures({line(card.run.target): report.facts.pacing}),
        "changes": report.changes,
        "changed": diff_text,
        "beside_changes": report.beside,
        "broken": {result.case.id: _broken(result) for result in card.results},
        "grave": grave,
    }


def _evidence(report: _Report) -> Iterator[tuple[str, JSON]]:
    """
    What is kept of each case, the gravest first: that is what the main page has room for.
    """
    for result in report.results:
        if result.attempts:
            quiet = result.outcome in _QUIET
            yield links.key(result.case.id), case_document(result, report.views.get(result.case.id), quiet=quiet)


def case_document(result: Result, view: CaseView | None, *, quiet: bool) -> JSON:
    """
    A case's attempts as the script of a page reads them.
    """
    read: Sequence[AttemptView] = view.attempts if view is not None else ()
    shown = [
        evidence.show(attempt, number, each, request=result.case.request, quiet=quiet)
        for number, (attempt, each) in enumerate(zip_longest(result.attempts, read[: len(result.attempts)]), start=1)
    ]
    file = f"{result.case.file}:{result.case.line}" if result.case.file else ""
    return {"file": line(file), "attempts": [evidence.document(each) for each in shown]}


def _data(report: _Report, places: Mapping[str, tuple[int, int]], *, only: bool = False) -> dict[str, JSON]:
    """
    What the script lists: results, coverage and the words for them; ``only`` what has a place.
    """
    card = report.card
    profiles = _profiles_of(card)
    titles = list(dict.fromkeys(profiles.values()))
    listed = [result for result in report.results if not only or links.key(result.case.id) in places]
    rows: list[JSON] = [
        [
            result.outcome.value,
            links.key(result.case.id),
            line(result.case.title, 160),
            titles.index(profiles[result.case.id]),
            [*_broken(result)],
            labels.cause(result.cause) if result.cause else "",
            len(result.attempts),
            [*places.get(links.key(result.case.id), ())],
        ]
        for result in listed
    ]
    return {
        "page": 0,
        "profiles": [*titles],
        "outcomes": {each.value: [labels.SYMBOLS[each], labels.words(each)] for each in Outcome},
        "rows": rows,
        "requirements": _requirements(card),
        "findings": {violation.signature: violation.requirement.id for violation in card.violations},
        "covered": [] if only else [_covered(each) for each in report.covered],
        "parameters": [] if only else [_parameter(each) for each in report.facts.parameters],
        "fields": [] if only else [[each.schema, each.place, each.exchanges] for each in report.facts.fields],
    }


def _requirements(card: Scorecard) -> JSON:
    """
    The requirements that something violated: level and text, and the finding to go to.
    """
    first: dict[str, JSON] = {}
    for violation in card.violations:
        row = violation.requirement
        first.setdefault(row.id, [row.level.value, row.text, violation.signature])
    return first


def _covered(each: Covered) -> JSON:
    row = each.requirement
    doc = labels.link(row.doc)
    return [each.state, row.level.value, row.id, row.text, each.why, each.profile, doc, each.cases, each.violated]


def _parameter(each: Any) -> JSON:
    return [each.place, each.accepted, each.refused, each.wrong]


def _excerpts(report: _Report) -> dict[str, Excerpt]:
    results = {result.case.id: result for result in report.card.results}
    made = {}
    for violation in report.card.violations[:_FINDINGS]:
        case, number, finding = violation.samples[0]
        view = report.views.get(case)
        read = view.attempts[number - 1] if view is not None and number <= len(view.attempts) else None
        found = excerpt.of(results[case].attempts[number - 1], read, finding)
        if found is not None:
            made[violation.signature] = found
    return made


def _profiles_of(card: Scorecard) -> dict[str, str]:
    contracts = {contract.id: contract for contract in card.contracts}
    titles = {(score.contract, score.profile.id): labels.title(score, card) for score in card.profiles}
    made = {}
    for result in card.results:
        profile = profile_of(result.case, contracts[result.case.contract])
        made[result.case.id] = titles.get((result.case.contract, profile), profile)
    return made


def _curl(violation: Violation, card: Scorecard) -> str:
    case, number, _ = violation.samples[0]
    result = next(each for each in card.results if each.case.id == case)
    return curl.line(result.attempts[number - 1].exchange, result.case.request)


def _advised(card: Scorecard) -> dict[str, str]:
    """
    The request of every explored case that is told, as a line for a shell.
    """
    told = {case: number for each in card.advice for case, number, _ in each.samples}
    explored = {result.case.id: result for result in card.explored}
    return {
        case: curl.line(explored[case].attempts[number - 1].exchange, explored[case].case.request)
        for case, number in told.items()
    }


def _broken(result: Result) -> tuple[str, ...]:
    return tuple(dict.fromkeys(shorten(finding.requirement, 120) for finding in result.findings))
