"""
The kinds of families that are explored: valid requests, invalid neighbours, twins, and generated schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from conformance.contract.generation import Generation
from conformance.generate import chat_request, chat_tools, chat_twins, families, listing
from conformance.generate.breaks import Neighbour, neighbour
from conformance.generate.chat_rules import RULES
from conformance.generate.choices import Choices
from conformance.generate.families import Body, Family
from conformance.generate.sites import occurrences
from conformance.model import JSON

#: Makes one family by the choices given, within the profiles; nothing when the choices led nowhere.
Maker = Callable[[Generation, Choices, AbstractSet[str]], Family]


def valid(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    One request that keeps the contract.
    """
    return (families.valid(ground, chat_request.request(ground, choices, asked)),)


def wrong(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    One request that breaks a single constraint, streamed and not.
    """
    made = _broken(ground, choices, asked)
    if made is None:
        return ()
    body = made.body
    if not isinstance(body, dict) or made.param.startswith("stream"):
        return (families.invalid(ground, made),)
    plain: Body = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    first = families.invalid(ground, replace(made, body=plain))
    streamed: JSON = {**plain, "stream": True}
    return (first, families.invalid(ground, replace(made, body=streamed), compare=(first.id,)))


def _broken(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Neighbour | None:
    seasoning = chat_request.seasoning(ground, choices, asked) if choices.chance(30) else {}
    if choices.chance(15):
        rules = [rule for rule in RULES if not rule.profile or rule.profile in asked]
        return choices.pick(rules).neighbour({**chat_request.smallest(), **seasoning}, choices)
    if choices.chance(30):
        body = chat_request.request(ground, choices, asked)
        return neighbour(ground, body, choices.pick(occurrences(ground.schema, body)), choices)
    known = listing.exemplars(ground, frozenset(asked))
    site = choices.pick(list(known))
    body = {**seasoning, **choices.pick(known[site])}
    return neighbour(
        ground, body, choices.pick([m for m in occurrences(ground.schema, body) if m.site.at == site]), choices
    )


def schemas(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    A call, or an answer in JSON, under a generated schema: strict ones must be kept, of others it is counted how often.
    """
    made: Body = {"model": "${model}", "messages": [{"role": "user", "content": "Fill in something that fits."}]}
    forms = "structured-output" in asked
    if "tools" in asked and (not forms or not choices.chance(50)):
        name = "fill_in"
        tool: JSON = {"type": "function", "function": chat_tools.function(choices, name, strict=not choices.chance(40))}
        named: JSON = {"type": "function", "function": {"name": name}}
        made |= {"tools": [tool], "tool_choice": choices.pick((named, "required"))}
    elif forms:
        made |= chat_request.formatted(choices)
        chat_request.settle(made)
    if choices.chance(50):
        made["stream"] = True
    return (families.valid(ground, made, title="A generated schema is kept."),)


def twins(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    A request and its variant.
    """
    return chat_twins.twins(ground, choices, asked)


#: Every kind with its share of the requests, in percent.
SHARES: Mapping[str, tuple[Maker, int]] = {
    "valid": (valid, 45),
    "wrong": (wrong, 30),
    "twins": (twins, 13),
    "schemas": (schemas, 12),
}
