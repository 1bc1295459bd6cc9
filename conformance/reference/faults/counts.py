"""
Faults of token counts: types, sums, limits, and where a stream carries them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

from conformance.reference.faults.edits import GONE, plain, put
from conformance.reference.faults.fault import STREAM, Asked, Edit, Fault, Object
from conformance.reference.faults.rows import body, fault, pair, stream
from conformance.reference.faults.streamedits import chunks, deltas, each_chunk, events, finishes, has_usage


def _usage(change: Callable[[Object], object]) -> tuple[Edit, Edit]:
    def each(made: Object) -> None:
        if made.get("usage"):
            change(made["usage"])

    return plain(each), each_chunk(each)


def _set(key: str, value: Any) -> tuple[Edit, Edit]:
    return _usage(put(key, value))


def _completion(value: Callable[[Object], int]) -> Callable[[Object], None]:
    def change(usage: Object) -> None:
        usage["completion_tokens"] = value(usage)
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]

    return change


def _prompt(value: Callable[[Object], int]) -> Callable[[Object], None]:
    def change(usage: Object) -> None:
        usage["prompt_tokens"] = value(usage)
        usage["total_tokens"] = usage["prompt_tokens"] + usage["completion_tokens"]

    return change


def _words(made: Object) -> None:
    texts = [choice["message"].get("content") or "" for choice in made["choices"]]
    _completion(lambda _: sum(len(text.split()) for text in texts))(made["usage"])


def _per_choice(made: Object) -> None:
    number = len(made["choices"])
    _completion(lambda usage: usage["completion_tokens"] // number)(made["usage"])


def _prompt_per_choice(made: Object) -> None:
    number = len(made["choices"])
    _prompt(lambda usage: usage["prompt_tokens"] * number)(made["usage"])


def _prompt_per_choice_streamed(made: list[Object]) -> list[Object]:
    number = len({choice["index"] for choice in deltas(made)})
    for each in made:
        if each.get("usage"):
            _prompt(lambda usage: usage["prompt_tokens"] * number)(each["usage"])
    return made


def _dropped(made: list[Object]) -> list[Object]:
    return [each for each in made if not each.get("usage")]


def _on_finish(made: list[Object]) -> Sequence[Object]:
    found = [each["usage"] for each in made if each.get("usage")]
    ends = [number for number, each in enumerate(made) if finishes(number, each)]
    if found and ends:
        made[ends[-1]]["usage"] = found[0]
    return _dropped(made) if not ends else [each for n, each in enumerate(made) if n in ends or not each.get("usage")]


_ZERO = {"prompt_tokens": 0, "completion_tokens": 0, "total_tokens": 0}


def _everywhere(counts: Object | None = None) -> Callable[[list[Object]], list[Object]]:
    """
    The final counts in every chunk, or others.
    """

    def every(made: list[Object]) -> list[Object]:
        final = next((each["usage"] for each in made if each.get("usage")), None)
        return [{**each, "usage": each.get("usage") or counts or final} for each in made]

    return every


def _counting(asked: Asked) -> Object | None:
    """
    Has a stream counted that nobody asked to count.
    """
    if not asked.streams or asked.path != "/v1/chat/completions" or asked.body.get("stream_options"):
        return None
    return {**asked.body, "stream_options": {"include_usage": True}}


def _without_null(made: list[Object]) -> list[Object]:
    return [{key: value for key, value in each.items() if key != "usage" or value} for each in made]


def _when_asked(change: Callable[[list[Object]], Sequence[Object]]) -> Edit:
    return chunks(change, lambda asked: bool((asked.body.get("stream_options") or {}).get("include_usage")))


def _when_not_asked(change: Callable[[list[Object]], Sequence[Object]]) -> Edit:
    return chunks(change, lambda asked: not (asked.body.get("stream_options") or {}).get("include_usage"))


def _before_finish(made: list[Object]) -> Sequence[Object]:
    found = [each for each in made if each.get("usage")]
    rest = _dropped(made)
    return [*rest[:-1], *found, rest[-1]]


def _first(made: list[Object]) -> Sequence[Object]:
    return [*(each for each in made if each.get("usage")), *_dropped(made)]


def _twice(made: list[Object]) -> Sequence[Object]:
    return [*made, *copy.deepcopy([each for each in made if each.get("usage")])]


def _after_done(parts: tuple[bytes, ...]) -> Sequence[bytes]:
    counting = [part for part in parts if b'"usage":{' in part]
    return [*(part for part in parts if part not in counting), *counting]


_USAGE = "response.usage|chunk.usage"
_DETAILS = "response.usage.details|chunk.usage.details"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    body("usage-null", "SHOULD", "usage.present", "usage is null", put("usage", None), entry="usage-zero-or-missing-nonstream"),
    body("usage-missing", "SHOULD", "usage.present", "usage is absent", put("usage", GONE), entry="usage-zero-or-missing-nonstream"),
    body("usage-list", "MUST", "response.usage", "usage is an array", put("usage", lambda made: [made["usage"]]), also="usage.present"),
    *pair("usage-zero", "SHOULD", "usage.positive", "all counts are 0", _usage(lambda usage: usage.update(_ZERO)), also="usage.counts-tokens usage.same-prompt usage.whole-prompt|usage.counts-tokens usage.same-prompt", entry="usage-zero-or-missing-nonstream"),
    *pair("usage-string", "MUST", _USAGE, "counts are strings", _set("prompt_tokens", lambda usage: str(usage["prompt_tokens"])), also="usage.whole-prompt|", entry="usage-float-or-string"),
    *pair("usage-float", "MUST", _USAGE, "counts are floats", _set("completion_tokens", lambda usage: usage["completion_tokens"] + 0.5), entry="usage-float-or-string"),
    *pair("usage-null-count", "MUST", _USAGE, "a count is null", _set("completion_tokens", None)),
    *pair("usage-negative", "MUST", _USAGE, "completion_tokens is -1", _usage(_completion(lambda _: -1)), also="usage.counts-tokens", entry="usage-negative-or-one"),
    *pair("usage-total-missing", "MUST", _USAGE, "total_tokens is absent", _set("total_tokens", GONE)),
    *pair("usage-prompt-missing", "MUST", _USAGE, "prompt_tokens is absent", _set("prompt_tokens", GONE), also="usage.whole-prompt|"),
    *pair("usage-total-wrong", "SHOULD", "usage.total", "total_tokens is not the sum", _set("total_tokens", lambda usage: usage["total_tokens"] + 7)),
    *pair("usage-details-null", "SHOULD", _DETAILS, "details are null", _usage(lambda usage: usage.update(prompt_tokens_details=None, completion_tokens_details=None)), entry="usage-details-null-or-missing"),
    *pair("usage-details-float", "SHOULD", _DETAILS, "a detail is a float", _set("prompt_tokens_details", {"cached_tokens": 0.5})),
    *pair("usage-reasoning-apart", "SHOULD", "usage.reasoning", "reasoning is counted apart", _set("completion_tokens_details", {"reasoning_tokens": 60000}), entry="usage-reasoning-not-in-completion"),
    *pair("usage-cached-apart", "SHOULD", "usage.cached", "cached tokens are counted apart", _set("prompt_tokens_details", {"cached_tokens": 1800000}), entry="usage-cached-exceeds-prompt"),
    *pair("usage-one", "MUST", "usage.counts-tokens", "completion_tokens is always 1", _usage(_completion(lambda _: 1)), entry="usage-negative-or-one"),
    *pair("usage-doubled", "MUST", "param.max-tokens", "completion_tokens is twice what was written", _usage(_completion(lambda usage: 2 * usage["completion_tokens"])), entry="usage-negative-or-one"),
    body("usage-words", "MUST", "usage.counts-tokens", "completion_tokens counts words", _words, entry="usage-negative-or-one"),
    body("usage-one-choice", "MUST", "usage.counts-tokens", "completion_tokens counts one of n choices", _per_choice, entry="usage-n-prompt-multiplied"),
    body("usage-prompt-times-n.plain", "SHOULD", "usage.same-prompt", "prompt_tokens is multiplied by n (plain)", _prompt_per_choice, entry="usage-n-prompt-multiplied"),
    stream("usage-prompt-times-n.stream", "SHOULD", "usage.same-prompt", "prompt_tokens is multiplied by n (streamed)", chunks(_prompt_per_choice_streamed), entry="usage-n-prompt-multiplied"),
    stream("usage-prompt-otherwise", "SHOULD", "usage.same-prompt", "a stream counts the prompt otherwise than a plain answer", _usage(_prompt(lambda usage: usage["prompt_tokens"] + 5))[1]),
    body("usage-prompt-constant", "MUST", "usage.whole-prompt", "prompt_tokens is always 1", lambda made: _prompt(lambda _: 1)(made["usage"])),
    stream("usage-not-streamed", "MUST", "usage.streamed", "include_usage is ignored", chunks(_dropped), entry="usage-chunk-missing"),
    stream("usage-null-streamed", "MUST", "usage.streamed", "the usage chunk has usage null", each_chunk(put("usage", None), has_usage), also="stream.empty-choices", entry="usage-chunk-missing"),
    stream("usage-on-finish-chunk", "SHOULD", "usage.empty-choices", "usage rides on the finish chunk", chunks(_on_finish), entry="usage-chunk-not-empty-choices"),
    stream("usage-everywhere.asked", "SHOULD", "usage.once", "usage is on every chunk when asked for", _when_asked(_everywhere()), entry="usage-on-every-chunk"),
    fault("usage-everywhere.unasked", "SHOULD", "usage.unasked", "usage is on every chunk when not asked for", ask=_counting, edit=_when_not_asked(_everywhere()), paths=(STREAM,), entry="usage-on-every-chunk"),
    stream("usage-zero-everywhere.asked", "SHOULD", "usage.once", "zero usage is on every chunk when asked for", _when_asked(_everywhere(_ZERO)), entry="usage-zero-object-every-chunk"),
    stream("usage-zero-everywhere.unasked", "SHOULD", "usage.unasked", "zero usage is on every chunk when not asked for", _when_not_asked(_everywhere(_ZERO)), also="usage.positive", entry="usage-zero-object-every-chunk"),
    fault("usage-unasked", "SHOULD", "usage.unasked", "a usage chunk comes unasked", ask=_counting, edit=_when_not_asked(_without_null), paths=(STREAM,)),
    stream("usage-twice", "SHOULD", "usage.once", "the usage chunk comes twice", chunks(_twice)),
    stream("usage-before-finish", "SHOULD", "usage.last", "usage precedes the finish", _when_asked(_before_finish), entry="usage-error-chunk-usage-first"),
    stream("usage-first", "SHOULD", "usage.last", "usage is the first chunk", _when_asked(_first), entry="usage-error-chunk-usage-first"),
    stream("usage-after-done", "MUST", "stream.after-done", "usage follows [DONE]", events(_after_done), also="usage.streamed", entry="sse-data-after-done"),
    stream("usage-key-left-out", "SHOULD", "usage.null-elsewhere", "other chunks have no usage: null", each_chunk(put("usage", lambda made: made.get("usage") or GONE))),
)
# fmt: on
