"""
From a family that shows a mistake to the smallest one that still does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.contract.generation import Generation
from conformance.generate import families, spellings
from conformance.generate.breaks import broken
from conformance.generate.chat_rules import broken_by
from conformance.generate.cuts import CUTS
from conformance.generate.families import Body, Family
from conformance.generate.spellings import Spelling
from conformance.model import Case


def reduced(ground: Generation, family: Family, shows: Callable[[Family], bool]) -> Family:
    """
    The family with everything taken away that can go while ``shows`` holds; each step is kept once it does.
    """
    if not all(isinstance(case.request.body, dict) and _spelling_known(case) for case in family):
        return family
    family = next((each for each in _alone(ground, family) if shows(each)), family)
    seen = {_ids(family)}
    while True:
        before = family
        for cut in CUTS:
            while less := next(
                (each for each in _less(ground, family, cut) if _ids(each) not in seen and shows(each)), None
            ):
                family = less
                seen.add(_ids(family))
        if family is before:
            return family


def _ids(family: Family) -> tuple[str, ...]:
    return tuple(case.id for case in family)


def _body(case: Case) -> Body:
    return case.request.body if isinstance(case.request.body, dict) else {}


def _spelling(case: Case) -> Spelling | None:
    return None if case.request.raw is None else spellings.found(_body(case), case.request.raw)


def _spelling_known(case: Case) -> bool:
    return case.request.raw is None or _spelling(case) is not None


def _alone(ground: Generation, family: Family) -> Iterator[Family]:
    """
    Of two requests either, for a mistake that takes no comparing.
    """
    for case in family if len(family) > 1 else ():
        alone = replace(case, compare=())
        yield (families.renamed(ground, alone, _body(case), raw=case.request.raw),)


def _less(ground: Generation, family: Family, cut: Callable[[Body], Iterator[Body]]) -> Iterator[Family]:
    """
    The family with a little less in all of its requests, or in the last alone.
    """
    first, last = family[0], family[-1]
    wrong = _wrong(ground, _body(last))
    if len(family) > 1:
        added = {name: value for name, value in _body(last).items() if _body(first).get(name) != value}
        for less in cut(_body(first)):
            if less != _body(first) and _wrong(ground, {**less, **added}) == wrong:
                base = families.renamed(ground, first, less)
                yield base, _again(ground, last, {**less, **added}, base)
    for less in cut(_body(last)):
        if less != _body(last) and _wrong(ground, less) == wrong and _goes_beside(family, less):
            yield (*family[:-1], _again(ground, last, less, *family[:-1]))


def _goes_beside(family: Family, body: Body) -> bool:
    """
    A variant keeps what its base has, and is not the very same.
    """
    base = _body(family[0])
    raw = family[-1].request.raw is not None
    return len(family) == 1 or (base.items() <= body.items() and (raw or base != body))


def _again(ground: Generation, case: Case, body: Body, *bases: Case) -> Case:
    """
    A case with another body, written in the same way and compared with its bases.
    """
    spelling = _spelling(case)
    changed = replace(case, compare=_ids(bases))
    return families.renamed(ground, changed, body, raw=spelling(body) if spelling else None)


def _wrong(ground: Generation, body: Body) -> frozenset[str]:
    """
    Everything that a request breaks, which no cut may change.
    """
    return frozenset(met.site.at for met in broken(ground.schema, body)) | broken_by(body)
