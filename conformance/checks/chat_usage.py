"""
Rules of token counts: where they stand in a stream, their sums and limits.

Source: https://platform.openai.com/docs/api-reference/chat/object (``usage``) and ``stream_options.include_usage``.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import (
    Subject,
    answered,
    asked,
    audio_asked,
    knows_request,
    plain,
    prelude,
    stream_good,
)
from conformance.checks.told import said_whole
from conformance.model import JSON, Evidence, Finding
from conformance.read.strictjson import as_object, at, is_int


def wants_usage(s: Subject) -> bool:
    """
    The request says ``stream_options: {include_usage: true}``.
    """
    return as_object(s.asked.get("stream_options")).get("include_usage") is True


def _usage_asked(s: Subject) -> bool:
    return stream_good(s) and wants_usage(s)


def _where(s: Subject) -> str:
    usages = s.completion.usages
    return f"event[{usages[-1][0]}]/usage" if s.completion.streamed and usages else "/usage"


def count(s: Subject, *path: str) -> int | None:
    """
    A token count of the reply, or None when it is absent or no integer.
    """
    value = at(s.completion.usage, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


@check("openai-chat.usage.present", when=lambda s: answered(s) and plain(s))
def counts_tokens(s: Subject) -> Iterator[Finding]:
    """
    A plain answer says what it cost.
    """
    if s.completion.usage is None:
        yield Finding(expected="a usage object", observed="none", where="/usage")


@check("openai-chat.usage.streamed", when=_usage_asked)
def counts_tokens_when_asked(s: Subject) -> Iterator[Finding]:
    """
    ``include_usage`` is honoured: a chunk with the counts comes.
    """
    if not s.completion.usages:
        where = f"event[{s.reply.chunks[-1].event}]"
        yield Finding(expected="a chunk with usage", observed="none", where=where)


@check("openai-chat.usage.unasked", when=lambda s: stream_good(s) and knows_request(s) and not wants_usage(s))
def counts_no_tokens_unasked(s: Subject) -> Iterator[Finding]:
    """
    ``usage`` is only present when ``include_usage`` is set.
    """
    if s.completion.usages:
        where = f"event[{s.completion.usages[0][0]}]/usage"
        yield Finding(expected="no usage", observed=f"{len(s.completion.usages)} chunk(s) with it", where=where)


def _counted_once(s: Subject) -> bool:
    # vLLM's extension, asked for by its own name, sends the counts so far with every chunk.
    running = as_object(s.asked.get("stream_options")).get("continuous_usage_stats") is True
    return _usage_asked(s) and bool(s.completion.usages) and not running


@check("openai-chat.usage.once", when=_counted_once)
def counts_tokens_once(s: Subject) -> Iterator[Finding]:
    """
    One chunk carries the counts: clients that add them up, or take them for the end, go wrong.
    """
    if len(s.completion.usages) > 1:
        where = f"event[{s.completion.usages[0][0]}]/usage"
        yield Finding(expected="usage in one chunk", observed=f"in {len(s.completion.usages)}", where=where)


def _single(s: Subject) -> bool:
    return _usage_asked(s) and len(s.completion.usages) == 1


@check("openai-chat.usage.last", when=lambda s: _single(s) and not audio_asked(s))
def counts_tokens_at_the_end(s: Subject) -> Iterator[Finding]:
    """
    The usage chunk comes after the finish of every choice.
    """
    event = s.completion.usages[0][0]
    for choice in s.completion.choices:
        if choice.finish_reasons and choice.finish_reasons[-1][0] > event:
            got = f"usage before the finish of choice {choice.index}"
            yield Finding(expected="usage after the finish", observed=got, where=f"event[{event}]/usage")


@check("openai-chat.usage.empty-choices", when=_single)
def counts_tokens_in_a_chunk_of_its_own(s: Subject) -> Iterator[Finding]:
    """
    The usage chunk has no choices.
    """
    event = s.completion.usages[0][0]
    for packet in s.reply.chunks:
        if packet.event == event and packet.document and as_object(packet.document.value).get("choices"):
            yield Finding(expected="choices: []", observed="a choice beside usage", where=f"event[{event}]/choices")


@check("openai-chat.usage.null-elsewhere", when=_usage_asked)
def nulls_usage_elsewhere(s: Subject) -> Iterator[Finding]:
    """
    With ``include_usage`` every other chunk carries ``usage: null``.
    """
    for packet in s.reply.chunks:
        chunk = as_object(packet.document.value if packet.document else None)
        if "usage" not in chunk and not prelude(chunk):
            yield Finding(expected="usage: null", observed="no such key", where=f"event[{packet.event}]/usage")
            return


def _counted(s: Subject) -> bool:
    return answered(s) and s.completion.usage is not None


@check("openai-chat.usage.total", when=_counted)
def adds_up(s: Subject) -> Iterator[Finding]:
    """
    ``total_tokens`` is the sum of the other two.
    """
    prompt, written, total = (count(s, name) for name in ("prompt_tokens", "completion_tokens", "total_tokens"))
    if prompt is not None and written is not None and total is not None and prompt + written != total:
        yield Finding(expected=f"{prompt} + {written} = {prompt + written}", observed=str(total), where=_where(s))


@check("openai-chat.usage.positive", when=_counted)
def counts_more_than_nothing(s: Subject) -> Iterator[Finding]:
    """
    A prompt has tokens, and so has a text.
    """
    written = any(choice.content for choice in s.completion.choices)
    if count(s, "prompt_tokens") == 0:
        yield Finding(expected="prompt_tokens above 0", observed="0", where=_where(s) + "/prompt_tokens")
    if count(s, "completion_tokens") == 0 and written:
        yield Finding(expected="completion_tokens above 0", observed="0", where=_where(s) + "/completion_tokens")


def _within(s: Subject, part: tuple[str, str], whole: str) -> Iterator[Finding]:
    small, large = count(s, *part), count(s, whole)
    if small is not None and large is not None and small > large:
        yield Finding(expected=f"at most {whole} {large}", observed=str(small), where="/".join((_where(s), *part)))


@check(
    "openai-chat.usage.reasoning",
    when=lambda s: _counted(s) and _has(s, "completion_tokens_details", "reasoning_tokens"),
)
def counts_reasoning_within_the_completion(s: Subject) -> Iterator[Finding]:
    """
    ``reasoning_tokens`` is a part of ``completion_tokens``.
    """
    yield from _within(s, ("completion_tokens_details", "reasoning_tokens"), "completion_tokens")


@check("openai-chat.usage.cached", when=lambda s: _counted(s) and _has(s, "prompt_tokens_details", "cached_tokens"))
def counts_cached_within_the_prompt(s: Subject) -> Iterator[Finding]:
    """
    ``cached_tokens`` is a part of ``prompt_tokens``.
    """
    yield from _within(s, ("prompt_tokens_details", "cached_tokens"), "prompt_tokens")


#: What else the details count, and of which count each is a part.
_PARTS = (
    *((("prompt_tokens_details", name), "prompt_tokens") for name in ("audio_tokens", "text_tokens", "image_tokens")),
    *(
        (("completion_tokens_details", name), "completion_tokens")
        for name in ("audio_tokens", "text_tokens", "accepted_prediction_tokens", "rejected_prediction_tokens")
    ),
)


@check("openai-chat.usage.parts", when=lambda s: _counted(s) and any(_has(s, *part) for part, _ in _PARTS))
def counts_every_detail_within_its_whole(s: Subject) -> Iterator[Finding]:
    """
    Every detail is a part of the count that it is a detail of; rejected predictions are billed as well.
    """
    for part, whole in _PARTS:
        if (count(s, whole) or 0) >= 0:
            yield from _within(s, part, whole)


def _has(s: Subject, *path: str) -> bool:
    return count(s, *path) is not None


def limit_of(body: dict[str, JSON]) -> int | None:
    """
    The number of tokens that a request allows for one choice.
    """
    given = [body[name] for name in ("max_completion_tokens", "max_tokens") if is_int(body.get(name))]
    return min(value for value in given if isinstance(value, int)) if given else None


def _limited(s: Subject) -> bool:
    return _counted(s) and limit_of(s.asked) is not None and s.valid


@check("openai-chat.param.max-tokens", when=_limited, shows=Evidence.REQUEST)
def keeps_within_the_limit(s: Subject) -> Iterator[Finding]:
    """
    No more tokens are written than ``max_completion_tokens`` or ``max_tokens`` allows.
    """
    limit, written = limit_of(s.asked) or 0, count(s, "completion_tokens") or 0
    allowed = limit * max(1, len(s.completion.choices))
    if written > allowed:
        yield Finding(expected=f"at most {allowed} tokens", observed=str(written), where=_where(s))


#: Below this, a limit is surely what ended the answer, not the context.
_SMALL = 64


#: The most tokens of a character that is not complete, with a token for each of its bytes.
_BEGUN = 3


def _cut(s: Subject) -> bool:
    reasons = {choice.finish_reason for choice in s.completion.choices}
    small = (limit_of(s.asked) or 0) <= _SMALL
    whole = any(said_whole(s, choice) for choice in s.completion.choices)
    return _limited(s) and s.own and reasons == {"length"} and small and not whole


@check("openai-chat.usage.counts-tokens", when=_cut)
def counts_what_it_wrote(s: Subject) -> Iterator[Finding]:
    """
    An answer that was cut at the limit counts as many tokens as the limit, not chunks or words.
    """
    limit, written = limit_of(s.asked) or 0, count(s, "completion_tokens")
    wanted = limit * len(s.completion.choices)
    # Whoever counts words or chunks is far below; OpenAI and others were recorded at the limit and nowhere else.  Where
    # the limit fell into a character of four bytes, three tokens may have been held back from each choice.
    held_back = _BEGUN * len(s.completion.choices)
    if written is not None and 4 * written <= 3 * wanted and wanted - written > held_back:
        yield Finding(expected=f"about {wanted} tokens", observed=str(written), where=_where(s))


def _comparable(s: Subject) -> bool:
    return _counted(s) and s.own and any(_same_prompt(s, asked(peer)) for peer in s.peers.values())


def _same_prompt(s: Subject, other: dict[str, JSON]) -> bool:
    names = ("model", "messages", "tools", "response_format", "functions")
    return bool(other) and all(s.asked.get(name) == other.get(name) for name in names)


@check("openai-chat.usage.same-prompt", when=_comparable)
def counts_a_prompt_alike(s: Subject) -> Iterator[Finding]:
    """
    The same prompt costs the same, streamed or not, for one choice or for several.
    """
    mine = count(s, "prompt_tokens")
    for name, peer in s.peers.items():
        theirs = at(peer.completion.usage, "prompt_tokens")
        if _same_prompt(s, asked(peer)) and is_int(theirs) and mine is not None and theirs != mine:
            yield Finding(expected=f"{theirs} prompt tokens as in {name}", observed=str(mine), where=_where(s))
            return
