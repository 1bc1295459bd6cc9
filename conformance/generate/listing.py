"""
The fixed list: for one suite version and one seed always the same requests, so that a gate may rest on them.

Every constraint is broken once before anything else; what is left of the limit goes to valid requests and twins.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache

from conformance.contract import generation
from conformance.contract.generation import Generation
from conformance.generate import chat_request, chat_twins, families, profiles
from conformance.generate.breaks import Neighbour, broken, neighbour
from conformance.generate.chat_rules import RULES
from conformance.generate.choices import Choices, Dice
from conformance.generate.families import Body, Family
from conformance.generate.sites import occurrences
from conformance.model import JSON, Case

#: Of the requests that the neighbours leave, at least so many are kept for valid ones.
_VALID = 12


def cases(ground: Generation, *, seed: int, claims: AbstractSet[str] | None, limit: int) -> tuple[Case, ...]:
    """
    At most ``limit`` requests within what the target claims.
    """
    asked = profiles.within(ground, claims)
    dice = Dice(seed)
    wrong = [families.invalid(ground, each) for each in neighbours(ground, asked, dice)] if _judged(asked) else []
    made = {case.id: case for case in _thinned(wrong, max(0, limit - _VALID), dice)}
    for family in _valid(ground, asked, seed):
        fresh = [case for case in family if case.id not in made]
        if len(made) + len(fresh) > limit:
            break
        made.update({case.id: case for case in fresh})
    return tuple(made.values())


def _judged(asked: AbstractSet[str]) -> bool:
    return "validation" in asked


def _thinned(made: list[Case], limit: int, dice: Choices) -> list[Case]:
    if len(made) <= limit:
        return made
    left = list(range(len(made)))
    chosen = {left.pop(dice.integer(0, len(left) - 1)) for _ in range(limit)}
    return [case for place, case in enumerate(made) if place in chosen]


def _valid(ground: Generation, asked: AbstractSet[str], seed: int) -> Iterator[Family]:
    """
    Valid requests and twins by turns, without end.
    """
    for number in itertools.count():
        dice = Dice(seed * 1_000_003 + number)
        yield (families.valid(ground, chat_request.request(ground, dice, asked)),)
        yield chat_twins.twins(ground, dice, asked)


def neighbours(ground: Generation, asked: frozenset[str], choices: Choices) -> Iterator[Neighbour]:
    """
    For every constraint within the profiles one request that breaks it alone, half of them streamed.
    """
    covered: set[str] = set()
    for site, bodies in exemplars(ground, asked).items():
        made = None if site in covered else _first(ground, site, bodies, choices)
        if made is not None:
            covered |= {each.site.at for each in broken(ground.schema, made.body)}
            yield _streamed(made, choices)
    for rule in RULES:
        if not rule.profile or rule.profile in asked:
            yield _streamed(rule.neighbour(chat_request.smallest(), choices), choices)


def _first(ground: Generation, site: str, bodies: Sequence[Body], choices: Choices) -> Neighbour | None:
    for body in bodies:
        met = next(each for each in occurrences(ground.schema, body) if each.site.at == site)
        made = neighbour(ground, body, met, choices)
        if made is not None:
            return made
    return None


def exemplars(ground: Generation, asked: frozenset[str]) -> Mapping[str, list[Body]]:
    """
    For every constraint that the profiles hold the contract's exemplars which meet it, the smallest first.
    """
    return _exemplars(ground.contract.id, asked)


@cache
def _exemplars(contract: str, asked: frozenset[str]) -> Mapping[str, list[Body]]:
    ground = generation.load(contract)
    if ground is None:
        return {}
    found: dict[str, list[Body]] = {}
    laid = [{**chat_request.smallest(), **part} for part in ground.exemplars]
    for body in sorted(laid, key=lambda each: len(families.canonical(each))):
        if set(profiles.needs(ground, body)) <= asked:
            for site in dict.fromkeys(met.site.at for met in occurrences(ground.schema, body)):
                found.setdefault(site, []).append(body)
    return found


def _streamed(made: Neighbour, choices: Choices) -> Neighbour:
    body: JSON = made.body
    if not isinstance(body, dict) or made.param.startswith("stream") or "stream" in body or choices.chance(50):
        return made
    return replace(made, body={**body, "stream": True})
