"""
Exploration: Hypothesis draws families of requests, and shrinks those whose answers broke something.

The first wave depends on the seed alone, so that all of it can be asked ahead.  Shrinking draws the same sequence
again, whose answers are remembered, and asks only for what is new; an endpoint whose answers change therefore never
makes Hypothesis doubt, and no request is paid for twice.

Source: Hypothesis, ``hypothesis.find``, https://hypothesis.readthedocs.io/
"""

from __future__ import annotations

import contextlib
import random
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from conformance.contract.generation import Generation
from conformance.generate import advice, families, trimming
from conformance.generate.choices import Drawn
from conformance.generate.families import Family
from conformance.generate.makers import SHARES
from conformance.model import Case, Finding, Level, Result

#: Asks for cases and judges them, in their order; raises ``Enough`` when no more may be asked.
Ask: TypeAlias = Callable[[Sequence[Case]], Sequence[Result]]
#: What makes two findings the same mistake.
Mark: TypeAlias = Callable[[Finding], str]

#: Of all requests so many in a hundred are the first wave; the rest is for shrinking.
_FIRST = 60
#: New requests that shrinking one finding may ask for.
_PATIENCE = 60
#: A finding is shrunk only if so many requests are left for it.
_LEAST = 15
#: Of these so many are kept for the last cut.
_TRIMS = 15
#: Different causes of one mistake that are looked for.
_CAUSES = 3
#: Examples in a row that show nothing, after which nothing smaller is expected.
_VAIN = 80
#: Findings that are shrunk at the same time; threads of their own, for they mostly wait.
_AT_ONCE = 4
#: Examples that are drawn at most for one that is wanted.
_DRAWS = 3


