"""
The constraints of `messages`: roles, contents, content parts, and which tool message answers which call.

Source: OpenAI's `CreateChatCompletionRequest` and the guides on tools. What the messages say is not looked at.
"""

from __future__ import annotations

from typing import Any

from conformance.reference import media
from conformance.reference.errors import invalid, missing
from conformance.reference.shape import (
    Rule,
    anything,
    array,
    by_type,
    nullable,
    one_of,
    record,
    string,
    tagged,
    text,
)

_BREAKPOINT = {"prompt_cache_breakpoint": record({"mode": one_of("explicit")})}
_TEXT_PART = record({"type": text, "text": text}, _BREAKPOINT)
_REFUSAL_PART = record({"type": text, "refusal": text})
_IMAGE_PART = record(
    {"type": text, "image_url": record({"url": media.image}, {"detail": one_of("auto", "low", "high")})},
    _BREAKPOINT,
)
_AUDIO_PART = record(
    {"type": text, "input_audio": record({"data": media.base64_text, "format": one_of("wav", "mp3")})},
    _BREAKPOINT,
)
_FILE_PART = record(
    {"type": text, "file": record({}, {"filename": text, "file_data": media.file, "file_id": media.stored})},
    _BREAKPOINT,
)

_TEXTS = array(tagged("type", {"text": _TEXT_PART}), least=1)
_USER_PARTS = array(
    tagged("type", {"text": _TEXT_PART, "image_url": _IMAGE_PART, "input_audio": _AUDIO_PART, "file": _FILE_PART}),
    least=1,
)
_MIXED_PARTS = array(tagged("type", {"text": _TEXT_PART, "refusal": _REFUSAL_PART}), least=1)


def _assistant_parts(value: Any, path: str) -> None:
    _MIXED_PARTS(value, path)
    if len(value) > 1 and any(part["type"] == "refusal" for part in value):
        raise invalid(path, f"Invalid '{path}': a refusal stands alone, without other parts.")


def _content(parts: Rule) -> Rule:
    return by_type("one of a string or array of objects", {str: anything, list: parts})


_CALL = tagged(
    "type",
    {
        "function": record({"id": text, "function": record({"name": text, "arguments": text})}),
        "custom": record({"id": text, "custom": record({"name": text, "input": text})}),
    },
)
_ROLE = {"role": text}
_NAME = {"name": text}
_ASSISTANT = record(
    _ROLE,
    {
        **_NAME,
        "content": nullable(_content(_assistant_parts)),
        "refusal": nullable(text),
        "audio": nullable(record({"id": text})),
        "tool_calls": array(_CALL),
        "function_call": nullable(record({"name": text, "arguments": text})),
    },
)


def _assistant(value: Any, path: str) -> None:
    _ASSISTANT(value, path)
    instead = ("tool_calls", "function_call", "refusal", "audio")
    if value.get("content") is None and not any(value.get(key) for key in instead):
        if "content" not in value:
            raise missing(f"{path}.content")
        message = f"Invalid value for '{path}.content': expected a string, got null."
        raise invalid(f"{path}.content", message, "invalid_type")


#: What each role requires and allows.
_MESSAGE = tagged(
    "role",
    {
        "developer": record({"content": _content(_TEXTS)}, _NAME),
        "system": record({"content": _content(_TEXTS)}, _NAME),
        "user": record({"content": _content(_USER_PARTS)}, _NAME),
        "assistant": _assistant,
        "tool": record({"content": _content(_TEXTS), "tool_call_id": string(least=1)}),
        "function": record({"content": nullable(text), "name": text}),
    },
)

_SHAPE = array(_MESSAGE, least=1)


def messages(value: Any, path: str) -> None:
    """
    Allows a conversation whose messages are well-formed and whose tool calls are all answered.
    """
    _SHAPE(value, path)
    waiting: set[str] = set()
    for index, message in enumerate(value):
        if message["role"] == "tool":
            _answers(message, waiting, f"{path}[{index}]")
            waiting.discard(message["tool_call_id"])
            continue
        _all_answered(waiting, f"{path}[{index}].role")
        waiting = {call["id"] for call in message.get("tool_calls") or ()} if message["role"] == "assistant" else set()
    _all_answered(waiting, path)


def _answers(message: dict[str, Any], waiting: set[str], path: str) -> None:
    if not waiting:
        reason = "messages with role 'tool' must be a response to a preceding message with 'tool_calls'"
        raise invalid(f"{path}.role", f"Invalid parameter: {reason}.", None)
    if message["tool_call_id"] not in waiting:
        reason = "does not answer a call of the preceding assistant message"
        raise invalid(f"{path}.tool_call_id", f"Invalid parameter: '{path}.tool_call_id' {reason}.", None)


def _all_answered(waiting: set[str], path: str) -> None:
    if waiting:
        listed = ", ".join(sorted(waiting))
        reason = "every tool call of an assistant message must be answered by a tool message"
        raise invalid(path, f"Invalid parameter: {reason}; not answered: {listed[:200]}.", None)
