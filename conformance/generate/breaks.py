"""
Invalid neighbours: from a valid request, exactly one documented constraint is broken.

Only what the constraint forbids beyond doubt is tried.  Null is never among the wrong values: for what is not nullable
it is documented as wrong, but half of the field takes it for a parameter that was left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from conformance.contract.generation import Generation
from conformance.generate import profiles
from conformance.generate.choices import Choices
from conformance.generate.sites import Occurrence, Place, holds, occurrences, owner, param
from conformance.model import JSON

#: What is not of a type, the most often confused first.
_WRONG: Mapping[str, tuple[JSON, ...]] = {
    "string": (5, ["text"], {"text": "text"}, True),
    "number": ("1", [1], {}, True),
    "integer": ("1", 1.5, [1], True),
    "boolean": ("true", 1, "yes", [True]),
    "array": ("text", {"0": "text"}, 5),
    "object": ("text", 5, ["text"]),
}
_STRANGE = "unheard-of"
_NAMES = ("a name", "name.first", "größe", "", "a" * 65)


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """
    A request that breaks one constraint, and which.
    """

    body: JSON
    #: A site of the request schema, or the name of a rule between several fields.
    constraint: str
    requirement: str
    #: What error.param should name.
    param: str
    #: The profiles of the valid request that it comes from.
    needs: tuple[str, ...] = ()


def neighbour(ground: Generation, body: dict[str, JSON], met: Occurrence, choices: Choices) -> Neighbour | None:
    """
    The request with one constraint broken that it met; None when that cannot be done without breaking another.
    """
    requirement = owner(ground.constraints, met.visit.route, met.site.at)
    options = list(_wrong(met, body))
    first = choices.integer(0, max(0, len(options) - 1))
    for made in (*options[first:], *options[:first]):
        if requirement is not None and _breaks_alone(ground.schema, made, met):
            return Neighbour(
                body=made,
                constraint=met.site.at,
                requirement=requirement,
                param=_param(ground, met),
                needs=profiles.needs(ground, body),
            )
    return None


def _breaks_alone(schema: dict[str, JSON], made: JSON, met: Occurrence) -> bool:
    found = broken(schema, made)
    return {_looked_at(each) for each in found} == {_looked_at(met)} and met.site in {each.site for each in found}


def _looked_at(met: Occurrence) -> Place:
    return met.visit.place[:-1] if met.visit.of_name else met.visit.place


def _param(ground: Generation, met: Occurrence) -> str:
    named = owner(ground.params, met.visit.route, met.site.at)
    if named is not None:
        return named
    missing = (str(met.site.limit),) if met.site.keyword == "required" else ()
    return param(_counted((*met.visit.place, *missing)))


def _counted(place: Place) -> Place:
    # Error envelopes name the parameter, not the key of a caller's own object.
    return place[:1] if place[:1] in (("metadata",), ("logit_bias",)) else place


def broken(schema: dict[str, JSON], body: JSON) -> tuple[Occurrence, ...]:
    """
    The constraints that a body breaks, each where it does.
    """
    return tuple(met for met in occurrences(schema, body) if not _kept(met))


def _kept(met: Occurrence) -> bool:
    value, site, node = met.visit.value, met.site, met.visit.node
    if site.keyword == "required":
        return not isinstance(value, dict) or site.limit in value
    if site.keyword == "additionalProperties":
        known = node.get("properties") if isinstance(node, dict) else None
        return not isinstance(value, dict) or not isinstance(known, dict) or set(value) <= set(known)
    return holds({site.keyword: site.limit}, value)


def _wrong(met: Occurrence, body: dict[str, JSON]) -> Iterator[JSON]:
    """
    The body with other values, or without a member, where the constraint looks.
    """
    place, name = met.visit.place, met.site.limit
    if met.site.keyword == "required" and isinstance(name, str):
        yield _without(body, (*place, name))
    elif met.visit.of_name:
        for text in _WRONG_VALUES[met.site.keyword](met.site.limit, place[-1]):
            yield _put(_without(body, place), (*place[:-1], str(text)), met_value(body, place))
    else:
        typed = met.visit.node.get("type", True) if isinstance(met.visit.node, dict) else True
        for value in _WRONG_VALUES[met.site.keyword](met.site.limit, met.visit.value):
            # A number out of its range stays a number of the right kind.
            if met.site.keyword not in ("minimum", "maximum") or holds({"type": typed}, value):
                yield _put(body, place, value)


def met_value(body: JSON, place: Place) -> JSON:
    """
    The value at a place of a request.
    """
    for step in place:
        body = body[step] if isinstance(body, dict | list) else None  # type: ignore[index]
    return body


def _put(body: JSON, place: Place, value: JSON) -> JSON:
    if not place:
        return value
    made = copy.copy(body)
    step = place[0]
    child = made.get(str(step)) if isinstance(made, dict) else made[int(step)] if isinstance(made, list) else None
    made[step] = _put(child, place[1:], value)  # type: ignore[index]
    return made


def _without(body: JSON, place: Place) -> JSON:
    parent = met_value(body, place[:-1])
    kept = {name: each for name, each in parent.items() if name != place[-1]} if isinstance(parent, dict) else parent
    return _put(body, place[:-1], kept)


def _only(*values: JSON) -> Callable[[JSON, JSON], Sequence[JSON]]:
    return lambda _limit, _value: values


def _types(limit: JSON, _: JSON) -> Sequence[JSON]:
    names = limit if isinstance(limit, list) else [limit]
    options = [value for name in names for value in _WRONG.get(str(name), ())]
    return [value for value in options if not holds({"type": limit}, value)]


def _less(limit: JSON, _: JSON) -> Sequence[JSON]:
    return [limit - 1, limit - 0.1] if isinstance(limit, int | float) else []


def _more(limit: JSON, _: JSON) -> Sequence[JSON]:
    return [limit + 1, limit + 0.1] if isinstance(limit, int | float) else []


def _longer(limit: JSON, value: JSON) -> Sequence[JSON]:
    if not isinstance(value, list) or not isinstance(limit, int) or not value:
        return []
    return [[*value, *(_another(value[0], number) for number in range(limit + 1 - len(value)))]]


def _another(value: JSON, number: int) -> JSON:
    if isinstance(value, dict) and isinstance(value.get("name"), str):
        return {**value, "name": f"{value['name']}_{number}"}
    return f"{value}{number}" if isinstance(value, str) else value


def _more_members(limit: JSON, value: JSON) -> Sequence[JSON]:
    if not isinstance(value, dict) or not isinstance(limit, int) or not value:
        return []
    first = next(iter(value.values()))
    return [{**value, **{f"key{number}": first for number in range(limit + 1 - len(value))}}]


def _longer_text(limit: JSON, _: JSON) -> Sequence[JSON]:
    return ["x" * (int(str(limit)) + 1), "ü" * (int(str(limit)) + 1)]


#: By keyword, what breaks it, from its limit and the value that kept it.
_WRONG_VALUES: Mapping[str, Callable[[JSON, JSON], Sequence[JSON]]] = {
    "type": _types,
    "enum": _only(_STRANGE, 5),
    "const": lambda limit, _: [not limit if isinstance(limit, bool) else _STRANGE],
    "minimum": _less,
    "maximum": _more,
    "minItems": _only([]),
    "maxItems": _longer,
    "minLength": _only(""),
    "maxLength": _longer_text,
    "pattern": _only(*_NAMES),
    "minProperties": _only({}),
    "maxProperties": _more_members,
    "additionalProperties": lambda _, value: [{**value, _STRANGE: 1}] if isinstance(value, dict) else [],
}
