"""
Faults of requests that keep the contract and are refused only at a limit, on one path, or in a certain company.
"""

from __future__ import annotations

import re

from conformance.reference.faults.asks import When, refusing, streams
from conformance.reference.faults.fault import Asked, Fault
from conformance.reference.faults.parts import (
    both,
    form,
    functions,
    given,
    messages,
    nodes,
    null,
    number,
    objects,
    text,
    within,
)
from conformance.reference.faults.rows import seldom

_UPPER = re.compile(rb"\\u(?=[0-9a-fA-F]*[A-F])[0-9a-fA-F]{4}")


def _refuses(
    name: str, matters: str, title: str, when: When, said: str, *, beside: int = 0, requirement: str = "combined"
) -> Fault:
    """
    What asks for a feature of certain models alone is a matter of another requirement, which says the same.
    """
    return seldom(
        f"refuses-{name}",
        "SHOULD",
        f"request.{requirement}",
        f"{title} refused",
        matters,
        beside=beside,
        also="request.combined request.combined-rare request.same-answer",
        instead=refusing(when, said),
    )


def _wide_identifier(asked: Asked) -> bool:
    found = text(asked.body.get("safety_identifier"))
    return len(found) == 64 and not found.isascii()


def _penalty_at_its_limit(asked: Asked) -> bool:
    return abs(number(asked.body.get("presence_penalty"))) == 2 and asked.body.get("top_p") is not None


def _empty_choice(asked: Asked) -> bool:
    found = [*(each.get("parameters") for each in functions(asked.body)), form(asked.body).get("schema")]
    enums = (node.get("enum") for schema in found for node in nodes(schema))
    return any(isinstance(each, list) and "" in each for each in enums)


def _foreign_names(asked: Asked) -> bool:
    schemas = (node for each in functions(asked.body) for node in nodes(each.get("parameters")))
    return any(not name.isascii() for node in schemas for name in within(node, "properties"))


def _called_unoffered(asked: Asked) -> bool:
    """
    The history calls what this request does not offer.
    """
    offered = {text(each.get("name")) for each in functions(asked.body)}
    calls = (within(call, "function") for each in messages(asked) for call in objects(each.get("tool_calls")))
    return any(text(each.get("name")) not in offered for each in calls) and bool(offered)


# fmt: off
FAULTS: tuple[Fault, ...] = (
    _refuses("wide-identifier", "safety_identifier", "a safety_identifier of 64 characters, which are more than 64 bytes, is", _wide_identifier, "safety_identifier: at most 64 bytes."),
    _refuses("penalty-limit-beside-top-p", "presence_penalty top_p", "a presence_penalty at its limit beside top_p is", _penalty_at_its_limit, "presence_penalty must be below 2."),
    _refuses("null-streamed", "stream", "a parameter that is null in the request of a stream is", both(streams, null), "null is not allowed here.", beside=1),
    _refuses("null-beside-tools", "tools", "a parameter that is null beside tools is", both(given("tools"), null), "null is not allowed here.", beside=1),
    _refuses("long-name", "", "a name of 64 characters in a message is", lambda asked: any(len(text(each.get("name"))) == 64 for each in messages(asked)), "name: at most 63 characters."),
    _refuses("foreign-description", "response_format", "a description outside ASCII in a response format is", lambda asked: not text(form(asked.body).get("description")).isascii(), "description: characters outside ASCII."),
    _refuses("foreign-properties", "tools", "a property's name outside ASCII in a function's parameters is", _foreign_names, "parameters: property names must be identifiers.", beside=1),
    _refuses("unoffered-history", "tools", "a history that calls what is not offered beside tools is", _called_unoffered, "messages: unknown tool."),
    _refuses("tabs", "", "a tab in the white space of the body is", lambda asked: b"\t" in asked.raw, "Invalid body.", requirement="same-answer"),
    _refuses("upper-case-escapes", "", "an escape with upper-case digits is", lambda asked: bool(_UPPER.search(asked.raw)), "Invalid unicode escape.", requirement="same-answer"),
    _refuses("empty-choice", "", "an empty text in an enum is", _empty_choice, "enum: values must not be empty.", beside=2),
)
# fmt: on
