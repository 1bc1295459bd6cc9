"""
The answer to a request as a value: for each choice what is said or called, in tokens, and what it cost.

Here limits and stop sequences are applied. How an answer is written, whole or in chunks, is for `wire`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from conformance.reference import model, schemafill, strict, tokens, toolcall
from conformance.reference.ask import Ask
from conformance.reference.clues import Clues
from conformance.reference.toolcall import Call

_GIVEN_VALUE = re.compile(r"(?:\b(?:is|to|as|value|of)\s+|[:=]\s*)[\"'`“][^\"'`”]*[\"'`”]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    One choice: the tokens of its text (None when it calls tools instead), its calls, and why it ended.
    """

    index: int
    said: tuple[bytes, ...] | None
    calls: tuple[Call, ...] = ()
    finish: str
    spent: int

    @property
    def text(self) -> str | None:
        """
        The text said.
        """
        return None if self.said is None else b"".join(self.said).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    All choices, with the counts which the request's prompt and the reasoning add to theirs.
    """

    choices: tuple[Choice, ...]
    prompt_tokens: int
    reasoning_tokens: int

    @property
    def completion_tokens(self) -> int:
        """
        The tokens made, reasoning included, over all choices.
        """
        return sum(choice.spent for choice in self.choices)


def compose(ask: Ask) -> Answer:
    """
    Gives the answer to what was asked. `max_completion_tokens` bounds reasoning and text together.
    """
    reasoning = ask.reasoning if ask.limit is None else min(ask.reasoning, ask.limit)
    room = None if ask.limit is None else ask.limit - reasoning
    choices = tuple(_choice(ask, index, room, reasoning) for index in range(ask.choices))
    return Answer(choices=choices, prompt_tokens=ask.prompt_tokens, reasoning_tokens=reasoning * len(choices))


def _choice(ask: Ask, index: int, room: int | None, reasoning: int) -> Choice:
    called = toolcall.calls(ask)
    if called:
        return _calling(ask, index, called, room, reasoning)
    whole = _text(ask, index)
    text = stopped(whole, ask.stops)
    said = tokens.tokenise(text)
    cut = room is not None and len(said) > room
    kept = tokens.first(said, room) if cut and room is not None else said
    return Choice(index=index, said=kept, finish="length" if cut else "stop", spent=reasoning + len(kept))


def _calling(ask: Ask, index: int, called: tuple[Call, ...], room: int | None, reasoning: int) -> Choice:
    kept, spent = _afforded(called, room)
    if room is not None and kept != called:
        # What did not fit was written all the same, up to the limit.
        return Choice(index=index, said=None if kept else (), calls=kept, finish="length", spent=reasoning + room)
    finish = _finish(ask)
    return Choice(index=index, said=None if kept else (), calls=kept, finish=finish, spent=reasoning + spent)


def _finish(ask: Ask) -> str:
    # A call which the request names ends with `stop`, as OpenAI's non-reasoning models have always done.
    if ask.named:
        return "stop"
    return "function_call" if ask.legacy else "tool_calls"


def _afforded(called: tuple[Call, ...], room: int | None) -> tuple[tuple[Call, ...], int]:
    kept: list[Call] = []
    spent = 0
    for call in called:
        name, payload = tokens.count(call.name), tokens.tokenise(call.payload)
        left = len(payload) if room is None else room - spent - name
        if left < 0:
            break
        written = tokens.first(payload, left)
        kept.append(Call(name=call.name, payload=b"".join(written).decode(), custom=call.custom))
        spent += name + len(written)
    return tuple(kept), spent


def stopped(text: str, stops: tuple[str, ...]) -> str:
    """
    Gives the text before the first stop sequence in it.
    """
    return text[: min((found for stop in stops if (found := text.find(stop)) >= 0), default=len(text))]


def _text(ask: Ask, index: int) -> str:
    if ask.form == "text":
        return model.say(ask, index)
    ordered = model.forced(ask) or ""
    if _is_object(ordered) and strict.satisfied(ask.schema or {}, json.loads(ordered)):
        return ordered
    if ask.form == "json_schema":
        return _written(schemafill.fill(ask.schema or {"type": "object"}, Clues(_all_said(ask))))
    asked = ordered or ask.last
    inside = asked[asked.find("{") : asked.rfind("}") + 1]
    return inside if _is_object(inside) else _written(_free_object(ask, index))


def _all_said(ask: Ask) -> str:
    return "\n".join(turn.text for turn in reversed(ask.turns) if turn.role != "assistant")


def _free_object(ask: Ask, index: int) -> dict[str, Any]:
    clues = Clues(_all_said(ask))
    named = re.search(r"\b(?:keys?|fields?|propert(?:y|ies)|members?)\b(.*)", ask.last, re.IGNORECASE | re.DOTALL)
    listed = _GIVEN_VALUE.sub("", named.group(1)) if named else ""
    keys = re.findall(r"[\"'`“]([A-Za-z_]\w*)[\"'`”]", listed) or re.findall(r"\s([A-Za-z_]\w*)", listed)[:1]
    return {key: clues.text(key, rank) for rank, key in enumerate(keys)} or {"answer": model.say(ask, index)}


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _written(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
