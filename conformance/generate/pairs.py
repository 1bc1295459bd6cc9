"""
Valid requests whose parts meet: of several that dice draw, the one is taken in which most parts meet for the first time.

Most mistakes that take several parameters take two.  Every third request is any one all the same, for the chosen are
large, and a target that will not have one part of them says nothing of the others.

Source: D. M. Cohen et al., "The AETG System: An Approach to Testing Based on Combinatorial Design", IEEE Transactions on
Software Engineering 23 (7), 1997; D. R. Kuhn et al., "Software Fault Interactions and Implications for Software
Testing", ibid. 30 (6), 2004.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator

from conformance.contract.generation import Generation
from conformance.generate.families import Body
from conformance.generate.sites import visits
from conformance.model import JSON

#: So many are drawn for one that is taken.
_DRAWN = 12


def spread(draw: Callable[[], Body], parts: Callable[[Body], frozenset[str]]) -> Iterator[Body]:
    """
    Requests without end, out of those that ``draw`` makes.
    """
    met: set[tuple[str, str]] = set()
    for number in itertools.count():
        drawn = [draw() for _ in range(_DRAWN if number % 3 else 1)]
        pairs = [set(itertools.combinations(sorted(parts(body)), 2)) for body in drawn]
        most = max(range(len(drawn)), key=lambda place: len(pairs[place] - met))
        met |= pairs[most]
        yield drawn[most]


def of_request(ground: Generation, body: Body) -> frozenset[str]:
    """
    The parameters of a request with the kind of value of each, and what its parts say that they are.
    """
    return frozenset(
        f"{visit.route[-1]}: {_kind(visit.node, visit.value)}"
        for visit in visits(ground.schema, body)
        if len(visit.place) == 1 or (visit.place and _names_a_kind(visit.node))
    )


def _names_a_kind(node: JSON) -> bool:
    return isinstance(node, dict) and bool(node.keys() & {"enum", "const"})


def _kind(node: JSON, value: JSON) -> str:
    if isinstance(value, str):
        return value if _names_a_kind(node) else "a text" if value else "no text"
    if isinstance(value, list | dict):
        return ("none", "one")[len(value)] if len(value) < 2 else "several"
    if isinstance(value, int | float) and not isinstance(value, bool) and value not in (0, 1):
        return "negative" if value < 0 else "many"
    return json.dumps(value)


def of_schemas(body: Body) -> frozenset[str]:
    """
    The keywords of the schemas that a request holds, at their top and below, and where the schemas stand.
    """
    found: set[str] = set()
    for tool in _objects(body.get("tools")):
        function = _object(tool.get("function"))
        found |= {"a function", f"strict: {function.get('strict')}", *_keywords(function.get("parameters"), 0)}
    described = _object(_object(body.get("response_format")).get("json_schema"))
    if described:
        found |= {"an answer", f"strict: {described.get('strict')}", *_keywords(described.get("schema"), 0)}
    return frozenset(found)


def _object(value: JSON) -> Body:
    return value if isinstance(value, dict) else {}


def _objects(value: JSON) -> list[Body]:
    return [_object(each) for each in value] if isinstance(value, list) else []


def _keywords(node: JSON, depth: int) -> Iterator[str]:
    place = "below" if depth > 1 else "top"
    for name, value in _object(node).items():
        if name in ("properties", "$defs"):
            for child in _object(value).values():
                yield from _keywords(child, depth + 1)
        elif name == "items":
            yield from _keywords(value, depth + 1)
        yield f"{place} {name}: {value}" if name in ("type", "additionalProperties") else f"{place} {name}"
