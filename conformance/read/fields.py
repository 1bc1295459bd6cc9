"""
Which of the documented keys a value has, and which keys it has that nobody documents.

It says what is there and judges nothing: a key that is not documented is legal unless a schema closes its object.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from conformance.model import JSON

#: Keywords whose subschemas speak of the same value.
_SAME = ("allOf", "anyOf", "oneOf", "if", "then", "else")
#: How the ``$comment`` of a property begins that our schema knows and the published document does not.
_EXTENSION = "Extension"
#: Documented keys are listed down to so many steps: schemas may contain themselves.
_DEEPEST = 8

Schema = Mapping[str, JSON]


@dataclass(frozen=True, slots=True)
class Seen:
    """
    The keys of one value, as pointers in which ``*`` stands for every item of an array.
    """

    documented: frozenset[str]
    #: Pointer and kind (``string``, ``object``, ...) of what is not documented; nothing below it is listed.
    others: frozenset[tuple[str, str]]


@dataclass(slots=True)
class Fields:
    """
    The keys that one schema documents; what it says of a shape it says once.
    """

    root: Schema
    _known: dict[object, Seen] = field(default_factory=dict)

    def seen(self, value: JSON) -> Seen:
        """
        What is documented of a value's keys, and what is not.
        """
        shape = _shape(value)
        if shape not in self._known:
            documented: set[str] = set()
            others: set[tuple[str, str]] = set()
            for place, kind, known in self._keys([self.root], value, ""):
                if known:
                    documented.add(place)
                else:
                    others.add((place, kind))
            self._known[shape] = Seen(frozenset(documented), frozenset(others))
        return self._known[shape]

    def documented(self) -> tuple[str, ...]:
        """
        Every documented key, sorted.
        """
        return tuple(sorted(set(self._listed([self.root], "", 0))))

    def _keys(self, schemas: list[Schema], value: JSON, place: str) -> Iterator[tuple[str, str, bool]]:
        branches = [branch for schema in schemas for branch in self._branches(schema)]
        if isinstance(value, list):
            items = _subschemas(branches, "items")
            for each in value if items else ():
                yield from self._keys(items, each, f"{place}/*")
        elif isinstance(value, dict):
            named = _properties(branches)
            for key, each in value.items():
                yield from self._key(named, _open(branches), f"{place}/{_escaped(key)}", key, each)

    def _key(
        self, named: Mapping[str, list[Schema]], is_open: bool, place: str, key: str, value: JSON
    ) -> Iterator[tuple[str, str, bool]]:
        if key in named and not _extension(named[key]):
            yield place, kind(value), True
            yield from self._keys(named[key], value, place)
        elif key in named or not is_open:
            yield place, kind(value), False

    def _listed(self, schemas: list[Schema], place: str, depth: int) -> Iterator[str]:
        branches = [branch for schema in schemas for branch in self._branches(schema)]
        if depth == _DEEPEST:
            return
        named = {key: given for key, given in _properties(branches).items() if not _extension(given)}
        for key, subschemas in named.items():
            yield f"{place}/{_escaped(key)}"
            yield from self._listed(subschemas, f"{place}/{_escaped(key)}", depth + 1)
        items = _subschemas(branches, "items")
        if items:
            yield from self._listed(items, f"{place}/*", depth + 1)

    def _branches(self, schema: Schema) -> Iterator[Schema]:
        """
        The schema and every part of it that speaks of the same value, references followed.
        """
        yield schema
        target = schema.get("$ref")
        if isinstance(target, str):
            yield from self._branches(self._resolved(target))
        for keyword in _SAME:
            given = schema.get(keyword)
            for each in given if isinstance(given, list) else [given]:
                if isinstance(each, dict):
                    yield from self._branches(each)

    def _resolved(self, target: str) -> Schema:
        node: JSON = dict(self.root)
        for step in filter(None, target.removeprefix("#").split("/")):
            node = node.get(step) if isinstance(node, dict) else None
        return node if isinstance(node, dict) else {}


def kind(value: JSON) -> str:
    """
    The type of a JSON value in the words of JSON Schema.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, list):
        return "array"
    return "object" if isinstance(value, dict) else "number"


def _shape(value: JSON) -> object:
    """
    What decides about a value's keys: two chunks that differ in their texts have the same.
    """
    if isinstance(value, dict):
        return tuple((key, _shape(each)) for key, each in value.items())
    if isinstance(value, list):
        return frozenset(_shape(each) for each in value)
    return kind(value)


def _properties(branches: list[Schema]) -> dict[str, list[Schema]]:
    named: dict[str, list[Schema]] = {}
    for branch in branches:
        properties = branch.get("properties")
        for key, schema in properties.items() if isinstance(properties, dict) else ():
            named.setdefault(key, []).append(schema if isinstance(schema, dict) else {})
    return named


def _subschemas(branches: list[Schema], keyword: str) -> list[Schema]:
    return [given for branch in branches if isinstance(given := branch.get(keyword), dict)]


def _extension(schemas: list[Schema]) -> bool:
    return any(str(schema.get("$comment", "")).startswith(_EXTENSION) for schema in schemas)


def _open(branches: list[Schema]) -> bool:
    """
    The object's keys are the sender's to choose: nothing is named, or the schema says what other keys hold.
    """
    if any("additionalProperties" in branch or "patternProperties" in branch for branch in branches):
        return not any(branch.get("additionalProperties") is False for branch in branches)
    return not any("properties" in branch for branch in branches)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
