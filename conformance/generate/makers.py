"""
The kinds of families that are explored: valid requests, invalid neighbours, twins, and generated schemas.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from conformance.contract.generation import Generation
from conformance.generate import chat_request, chat_tools, chat_twins, families, listing, pairs
from conformance.generate.breaks import Neighbour, neighbour
from conformance.generate.chat_rules import RULES, Rule
from conformance.generate.choices import Choices, sample
from conformance.generate.families import Body, Family
from conformance.generate.sites import occurrences
from conformance.model import JSON

#: Makes one family by the choices given, within the profiles; nothing when the choices led nowhere.
Maker = Callable[[Generation, Choices, AbstractSet[str]], Family]
#: Makes families without end.
Roller = Callable[[Generation, Choices, AbstractSet[str]], Iterator[Family]]


def valid(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    One request that keeps the contract.
    """
    return (families.valid(ground, chat_request.request(ground, choices, asked)),)


def met(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Iterator[Family]:
    """
    Requests that keep the contract, in which ever other parts meet.
    """
    drawn = pairs.spread(
        lambda: chat_request.request(ground, choices, asked), lambda body: pairs.of_request(ground, body)
    )
    for body in drawn:
        yield (families.valid(ground, body),)


def wrong(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Iterator[Family]:
    """
    Requests that break a single constraint: each constraint once, streamed, for that path is looked at less.

    Where the seed says so the same is asked plainly as well, and both must be refused alike.  Afterwards constraints
    are broken anywhere in generated requests.
    """
    known = listing.exemplars(ground, frozenset(asked)) if "validation" in asked else {}
    rules = [rule for rule in RULES if known and (not rule.profile or rule.profile in asked)]
    targets: list[str | Rule] = sample(choices, [*known, *rules], len(known) + len(rules))
    for target in targets:
        yield _streamed_too(ground, _aimed(ground, target, known, choices, asked), choices)
    while known:
        body = chat_request.request(ground, choices, asked)
        yield _streamed_too(
            ground, neighbour(ground, body, choices.pick(occurrences(ground.schema, body)), choices), choices
        )


def _aimed(
    ground: Generation,
    target: str | Rule,
    known: Mapping[str, list[Body]],
    choices: Choices,
    asked: AbstractSet[str],
) -> Neighbour | None:
    seasoning = chat_request.seasoning(ground, choices, asked) if choices.chance(30) else {}
    if isinstance(target, Rule):
        return target.neighbour({**chat_request.smallest(), **seasoning}, choices)
    for body in (choices.pick(known[target]), *known[target]):
        seasoned = {**seasoning, **body}
        places = [each for each in occurrences(ground.schema, seasoned) if each.site.at == target]
        # What is first in its array is looked at most.
        made = neighbour(ground, seasoned, places[-1], choices) if places else None
        if made is not None:
            return made
    return None


def _streamed_too(ground: Generation, made: Neighbour | None, choices: Choices) -> Family:
    if made is None:
        return ()
    body = made.body
    if not isinstance(body, dict) or made.param.startswith("stream"):
        return (families.invalid(ground, made),)
    streamed: JSON = {**body, "stream": True}
    if not choices.chance(5):
        return (families.invalid(ground, replace(made, body=streamed)),)
    plain: JSON = {name: value for name, value in body.items() if name not in ("stream", "stream_options")}
    first = families.invalid(ground, replace(made, body=plain))
    return (first, families.invalid(ground, replace(made, body=streamed), compare=(first.id,)))


def schemas(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Family:
    """
    A call, or an answer in JSON, under a generated schema: strict ones must be kept, of others it is counted how often.
    """
    return _kept(ground, _described(choices, asked))


def met_schemas(ground: Generation, choices: Choices, asked: AbstractSet[str]) -> Iterator[Family]:
    """
    The same, with schemas in which ever other keywords meet.
    """
    for body in pairs.spread(lambda: _described(choices, asked), pairs.of_schemas):
        yield _kept(ground, body)


def _kept(ground: Generation, body: Body) -> Family:
    return (families.valid(ground, body, title="A generated schema is kept."),)


def _described(choices: Choices, asked: AbstractSet[str]) -> Body:
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
    return made


#: Every kind that Hypothesis draws.
DRAWN: Mapping[str, Maker] = {"valid": valid, "twins": chat_twins.twins, "schemas": schemas}
#: Every kind as dice give it.
ROLLED: Mapping[str, Roller] = {
    "wrong": wrong,
    "valid": met,
    "twins": chat_twins.rounds,
    "schemas": met_schemas,
}
