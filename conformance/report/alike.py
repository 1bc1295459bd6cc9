"""
Whether runs may be compared at all: what differs in how they were made, in words that a reader can weigh.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from conformance import __version__
from conformance.model import Evidence, Scorecard
from conformance.report.labels import listed, when
from conformance.report.text import line, plural

#: Endpoints change: runs further apart than this may have met other servers.
_DAYS = 7

Named = tuple[str, Scorecard]


@dataclass(frozen=True, slots=True)
class Remark:
    """
    Something that makes targets less comparable: a title and what it means.
    """

    title: str
    text: str


def remarks(runs: Sequence[Named]) -> tuple[Remark, ...]:
    """
    What a reader must know before comparing.
    """
    return tuple(found for look in _LOOKS for found in look(runs))


def _values(runs: Sequence[Named], value: Callable[[Scorecard], str]) -> str:
    """
    ``a (acme, globex), b (initech)``: every value with those who have it; nothing when all have the same.
    """
    held: dict[str, list[str]] = {}
    for name, card in runs:
        held.setdefault(value(card), []).append(line(name, 40))
    if len(held) < 2:
        return ""
    said = [f"{line(each, 60) or 'not known'} ({listed(names, 3)})" for each, names in held.items()]
    return listed(said, 6)


def _models(runs: Sequence[Named]) -> Iterator[Remark]:
    said = _values(runs, lambda card: card.run.model)
    if said:
        yield Remark("Different models", f"Only the protocol is comparable, not what was answered. {said}.")


def _suites(runs: Sequence[Named]) -> Iterator[Remark]:
    said = _values(runs, lambda card: card.run.suite or __version__)
    if said:
        yield Remark(
            "Different versions of the suite asked",
            f"All were judged by {__version__}, but not by the same requests. {said}.",
        )


def _contracts(runs: Sequence[Named]) -> Iterator[Remark]:
    said = _values(runs, lambda card: " + ".join(f"{each.id} {each.version}" for each in card.contracts))
    if said:
        yield Remark("Different contracts", f"What only one was held to has no counterpart. {said}.")


def _claims(runs: Sequence[Named]) -> Iterator[Remark]:
    said = _values(
        runs, lambda card: "none stated" if card.run.claims is None else "claims " + "+".join(sorted(card.run.claims))
    )
    if said:
        yield Remark("Different claims", f"A profile that is not claimed was not asked. {said}.")


def _cases(runs: Sequence[Named]) -> Iterator[Remark]:
    asked = [frozenset(result.case.id for result in card.results if result.attempts) for _, card in runs]
    common, every = frozenset.intersection(*asked), frozenset.union(*asked)
    if every and not common:
        yield Remark(
            "Nobody was asked the same",
            "The targets have no case in common, as in recorded traffic: that one shows fewer violations may only mean "
            "that less was seen of it.",
        )
    elif len(common) < len(every):
        numbers = [f"{line(name, 40)} {len(each)}" for (name, _), each in zip(runs, asked, strict=True)]
        yield Remark(
            "Not all were asked the same",
            f"{plural(len(common), 'case')} of {len(every)} {'was' if len(common) == 1 else 'were'} asked of every "
            f"target. Asked: {listed(numbers, 8)}.",
        )


def _times(runs: Sequence[Named]) -> Iterator[Remark]:
    known = [(moment, name) for name, card in runs for moment in [_moment(card.run.started)] if moment is not None]
    if len(known) < 2:
        return
    first, last = min(known), max(known)
    if (last[0] - first[0]).days >= _DAYS:
        yield Remark(
            "Tested at different times",
            f"{line(first[1], 40)} at {when(first[0].isoformat())}, {line(last[1], 40)} at {when(last[0].isoformat())}.",
        )


def _unfinished(runs: Sequence[Named]) -> Iterator[Remark]:
    names = [line(name, 40) for name, card in runs if not card.run.complete]
    if names:
        yield Remark("Not finished", f"{listed(names, 8)}: what is missing there was not asked.")


def _recorded(runs: Sequence[Named]) -> Iterator[Remark]:
    names = [
        line(name, 40)
        for name, card in runs
        if any(a.exchange.shows != Evidence.ALL for result in card.results for a in result.attempts)
    ]
    if names:
        yield Remark(
            "Recorded by others",
            f"{listed(names, 6)}: judged only by what a recorder kept, which is never all.",
        )


def _moment(text: str) -> datetime | None:
    try:
        made = datetime.fromisoformat(text)
    except ValueError:
        return None
    return made if made.tzinfo is not None else None


_LOOKS: tuple[Callable[[Sequence[Named]], Iterator[Remark]], ...] = (
    _models,
    _suites,
    _contracts,
    _claims,
    _cases,
    _times,
    _unfinished,
    _recorded,
)
