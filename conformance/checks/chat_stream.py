"""
Rules over the chunks of one chat completion stream: identity, order, ends, increments.

Source: https://platform.openai.com/docs/api-reference/chat/streaming.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, audio_asked, stream_good, streamed
from conformance.model import JSON, Evidence, Finding
from conformance.read.chat import Choice
from conformance.read.strictjson import MISSING, as_object


def _one_value(s: Subject, name: str, usable: Callable[[JSON], bool]) -> Iterator[Finding]:
    first: JSON = None
    for event, chunk in s.chunks:
        value = chunk.get(name)
        if value == first or not usable(value):
            continue
        if first is None:
            first = value
        else:
            yield Finding(
                expected=f"{name} {first!r} as in the first chunk", observed=repr(value), where=f"event[{event}]/{name}"
            )
            return


#: Roles that a message may have, but no answer.
_OTHER_ROLES = ("developer", "system", "user", "tool")


def _text(value: JSON) -> bool:
    return isinstance(value, str) and value != ""


@check("openai-chat.stream.same-id", when=streamed, shows=Evidence.IDENTITY)
def keeps_one_id(s: Subject) -> Iterator[Finding]:
    """
    Each chunk has the same id; a foreign one means that two answers were mixed.
    """
    yield from _one_value(s, "id", _text)


@check("openai-chat.stream.same-created", when=streamed, shows=Evidence.IDENTITY)
def keeps_one_time(s: Subject) -> Iterator[Finding]:
    """
    Each chunk has the same time stamp.
    """
    yield from _one_value(s, "created", lambda value: isinstance(value, int))


@check("openai-chat.stream.same-model", when=streamed)
def keeps_one_model(s: Subject) -> Iterator[Finding]:
    """
    The model does not change within an answer.
    """
    yield from _one_value(s, "model", _text)


@check("openai-chat.stream.same-fingerprint", when=streamed, shows=Evidence.IDENTITY)
def keeps_one_fingerprint(s: Subject) -> Iterator[Finding]:
    """
    The backend configuration does not change within an answer.
    """
    yield from _one_value(s, "system_fingerprint", _text)


@check("openai-chat.chunk.choices", when=lambda s: streamed(s) and not audio_asked(s))
def has_choices_in_every_chunk(s: Subject) -> Iterator[Finding]:
    """
    ``choices`` is there in every chunk, and an array.
    """
    for event, chunk in s.chunks:
        if "choices" not in chunk:
            yield Finding(expected="an array choices", observed="no choices", where=f"event[{event}]/choices")


@check("openai-chat.stream.empty-choices", when=lambda s: streamed(s) and not audio_asked(s))
def empties_choices_only_for_a_reason(s: Subject) -> Iterator[Finding]:
    """
    ``choices`` is empty only beside something else that the chunk is for.
    """
    usual = {"id", "object", "created", "model", "system_fingerprint", "service_tier", "choices", "obfuscation"}
    for event, chunk in s.chunks:
        if chunk.get("choices") == [] and not any(
            value is not None for name, value in chunk.items() if name not in usual
        ):
            yield Finding(expected="choices, or usage", observed="an empty chunk", where=f"event[{event}]/choices")


@check("openai-chat.stream.message-in-chunk", when=streamed)
def sends_deltas_not_messages(s: Subject) -> Iterator[Finding]:
    """
    A chunk's choice has a ``delta`` and no ``message``: with both, merging clients double the text.
    """
    for event, chunk in s.chunks:
        for number, choice in enumerate(_list(chunk.get("choices"))):
            if "message" in as_object(choice) and as_object(choice)["message"] is not None:
                where = f"event[{event}]/choices/{number}/message"
                yield Finding(expected="a delta alone", observed="a message in a chunk", where=where)
                return


def _list(value: JSON) -> list[JSON]:
    return value if isinstance(value, list) else []


@check("openai-chat.stream.role-first", when=stream_good)
def begins_with_the_role(s: Subject) -> Iterator[Finding]:
    """
    The first delta of every choice says ``role: assistant``.
    """
    for choice in s.completion.choices:
        bearing = next((d for d in choice.deltas if any(v not in (None, "", []) for v in d.delta.values())), None)
        if bearing and not any(d.delta.get("role") for d in choice.deltas if d.event <= bearing.event):
            got = f"{sorted(bearing.delta)} first"
            yield Finding(expected="role: assistant in the first delta", observed=got, where=_delta(bearing.event))
        other = next((d for d in choice.deltas if d.delta.get("role") in _OTHER_ROLES), None)
        if other:
            yield Finding(expected="role: assistant", observed=str(other.delta["role"]), where=_delta(other.event))


def _delta(event: int) -> str:
    return f"event[{event}]/choices/*/delta"


@check("openai-chat.stream.role-once", when=stream_good)
def says_the_role_once(s: Subject) -> Iterator[Finding]:
    """
    Accumulators that join strings build ``assistantassistant`` from a role that is repeated.
    """
    for choice in s.completion.choices:
        roles = [d.event for d in choice.deltas if d.delta.get("role")]
        if len(roles) > 1 and not audio_asked(s):
            yield Finding(expected="one role", observed=f"{len(roles)} of them", where=_delta(roles[1]))


@check("openai-chat.stream.finish-reason", when=lambda s: stream_good(s) and not audio_asked(s))
def finishes_every_choice_once(s: Subject) -> Iterator[Finding]:
    """
    Every choice gets exactly one finish reason: without, SDKs throw; with two, tool calls are lost or run twice.
    """
    if not s.completion.choices:
        where = f"event[{s.reply.chunks[-1].event}]"
        yield Finding(expected="one finish_reason", observed="no choice in the whole stream", where=where)
    for choice in s.completion.choices:
        reasons = choice.finish_reasons
        if len(reasons) != 1 and choice.deltas:
            got = " then ".join(repr(reason) for _, reason in reasons) or "none"
            where = f"event[{reasons[1][0] if reasons else choice.deltas[-1].event}]/choices/*/finish_reason"
            yield Finding(expected=f"one finish_reason for choice {choice.index}", observed=got[:120], where=where)


@check("openai-chat.stream.finish-reason-key", when=lambda s: streamed(s) and not audio_asked(s))
def always_has_the_finish_reason_key(s: Subject) -> Iterator[Finding]:
    """
    ``finish_reason`` is a required key of a chunk's choice, null until the end.
    """
    for choice in s.completion.choices:
        for delta in choice.deltas:
            if delta.finish_reason is MISSING:
                where = f"event[{delta.event}]/choices/*/finish_reason"
                yield Finding(expected="finish_reason, if only null", observed="no such key", where=where)
                return


_PAYLOAD = ("content", "refusal", "tool_calls", "function_call", "reasoning_content", "reasoning")


@check("openai-chat.stream.after-finish", when=stream_good)
def says_nothing_after_the_finish(s: Subject) -> Iterator[Finding]:
    """
    The finish chunk is the last of its choice: clients stop there and lose what follows.
    """
    for choice in s.completion.choices:
        if not choice.finish_reasons:
            continue
        end = choice.finish_reasons[0][0]
        for delta in choice.deltas:
            late = [name for name in _PAYLOAD if delta.delta.get(name)] if delta.event > end else []
            if late:
                got = f"{late[0]} {str(delta.delta[late[0]])[:40]!r}"
                yield Finding(expected="nothing after finish_reason", observed=got, where=_delta(delta.event))
                break


#: A repeated beginning shorter than this may be chance ("ha", "haha"); one delta repeated needs more.
_TELLING, _LONG = 16, 64


@check("openai-chat.stream.increments", when=streamed)
def sends_increments(s: Subject) -> Iterator[Finding]:
    """
    A delta is what is new, not all of the text so far.
    """
    for choice in s.completion.choices:
        found = _cumulative(choice)
        if found is not None:
            event, text = found
            yield Finding(
                expected="only what is new", observed=f"the text so far again: {text[:60]!r}", where=_delta(event)
            )


def _cumulative(choice: Choice) -> tuple[int, str] | None:
    before, pieces, run = "", 0, 0
    for delta in choice.deltas:
        text = delta.delta.get("content")
        if not isinstance(text, str) or not text:
            continue
        grows = len(text) > len(before) or len(before) >= _TELLING
        repeats = len(before) > 1 and grows and text.startswith(before)
        run = run + 1 if repeats else 0
        if repeats and _tells(before, pieces, run) and not _periodic(before):
            return delta.event, text
        before, pieces = (text, 1) if repeats else (before + text, pieces + 1)
    return None


def _tells(before: str, pieces: int, run: int) -> bool:
    """
    Hardly chance: the third snapshot in a row, or what came in pieces again in one.
    """
    long = len(before) >= _TELLING and (run >= 2 or pieces >= 2 or len(before) >= _LONG)
    return run >= 3 or long


def _periodic(text: str) -> bool:
    """
    The text repeats its own beginning ("cobalt cobalt cob"), as a model may be told to: more of it is no snapshot.
    """
    start = text[:256]
    return any(start[period:] == start[:-period] for period in range(1, len(start) // 2 + 1))


@check("openai-chat.stream.obfuscation", when=lambda s: streamed(s) and _unwanted(s))
def leaves_out_obfuscation(s: Subject) -> Iterator[Finding]:
    """
    ``include_obfuscation: false`` switches the padding off.
    """
    for event, chunk in s.chunks:
        if chunk.get("obfuscation"):
            yield Finding(expected="no obfuscation", observed="padding", where=f"event[{event}]/obfuscation")
            return


def _unwanted(s: Subject) -> bool:
    return as_object(s.asked.get("stream_options")).get("include_obfuscation") is False
