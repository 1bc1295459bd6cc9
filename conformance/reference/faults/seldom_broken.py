"""
Faults of requests that end in an internal error, which only certain combinations and sizes bring about.
"""

from __future__ import annotations

from conformance.reference.faults.asks import When, refusing, streams
from conformance.reference.faults.fault import Asked, Fault
from conformance.reference.faults.parts import (
    both,
    form,
    functions,
    given,
    messages,
    number,
    text,
    within,
)
from conformance.reference.faults.rows import seldom


def _breaks(name: str, matters: str, title: str, when: When, *, beside: int = 0) -> Fault:
    crash = refusing(when, "The server had an error while processing your request.", 500)
    title = f"{title} in an internal error"
    return seldom(f"breaks-on-{name}", "MUST", "request.no-server-error", title, matters, beside=beside, instead=crash)


def _written_with(mark: bytes) -> When:
    return lambda asked: mark in asked.raw


def _empty(name: str) -> When:
    return lambda asked: asked.body.get(name) == {}


def _schema_beside_tools(asked: Asked) -> bool:
    return len(list(functions(asked.body))) > 1 and bool(form(asked.body))


def _usage_of_many(asked: Asked) -> bool:
    return number(asked.body.get("n")) > 4 and within(asked.body, "stream_options").get("include_usage") is True


def _no_header(asked: Asked) -> bool:
    """
    The user's name cannot stand in a header, where a gateway passes it on.
    """
    return any(ord(sign) > 255 for sign in text(asked.body.get("user")))


def _instructed(asked: Asked) -> bool:
    return any(each.get("role") == "developer" for each in messages(asked))


# fmt: off
FAULTS: tuple[Fault, ...] = (
    _breaks("stop-beside-logprobs", "stop logprobs", "stop and logprobs together end", given("stop", "logprobs")),
    _breaks("tools-beside-format", "tools response_format", "several tools and a JSON Schema for the answer together end", _schema_beside_tools),
    _breaks("tools-beside-logprobs", "tools logprobs", "tools and logprobs together end", given("tools", "logprobs")),
    _breaks("negative-seed-streamed", "seed stream", "a negative seed of a stream ends", both(streams, lambda asked: number(asked.body.get("seed")) < 0)),
    _breaks("long-history", "", "more than ten messages end", lambda asked: len(messages(asked)) > 10),
    _breaks("empty-bias", "logit_bias", "an empty logit_bias ends", _empty("logit_bias")),
    _breaks("empty-metadata", "metadata", "empty metadata end", _empty("metadata")),
    _breaks("usage-of-many-choices", "n stream stream_options", "more than four choices streamed with include_usage end", _usage_of_many),
    _breaks("user-outside-latin", "user", "a user whose name cannot stand in a header ends", _no_header),
    _breaks("developer-beside-tools", "tools", "a developer's message beside tools ends", both(_instructed, given("tools"))),
    _breaks("space-before-the-body", "", "white space before the body ends", lambda asked: asked.raw[:1].isspace()),
    _breaks("escaped-solidus", "user", "an escaped solidus in the body ends", _written_with(b"\\/")),
)
# fmt: on
