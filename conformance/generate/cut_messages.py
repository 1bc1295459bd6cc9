"""
A little less of a conversation: fewer messages, fewer calls in them, simpler contents.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.generate.chat_request import smallest
from conformance.generate.families import Body
from conformance.model import JSON

#: A conversation whose answer is long enough for a limit to cut it.
_LONG: list[JSON] = [{"role": "user", "content": "Count from 1 to 200, separated by commas, digits only."}]


def messages(body: Body) -> Iterator[Body]:
    """
    A shorter conversation, or one with less in its messages.
    """
    told = body.get("messages")
    if not isinstance(told, list) or _asks_for_json(body):
        return
    if told not in (smallest()["messages"], _LONG):
        yield from ({**body, "messages": less} for less in (smallest()["messages"], _LONG))
    units = _units(told)
    size = len(units) // 2
    while size >= 1:
        for at in range(0, len(units) - 1, size):
            kept = units[:at] + units[min(at + size, len(units) - 1) :]
            yield {**body, "messages": [message for unit in kept for message in unit]}
        size = size // 2
    yield {**body, "messages": [next(iter(_said(message)), message) for message in told]}
    for number, message in enumerate(told):
        for less in _message(message):
            yield {**body, "messages": [*told[:number], less, *told[number + 1 :]]}
        for identity in _called(message):
            yield {**body, "messages": [_uncalled(each, identity) for each in told if not _answers(each, identity)]}


def _called(message: JSON) -> list[JSON]:
    """
    What a message calls, if it calls several tools.
    """
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    found = [call.get("id") for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    return found if len(found) > 1 else []


def _answers(message: JSON, identity: JSON) -> bool:
    return isinstance(message, dict) and message.get("tool_call_id") == identity


def _uncalled(message: JSON, identity: JSON) -> JSON:
    calls = message.get("tool_calls") if isinstance(message, dict) else None
    if not isinstance(message, dict) or not isinstance(calls, list):
        return message
    return {
        **message,
        "tool_calls": [each for each in calls if not isinstance(each, dict) or each.get("id") != identity],
    }


def _asks_for_json(body: Body) -> bool:
    form = body.get("response_format")
    return isinstance(form, dict) and form.get("type") == "json_object"


def _units(told: Sequence[JSON]) -> list[list[JSON]]:
    """
    Messages, with calls and their results together.
    """
    units: list[list[JSON]] = []
    for message in told:
        if units and isinstance(message, dict) and message.get("role") in ("tool", "function"):
            units[-1].append(message)
        else:
            units.append([message])
    return units


def _message(message: JSON) -> Iterator[JSON]:
    if not isinstance(message, dict):
        return
    content = message.get("content")
    if message.get("role") == "assistant" and set(message) != {"role", "content"}:
        yield {"role": "assistant", "content": "ok"}
    yield from _simpler_calls(message)
    if "name" in message and message.get("role") != "function":
        yield {name: value for name, value in message.items() if name != "name"}
    if isinstance(content, list):
        yield {**message, "content": "Reply with exactly: ok"}
        yield {**message, "content": [{"type": "text", "text": "Reply with exactly: ok"}]}
        yield from ({**message, "content": [part]} for part in content if len(content) > 1)
    yield from _said(message)


def _said(message: JSON) -> Iterator[JSON]:
    """
    A message with the simplest text.
    """
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(message, dict) and isinstance(content, str) and content not in ("ok", "Reply with exactly: ok"):
        yield {**message, "content": "Reply with exactly: ok" if message.get("role") == "user" else "ok"}


def _simpler_calls(message: dict[str, JSON]) -> Iterator[JSON]:
    calls = message.get("tool_calls")
    for number, call in enumerate(calls if isinstance(calls, list) else ()):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(calls, list) and isinstance(call, dict) and isinstance(function, dict):
            less: JSON = {**call, "function": {**function, "arguments": "{}"}}
            if less != call:
                yield {**message, "tool_calls": [*calls[:number], less, *calls[number + 1 :]]}
