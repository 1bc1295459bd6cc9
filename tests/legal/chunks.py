"""
The same stream cut into other chunks: coarser, finer, interleaved, padded, with what vendors put between.

Source: https://platform.openai.com/docs/api-reference/chat/streaming.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from conformance.model import Exchange
from conformance.read.reply import Reply
from tests.legal.wire import Variant
from tests.legal.writing import Object, choices_of, documents, edited, is_answer, rewritten, speaks, speech_of

SILENT: dict[str, Variant] = {}
NOTED: dict[str, Variant] = {}


def _chunked(change: Callable[[list[Object]], list[Object] | None]) -> Variant:
    """
    A change of the chunks of a sound stream without log probabilities, which belong to their text.
    """

    def vary(exchange: Exchange) -> Exchange | None:
        values = documents(exchange) if Reply(exchange).is_stream else None
        if not values or not all(isinstance(value, dict) and is_answer(value) for value in values):
            return None
        if any(choice.get("logprobs") for value in values for choice in choices_of(value)):
            return None
        made = change(copy.deepcopy(values))
        return None if made is None or made == values else rewritten(exchange, made)

    return vary


def _single(chunks: list[Object]) -> bool:
    choices = [choice for value in chunks for choice in choices_of(value)]
    deltas = [each.get("delta") for each in choices]
    known = {"role", "content"}
    return {each.get("index") for each in choices} == {0} and all(
        isinstance(delta, dict)
        and {key for key, value in delta.items() if value not in (None, "")} <= known
        and isinstance(delta.get("content"), str | None)
        for delta in deltas
    )


def _contents(chunks: list[Object]) -> str:
    texts = [message.get("content") for value in chunks for message in speech_of(value)]
    return "".join(text for text in texts if isinstance(text, str))


def _like(chunk: Object, delta: Object, finish: str | None = None) -> Object:
    made = copy.deepcopy(chunk)
    choice = {**made["choices"][0], "index": 0, "delta": delta, "finish_reason": finish}
    return {**made, "choices": [choice]}


def _recut(cut: Callable[[str], list[str]]) -> Callable[[list[Object]], list[Object] | None]:
    """
    The same text in other pieces, between the first chunk (the role) and the finish.
    """

    def change(chunks: list[Object]) -> list[Object] | None:
        spoken = [number for number, value in enumerate(chunks) if speaks(value)]
        if len(spoken) < 2 or not _single(chunks):
            return None
        first, last = spoken[0], spoken[-1]
        pieces = [_like(chunks[first], {"content": piece}) for piece in cut(_contents(chunks))]
        finish = chunks[last]["choices"][0].get("finish_reason")
        role = _like(chunks[first], {"role": "assistant", "content": ""})
        return [*chunks[:first], role, *pieces, _like(chunks[last], {}, finish), *chunks[last + 1 :]]

    return change


def _one_chunk(chunks: list[Object]) -> list[Object] | None:
    spoken = [number for number, value in enumerate(chunks) if speaks(value)]
    if not spoken or not _single(chunks):
        return None
    finish = chunks[spoken[-1]]["choices"][0].get("finish_reason")
    whole = _like(chunks[spoken[0]], {"role": "assistant", "content": _contents(chunks)}, finish)
    return [*chunks[: spoken[0]], whole, *chunks[spoken[-1] + 1 :]]


def _finish_with_text(chunks: list[Object]) -> list[Object] | None:
    """
    The finish reason rides on the last piece of text.
    """
    spoken = [number for number, value in enumerate(chunks) if speaks(value)]
    if len(spoken) < 3 or not _single(chunks) or chunks[spoken[-1]]["choices"][0]["delta"].get("content"):
        return None
    chunks[spoken[-2]]["choices"][0]["finish_reason"] = chunks[spoken[-1]]["choices"][0].get("finish_reason")
    return [value for number, value in enumerate(chunks) if number != spoken[-1]]


def _padded(chunks: list[Object]) -> list[Object]:
    """
    Empty deltas before every chunk of a choice that has begun and not yet finished.
    """
    made: list[Object] = []
    begun = False
    for value in chunks:
        usage = {"usage": None} if "usage" in value else {}
        empty = ({}, {"content": ""}, {"content": None}) if begun and speaks(value) else ()
        made += [*(_like(value, delta) | usage for delta in empty), value]
        begun = begun or speaks(value)
    return made


def _interleaved(chunks: list[Object]) -> list[Object] | None:
    """
    All choices that came one after another in one chunk's array, where two neighbours speak of different choices.
    """
    made: list[Object] = []
    for value in chunks:
        here = [choice.get("index") for choice in choices_of(value)]
        before = [choice.get("index") for choice in choices_of(made[-1])] if made else []
        if here and before and not set(here) & set(before):
            made[-1]["choices"] += value["choices"]
        else:
            made.append(value)
    return made


_AZURE = {
    "id": "",
    "object": "",
    "created": 0,
    "model": "",
    "choices": [],
    "prompt_filter_results": [{"prompt_index": 0, "content_filter_results": {"hate": {"filtered": False}}}],
}


def _moderated(chunks: list[Object]) -> list[Object]:
    head = {key: value for key, value in chunks[-1].items() if key not in ("choices", "usage")}
    usage = {"usage": None} if "usage" in chunks[-1] else {}
    return [*chunks, {**head, "choices": [], **usage, "moderation": {"input": {}, "output": {}}}]


def _obfuscated(text: Callable[[int], str]) -> Callable[[list[Object]], list[Object]]:
    return lambda chunks: [{**value, "obfuscation": text(number)} for number, value in enumerate(chunks)]


def _fragments(chunks: list[Object]) -> dict[tuple[Any, Any], list[Object]]:
    found: dict[tuple[Any, Any], list[Object]] = {}
    for value in chunks:
        for choice in choices_of(value):
            for call in (choice.get("delta") or {}).get("tool_calls") or ():
                found.setdefault((choice.get("index"), call.get("index")), []).append(call)
    return found


def _whole_calls(chunks: list[Object]) -> list[Object] | None:
    """
    Every call whole, all calls of a choice in its first chunk that holds any.
    """
    found = _fragments(chunks)
    if not found or any("custom" in call for calls in found.values() for call in calls):
        return None
    for calls in found.values():
        calls[0]["function"]["arguments"] = "".join(
            (call.get("function") or {}).get("arguments") or "" for call in calls
        )
    done: set[Any] = set()
    made = []
    for value in chunks:
        for choice in choices_of(value):
            index = choice.get("index")
            if (choice.get("delta") or {}).pop("tool_calls", None) is not None and index not in done:
                choice["delta"]["tool_calls"] = [calls[0] for key, calls in found.items() if key[0] == index]
                done.add(index)
        made.append(value)
    return made


def _split_calls(chunks: list[Object]) -> list[Object] | None:
    """
    Arguments in pieces of one character.
    """
    made: list[Object] = []
    for value in chunks:
        choices = list(choices_of(value))
        calls = (choices[0].get("delta") or {}).get("tool_calls") if len(choices) == 1 else None
        text = (calls[0].get("function") or {}).get("arguments") if calls and len(calls) == 1 else None
        if not calls or not text:
            made.append(value)
            continue
        calls[0]["function"]["arguments"] = text[0]
        made.append(value)
        finish, choices[0]["finish_reason"] = choices[0].get("finish_reason"), None
        for character in text[1:]:
            piece = {"index": calls[0]["index"], "function": {"arguments": character}}
            made.append({**value, "choices": [{**choices[0], "delta": {"tool_calls": [piece]}}]})
        made[-1]["choices"][0]["finish_reason"] = finish
    return made if _fragments(chunks) else None


def _nothing_in_the_first_fragment(chunks: list[Object]) -> list[Object] | None:
    """
    The first fragment of a call without arguments, which its object need not have.
    """
    for calls in _fragments(chunks).values():
        if (calls[0].get("function") or {}).get("arguments") == "" and len(calls) > 1:
            del calls[0]["function"]["arguments"]
    return chunks


CUTS: dict[str, Callable[[list[Object]], list[Object] | None]] = {
    "one character a chunk": _recut(list),
    "all text in one chunk": _recut(lambda text: [text]),
    "halves": _recut(lambda text: [text[: len(text) // 2], text[len(text) // 2 :]]),
    "one chunk with everything": _one_chunk,
    "the finish with the last text": _finish_with_text,
    "empty deltas between": _padded,
    "choices side by side": _interleaved,
    "Azure's prelude": lambda chunks: [_AZURE, *chunks],
    "a moderation chunk": _moderated,
    "obfuscation": _obfuscated(lambda number: "x" * (number % 9)),
    "empty obfuscation": _obfuscated(lambda _: ""),
    "every call whole": _whole_calls,
    "arguments by characters": _split_calls,
    "no arguments in the first fragment": _nothing_in_the_first_fragment,
}
for _name, _cut in CUTS.items():
    SILENT[_name] = _chunked(_cut)


def _role_everywhere(chunks: list[Object]) -> list[Object]:
    for value in chunks:
        for message in speech_of(value):
            message["role"] = "assistant"
    return chunks


NOTED["the role in every delta"] = _chunked(_role_everywhere)


def _another_model(value: Object) -> None:
    if "object" in value and value.get("model"):
        value["model"] = "some-other-name"


def _another_tier(value: Object) -> None:
    if is_answer(value):
        value["service_tier"] = "on_demand"


NOTED["one model for every name"] = edited(_another_model)
NOTED["a tier of its own"] = edited(_another_tier)