class Enough(Exception):
    """
    The budget is spent: nothing more may be asked.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Exploration:
    """
    What will be asked first, and what is needed to shrink what it finds.
    """

    ground: Generation
    seed: int
    asked: frozenset[str]
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

    def shrink(self, results: Sequence[Result], ask: Ask, mark: Mark) -> None:
        """
        Ask for ever smaller requests that show the same mistakes as the first wave's results.

        What is asked goes through ``ask``, from several threads; the smallest are then ``advice.smallest``'s to tell.
        """
        left = self.limit - len(results)
        found = list(self._found(results, mark))[: max(0, left // _LEAST)]
        allowed = left // max(1, len(found))
        memory = _Memory(ask, results)
        with warnings.catch_warnings(), ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="conformance-shrink") as pool:
            # Hypothesis suspects its strategies when another thread, as the engine's, throws dice meanwhile.
            warnings.filterwarnings("ignore", message="Do not use the `random` module")
            for each in [pool.submit(self._shrink, *row, memory, mark, allowed) for row in found]:
                each.result()

    def _found(self, results: Sequence[Result], mark: Mark) -> Iterator[tuple[str, str]]:
        """
        Kind and mistake of everything that was found, the worst first.
        """
        rows = self.ground.contract.requirements
        levels = list(Level)
        by_id = {result.case.id: result for result in results}
        found: dict[tuple[str, str], int] = {}
        for kind, drawn in self.drawn.items():
            for case in (case for family in drawn for case in family):
                for finding in by_id[case.id].findings if case.id in by_id else ():
                    level = levels.index(rows[finding.requirement].level)
                    found.setdefault((kind, mark(finding)), level)
        yield from sorted(found, key=lambda each: (found[each], each))

    def _shrink(self, kind: str, name: str, memory: _Memory, mark: Mark, allowed: int) -> None:
        causes: list[Family] = []
        wave = frozenset(case.id for case in self.cases)
        for _ in range(_CAUSES):
            sought = _Sought(name, mark, memory, tuple(causes), max(0, min(allowed, _PATIENCE) - _TRIMS), wave)
            if not any(sought.shows(family) for family in self.drawn[kind]):
                return
            examples = _wanted(kind, self.limit) * _DRAWS
            _find(self.ground, kind, self.asked, self.seed, examples, sought.smaller, shrink=True)
            sought.allowed += _TRIMS
            causes.append(_trimmed(self.ground, sought))
            allowed -= len(sought.own)


def _trimmed(ground: Generation, sought: _Sought) -> Family:
    """
    What was found, without what can go.
    """
    family = sought.best
    while less := next((each for each in trimming.simpler(ground, family) if sought.shows(each)), None):
        family = less
    return family


def explore(ground: Generation, *, seed: int, asked: frozenset[str], limit: int) -> Exploration:
    """
    Draw the first wave of at most ``limit`` requests in all, shrinking included.
    """
    drawn = {kind: _draw(ground, kind, asked, seed, limit) for kind in SHARES}
    return Exploration(ground=ground, seed=seed, asked=asked, limit=limit, drawn=drawn)


def _wanted(kind: str, limit: int) -> int:
    return limit * _FIRST * SHARES[kind][1] // 10_000


def _draw(ground: Generation, kind: str, asked: frozenset[str], seed: int, limit: int) -> tuple[Family, ...]:
    wanted, cases = _wanted(kind, limit), set[str]()
    made: list[Family] = []

    def enough(family: Family) -> bool:
        ids = {case.id for case in family} - cases
        if ids and len(cases | ids) <= wanted:
            made.append(family)
            cases.update(ids)
        return len(cases | ids) >= wanted

    if wanted:
        _find(ground, kind, asked, seed, wanted * _DRAWS, enough, shrink=False)
    return tuple(made)


def _find(
    ground: Generation,
    kind: str,
    asked: frozenset[str],
    seed: int,
    examples: int,
    condition: Callable[[Family], bool],
    *,
    shrink: bool,
) -> None:
    """
    Try families one after another until one satisfies a condition, and then smaller and smaller ones.
    """
    import hypothesis
    from hypothesis import strategies

    @strategies.composite
    def drawing(draw: Any) -> Family:
        choices = Drawn(lambda low, high: int(draw(strategies.integers(low, high))))
        return families.explored(SHARES[kind][0](ground, choices, asked))

    phases = [hypothesis.Phase.generate, *([hypothesis.Phase.shrink] if shrink else [])]
    settings = hypothesis.settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    with contextlib.suppress(hypothesis.errors.NoSuchExample, _Done):
        hypothesis.find(drawing(), condition, settings=settings, random=random.Random(seed))


class _Done(BaseException):
    """
    Ends a search from within; no Exception, which Hypothesis would take for what it is looking for.
    """


class _Memory:
    """
    The results of everything that was asked.
    """

    def __init__(self, ask: Ask, results: Sequence[Result]) -> None:
        self._ask = ask
        self._results = {result.case.id: result for result in results}
        self._spent = False

    def known(self, family: Family) -> tuple[Result, ...] | None:
        """
        The results of a family that was asked before.
        """
        found = [self._results[case.id] for case in family if case.id in self._results]
        return tuple(found) if len(found) == len(family) else None

    def asked(self, family: Family) -> tuple[Result, ...]:
        """
        The results of a family that is asked for now; nothing when no more may be asked.
        """
        try:
            made = () if self._spent else self._ask(family)
        except Enough:
            self._spent, made = True, ()
        self._results.update({result.case.id: result for result in made})
        return tuple(made)


@dataclass(slots=True)
class _Sought:
    """
    One mistake that is looked for, but for the causes that were found before.

    What it spends is counted as if nothing else were shrunk beside it, so that the same is asked in every run.
    """

    name: str
    mark: Mark
    memory: _Memory
    causes: Sequence[Family]
    allowed: int
    wave: frozenset[str]
    own: set[str] = field(default_factory=set)
    #: The smallest family that showed it so far.
    best: Family = ()
    #: Families in a row that did not.
    vain: int = 0

    def smaller(self, family: Family) -> bool:
        """
        As ``shows``, keeping the last one that did; ends the search when it has become vain.
        """
        if self.shows(family):
            self.best, self.vain = family, 0
            return True
        self.vain += bool(self.best)
        if self.vain > _VAIN:
            raise _Done
        return False

    def shows(self, family: Family) -> bool:
        """
        The answers to a family show the mistake, for another reason than those known.
        """
        new = {case.id for case in family} - self.wave
        # Before the first example only the wave itself is looked at.
        if not family or (new and not self.best) or len(self.own | new) > self.allowed:
            return False
        self.own |= new
        results = self.memory.known(family) or self.memory.asked(family)
        shown = any(self.mark(each) == self.name for result in results for each in result.findings)
        return shown and not any(advice.explains(cause, family) for cause in self.causes)
