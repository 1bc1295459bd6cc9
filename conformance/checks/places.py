"""
Where in a schema each requirement lives, and when an instance puts it at stake.

A requirement's row names places such as ``response#/properties/id``.
An error belongs to the nearest listed place at or above the keyword that failed; a missing property to its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.model import JSON, Contract

#: So many shapes are remembered: who sends more of them never repeats one.
_SHAPES = 10_000
#: How a path through an instance is written: property names, and ``*`` for the items of an array.
Pattern = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stake:
    """
    A requirement is at stake where ``parent`` leads to an object which has ``name``, or must have it.
    """

    requirement: str
    parent: Pattern
    name: str
    always: bool


@dataclass(slots=True)
class Places:
    """
    The places of one schema document.
    """

    requirements: dict[str, str]
    stakes: tuple[Stake, ...] = ()
    #: Requirements at stake by the shape of the instance: streams repeat few shapes many times.
    seen: dict[object, frozenset[str]] = field(default_factory=dict)

    def owner(self, path: list[str | int], missing: str | None) -> str | None:
        """
        The requirement that a failing keyword belongs to; ``path`` leads to the keyword.
        """
        steps = [str(step).replace("~", "~0").replace("/", "~1") for step in path]
        if missing is not None:
            parent = "".join(f"/{step}" for step in steps[:-1])
            for place in (f"{parent}/required/{missing}", f"{parent}/properties/{missing}"):
                if place in self.requirements:
                    return self.requirements[place]
        for end in range(len(steps), -1, -1):
            place = "".join(f"/{step}" for step in steps[:end])
            if place in self.requirements:
                return self.requirements[place]
        return None

    def at_stake(self, instance: JSON) -> frozenset[str]:
        """
        The requirements that an instance can keep or break.
        """
        key = _shape(instance)
        if key not in self.seen:
            if len(self.seen) >= _SHAPES:
                self.seen.clear()
            self.seen[key] = frozenset(stake.requirement for stake in self.stakes if _touches(stake, instance))
        return self.seen[key]


def of(contract: Contract, name: str) -> Places:
    """
    The places of the schema ``name`` of a contract.
    """
    listed = {
        place.split("#", 1)[1]: requirement.id
        for requirement in contract.requirements.values()
        for place in requirement.schema
        if place.split("#", 1)[0] == name
    }
    return Places(listed, tuple(_stakes(contract.schemas[name], listed)))


_DEEP = frozenset({dict, list})


def _shape(value: JSON) -> object:
    """
    The names and nulls of a value, in order: what decides which requirements it touches.
    """
    if isinstance(value, dict):
        return *value, *[_shape(each) if type(each) in _DEEP else each is None for each in value.values()]
    if isinstance(value, list):
        return frozenset([_shape(each) if type(each) in _DEEP else each is None for each in value])
    return value is None


def _stakes(schema: dict[str, JSON], listed: dict[str, str]) -> Iterator[Stake]:
    for pointer, pattern, node, sure in _walk(schema, schema, "", (), True, frozenset()):
        if pointer in listed and not pattern:
            yield Stake(listed[pointer], (), "", True)
        elif pointer in listed and "/properties/" not in pointer[-len(pattern[-1]) - 12 :]:
            yield Stake(listed[pointer], pattern, "", True)
        required = node.get("required")
        names = [str(each) for each in required] if isinstance(required, list) else []
        for name in names:
            if f"{pointer}/required/{name}" in listed:
                yield Stake(listed[f"{pointer}/required/{name}"], pattern, name, sure)
        properties = node.get("properties")
        for name in properties if isinstance(properties, dict) else {}:
            place = f"{pointer}/properties/{name}"
            if place in listed:
                yield Stake(listed[place], pattern, name, sure and name in names)


def _walk(
    root: dict[str, JSON], node: JSON, pointer: str, pattern: Pattern, sure: bool, above: frozenset[str]
) -> Iterator[tuple[str, Pattern, dict[str, JSON], bool]]:
    if not isinstance(node, dict) or pointer in above:
        return
    above = above | {pointer}
    yield pointer, pattern, node, sure
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.startswith("#"):
        yield from _walk(root, _at(root, reference[1:]), reference[1:], pattern, sure, above)
    for below, step, certain in _below(node):
        deeper = pattern if step is None else (*pattern, step)
        yield from _walk(root, _at(node, below), pointer + below, deeper, sure and certain, above)


def _below(node: dict[str, JSON]) -> Iterator[tuple[str, str | None, bool]]:
    properties = node.get("properties")
    for name in properties if isinstance(properties, dict) else {}:
        yield f"/properties/{name}", name, True
    if "items" in node:
        yield "/items", "*", True
    for keyword in ("allOf", "anyOf", "oneOf"):
        branches = node.get(keyword)
        for number in range(len(branches) if isinstance(branches, list) else 0):
            yield f"/{keyword}/{number}", None, keyword == "allOf"
    for keyword in ("then", "else"):
        if keyword in node:
            yield f"/{keyword}", None, False


def _at(node: JSON, pointer: str) -> JSON:
    for step in pointer.strip("/").split("/") if pointer else []:
        if isinstance(node, dict):
            node = node.get(step.replace("~1", "/").replace("~0", "~"))
        elif isinstance(node, list) and step.isdigit():
            node = node[int(step)]
        else:
            return None
    return node


def _touches(stake: Stake, instance: JSON) -> bool:
    for parent in _reach(instance, stake.parent):
        if not stake.name:
            return True
        if isinstance(parent, dict) and (stake.always or stake.name in parent):
            return True
    return False


def _reach(value: JSON, pattern: Pattern) -> Iterator[JSON]:
    if not pattern:
        yield value
    elif pattern[0] == "*" and isinstance(value, list):
        for each in value:
            yield from _reach(each, pattern[1:])
    elif isinstance(value, dict) and pattern[0] in value:
        yield from _reach(value[pattern[0]], pattern[1:])
