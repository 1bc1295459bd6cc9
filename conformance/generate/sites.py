"""
The constraints of a request schema, and where a request meets them.

A site is one keyword at one place of the schema (for ``required``, one of its names).  The schemas are flat JSON
Schema 2020-12 as this project writes them: references to ``$defs``, and ``if`` / ``then`` / ``else`` for what depends
on something else.  What is below an ``if`` demands nothing and is no site.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TypeAlias

import jsonschema_rs

from conformance.model import JSON

_NUMBER = ("minimum", "maximum")
_LIST = ("minItems", "maxItems")
_TEXT = ("minLength", "maxLength", "pattern")
_OBJECT = ("minProperties", "maxProperties")
_ALWAYS = ("type", "enum", "const")
_TYPES: Mapping[str, type | tuple[type, ...]] = {
    **dict.fromkeys(_NUMBER, (int, float)),
    **dict.fromkeys(_LIST, list),
    **dict.fromkeys(_TEXT, str),
    **dict.fromkeys(_OBJECT, dict),
}

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Site:
    """
    One constraint of the schema: ``at`` is its pointer, behind ``required`` with the name.
    """

    at: str
    keyword: str
    limit: JSON = field(compare=False)


@dataclass(frozen=True, slots=True)
class Visit:
    """
    A part of a request under the part of the schema that describes it.
    """

    #: The pointers by which the schema was walked down to here, one more for each reference followed.
    route: tuple[str, ...]
    node: JSON
    value: JSON
    place: Place
    #: ``propertyNames`` describes the names of an object, not its values.
    of_name: bool = False


@dataclass(frozen=True, slots=True)
class Occurrence:
    """
    A constraint that a request meets at a place of its own.
    """

    site: Site
    visit: Visit


def sites(schema: Mapping[str, JSON]) -> tuple[Site, ...]:
    """
    Every constraint of a schema, each once.
    """
    return tuple(_sites(dict(schema), ""))


def _sites(node: JSON, at: str) -> Iterator[Site]:
    if not isinstance(node, dict):
        return
    yield from _own(node, at)
    for step, child in _children(node):
        yield from _sites(child, at + step)


def _own(node: Mapping[str, JSON], at: str) -> Iterator[Site]:
    for keyword in (*_ALWAYS, *_TYPES):
        if keyword in node:
            yield Site(f"{at}/{keyword}", keyword, node[keyword])
    required = node.get("required")
    for name in required if isinstance(required, list) else ():
        yield Site(f"{at}/required/{name}", "required", name)
    if node.get("additionalProperties") is False:
        yield Site(f"{at}/additionalProperties", "additionalProperties", False)


def _children(node: Mapping[str, JSON]) -> Iterator[tuple[str, JSON]]:
    for keyword in ("properties", "$defs"):
        group = node.get(keyword)
        for name, child in group.items() if isinstance(group, dict) else ():
            yield f"/{keyword}/{name}", child
    parts = node.get("allOf")
    for number, child in enumerate(parts if isinstance(parts, list) else ()):
        yield f"/allOf/{number}", child
    for keyword in ("items", "additionalProperties", "propertyNames", "then", "else"):
        yield f"/{keyword}", node.get(keyword)


def occurrences(schema: dict[str, JSON], value: JSON) -> tuple[Occurrence, ...]:
    """
    Every constraint that a value meets, with the places at which it does.
    """
    return tuple(
        Occurrence(site, visit)
        for visit in visits(schema, value)
        if isinstance(visit.node, dict)
        for site in _own(visit.node, visit.route[-1])
        if site.keyword in _ALWAYS or isinstance(visit.value, _TYPES.get(site.keyword, dict))
    )


def visits(schema: dict[str, JSON], value: JSON) -> Iterator[Visit]:
    """
    The schema and a value, walked together.
    """
    return _walk(schema, Visit(("",), schema, value, ()))


def _walk(schema: dict[str, JSON], visit: Visit) -> Iterator[Visit]:
    node = visit.node
    if isinstance(node, dict) and isinstance(reference := node.get("$ref"), str):
        at = reference.removeprefix("#")
        route = (*visit.route, at)
        yield from _walk(schema, Visit(route, within(schema, at), visit.value, visit.place, visit.of_name))
        return
    yield visit
    if isinstance(node, dict):
        for below in (*_conditions(node, visit), *_members(node, visit), *_items(node, visit)):
            yield from _walk(schema, below)


def _conditions(node: dict[str, JSON], visit: Visit) -> Iterator[Visit]:
    parts = node.get("allOf")
    for number, part in enumerate(parts if isinstance(parts, list) else ()):
        yield Visit(_below(visit, f"allOf/{number}"), part, visit.value, visit.place, visit.of_name)
    if "if" in node:
        branch = "then" if holds(node["if"], visit.value) else "else"
        if branch in node:
            yield Visit(_below(visit, branch), node[branch], visit.value, visit.place, visit.of_name)


def _members(node: dict[str, JSON], visit: Visit) -> Iterator[Visit]:
    if not isinstance(visit.value, dict):
        return
    properties, extra, names = node.get("properties"), node.get("additionalProperties"), node.get("propertyNames")
    known = properties if isinstance(properties, dict) else {}
    for name, member in visit.value.items():
        place = (*visit.place, name)
        if name in known:
            yield Visit(_below(visit, f"properties/{name}"), known[name], member, place)
        elif isinstance(extra, dict):
            yield Visit(_below(visit, "additionalProperties"), extra, member, place)
        if name not in known and isinstance(names, dict):
            yield Visit(_below(visit, "propertyNames"), names, name, place, of_name=True)


def _items(node: dict[str, JSON], visit: Visit) -> Iterator[Visit]:
    if isinstance(visit.value, list) and "items" in node:
        for number, item in enumerate(visit.value):
            yield Visit(_below(visit, "items"), node["items"], item, (*visit.place, number))


def _below(visit: Visit, step: str) -> tuple[str, ...]:
    return (*visit.route[:-1], f"{visit.route[-1]}/{step}")


def resolved(schema: dict[str, JSON], node: JSON) -> dict[str, JSON]:
    """
    A part of a schema, with the reference that it may be followed; what is no object allows everything.
    """
    if isinstance(node, dict) and isinstance(reference := node.get("$ref"), str):
        node = within(schema, reference.removeprefix("#"))
    return node if isinstance(node, dict) else {}


def within(schema: JSON, pointer: str) -> JSON:
    """
    The part of a schema at a pointer, or None.
    """
    for step in pointer.split("/")[1:]:
        schema = (
            schema.get(step) if isinstance(schema, dict) else schema[int(step)] if isinstance(schema, list) else None
        )
    return schema


def holds(condition: JSON, value: JSON) -> bool:
    """
    A condition of the schema (it refers to nothing else) holds for a value.
    """
    return _condition(json.dumps(condition)).is_valid(value)


@cache
def _condition(text: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(json.loads(text))


def owner(rows: Mapping[str, str], route: tuple[str, ...], at: str) -> str | None:
    """
    The row that a constraint belongs to: the longest pointer that it begins with.

    A row that ends with ``**`` and lies on the way there goes before all others.
    """
    for passed in route[:-1]:
        wide = _longest({name[:-3]: row for name, row in rows.items() if name.endswith("/**")}, passed)
        if wide is not None:
            return wide
    return _longest({name.removesuffix("/**"): row for name, row in rows.items()}, at)


def _longest(rows: Mapping[str, str], at: str) -> str | None:
    best = max((name for name in rows if begins(at, name)), key=len, default=None)
    return None if best is None else rows[best]


def begins(at: str, place: str) -> bool:
    """
    A pointer is a place of the schema or lies below it.
    """
    return at == place or at.startswith(f"{place}/")


def param(place: Place) -> str:
    """
    A place of a request as error envelopes write it: ``messages[0].content``.
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return re.sub(r"^\.", "", text)
