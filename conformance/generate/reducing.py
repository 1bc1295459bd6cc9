"""
From a family that shows a mistake to the smallest one that still does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from conformance.contract.generation import Generation
from conformance.generate import families
from conformance.generate.breaks import broken
from conformance.generate.chat_rules import broken_by
from conformance.generate.cuts import CUTS
from conformance.generate.families import Body, Family
from conformance.model import JSON


def reduced(ground: Generation, family: Family, shows: Callable[[Family], bool]) -> Family:
    """
    The family with everything taken away that can go while ``shows`` holds; each step is kept once it does.
    """
    if not _can_be_cut(family):
        return family
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


def _can_be_cut(family: Family) -> bool:
    # A variant is small beside its base, and what is written in its own way cannot be written anew.
    alone = len(family) == 1 or family[0].invalid
    return bool(family) and alone and all(isinstance(case.request.body, dict) for case in family) and _json(family)


def _json(family: Family) -> bool:
    return all(case.request.raw is None for case in family)


def _less(ground: Generation, family: Family, cut: Callable[[Body], Iterator[Body]]) -> Iterator[Family]:
    body = family[-1].request.body
    if not isinstance(body, dict):
        return
    wrong = _wrong(ground, body)
    for less in cut(body):
        if less != body and _wrong(ground, less) == wrong:
            yield _rebuilt(ground, family, less)


def _wrong(ground: Generation, body: Body) -> frozenset[str]:
    """
    Everything that a request breaks, which no cut may change.
    """
    return frozenset(met.site.at for met in broken(ground.schema, body)) | broken_by(body)


def _rebuilt(ground: Generation, family: Family, body: Body) -> Family:
    if len(family) == 1:
        return (families.renamed(ground, family[0], body),)
    plain: JSON = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    first = families.renamed(ground, family[0], plain if isinstance(plain, dict) else {})
    streamed = {**body, "stream": True}
    return (first, families.renamed(ground, replace(family[1], compare=(first.id,)), streamed))
