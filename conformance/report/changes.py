"""
What changed between two runs: violations that are new, gone or no longer looked at, and cases that ended otherwise.

A finding is the same in both runs when its signature is; nothing is compared by the words of a model.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from conformance import __version__
from conformance.model import Level, Outcome, Requirement, Result, Scorecard, State, Violation
from conformance.report.scorecard import merged

#: The kinds of change, the gravest first.
KINDS = ("new", "gone", "unobserved", "same")
_LEVELS = list(Level)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstance:
    """
    Something that should be alike where two runs are compared.
    """

    name: str
    before: str
    after: str
    same: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    What became of one violation.
    """

    #: One of ``KINDS``: ``gone`` was exercised again and held, ``unobserved`` was not exercised again.
    kind: str
    requirement: Requirement
    signature: str
    before: Violation | None
    after: Violation | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """
    A case that ended otherwise than before.
    """

    case: str
    title: str
    before: Outcome
    after: Outcome
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """
    A run beside an earlier one.
    """

    before: Scorecard
    after: Scorecard
    circumstances: tuple[Circumstance, ...]
    changes: tuple[Change, ...]
    ended: tuple[Ended, ...]
    #: Cases that only one of the runs knows.
    added: tuple[str, ...]
    removed: tuple[str, ...]
    #: How many cases ended as before.
    same: int

    def of(self, kind: str) -> tuple[Change, ...]:
        """
        The changes of a kind.
        """
        return tuple(change for change in self.changes if change.kind == kind)


def between(before: Scorecard, after: Scorecard) -> Changes:
    """
    Compare a run with an earlier one.
    """
    old, new = _by_case(before), _by_case(after)
    ended = tuple(_ended(old, new))
    return Changes(
        before=before,
        after=after,
        circumstances=tuple(_circumstances(before, after)),
        changes=tuple(sorted(_changes(before, after), key=_order)),
        ended=ended,
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        same=len(old.keys() & new.keys()) - len(ended),
    )


def _by_case(card: Scorecard) -> Mapping[str, Result]:
    return {result.case.id: result for result in card.results}


def _order(change: Change) -> tuple[int, int, str, str]:
    return KINDS.index(change.kind), _LEVELS.index(change.requirement.level), change.requirement.id, change.signature


def _circumstances(before: Scorecard, after: Scorecard) -> Iterator[Circumstance]:
    for (name, one), (_, other) in zip(_facts(before), _facts(after), strict=True):
        yield Circumstance(name=name, before=one, after=other, same=one == other)


def _facts(card: Scorecard) -> Iterator[tuple[str, str]]:
    run = card.run
    yield "Target", run.target
    yield "Endpoint", run.base_url
    yield "Model", run.model
    yield "Suite that asked", run.suite or __version__
    yield "Contract", ", ".join(f"{name} {version} ({sha[:8]})" for name, version, sha in run.contracts)
    yield "Claims", "none stated" if run.claims is None else ", ".join(sorted(run.claims))


def _changes(before: Scorecard, after: Scorecard) -> Iterator[Change]:
    old = {violation.signature: violation for violation in before.violations}
    new = {violation.signature: violation for violation in after.violations}
    states = merged(after.results)
    for signature in dict.fromkeys([*old, *new]):
        one, other = old.get(signature), new.get(signature)
        requirement = (other or old[signature]).requirement
        decided = states.get(requirement.id) in (State.HELD, State.VIOLATED)
        kind = "new" if one is None else "same" if other is not None else "gone" if decided else "unobserved"
        yield Change(kind=kind, requirement=requirement, signature=signature, before=one, after=other)


def _ended(old: Mapping[str, Result], new: Mapping[str, Result]) -> Iterator[Ended]:
    for name, result in new.items():
        earlier = old.get(name)
        if earlier is not None and earlier.outcome is not result.outcome:
            yield Ended(
                case=name,
                title=result.case.title,
                before=earlier.outcome,
                after=result.outcome,
                cause=result.cause,
            )


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of two texts side by side: in both, or only in one of them.
    """

    #: `` ``, ``-`` or ``+``.
    sign: str
    text: str


def lines(before: str, after: str, *, around: int = 2) -> tuple[Line, ...]:
    """
    Where two texts differ, line by line; JSON is laid out first.  What is alike is cut to ``around`` lines.
    """
    pairs = difflib.unified_diff(_laid_out(before), _laid_out(after), n=around, lineterm="")
    return tuple(_signed(pairs))


def _signed(rows: Iterable[str]) -> Iterator[Line]:
    for row in rows:
        if not row.startswith(("---", "+++", "@@")):
            yield Line(row[:1] or " ", row[1:])


def _laid_out(text: str) -> list[str]:
    try:
        return json.dumps(json.loads(text), indent=1, ensure_ascii=False).splitlines()
    except (ValueError, RecursionError):
        return text.splitlines()
