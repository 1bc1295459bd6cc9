"""
``report.html``: one file for one target, complete without script and network, inert whatever the target said.

Every text goes through ``visible`` and the template engine's escaping; style and script are allowed by their hashes
alone.  Evidence is bounded: what passed is left out first when the file would grow too large, and the page says so.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from conformance import __version__
from conformance.model import Contract, Finding, Level, Outcome, Requirement, Result, Scorecard, Verdict, Violation
from conformance.report import curl, evidence, labels
from conformance.report.scorecard import merged
from conformance.report.text import duration, grouped, line, plural, shorten, visible
from conformance.report.verdicts import profile_of
from conformance.report.views import CaseView

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

#: Bytes beyond which evidence is left out; browsers take larger files badly.
SOFT_CAP = 5 * 1024 * 1024
#: Of one case's evidence; more than that is shown without bodies and headers.
_CASE_CAP = 512 * 1024

_POLICY = (
    "default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_QUIET = frozenset({Outcome.PASS, Outcome.INFO, Outcome.NOT_APPLICABLE, Outcome.NOT_RUN})
_NO_VIEWS: Mapping[str, CaseView] = MappingProxyType({})


def render(card: Scorecard, views: Mapping[str, CaseView] = _NO_VIEWS, *, soft_cap: int = SOFT_CAP) -> str:
    """
    The page for a scorecard; ``views`` hold the read replies by case id (see ``views``).

    The same arguments give the same text.  ``soft_cap`` bounds the evidence, in characters of the page.
    """
    environment = _environment()
    frame = _frame(card)
    # The page without evidence says how much room there is for it.
    page = environment.get_template("report.html.j2")
    bare = page.render(**frame, cases=(), linked=frozenset(), left_out=0, shortened=0)
    evident = _Evidence(environment, views, soft_cap - len(bare))
    ordered = sorted(card.results, key=lambda each: each.outcome in _QUIET)
    for result in ordered:
        evident.add(result)
    return page.render(
        **frame,
        cases=[evident.sections[result.case.id] for result in card.results if result.case.id in evident.sections],
        linked=frozenset(evident.sections),
        left_out=evident.left_out,
        shortened=evident.shortened,
    )


class _Evidence:
    """
    The sections of the cases that fit into the page.
    """

    def __init__(self, environment: Environment, views: Mapping[str, CaseView], room: int) -> None:
        self._template = environment.get_template("case.html.j2")
        self._views, self._room = views, room
        self.sections: dict[str, Markup] = {}
        self.left_out = self.shortened = 0

    def add(self, result: Result) -> None:
        """
        Render a case's evidence if there is room; a case that shows something is cut short rather than left out.
        """
        from markupsafe import Markup

        if not result.attempts:
            return
        if self._room <= 0:
            self.left_out += 1
            return
        text = self._render(result, brief=False)
        if len(text) > min(self._room, _CASE_CAP) and result.outcome not in _QUIET:
            text = self._render(result, brief=True)
            self.shortened += 1
        if len(text) > self._room:
            self._room = 0 if result.outcome in _QUIET else self._room
            self.left_out += 1
            return
        self._room -= len(text)
        self.sections[result.case.id] = Markup(text)

    def _render(self, result: Result, *, brief: bool) -> str:
        view = self._views.get(result.case.id)
        read = view.attempts if view is not None else ()
        quiet = result.outcome in _QUIET
        shown = [
            evidence.show(attempt, number, read[number - 1] if number <= len(read) else None, quiet=quiet)
            for number, attempt in enumerate(result.attempts, start=1)
        ]
        return self._template.render(result=result, case=result.case, attempts=shown, brief=brief)


@cache
def _environment() -> Environment:
    import jinja2

    made = jinja2.Environment(
        loader=jinja2.PackageLoader("conformance.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalized,
    )
    made.globals.update(labels=labels, Outcome=Outcome, Verdict=Verdict, Level=Level, plural=plural, anchor=anchor)
    made.globals.update(grouped=grouped, duration=duration, distinct=_distinct)
    made.filters.update(line=line, short=shorten)
    return made


def _finalized(value: Any) -> Any:
    from markupsafe import Markup

    return visible(value, "\n") if isinstance(value, str) and not isinstance(value, Markup) else value


def _distinct(samples: Sequence[tuple[str, int, Finding]]) -> list[tuple[str, int, Finding]]:
    """
    The samples that say something which none before them said.
    """
    return list({finding.message: (case, number, finding) for case, number, finding in reversed(samples)}.values())[
        ::-1
    ]


def anchor(case: str) -> str:
    """
    The fragment of a case's section, stable between runs; ids that a URL cannot hold end in a hash.
    """
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", case).strip("-")[:80]
    if plain == case:
        return f"case-{plain}"
    return f"case-{plain}-{hashlib.sha256(case.encode(errors='backslashreplace')).hexdigest()[:8]}"


def _frame(card: Scorecard) -> dict[str, Any]:
    """
    Everything on the page but the cases' evidence.
    """
    from markupsafe import Markup

    style, script = _asset("report.css"), _asset("report.js")
    return {
        "card": card,
        "suite": __version__,
        "policy": _POLICY.format(style=_hash(style), script=_hash(script)),
        # Our own files; escaped they would not be what the policy's hashes allow.
        "style": Markup(style),
        "script": Markup(script),
        "profiles_of": _profiles_of(card),
        "undecided": labels.undecided(card),
        "curls": {violation.signature: _curl(violation, card) for violation in card.violations},
        "requirements": _requirements(card),
        "broken": _broken(card),
        "grave": [each for each in card.violations if each.requirement.level is not Level.MAY],
    }


@cache
def _asset(name: str) -> str:
    from importlib.resources import files

    return files("conformance.report").joinpath("templates", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


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
    return curl.line(result.attempts[number - 1].exchange)


def _broken(card: Scorecard) -> dict[str, tuple[str, ...]]:
    return {
        result.case.id: tuple(dict.fromkeys(finding.requirement for finding in result.findings))
        for result in card.results
    }


def _requirements(card: Scorecard) -> list[tuple[str, list[tuple[Requirement, str]]]]:
    """
    Every requirement by profile with its state, which may also be ``noted``, ``untested`` or ``excluded``.
    """
    states = merged(card.results)
    contracts: dict[str, Contract] = {contract.id: contract for contract in card.contracts}
    made = []
    for score in card.profiles:
        rows = [each for each in contracts[score.contract].requirements.values() if each.profile == score.profile.id]
        judged = []
        for row in sorted(rows, key=lambda each: (list(Level).index(each.level), each.id)):
            state = states[row.id].value if row.id in states else "untested"
            # What a contract leaves open cannot be violated, only be otherwise.
            state = "noted" if row.level is Level.MAY and state == "violated" else state
            judged.append((row, "excluded" if row.excluded else state))
        if judged:
            made.append((labels.title(score, card), judged))
    return made
