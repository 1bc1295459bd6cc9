"""
Rules of spoken answers: what was asked for is spoken, and its data can be played.

Source: https://platform.openai.com/docs/api-reference/chat/create (``audio``) and .../chat/object (``message.audio``).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, audio_asked, readable
from conformance.model import Evidence, Finding
from conformance.read.chat import Choice
from conformance.read.strictjson import as_object, as_text, is_int

#: How data in a container begins, by the name that a request asks for it by.  Raw samples (``pcm16``) begin anyhow.
_BEGINNINGS = {
    "wav": (b"RIFF",),
    "flac": (b"fLaC",),
    "opus": (b"OggS",),
    "mp3": (b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
}


@check("openai-chat.param.audio", when=lambda s: readable(s) and s.valid and audio_asked(s))
def speaks_when_asked(s: Subject) -> Iterator[Finding]:
    """
    ``modalities`` with audio is honoured: the message has audio, and that has data.
    """
    for choice in s.completion.choices:
        # What calls, or what the limit cut before it spoke, is silent for a reason.
        instead = choice.refusal or choice.tool_calls or choice.function_call or choice.finish_reason == "length"
        if not choice.audio and not instead:
            yield Finding(expected="audio", observed="none", where=_where(choice))
        # Recorders leave long data out.
        elif not instead and s.own and (choice.audio or {}).get("data") == "":
            yield Finding(expected="the data of the audio", observed="an empty text", where=_where(choice, "/data"))


def _where(choice: Choice, name: str = "") -> str:
    return f"/choices/{choice.index}/message/audio{name}"


def _pieces(choice: Choice) -> list[str]:
    """
    The data of a choice as it was sent: whole, or delta by delta.
    """
    if choice.deltas:
        sent = [as_text(as_object(each.delta.get("audio")).get("data")) for each in choice.deltas]
        return [each for each in sent if each]
    whole = as_text((choice.audio or {}).get("data"))
    return [whole] if whole else []


def _decoded(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None


def _sound(choice: Choice) -> bytes | None:
    """
    The data decoded: as one text, or piece by piece where each is a base64 text of its own.
    """
    whole = _decoded("".join(_pieces(choice)))
    if whole is not None:
        return whole
    parts = [_decoded(each) for each in _pieces(choice)]
    return None if any(part is None for part in parts) else b"".join(part or b"" for part in parts)


def _spoken(s: Subject) -> bool:
    # Recorders cut long data, or put something else in its place.
    return readable(s) and s.own and any(_pieces(choice) for choice in s.completion.choices)


@check("openai-chat.audio.base64", when=_spoken)
def sends_sound_as_base64(s: Subject) -> Iterator[Finding]:
    """
    The data of spoken audio is base64 (RFC 4648 section 4), whole or piece by piece.
    """
    for choice in s.completion.choices:
        if _pieces(choice) and _sound(choice) is None:
            yield Finding(expected="base64", observed=_pieces(choice)[0][:60], where=_where(choice, "/data"))


#: Of a time in seconds; one in milliseconds is far above.
_LATEST = 100_000_000_000


@check("openai-chat.audio.expires", when=lambda s: readable(s) and any(_expiries(s)), shows=Evidence.IDENTITY)
def expires_later(s: Subject) -> Iterator[Finding]:
    """
    ``expires_at`` is a Unix time in seconds, not before the answer was created.
    """
    created = s.completion.created
    earliest = created if isinstance(created, int) and created < _LATEST else 0
    for choice in s.completion.choices:
        given = (choice.audio or {}).get("expires_at")
        if isinstance(given, int) and not earliest <= given < _LATEST:
            wanted = f"seconds, from {earliest} on"
            yield Finding(expected=wanted, observed=str(given)[:40], where=_where(choice, "/expires_at"))


def _expiries(s: Subject) -> Iterator[bool]:
    for choice in s.completion.choices:
        yield is_int((choice.audio or {}).get("expires_at"))


def _format(s: Subject) -> str:
    return as_text(as_object(s.asked.get("audio")).get("format"))


@check(
    "openai-chat.param.audio-format",
    when=lambda s: _spoken(s) and s.valid and _format(s) in _BEGINNINGS,
    shows=Evidence.REQUEST,
)
def speaks_in_the_format_that_was_asked(s: Subject) -> Iterator[Finding]:
    """
    ``audio.format`` is honoured: the data begins as that format does.
    """
    wanted = _format(s)
    for choice in s.completion.choices:
        sound = _sound(choice)
        if sound and not sound.startswith(_BEGINNINGS[wanted]):
            named = next((name for name, starts in _BEGINNINGS.items() if sound.startswith(starts)), "")
            yield Finding(expected=wanted, observed=named or repr(sound[:12]), where=_where(choice, "/data"))
