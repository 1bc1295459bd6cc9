"""
Valid requests of a chat completion: what the schema alone describes, and what only makes sense together.

Source: request.json of the contract, and the rules between fields that its documentation states in prose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from conformance.contract.generation import Generation
from conformance.generate import chat_messages, chat_tools, subset, texts, values
from conformance.generate.choices import Choices, sample
from conformance.generate.sites import begins
from conformance.model import JSON

Body = dict[str, JSON]

#: Tokens that a choice may write when its request sets no limit: the orders are short.
_ANSWER = 64
#: Tokens that all choices of one request may write together.
_TOKENS = 512

#: Parameters that are set at most, beside tools and messages.
_MOST = 13

_MODEL = "${model}"


def smallest() -> Body:
    """
    The simplest valid request.
    """
    return {"model": _MODEL, "messages": [{"role": "user", "content": "Reply with exactly: ok"}]}


def request(ground: Generation, choices: Choices, profiles: AbstractSet[str]) -> Body:
    """
    A valid request within the profiles.  Half of them stream; a few parameters of all kinds are set.
    """
    made: Body = {"model": _MODEL, "messages": []}
    if "streaming" in profiles and choices.chance(50):
        made["stream"] = True
    made.update(_chosen(ground, choices, profiles, [*_plain(ground), *_BUILT]))
    if choices.chance(30):
        made.update(_together(choices, profiles))
    made["messages"] = chat_messages.conversation(choices, profiles)
    return _settled(made, choices)


def seasoning(ground: Generation, choices: Choices, profiles: AbstractSet[str]) -> Body:
    """
    A few of the parameters that go with everything.
    """
    return _chosen(ground, choices, profiles, _plain(ground))


def _chosen(ground: Generation, choices: Choices, profiles: AbstractSet[str], names: Sequence[str]) -> Body:
    """
    Some parameters by name, with values; those of certain models now and then.
    """
    offered = [name for name in names if _open(ground, name, profiles)]
    common = [name for name in offered if not _rare(ground, name)]
    # Few leave no doubt who is to blame; many show what does not go together.
    many = choices.chance(40)
    chosen = sample(choices, common, choices.integer(5, _MOST) if many else choices.integer(0, 3))
    if not many and choices.chance(25):
        chosen.append(choices.pick([name for name in offered if name not in common] or common))
    made: Body = {}
    for name in chosen:
        build = _BUILT.get(name)
        if build is None:
            made[name] = values.value(ground.schema, _described(ground, name), choices)
        else:
            made.update(build(choices, profiles))
    return made


def _described(ground: Generation, name: str) -> JSON:
    properties = ground.schema["properties"]
    return properties[name] if isinstance(properties, dict) else None


def _plain(ground: Generation) -> list[str]:
    """
    The parameters that the schema describes well enough.
    """
    properties = ground.schema["properties"]
    return [name for name in properties if name not in _SPECIAL] if isinstance(properties, dict) else []


def _open(ground: Generation, name: str, profiles: AbstractSet[str]) -> bool:
    profile = ground.profiles.get(f"/properties/{name}")
    return profile is None or profile in profiles


def _rare(ground: Generation, name: str) -> bool:
    return any(begins(f"/properties/{name}", place) for place in ground.rare)


def _limit(choices: Choices, _: AbstractSet[str]) -> Body:
    name = choices.pick(("max_completion_tokens", "max_tokens"))
    return {name: choices.pick((16, 2, 3, 4, 1, 64, 255)) if not choices.chance(8) else None}


def _several(choices: Choices, _: AbstractSet[str]) -> Body:
    return {"n": choices.pick((2, 1, 3, None, 5, 128))}


def _bias(choices: Choices, _: AbstractSet[str]) -> Body:
    tokens = choices.integer(0, 3)
    bias: Body = {str(number * 1000): choices.pick((1, 0, -1, 100, -100)) for number in range(tokens)}
    return {"logit_bias": bias if not choices.chance(10) else None}


def _stop(choices: Choices, _: AbstractSet[str]) -> Body:
    if choices.chance(30):
        return {"stop": choices.pick(("END", "\n", None, "é"))}
    return {"stop": [texts.said(choices) for _ in range(choices.integer(1, 4))]}


def _alternatives(choices: Choices, _: AbstractSet[str]) -> Body:
    made: Body = {"logprobs": not choices.chance(15)}
    if made["logprobs"] and choices.chance(60):
        made["top_logprobs"] = choices.pick((2, 0, 1, 20, 5, None))
    return made


def _spoken(choices: Choices, _: AbstractSet[str]) -> Body:
    voice = choices.pick(("alloy", "echo"))
    return {"modalities": ["text", "audio"], "audio": {"voice": voice, "format": choices.pick(("wav", "mp3", "pcm16"))}}


def _streaming(choices: Choices, _: AbstractSet[str]) -> Body:
    options: Body = {}
    for name in ("include_usage", "include_obfuscation"):
        if choices.chance(60):
            options[name] = not choices.chance(30)
    return {"stream": True, "stream_options": options if not choices.chance(8) else None}


def _tier(choices: Choices, _: AbstractSet[str]) -> Body:
    return {"service_tier": choices.pick(("auto", "default", None))}


def _seed(choices: Choices, _: AbstractSet[str]) -> Body:
    return {"seed": choices.pick((1, 0, -1, 2**31, 2**53, 2**63 - 1, -(2**63), None))}


#: Parameters whose values must make sense, and what sets them.
_BUILT: Mapping[str, Callable[[Choices, AbstractSet[str]], Body]] = {
    "max_tokens": _limit,
    "n": _several,
    "logit_bias": _bias,
    "stop": _stop,
    "logprobs": _alternatives,
    "audio": _spoken,
    "stream_options": _streaming,
    "service_tier": _tier,
    "seed": _seed,
}
_SPECIAL = frozenset(
    {
        *_BUILT,
        *("model", "messages", "stream", "max_completion_tokens", "top_logprobs", "modalities"),
        *("tools", "tool_choice", "parallel_tool_calls", "functions", "function_call", "response_format"),
    }
)


def _together(choices: Choices, profiles: AbstractSet[str]) -> Body:
    """
    Tools, functions or a form of the answer.
    """
    options: list[Callable[[], Body]] = [lambda: {"response_format": {"type": "text"}}]
    if "structured-output" in profiles:
        options.append(lambda: formatted(choices))
    if "tools" in profiles:
        options += [lambda: chat_tools.tooling(choices, profiles)] * 2
    if {"tools", "structured-output"} <= profiles:
        options.append(lambda: {**chat_tools.tooling(choices, profiles), **formatted(choices)})
    if "legacy-functions" in profiles:
        options.append(lambda: chat_tools.functions(choices))
    return choices.pick(options)()


def formatted(choices: Choices) -> Body:
    """
    A ``response_format`` that asks for JSON, mostly with a generated schema.
    """
    if choices.chance(20):
        return {"response_format": {"type": "json_object"}}
    strict = choices.chance(60)
    described: Body = {"name": texts.name(choices), "schema": subset.schema(choices, strict=strict)}
    if strict:
        described["strict"] = True
    elif choices.chance(60):
        described["strict"] = choices.pick((None, False))
    if choices.chance(30):
        described["description"] = texts.said(choices)
    return {"response_format": {"type": "json_schema", "json_schema": described}}


def _settled(made: Body, choices: Choices) -> Body:
    """
    The request with what its parts demand of each other.
    """
    if made.get("stop") and choices.chance(60):
        _last_says(made, f"Reply with exactly: one {_first(made['stop'])} two", choices)
    elif _allowance(made) is not None and choices.chance(85):
        _last_says(made, "Count from 1 to 200, separated by commas, digits only.", choices)
    settle(made)
    if made.get("modalities") is not None and made.get("response_format") is not None:
        del made["response_format"]
    count = made.get("n")
    if isinstance(count, int) and count > 1 and (_allowance(made) or _ANSWER) * count > _TOKENS:
        made.pop("max_tokens", None)
        made["max_completion_tokens"] = max(1, min(_TOKENS // count, choices.pick((1, 4, 16))))
    return made


def settle(made: Body) -> None:
    """
    Let the last message ask for JSON where the answer must be.
    """
    form = made.get("response_format")
    if isinstance(form, dict) and form.get("type") == "json_object":
        _last_asks_for_json(made)


def _allowance(made: Body) -> int | None:
    limits = [made.get(name) for name in ("max_completion_tokens", "max_tokens")]
    return next((each for each in limits if isinstance(each, int)), None)


def _first(stop: JSON) -> JSON:
    return stop[0] if isinstance(stop, list) else stop


def _last_says(made: Body, order: str, choices: Choices) -> None:
    """
    Let a limit, or a stop sequence, have something to cut: a text, mostly, and no call.
    """
    messages = made["messages"]
    if "tools" in made and choices.chance(60):
        made["tool_choice"] = "none"
    if isinstance(messages, list) and isinstance(messages[-1], dict) and messages[-1]["role"] == "user":
        messages[-1] = {**messages[-1], "content": order}


def _last_asks_for_json(made: Body) -> None:
    messages = made["messages"]
    if isinstance(messages, list):
        messages.append({"role": "user", "content": 'Give the capital of France as JSON with the key "capital".'})
