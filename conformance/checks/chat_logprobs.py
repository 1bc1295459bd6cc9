"""
Rules of log probabilities, streamed and plain.

Source: https://platform.openai.com/docs/api-reference/chat/object (``choices[].logprobs``).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeGuard

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, audio_asked
from conformance.model import JSON, Evidence, Finding
from conformance.read.chat import Choice
from conformance.read.strictjson import as_list, as_object, is_int

#: Rounding of the vendor's floats.
_SLACK = 1e-3


def wants_logprobs(s: Subject) -> bool:
    """
    The request says ``logprobs: true`` and text can come.
    """
    return answered(s) and s.valid and s.asked.get("logprobs") is True and not audio_asked(s)


def _entries(choice: Choice) -> list[dict[str, JSON]]:
    return [entry for entry in choice.logprobs or () if isinstance(entry, dict)]


def _with_entries(s: Subject) -> bool:
    return answered(s) and any(_entries(choice) for choice in s.completion.choices)


def _where(choice: Choice, number: int) -> str:
    return f"/choices/{choice.index}/logprobs/content/{number}"


@check("openai-chat.logprobs.given", when=wants_logprobs, shows=Evidence.REQUEST)
def gives_log_probabilities(s: Subject) -> Iterator[Finding]:
    """
    ``logprobs: true`` is honoured wherever text was written, streamed or not.
    """
    for choice in s.completion.choices:
        if choice.content and not _entries(choice):
            where = f"/choices/{choice.index}/logprobs"
            yield Finding(expected="log probabilities of the text", observed="none", where=where)


@check(
    "openai-chat.logprobs.unasked", when=lambda s: answered(s) and not s.asked.get("logprobs"), shows=Evidence.REQUEST
)
def gives_none_unasked(s: Subject) -> Iterator[Finding]:
    """
    ``logprobs`` is null or absent when it was not asked for.
    """
    for choice in s.completion.choices:
        if choice.logprobs is not None:
            where = f"/choices/{choice.index}/logprobs"
            yield Finding(expected="null", observed=f"{len(choice.logprobs)} entries", where=where)


def _is_number(value: JSON) -> TypeGuard[int | float]:
    # A tuple, for a union is made anew at every call.
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _numbers(entry: dict[str, JSON], *, but: JSON = None) -> list[float]:
    tops = [as_object(top) for top in as_list(entry.get("top_logprobs"))]
    given = [top.get("logprob") for top in tops if but is None or top.get("token") != but]
    return [float(value) for value in given if _is_number(value)]


def _wrong_number(entry: dict[str, JSON]) -> str:
    own, tops = entry.get("logprob"), _numbers(entry)
    every = [*tops, *([float(own)] if _is_number(own) else [])]
    if any(value > _SLACK for value in every):
        return f"{max(every)}, above 0"
    total = sum(math.exp(value) for value in tops)
    return f"probabilities that add up to {total:.2f}" if total > 1.01 else ""


@check("openai-chat.logprobs.values", when=_with_entries)
def gives_natural_logarithms(s: Subject) -> Iterator[Finding]:
    """
    Log probabilities are at most 0, and their probabilities add up to at most 1.
    """
    for choice in s.completion.choices:
        for number, entry in enumerate(_entries(choice)):
            problem = _wrong_number(entry)
            if problem:
                yield Finding(expected="natural logarithms", observed=problem, where=_where(choice, number))
                break


@check("openai-chat.logprobs.order", when=_with_entries)
def lists_the_likely_first(s: Subject) -> Iterator[Finding]:
    """
    The alternatives of a token come in the order of their likelihood.

    Some servers put the token that was drawn first, wherever it belongs.
    """
    for choice in s.completion.choices:
        for number, entry in enumerate(_entries(choice)):
            tops = _numbers(entry, but=entry.get("token"))
            if tops != sorted(tops, reverse=True) and not _wrong_number(entry):
                got = ", ".join(f"{each:g}" for each in tops[:3])
                yield Finding(expected="the most likely first", observed=got, where=_where(choice, number))
                break


def _bytes(entries: list[dict[str, JSON]]) -> bytes | None:
    joined = bytearray()
    for entry in entries:
        values, token = entry.get("bytes"), entry.get("token")
        if values is None and isinstance(token, str) and "\ufffd" in token:
            # A part of a character has no text of its own, and bytes are there to say it.
            joined += token.encode()
            continue
        if not isinstance(values, list) or not all(isinstance(v, int) and 0 <= v <= 255 for v in values):
            return None
        joined += bytes(v for v in values if isinstance(v, int))
    return bytes(joined)


def _spell(joined: bytes, choice: Choice) -> bool:
    """
    The bytes are the text of the choice, and perhaps more: an end of turn behind it, the reasoning before it.

    Servers trim white space at the ends of a text, and a model may write bytes that are no UTF-8, which have no text.
    """
    text = choice.content or ""
    try:
        spelt = joined.decode()
    except UnicodeDecodeError:
        spelt, text = joined.decode("utf-8", "ignore").replace("\ufffd", ""), text.replace("\ufffd", "")
    found = spelt.find(text.strip())
    return found >= 0 if choice.reasoning else found >= 0 and not spelt[:found].strip()


def _comparable(s: Subject) -> bool:
    usual = not s.asked.get("stop") and not s.asked.get("tools") and not s.asked.get("functions")
    return _with_entries(s) and usual


@check("openai-chat.logprobs.bytes", when=_comparable)
def spells_the_text_in_bytes(s: Subject) -> Iterator[Finding]:
    """
    The bytes of the tokens, joined, are the text: a token may be a part of a character.
    """
    for choice in s.completion.choices:
        joined = _bytes(_entries(choice))
        if joined is None or not choice.content:
            continue
        if not _spell(joined, choice) and choice.finish_reason == "stop":
            got = joined[:60].decode("utf-8", "replace")
            where = f"/choices/{choice.index}/logprobs/content/*/bytes"
            yield Finding(expected=repr(choice.content[:60]), observed=repr(got), where=where)


def _own_text(entry: dict[str, JSON]) -> str | None:
    """
    What the bytes of an entry spell, unless they are none, or end within a character.
    """
    values = entry.get("bytes")
    if not isinstance(values, list) or not all(is_int(value) and 0 <= value <= 255 for value in values):  # type: ignore[operator]
        return None
    try:
        return bytes(value for value in values if isinstance(value, int)).decode()
    except UnicodeDecodeError:
        return None


@check("openai-chat.logprobs.token", when=_with_entries)
def spells_each_token_in_its_bytes(s: Subject) -> Iterator[Finding]:
    """
    ``token`` is the text of its bytes, where those are whole characters.
    """
    for choice in s.completion.choices:
        if not _spell(_bytes(_entries(choice)) or b"", choice):
            continue  # It is the bytes that are wrong.
        for number, entry in enumerate(_entries(choice)):
            tops = [as_object(top) for top in as_list(entry.get("top_logprobs"))]
            for given in (entry, *tops):
                text = _own_text(given)
                if text is not None and text != given.get("token"):
                    got = repr(given.get("token"))[:60]
                    yield Finding(expected=repr(text)[:60], observed=got, where=_where(choice, number))
                    return


def _wants_top(s: Subject) -> bool:
    return _with_entries(s) and is_int(s.asked.get("top_logprobs"))


@check("openai-chat.logprobs.top-count", when=_wants_top, shows=Evidence.REQUEST)
def gives_as_many_as_asked(s: Subject) -> Iterator[Finding]:
    """
    No more alternatives than ``top_logprobs`` asks for, each once, and rarely fewer.
    """
    wanted = s.asked.get("top_logprobs")
    most = wanted if isinstance(wanted, int) else 0
    for choice in s.completion.choices:
        lists = [as_list(entry.get("top_logprobs")) for entry in _entries(choice)]
        sizes = [len(tops) for tops in lists]
        odd = next((n for n, tops in enumerate(lists) if len(tops) > most or _repeated(tops)), None)
        if odd is not None:
            got = "a token twice" if sizes[odd] <= most else f"{sizes[odd]} entries"
            yield Finding(expected=f"at most {most} tokens, each once", observed=got, where=_where(choice, odd))
        elif len(sizes) >= 3 and max(sizes) < most <= 5:
            yield Finding(expected=f"{most} entries", observed=f"never more than {max(sizes)}", where=_where(choice, 0))


def _repeated(tops: list[JSON]) -> bool:
    # Parts of characters have one text, U+FFFD, and some servers take their bytes from it.
    tops = [top for top in tops if "\ufffd" not in str(as_object(top).get("token"))]
    tokens = [as_object(top).get("token") for top in tops]
    if len({token for token in tokens if isinstance(token, str)}) == len(tops):
        return False
    # Two tokens may be the same text in other bytes.
    seen = [(token, as_object(top).get("bytes")) for token, top in zip(tokens, tops, strict=True)]
    return len(seen) != len(set(map(str, seen)))
