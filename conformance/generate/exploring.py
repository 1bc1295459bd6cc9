"""
Exploration: requests that nobody wrote are drawn, and those whose answers broke something are reduced.

Hypothesis and dice draw what keeps the contract, a walker what breaks it.  The first wave depends on the seed alone, so
that all of it can be asked ahead.  What it finds is then reduced, several findings at a time, each request asked once.

Source: Hypothesis, ``hypothesis.find``, https://hypothesis.readthedocs.io/
"""

from __future__ import annotations

import contextlib
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from conformance.contract.generation import Generation
from conformance.generate import advice, families, makers, reducing
from conformance.generate.choices import Dice, Drawn
from conformance.generate.families import Family
from conformance.model import Case, Level, Result

#: Asks for cases and judges them, in their order; raises ``Enough`` when no more may be asked.
Ask: TypeAlias = Callable[[Sequence[Case]], Sequence[Result]]

#: Kinds of families with their shares of the first wave in percent; the walker's is the first.
_SHARES: Mapping[str, int] = {"wrong": 60, "valid": 24, "twins": 8, "schemas": 8}
#: New requests that reducing one finding may ask for.
_PATIENCE = 60
#: A finding is reduced only if so many requests are left for it.
_LEAST = 15
#: Different causes of one violation that are looked for.
_CAUSES = 3
#: Findings that are reduced at the same time; threads of their own, for they mostly wait.
_AT_ONCE = 4
#: Of each kind the first part in so many is Hypothesis' own.
_BEGIN = 3
#: Examples that are drawn at most for one that is wanted.
_DRAWS = 3


