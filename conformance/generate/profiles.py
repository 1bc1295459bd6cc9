"""
Which profiles a request goes into, and which may be asked at all: only what a target claims is generated, plus core.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from conformance.contract.generation import Generation
from conformance.generate.sites import begins, visits
from conformance.model import JSON


def within(ground: Generation, claims: AbstractSet[str] | None) -> frozenset[str]:
    """
    The profiles that may be asked: core, and what is claimed; the default ones when nothing is said.
    """
    return frozenset(
        profile.id
        for profile in ground.contract.profiles
        if profile.core or (profile.asked if claims is None else profile.id in claims)
    )


def needs(ground: Generation, body: dict[str, JSON]) -> tuple[str, ...]:
    """
    The profiles that a valid request goes into, in the contract's order.
    """
    places = _set_parts(ground, body)
    found = {profile for at, profile in ground.profiles.items() if any(begins(place, at) for place in places)}
    return tuple(profile.id for profile in ground.contract.profiles if profile.id in found)


def rare(ground: Generation, body: dict[str, JSON]) -> bool:
    """
    A valid request makes use of what is documented for certain models alone.
    """
    places = _set_parts(ground, body)
    return any(begins(place, each) for each in ground.rare for place in places)


def _set_parts(ground: Generation, body: dict[str, JSON]) -> set[str]:
    """
    The places of the schema that a request makes use of: null and a default say no more than leaving out.
    """
    said: JSON = {k: value for k, value in body.items() if value is not None and ground.defaults.get(k) != value}
    return {visit.route[-1] for visit in visits(ground.schema, said) if visit.value is not None}
