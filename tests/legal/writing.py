"""
The same JSON otherwise: white space, order of keys, escapes; and the same answer with more or fewer optional fields.

Sources: RFC 8259; the chat reference; the fields that vendors were seen to add.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from conformance.model import Exchange
from conformance.read.reply import Reply
from tests.legal.wire import Variant, carrying, text_of

Object = dict[str, Any]

SILENT: dict[str, Variant] = {}
NOTED: dict[str, Variant] = {}


def documents(exchange: Exchange) -> list[Any] | None:
    """
    The JSON of a body, or of each event of a stream that holds nothing but JSON and ``[DONE]``.
    """
    text = text_of(exchange)
    try:
        if text is None:
            return None if Reply(exchange).is_stream else [json.loads(Reply(exchange).body)]
        lines = [line for line in text.split("\n") if line and not line.startswith(":")]
        if not lines or lines[-1].removeprefix("data:").strip() != "[DONE]":
            return None
        return [json.loads(line.removeprefix("data:")) for line in lines[:-1]]
    except ValueError:
        return None


def rewritten(exchange: Exchange, values: Sequence[Any], write: Callable[[Any], str] = json.dumps) -> Exchange:
    """
    The exchange with other JSON.
    """
    if not Reply(exchange).is_stream:
        return carrying(exchange, write(values[0]).encode())
    events = [f"data: {write(value)}\n\n" for value in values]
    return carrying(exchange, "".join([*events, "data: [DONE]\n\n"]).encode())


def _written_as(write: Callable[[Any], str]) -> Variant:
    def vary(exchange: Exchange) -> Exchange | None:
        values = documents(exchange)
        return None if values is None else rewritten(exchange, values, write)

    return vary


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(value[key]) for key in reversed(value)}
    return [_reversed(each) for each in value] if isinstance(value, list) else value


SILENT["compact JSON"] = _written_as(lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False))
SILENT["escaped JSON"] = _written_as(lambda value: json.dumps(value, ensure_ascii=True).replace("/", "\\/"))
SILENT["JSON with spaces"] = _written_as(lambda value: json.dumps(value, separators=(" , ", " : ")))
SILENT["keys in another order"] = _written_as(lambda value: json.dumps(_reversed(value)))


def _plainly(how: Callable[[bytes], bytes]) -> Variant:
    def vary(exchange: Exchange) -> Exchange | None:
        reply = Reply(exchange)
        return None if reply.is_stream or not reply.body else carrying(exchange, how(reply.body))

    return vary


SILENT["white space before the body"] = _plainly(lambda body: b"\n         \n\n         \n" + body)
SILENT["white space behind the body"] = _plainly(lambda body: body + b"\r\n \t\n")
SILENT["indented JSON"] = lambda exchange: (
    None if Reply(exchange).is_stream else _written_as(lambda value: json.dumps(value, indent=4))(exchange)
)


def edited(change: Callable[[Object], None]) -> Variant:
    def vary(exchange: Exchange) -> Exchange | None:
        values = documents(exchange)
        if values is None or not all(isinstance(value, dict) for value in values):
            return None
        made = copy.deepcopy(values)
        for value in made:
            change(value)
        return None if made == values else rewritten(exchange, made)

    return vary


def objects(value: Any) -> Iterator[Object]:
    """
    Every object of a document, the inner ones first.
    """
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(each)
    if isinstance(value, dict):
        yield value


def choices_of(value: Object) -> Iterator[Object]:
    yield from (each for each in value.get("choices") or () if isinstance(each, dict))


def speech_of(value: Object) -> Iterator[Object]:
    for choice in choices_of(value):
        yield from (choice[name] for name in ("message", "delta") if isinstance(choice.get(name), dict))


def speaks(value: Object) -> bool:
    return next(speech_of(value), None) is not None


def _extra_everywhere(value: Object) -> None:
    for each in list(objects(value)):
        each.update({"x_vendor": {"a": [1, None, {"b": "c"}]}, "x_null": None, "": 0})


_TOP = {
    "provider": "Acme",
    "x_groq": {"id": "req_1", "usage": None},
    "timings": {"prompt_ms": 1.5},
    "citations": ["https://example.com"],
    "search_results": [],
    "p": "abcdef",
    "prompt_logprobs": None,
    "kv_transfer_params": None,
    "request_id": "r",
    "time_info": {"total_time": 0.1},
}
_CHOICE = {
    "native_finish_reason": "end_turn",
    "content_filter_results": {"hate": {"filtered": False, "severity": "safe"}},
    "stop_reason": None,
    "token_ids": None,
    "matched_stop": 2,
    "seed": 7,
}
_MESSAGE = {
    "provider_metadata": {"acme": {}},
    "reasoning_details": [{"type": "reasoning.text", "text": "hm"}],
    "extra_content": {},
    "channel": "final",
    "padding": "aaa",
    "thought_signature": "x",
}
_USAGE = {"cost": 0.1, "is_byok": False, "prompt_cache_hit_tokens": 0, "completion_time": 0.2, "num_sources_used": 0}


def _vendors_extras(value: Object) -> None:
    if "error" in value:
        return
    value.update(_TOP)
    for choice in choices_of(value):
        choice.update(_CHOICE)
    for message in speech_of(value):
        message.update(_MESSAGE)
        for call in message.get("tool_calls") or ():
            call["extra_content"] = {"acme": {"thought_signature": "x"}}
    if isinstance(value.get("usage"), dict):
        value["usage"].update(_USAGE)


def _without_optional(value: Object) -> None:
    for name in ("service_tier", "system_fingerprint", "metadata", "obfuscation"):
        value.pop(name, None)
    for choice in choices_of(value):
        if choice.get("logprobs") is None:
            choice.pop("logprobs", None)
    for message in speech_of(value):
        for name in ("annotations", "audio", "function_call"):
            if not message.get(name):
                message.pop(name, None)


def _without_details(value: Object) -> None:
    usage = value.get("usage")
    if isinstance(usage, dict):
        usage.pop("prompt_tokens_details", None)
        usage.pop("completion_tokens_details", None)


def _empty_details(value: Object) -> None:
    usage = value.get("usage")
    if isinstance(usage, dict) and "prompt_tokens" in usage:
        usage.update({"prompt_tokens_details": {}, "completion_tokens_details": {}})


def is_answer(value: Object) -> bool:
    return "choices" in value


def _documented_nulls(value: Object) -> None:
    if not is_answer(value):
        return
    value.update({"service_tier": None, "system_fingerprint": None})
    value.setdefault("moderation", None)
    for choice in choices_of(value):
        choice.setdefault("logprobs", None)
    for message in speech_of(value):
        message.setdefault("refusal", None)
        if message.get("tool_calls") and not message.get("content"):
            message["content"] = None


def _another_id(value: Object) -> None:
    if "object" in value and value.get("id"):
        value["id"] = "gen-0197-" + "f" * 40


def _documented_tier(value: Object) -> None:
    if is_answer(value):
        value["service_tier"] = "flex"


def _content_empty_beside_calls(value: Object) -> None:
    for message in speech_of(value):
        if message.get("tool_calls") and not message.get("content"):
            message["content"] = ""


def _reasoning(value: Object) -> None:
    for message in speech_of(value):
        if "role" in message:
            message.update({"reasoning_content": "hm", "reasoning": None})


EDITS: dict[str, Callable[[Object], None]] = {
    "unknown fields in every object": _extra_everywhere,
    "the fields that vendors add": _vendors_extras,
    "reasoning text beside the answer": _reasoning,
    "no optional field": _without_optional,
    "no details of usage": _without_details,
    "empty details of usage": _empty_details,
    "every documented null": _documented_nulls,
    "an id of another form": _another_id,
    "a documented tier": _documented_tier,
    "empty content beside calls": _content_empty_beside_calls,
}
for _name, _edit in EDITS.items():
    SILENT[_name] = edited(_edit)


def _error_extras(value: Object) -> None:
    if isinstance(value.get("error"), dict):
        value.update({"status": 400, "request_id": "r"})
        value["error"].update({"metadata": {}, "innererror": {"code": "x"}, "type": "some_other_error"})


SILENT["an error with more fields"] = edited(_error_extras)
