"""
Chat completions assembled leniently, from a body or from chunks, into one shape that both share.

Source: https://platform.openai.com/docs/api-reference/chat/object and .../chat/streaming.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from conformance.model import JSON
from conformance.read import chat_calls
from conformance.read.chat_calls import ToolCall
from conformance.read.strictjson import MISSING, Missing, as_list, as_object, as_text


class Delta(NamedTuple):
    """
    One choice of one chunk.
    """

    event: int
    delta: dict[str, JSON]
    finish_reason: JSON | Missing
    raw: dict[str, JSON]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    One choice, put together.
    """

    index: int
    role: str | None = None
    content: str | None = None
    refusal: str | None = None
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    function_call: dict[str, JSON] | None = None
    audio: dict[str, JSON] | None = None
    finish_reason: str | None = None
    #: Every non-null finish reason with its event.
    finish_reasons: tuple[tuple[int, str], ...] = ()
    #: The entries of ``logprobs.content``; None when there were none.
    logprobs: tuple[JSON, ...] | None = None
    #: The message in the shape of a plain answer.
    message: dict[str, JSON] = field(default_factory=dict)
    deltas: tuple[Delta, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """
    A chat completion, however it came.
    """

    id: JSON | Missing = MISSING
    object: JSON | Missing = MISSING
    created: JSON | Missing = MISSING
    model: JSON | Missing = MISSING
    choices: tuple[Choice, ...] = ()
    usage: dict[str, JSON] | None = None
    #: Every usage object of a stream with its event.
    usages: tuple[tuple[int, dict[str, JSON]], ...] = ()
    streamed: bool = False

    def choice(self, index: int) -> Choice | None:
        """
        The choice of an index.
        """
        return next((choice for choice in self.choices if choice.index == index), None)

    def as_json(self) -> dict[str, JSON]:
        """
        The completion in the shape of a plain answer.
        """
        head = {"id": self.id, "object": self.object, "created": self.created, "model": self.model}
        made: dict[str, JSON] = {name: value for name, value in head.items() if not isinstance(value, Missing)}
        made["choices"] = [_choice_json(choice) for choice in self.choices]
        if self.usage is not None:
            made["usage"] = dict(self.usage)
        return made


def _choice_json(choice: Choice) -> JSON:
    made: dict[str, JSON] = {"index": choice.index, "message": choice.message, "finish_reason": choice.finish_reason}
    if choice.logprobs is not None:
        made["logprobs"] = {"content": list(choice.logprobs)}
    return made


def from_body(value: JSON) -> Completion:
    """
    Read a plain answer; what is missing or of another type is left out.
    """
    body = as_object(value)
    usage = body.get("usage")
    return Completion(
        id=body.get("id", MISSING),
        object=body.get("object", MISSING),
        created=body.get("created", MISSING),
        model=body.get("model", MISSING),
        choices=tuple(_plain(number, as_object(each)) for number, each in enumerate(as_list(body.get("choices")))),
        usage=usage if isinstance(usage, dict) else None,
    )


def _text(value: JSON) -> str | None:
    if isinstance(value, list):
        return "".join(as_text(as_object(part).get("text")) for part in value)
    return value if isinstance(value, str) else None


def _plain(number: int, raw: dict[str, JSON]) -> Choice:
    message = as_object(raw.get("message"))
    index, finish = raw.get("index"), raw.get("finish_reason")
    logprobs = as_object(raw.get("logprobs")).get("content")
    call = message.get("function_call")
    audio = message.get("audio")
    return Choice(
        index=index if isinstance(index, int) and not isinstance(index, bool) else number,
        role=as_text(message.get("role")) or None,
        content=_text(message.get("content")),
        refusal=as_text(message.get("refusal")) or None,
        reasoning=as_text(message.get("reasoning_content")) or as_text(message.get("reasoning")),
        tool_calls=tuple(chat_calls.from_message(as_object(each)) for each in as_list(message.get("tool_calls"))),
        function_call=call if isinstance(call, dict) else None,
        audio=audio if isinstance(audio, dict) else None,
        finish_reason=finish if isinstance(finish, str) else None,
        logprobs=tuple(logprobs) if isinstance(logprobs, list) else None,
        message=message,
    )


def from_chunks(chunks: Iterable[tuple[int, dict[str, JSON]]]) -> Completion:
    """
    Put a stream together from its chunks, each with the number of its event.
    """
    first: dict[str, JSON] = {}
    deltas: dict[int, list[Delta]] = {}
    usages: list[tuple[int, dict[str, JSON]]] = []
    for event, chunk in chunks:
        if not first or not first.get("id"):
            first = chunk
        usage = chunk.get("usage")
        if isinstance(usage, dict):
            usages.append((event, usage))
        for position, each in enumerate(as_list(chunk.get("choices"))):
            raw = as_object(each)
            index = raw.get("index")
            place = index if isinstance(index, int) and not isinstance(index, bool) else position
            finish = raw.get("finish_reason", MISSING)
            deltas.setdefault(place, []).append(Delta(event, as_object(raw.get("delta")), finish, raw))
    return Completion(
        id=first.get("id", MISSING),
        object=first.get("object", MISSING),
        created=first.get("created", MISSING),
        model=first.get("model", MISSING),
        choices=tuple(_assembled(index, deltas[index]) for index in sorted(deltas)),
        usage=usages[-1][1] if usages else None,
        usages=tuple(usages),
        streamed=True,
    )


def _joined(deltas: Sequence[Delta], name: str) -> str | None:
    texts = [_text(each.delta.get(name)) for each in deltas]
    given = [text for text in texts if text is not None]
    return "".join(given) if given else None


def _assembled(index: int, deltas: Sequence[Delta]) -> Choice:
    content, refusal = _joined(deltas, "content"), _joined(deltas, "refusal") or None
    calls, call, audio = (
        chat_calls.from_deltas((each.event, each.delta) for each in deltas),
        _function_call(deltas),
        _audio(deltas),
    )
    finishes = tuple((each.event, each.finish_reason) for each in deltas if isinstance(each.finish_reason, str))
    role = next((role for each in deltas if (role := as_text(each.delta.get("role")))), None)
    message: dict[str, JSON] = {"role": role or "assistant", "content": content}
    if calls:
        message["tool_calls"] = [chat_calls.as_json(each) for each in calls]
        message["content"] = content or None
    optional: dict[str, JSON] = {"refusal": refusal, "function_call": call, "audio": audio}
    message.update({name: value for name, value in optional.items() if value is not None})
    return Choice(
        index=index,
        role=role,
        content=content,
        refusal=refusal,
        reasoning=_joined(deltas, "reasoning_content") or _joined(deltas, "reasoning") or "",
        tool_calls=calls,
        function_call=call,
        audio=audio,
        finish_reason=finishes[-1][1] if finishes else None,
        finish_reasons=finishes,
        logprobs=_logprobs(deltas),
        message=message,
        deltas=tuple(deltas),
    )


def _logprobs(deltas: Sequence[Delta]) -> tuple[JSON, ...] | None:
    lists = [as_object(each.raw.get("logprobs")).get("content") for each in deltas]
    given = [each for each in lists if isinstance(each, list)]
    return tuple(entry for each in given for entry in each) if given else None


def _function_call(deltas: Sequence[Delta]) -> dict[str, JSON] | None:
    given = [as_object(each.delta.get("function_call")) for each in deltas if each.delta.get("function_call")]
    if not given:
        return None
    return {name: "".join(as_text(each.get(name)) for each in given) for name in ("name", "arguments")}


def _audio(deltas: Sequence[Delta]) -> dict[str, JSON] | None:
    given = [as_object(each.delta.get("audio")) for each in deltas if each.delta.get("audio")]
    if not given:
        return None
    made: dict[str, JSON] = {}
    pieces: dict[str, list[str]] = {"data": [], "transcript": []}
    for each in given:
        made.update(each)
        for name, texts in pieces.items():
            value = each.get(name)
            if isinstance(value, str):
                texts.append(value)
    return {**made, **{name: "".join(texts) for name, texts in pieces.items() if texts}}
