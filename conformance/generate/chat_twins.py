"""
Metamorphic families: a request and a variant of it whose answers have something to do with each other.

Which, the checks know and see from the two requests; here the pairs are made.  The base is asked without comparing,
so that one base serves several variants.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet

from conformance.contract.generation import Generation
from conformance.generate import chat_request, families, spellings, texts
from conformance.generate.choices import Choices
from conformance.generate.families import Body, Family
from conformance.model import JSON

#: Parameters that change neither the answer to an order nor its shape.
_HARMLESS: Mapping[str, tuple[JSON, ...]] = {
    "temperature": (0,),
    "seed": (7,),
    "user": ("ada",),
    "metadata": ({"team": "red"},),
    "top_p": (1,),
}

Variant = Callable[[Generation, Body, Choices], tuple[Body, bytes | None, str]]


def twins(ground: Generation, choices: Choices, profiles: AbstractSet[str]) -> Family:
    """
    A base and one variant.
    """
    return _twins(ground, choices, choices.pick(_within(profiles)))


def rounds(ground: Generation, choices: Choices, profiles: AbstractSet[str]) -> Iterator[Family]:
    """
    Bases with a variant of every kind by turns, without end.
    """
    for relation in itertools.cycle(_within(profiles)):
        yield _twins(ground, choices, relation)


def _within(profiles: AbstractSet[str]) -> list[Variant]:
    return [each for each, profile in _RELATIONS.items() if profile in profiles or not profile]


def _twins(ground: Generation, choices: Choices, relation: Variant) -> Family:
    base = _base(choices)
    if relation is _longer:
        base["max_completion_tokens"] = choices.pick((2, 1, 4))
    if relation is _SOLIDUS:
        base["user"] = "team/ada"
    body, raw, title = relation(ground, base, choices)
    first = families.valid(ground, base)
    return (first, families.valid(ground, body, raw=raw, title=title, compare=(first.id,)))


def _base(choices: Choices) -> Body:
    made: Body = {**chat_request.smallest(), "temperature": 0}
    made["messages"] = [{"role": "user", "content": f"Reply with exactly: {texts.said(choices)}"}]
    for name, options in _HARMLESS.items():
        if choices.chance(15):
            made[name] = choices.pick(options)
    return made


def _streamed(_: Generation, base: Body, choices: Choices) -> tuple[Body, bytes | None, str]:
    made: Body = {**base, "stream": True}
    if choices.chance(60):
        made["stream_options"] = {"include_usage": True}
    return made, None, "The same request streamed gives the same text and counts the same prompt."


def _several(_: Generation, base: Body, choices: Choices) -> tuple[Body, bytes | None, str]:
    return {**base, "n": choices.integer(2, 3)}, None, "Several choices of the same request, each with its index."


def _defaulted(ground: Generation, base: Body, choices: Choices) -> tuple[Body, bytes | None, str]:
    name = choices.pick([each for each in ground.defaults if each not in base])
    value = ground.defaults[name] if not choices.chance(40) or not _nullable(ground, name) else None
    return {**base, name: value}, None, f"{name} at its default, or null, changes nothing."


def _nullable(ground: Generation, name: str) -> bool:
    properties = ground.schema["properties"]
    node = properties[name] if isinstance(properties, dict) else None
    kinds = node.get("type") if isinstance(node, dict) else None
    return isinstance(kinds, list) and "null" in kinds


def _spelt(name: str) -> Variant:
    """
    The same body, written in another way.
    """
    kind = next(title for title, ways in spellings.KINDS.items() if name in ways)
    write = spellings.KINDS[kind][name]
    return lambda _, base, __: (base, write(base), kind)


def _longer(_: Generation, base: Body, choices: Choices) -> tuple[Body, bytes | None, str]:
    return {**base, "max_completion_tokens": choices.pick((16, 64, 8))}, None, "A larger limit shortens nothing."


def _stopped(_: Generation, base: Body, choices: Choices) -> tuple[Body, bytes | None, str]:
    messages = base["messages"]
    order = messages[0] if isinstance(messages, list) else None
    text = str(order.get("content")) if isinstance(order, dict) else ""
    said = text.partition(": ")[2]
    start = choices.integer(0, max(0, len(said) - 1))
    made: Body = {**base, "stop": [said[start : start + choices.integer(1, 3)] or "ok"]}
    if choices.chance(50):
        made["stream"] = True
    return made, None, "The text ends before a stop sequence."


_SOLIDUS = _spelt("solidus")

#: Every relation with the profile that it needs.
_RELATIONS: Mapping[Variant, str] = {
    _streamed: "streaming",
    **{_spelt(name): "" for ways in spellings.KINDS.values() for name in ways if name != "solidus"},
    _SOLIDUS: "",
    _defaulted: "",
    _longer: "",
    _stopped: "",
    _several: "multi-choice",
}
