"""
Conversations of a chat completion: every role, text and parts, calls that are answered, long histories.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from conformance.generate import texts
from conformance.generate.choices import Choices
from conformance.model import JSON

Message = dict[str, JSON]

_PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAIAAAD8GO2jAAAAJ0lEQVR42u3NsQkAAAjAsP7/tF7hIASyp6lTCQQCgUAg"
    "EAgEgi/BAjLD/C5w/SM9AAAAAElFTkSuQmCC"
)
#: Twenty milliseconds of a tone.
_WAV = (
    "UklGRsQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YaAAAABsbGxslJSUlGxsbGyUlJSUbGxsbJSUlJRsbGxslJSUlGxsbGyUlJSUbGxs"
    "bJSUlJRsbGxslJSUlGxsbGyUlJSUbGxsbJSUlJRsbGxslJSUlGxsbGyUlJSUbGxsbJSUlJRsbGxslJSUlGxsbGyUlJSUbGxsbJSUlJRsbGxslJSUlGxs"
    "bGyUlJSUbGxsbJSUlJRsbGxslJSU"
)
_PDF = "data:application/pdf;base64,JVBERi0xLjQKJSVFT0YK"
_ARGUMENTS = ('{"city":"Köln"}', "{}", '{"city": "北京", "n": 2}', '{"text":"say \\"hi\\"\\n"}', '{"emoji":"😀"}')


def conversation(choices: Choices, profiles: AbstractSet[str]) -> list[JSON]:
    """
    A valid history that ends with a user's message, or with the results of tools.

    ``profiles`` say which parts and messages there may be beyond text.
    """
    made: list[JSON] = []
    if choices.chance(25):
        made.append(_instruction(choices))
    for number in range(choices.integer(1, 3) if choices.chance(35) else 0):
        made += _turn(choices, profiles, number)
    if choices.chance(6):
        made += _turn(choices, frozenset(), 0) * choices.pick((6, 20))
    if "tools" in profiles and choices.chance(8):
        return [*made, user(choices, profiles), *_round_trip(choices, profiles, "last")]
    return [*made, user(choices, profiles)]


def _instruction(choices: Choices) -> Message:
    role = choices.pick(("system", "developer"))
    return _named({"role": role, "content": _content(choices, "Answer briefly.")}, choices)


def user(choices: Choices, profiles: AbstractSet[str]) -> Message:
    """
    A user's message, mostly an order to repeat a text.
    """
    text = texts.order(choices)
    parts = _beside(choices, profiles) if choices.chance(15) else []
    content: JSON = [*parts, {"type": "text", "text": text}] if parts else _content(choices, text)
    return _named({"role": "user", "content": content}, choices)


def _named(message: Message, choices: Choices) -> Message:
    return {**message, "name": texts.name(choices)} if choices.chance(8) else message


def _content(choices: Choices, text: str) -> JSON:
    if not choices.chance(15):
        return text
    pieces = [text] if not choices.chance(40) else [texts.said(choices), text]
    return [{"type": "text", "text": piece} for piece in pieces]


def _beside(choices: Choices, profiles: AbstractSet[str]) -> list[JSON]:
    options: list[Message] = []
    if "vision" in profiles:
        options.append({"type": "image_url", "image_url": {"url": _PNG}})
        options += [
            {"type": "image_url", "image_url": {"url": _PNG, "detail": each}} for each in ("low", "auto", "high")
        ]
    if "audio" in profiles:
        options.append({"type": "input_audio", "input_audio": {"data": _WAV, "format": "wav"}})
    if "files" in profiles:
        options.append({"type": "file", "file": {"filename": "word.pdf", "file_data": _PDF}})
    return [choices.pick(options) for _ in range(choices.integer(1, 2))] if options else []


def _turn(choices: Choices, profiles: AbstractSet[str], number: int) -> list[JSON]:
    asked: Message = {"role": "user", "content": _content(choices, texts.said(choices))}
    kind = choices.integer(0, 4)
    if kind == 3 and "tools" in profiles:
        return [asked, *_round_trip(choices, profiles, str(number)), _answer(choices)]
    if kind == 4 and "legacy-functions" in profiles:
        called = {"name": texts.name(choices), "arguments": choices.pick(_ARGUMENTS)}
        result: Message = {"role": "function", "name": called["name"], "content": texts.said(choices)}
        return [asked, {"role": "assistant", "content": None, "function_call": {**called}}, result, _answer(choices)]
    return [asked, _answer(choices)]


def _answer(choices: Choices) -> Message:
    kind = choices.integer(0, 5)
    if kind == 3:
        return {"role": "assistant", "content": [{"type": "refusal", "refusal": "I will not."}]}
    if kind == 4:
        return {"role": "assistant", "content": None, "refusal": texts.said(choices)}
    message: Message = {"role": "assistant", "content": _content(choices, texts.said(choices))}
    if kind == 5:
        message |= {"refusal": None, "audio": None, "function_call": None}
    return _named(message, choices)


def _round_trip(choices: Choices, profiles: AbstractSet[str], mark: str) -> list[JSON]:
    count = choices.integer(1, 3)
    calls = [_call(choices, profiles, f"call_{mark}_{place}") for place in range(count)]
    asking: Message = {"role": "assistant", "tool_calls": [*calls]}
    content = choices.pick((None, "absent", "", "Let me look."))
    if content != "absent":
        asking["content"] = content
    order = calls if not choices.chance(30) else calls[::-1]
    results = [
        {"role": "tool", "tool_call_id": call["id"], "content": _content(choices, texts.said(choices))}
        for call in order
    ]
    return [asking, *results]


def _call(choices: Choices, profiles: AbstractSet[str], identity: str) -> Message:
    name = texts.name(choices)
    if "custom-tools" in profiles and choices.chance(15):
        return {"id": identity, "type": "custom", "custom": {"name": name, "input": texts.said(choices)}}
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": choices.pick(_ARGUMENTS)}}