class Enough(Exception):
    """
    The budget is spent: nothing more may be asked.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """
    What is asked first, and what is needed to reduce what it finds.
    """

    ground: Generation
    #: Requests of the first wave at most; reducing may ask for half as many again.
    limit: int
    #: The families of the first wave by kind, in the order in which they were drawn.
    drawn: Mapping[str, tuple[Family, ...]]

    @property
    def cases(self) -> tuple[Case, ...]:
        """
        The cases of the first wave, each once.
        """
        every = [case for drawn in self.drawn.values() for family in drawn for case in family]
        return tuple({case.id: case for case in every}.values())

    def shrink(self, results: Sequence[Result], ask: Ask) -> None:
        """
        Ask for ever smaller requests that violate what the first wave did.

        What is asked goes through ``ask``, from several threads; the smallest are then ``advice.smallest``'s to tell.
        """
        left = self.limit // 2
        found = list(self._found(results))[: left // _LEAST]
        allowed = min(_PATIENCE * _CAUSES, left // max(1, len(found)))
        memory = _Memory(ask, results)
        with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="conformance-shrink") as pool:
            for each in [pool.submit(self._reduce, name, memory, allowed) for name in found]:
                each.result()

    def _found(self, results: Sequence[Result]) -> Iterator[str]:
        """
        Every requirement that was violated, the worst first.
        """
        rows, levels = self.ground.contract.requirements, list(Level)
        found: dict[str, int] = {}
        for result in results:
            for finding in result.findings:
                found.setdefault(finding.requirement, levels.index(rows[finding.requirement].level))
        yield from sorted(found, key=lambda name: (found[name], name))

    def _reduce(self, name: str, memory: _Memory, allowed: int) -> None:
        causes: list[Family] = []
        wave = frozenset(case.id for case in self.cases)
        # What a valid request shows as well, a broken one need not explain.
        every = sorted(itertools.chain(*self.drawn.values()), key=_size)
        for _ in range(_CAUSES):
            sought = _Sought(name, memory, tuple(causes), min(allowed, _PATIENCE), wave)
            first = next((family for family in every if sought.shows(family)), None)
            if first is None:
                return
            causes.append(reducing.reduced(self.ground, first, sought.shows))
            allowed -= len(sought.own)


def _size(family: Family) -> tuple[bool, int]:
    return family[-1].invalid, sum(len(families.canonical(case.request.body)) for case in family)


def explore(ground: Generation, *, seed: int, asked: frozenset[str], limit: int) -> Exploration:
    """
    Draw the first wave, of at most ``limit`` requests.
    """
    drawn: dict[str, tuple[Family, ...]] = {}
    left = limit
    for kind, share in _SHARES.items():
        wanted = min(left, limit * share // 100)
        wave = _Wave(wanted)
        if kind in makers.DRAWN:
            _draw(ground, kind, asked, seed, wave)
        _roll(ground, kind, asked, seed, wave)
        drawn[kind] = tuple(wave.families)
        left -= len({case.id for family in drawn[kind] for case in family})
    return Exploration(ground=ground, limit=limit, drawn=drawn)


def _roll(ground: Generation, kind: str, asked: frozenset[str], seed: int, wave: _Wave) -> None:
    """
    Fill a wave by dice, which spread evenly.
    """
    for family in makers.ROLLED[kind](ground, Dice(seed), asked):
        if wave.full(families.explored(family)):
            return


def _draw(ground: Generation, kind: str, asked: frozenset[str], seed: int, wave: _Wave) -> None:
    """
    Begin a wave with what Hypothesis draws: simple ones first, then such that repeat and vary what was drawn before.
    """
    import hypothesis
    from hypothesis import strategies

    begun = _Wave(wave.wanted // _BEGIN)

    @strategies.composite
    def drawing(draw: Any) -> Family:
        choices = Drawn(lambda low, high: int(draw(strategies.integers(low, high))))
        return families.explored(makers.DRAWN[kind](ground, choices, asked))

    settings = hypothesis.settings(
        max_examples=max(1, begun.wanted * _DRAWS),
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with contextlib.suppress(hypothesis.errors.NoSuchExample):
        hypothesis.find(drawing(), begun.full, settings=settings, random=random.Random(seed))
    for family in begun.families:
        wave.full(family)


class _Wave:
    """
    Different families until there are as many requests as wanted.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted, self._ids = wanted, set[str]()
        self.families: list[Family] = []

    def full(self, family: Family) -> bool:
        """
        Take a family in, if it is new and fits; say whether no more is wanted.
        """
        new = {case.id for case in family} - self._ids
        fits = len(self._ids | new) <= self.wanted
        if new and fits:
            self.families.append(family)
            self._ids |= new
        return not fits or len(self._ids) >= self.wanted


class _Memory:
    """
    The results of everything that was asked.
    """

    def __init__(self, ask: Ask, results: Sequence[Result]) -> None:
        self._ask = ask
        self._results = {result.case.id: result for result in results}
        self._spent = False

    def results(self, family: Family) -> tuple[Result, ...]:
        """
        The results of a family, asked for if need be; nothing when no more may be asked.
        """
        found = [self._results[case.id] for case in family if case.id in self._results]
        if len(found) == len(family):
            return tuple(found)
        try:
            made = () if self._spent else self._ask(family)
        except Enough:
            self._spent, made = True, ()
        self._results.update({result.case.id: result for result in made})
        return tuple(made)


@dataclass(slots=True)
class _Sought:
    """
    The violation of one requirement that is looked for, but for the causes that were found before.

    What it spends is counted as if nothing else were reduced beside it, so that the same is asked in every run.
    """

    name: str
    memory: _Memory
    causes: Sequence[Family]
    allowed: int
    wave: frozenset[str]
    own: set[str] = field(default_factory=set)

    def shows(self, family: Family) -> bool:
        """
        The answers to a family violate it, for another reason than those known.
        """
        if any(advice.explains(cause, family) for cause in self.causes):
            return False
        new = {case.id for case in family} - self.wave
        if len(self.own | new) > self.allowed:
            return False
        self.own |= new
        results = self.memory.results(family)
        return any(each.requirement == self.name for result in results for each in result.findings)
