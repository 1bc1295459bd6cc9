"""
An answer as OpenAI writes it: one completion object, or the chunks of a stream, and the bytes of either.

Pure functions in three steps: answer → objects → bytes. Nothing is decided here about what is said.
"""

from __future__ import annotations

import base64
import json
import math
import random
import secrets
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any

from conformance.reference import media, tokens
from conformance.reference.answer import Answer, Choice
from conformance.reference.ask import Ask
from conformance.reference.toolcall import Call

Object = dict[str, Any]

_SIGNS = string.ascii_letters + string.digits
_FRAGMENT = 12
_PADDED = 48
#: What else the model could have said, at every place; one more than the most alternatives ever asked for.
_OTHER_WORDS = "a an the of to in and is it on as be by or at we he no so do up if"
_ELSE = tuple(f" {word}".encode() for word in _OTHER_WORDS.split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """
    What identifies one answer and stands in every object of it. `created` is Unix time in seconds.
    """

    id: str
    created: int
    model: str
    fingerprint: str = "fp_reference1"


def opaque(prefix: str, length: int = 29) -> str:
    """
    Gives a fresh id.
    """
    return prefix + "".join(secrets.choice(_SIGNS) for _ in range(length))


def _frame(stamp: Stamp, kind: str, choices: list[Object]) -> Object:
    return {
        "id": stamp.id,
        "object": kind,
        "created": stamp.created,
        "model": stamp.model,
        "choices": choices,
        "service_tier": "default",
        "system_fingerprint": stamp.fingerprint,
    }


def usage(answer: Answer) -> Object:
    """
    Gives the counts of an answer; the prompt counts once, however many choices there are.
    """
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": answer.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def logprob_entries(said: Iterable[bytes], alternatives: int) -> list[Object]:
    """
    Gives a logprob entry for each token, with so many likeliest alternatives, the token itself the first of them.
    """
    return [_entry(token, alternatives) for token in said]


def _entry(token: bytes, alternatives: int) -> Object:
    sure = 0.55 + (sum(token) % 40) / 100
    others = [each for each in _ELSE if each != token]
    ranked = [_scored(token, sure)]
    ranked += [_scored(each, 0.9 * (1 - sure) / 2 ** (rank + 1)) for rank, each in enumerate(others)]
    return {**_scored(token, sure), "top_logprobs": ranked[:alternatives]}


def _scored(token: bytes, chance: float) -> Object:
    return {"token": tokens.shown(token), "logprob": round(math.log(chance), 6), "bytes": list(token)}


def _logprobs(ask: Ask, said: tuple[bytes, ...] | None) -> Object | None:
    if ask.alternatives is None:
        return None
    if said is None or ask.audio:
        return {"content": None, "refusal": None}
    return {"content": logprob_entries(said, ask.alternatives), "refusal": None}


def _call(call: Call) -> Object:
    if call.custom:
        return {"id": opaque("call_", 24), "type": "custom", "custom": {"name": call.name, "input": call.payload}}
    function = {"name": call.name, "arguments": call.payload}
    return {"id": opaque("call_", 24), "type": "function", "function": function}


def _spoken(ask: Ask, choice: Choice) -> bytes:
    return media.speak(len(choice.said or ()), container=ask.audio or "wav")


def _message(ask: Ask, choice: Choice, stamp: Stamp) -> Object:
    message: Object = {"role": "assistant", "content": choice.text, "refusal": None, "annotations": []}
    if choice.calls and ask.legacy:
        message["function_call"] = {"name": choice.calls[0].name, "arguments": choice.calls[0].payload}
    elif choice.calls:
        message["tool_calls"] = [_call(call) for call in choice.calls]
    elif ask.audio:
        sound = base64.b64encode(_spoken(ask, choice)).decode()
        until = stamp.created + 3600
        audio = {"id": opaque("audio_", 24), "data": sound, "expires_at": until, "transcript": choice.text}
        message = {**message, "content": None, "audio": audio}
    return message


def completion(ask: Ask, answer: Answer, stamp: Stamp) -> Object:
    """
    Gives the one object of an answer that is not streamed (`chat.completion`).
    """
    choices = [
        {
            "index": choice.index,
            "message": _message(ask, choice, stamp),
            "logprobs": _logprobs(ask, choice.said),
            "finish_reason": choice.finish,
        }
        for choice in answer.choices
    ]
    return {**_frame(stamp, "chat.completion", choices), "usage": usage(answer)}


def chunks(ask: Ask, answer: Answer, stamp: Stamp) -> list[Object]:
    """
    Gives the objects of a streamed answer (`chat.completion.chunk`), the choices taking turns.
    """
    turns = zip_longest(*(_choice_chunks(ask, choice, stamp) for choice in answer.choices))
    made = [_frame(stamp, "chat.completion.chunk", [each]) for each in chain(*turns) if each is not None]
    if ask.include_usage:
        made = [{**chunk, "usage": None} for chunk in made]
        made.append({**_frame(stamp, "chat.completion.chunk", []), "usage": usage(answer)})
    return [{**chunk, "obfuscation": _padding(chunk)} for chunk in made] if ask.obfuscate else made


def _padding(chunk: Object) -> str:
    length = len(json.dumps(chunk["choices"])) % _PADDED
    return "".join(random.choices(_SIGNS, k=4 + length % 8))


def _choice_chunks(ask: Ask, choice: Choice, stamp: Stamp) -> Iterator[Object]:
    silent = bool(choice.calls) or ask.audio is not None
    yield _delta(choice, {"role": "assistant", "content": None if silent else "", "refusal": None})
    if choice.calls:
        for delta in _call_deltas(ask, choice):
            yield _delta(choice, delta)
    elif ask.audio:
        for delta in _audio_deltas(ask, choice, stamp):
            yield _delta(choice, delta)
    else:
        for group in tokens.characters(choice.said or ()):
            yield _delta(choice, {"content": b"".join(group).decode()}, logprobs=_logprobs(ask, group))
    yield _delta(choice, {}, finish=choice.finish)


def _delta(choice: Choice, delta: Object, *, logprobs: Object | None = None, finish: str | None = None) -> Object:
    return {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}


def _call_deltas(ask: Ask, choice: Choice) -> Iterator[Object]:
    for index, call in enumerate(choice.calls):
        whole = _call(call)
        kind = whole["type"]
        field = "input" if call.custom else "arguments"
        first = {"name": call.name, field: ""}
        if ask.legacy:
            yield {"function_call": first}
        else:
            yield {"tool_calls": [{"index": index, "id": whole["id"], "type": kind, kind: first}]}
        for fragment in _fragments(call.payload):
            written = {field: fragment}
            yield {"function_call": written} if ask.legacy else {"tool_calls": [{"index": index, kind: written}]}


def _fragments(payload: str) -> Iterator[str]:
    groups = [b"".join(group).decode() for group in tokens.characters(tokens.tokenise(payload))]
    several = max(1, len(groups) // _FRAGMENT)
    return ("".join(groups[place : place + several]) for place in range(0, len(groups), several))


def _audio_deltas(ask: Ask, choice: Choice, stamp: Stamp) -> Iterator[Object]:
    name = opaque("audio_", 24)
    for group in tokens.characters(choice.said or ()):
        yield {"audio": {"id": name, "transcript": b"".join(group).decode()}}
    # Every piece is a multiple of three bytes long, so that the pieces of base64 can simply be joined.
    sound = _spoken(ask, choice)
    for place in range(0, len(sound), 6000):
        yield {"audio": {"id": name, "data": base64.b64encode(sound[place : place + 6000]).decode()}}
    yield {"audio": {"id": name, "expires_at": stamp.created + 3600}}


def body(value: Object) -> bytes:
    """
    Gives the bytes of a JSON body.
    """
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def events(objects: Iterable[Object]) -> list[bytes]:
    """
    Gives the server-sent events of a stream, one for each object, and `[DONE]` last.
    """
    return [b"data: " + body(each) + b"\n\n" for each in objects] + [b"data: [DONE]\n\n"]
