"""
The last cut at what was shrunk: members and messages that can go without the mistake going with them.

Hypothesis shrinks decisions, not bodies; where a decision cannot be made smaller alone, something is left over.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from conformance.contract.generation import Generation
from conformance.generate import chat_request, families
from conformance.generate.breaks import broken
from conformance.generate.families import Body, Family
from conformance.model import JSON, Case

#: Members that stand for something only beside another, which must not go before them.
_LEAN = {"tool_choice": "tools", "parallel_tool_calls": "tools", "function_call": "functions", "audio": "modalities"}


def simpler(ground: Generation, family: Family) -> Iterator[Family]:
    """
    Families with a little less in their requests, valid or broken as the one given; the boldest cut first.
    """
    body = family[0].request.body if family else None
    if not isinstance(body, dict) or any(case.request.raw is not None for case in family):
        return
    if len(family) > 1 and not family[0].invalid:
        return
    sites = {met.site.at for met in broken(ground.schema, body)}
    for less in _cuts(body):
        if {met.site.at for met in broken(ground.schema, less)} == sites:
            yield _rebuilt(family, less)


def _cuts(body: Body) -> Iterator[Body]:
    smallest = chat_request.smallest()
    if body.get("messages") != smallest["messages"] and _speaks_freely(body):
        yield {**body, "messages": smallest["messages"]}
    for name in sorted(set(body) - set(smallest), key=lambda each: each not in _LEAN):
        if not any(other == name and member in body for member, other in _LEAN.items()):
            yield {key: value for key, value in body.items() if key != name}
    yield from ({**body, "messages": less} for less in _fewer(body.get("messages")))


def _speaks_freely(body: Body) -> bool:
    form = body.get("response_format")
    return not (isinstance(form, dict) and form.get("type") == "json_object")


def _fewer(messages: JSON) -> Iterator[list[JSON]]:
    """
    The conversation without one message, or two that follow each other; calls and their results stay together.
    """
    if not isinstance(messages, list):
        return
    roles = [each.get("role") if isinstance(each, dict) else None for each in messages]
    for width in (2, 1):
        for start in range(len(messages) - width):
            cut = messages[start : start + width]
            if not any(_bound(each) for each in cut) and roles[start + width] not in ("tool", "function"):
                yield [*messages[:start], *messages[start + width :]]


def _bound(message: JSON) -> bool:
    if not isinstance(message, dict):
        return True
    return message.get("role") in ("tool", "function") or bool(
        message.get("tool_calls") or message.get("function_call")
    )


def _rebuilt(family: Family, body: Body) -> Family:
    first = families.renamed(family[0], body)
    if len(family) == 1:
        return (first,)
    streamed: Body = {**body, "stream": True}
    twin: Case = replace(family[1], compare=(first.id,))
    return (first, families.renamed(twin, streamed))
