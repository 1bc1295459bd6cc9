"""
Rules of the transport that hold for every contract (RFC 9110, RFC 8259).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

from conformance.checks.registry import check
from conformance.checks.subject import Subject, failed, has_body, streamed, succeeded, whole
from conformance.model import CheckClass, Ending, Evidence, Finding
from conformance.read import http1
from conformance.read.reply import Reply

_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ms|us|µs|ns|d|h|m|s))+|[0-9]+(\.[0-9]+)?")
_WHOLE = re.compile(r"[0-9]+")
_LENGTH = re.compile(r"[0-9]{1,18}")
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


def _json_media(media_type: str) -> bool:
    return media_type == "application/json" or media_type.endswith("+json")


@check("http.content-type-json", when=has_body, shows=Evidence.HEADERS)
def is_labelled_json(s: Subject) -> Iterator[Finding]:
    """
    An answer that is not a stream says ``application/json``; the Node SDK hands out a raw string otherwise.
    """
    if not _json_media(s.reply.media_type):
        got = s.reply.header("content-type")
        yield Finding(expected="application/json", observed=got or "no Content-Type", where="header:content-type")


@check("http.content-type-once", when=succeeded, shows=Evidence.HEADERS)
def is_labelled_once(s: Subject) -> Iterator[Finding]:
    """
    Content-Type stands once: of two that differ, one client takes the first and another the last (RFC 9110 section 5.3).
    """
    given = s.reply.headers_named("content-type")
    if len({value.strip().lower() for value in given}) > 1:
        yield Finding(expected="one Content-Type", observed=" and ".join(given)[:120], where="header:content-type")


@check("http.charset", when=lambda s: succeeded(s) and s.reply.charset != "", shows=Evidence.HEADERS)
def is_utf8_by_its_label(s: Subject) -> Iterator[Finding]:
    """
    JSON and event streams are UTF-8; a label that says otherwise makes clients decode wrongly.
    """
    if s.reply.charset.strip('"').lower() not in {"utf-8", "utf8", "us-ascii"}:
        yield Finding(expected="charset utf-8 or none", observed=s.reply.charset, where="header:content-type")


@check("http.status", when=lambda s: succeeded(s) and s.valid and s.operation is not None)
def succeeds_with_200(s: Subject) -> Iterator[Finding]:
    """
    What was asked for comes with 200: the reference names no other status for it.
    """
    if s.reply.status != 200:
        yield Finding(expected="200", observed=str(s.reply.status), where="status")


def _heard(s: Subject) -> bool:
    endings = {Ending.COMPLETE, Ending.TRUNCATED, Ending.MALFORMED}
    return s.reply.exchange.ending in endings and (s.reply.status is not None or s.reply.exchange.ending != "complete")


def _missing(s: Subject) -> int:
    """
    How many bytes that Content-Length promises never came, although the JSON text is complete.
    """
    promised = s.reply.header("content-length") or ""
    late = s.reply.exchange.ending in (Ending.IDLE_TIMEOUT, Ending.TOTAL_TIMEOUT)
    if not late or not _LENGTH.fullmatch(promised) or s.reply.is_stream or not isinstance(s.reply.value, dict):
        return 0
    return int(promised) - sum(len(chunk.data) for chunk in s.reply.exchange.chunks)


@check("http.complete", when=lambda s: _heard(s) or _missing(s) > 0, shows=Evidence.WIRE)
def ends_as_its_framing_says(s: Subject) -> Iterator[Finding]:
    """
    The body is as long as Content-Length or the last chunk says (RFC 9112 section 8).
    """
    exchange = s.reply.exchange
    length = sum(len(chunk.data) for chunk in exchange.chunks)
    if _missing(s) > 0:
        got = f"a JSON text that is complete after {length}, and nothing more"
        yield Finding(
            expected=f"{length + _missing(s)} bytes as Content-Length says", observed=got, where=f"byte[{length}]"
        )
    elif exchange.ending is not Ending.COMPLETE:
        yield Finding(
            expected="a complete response", observed=exchange.error or exchange.ending, where=f"byte[{length}]"
        )


def _codings(value: str | None) -> list[str]:
    return [coding.strip().lower() for coding in (value or "").split(",") if coding.strip()]


@check(
    "http.content-encoding", when=lambda s: s.reply.status is not None and s.operation is not None, shows=Evidence.WIRE
)
def uses_no_coding_unasked(s: Subject) -> Iterator[Finding]:
    """
    A coding that Accept-Encoding does not list is not used (RFC 9110 section 12.5.3).
    """
    sent = {name.lower(): value for name, value in s.reply.exchange.sent.headers}
    accepted = {coding.split(";")[0].strip() for coding in _codings(sent.get("accept-encoding"))}
    if not accepted or "*" in accepted:
        return
    for coding in _codings(s.reply.header("content-encoding")):
        if coding not in accepted | {"identity"}:
            yield Finding(
                expected=f"one of {', '.join(sorted(accepted))}", observed=coding, where="header:content-encoding"
            )


@check("http.content-decoding", when=lambda s: _heard(s) and s.reply.status is not None, shows=Evidence.WIRE)
def can_be_decoded(s: Subject) -> Iterator[Finding]:
    """
    The body decodes under the coding that Content-Encoding names.
    """
    if s.reply.body_problem and s.reply.exchange.ending is Ending.COMPLETE:
        yield Finding(
            expected=f"a body in {s.reply.header('content-encoding')}",
            observed=s.reply.body_problem,
            where="header:content-encoding",
        )


@check(
    "http.retry-after", when=lambda s: failed(s) and s.reply.header("retry-after") is not None, shows=Evidence.HEADERS
)
def retries_at_a_time_that_can_be_read(s: Subject) -> Iterator[Finding]:
    """
    Retry-After is whole seconds or an HTTP date (RFC 9110 section 10.2.3).
    """
    value = (s.reply.header("retry-after") or "").strip()
    if not (value.isascii() and value.isdigit()) and not _is_date(value):
        yield Finding(expected="whole seconds or an HTTP date", observed=value, where="header:retry-after")


def _is_date(value: str) -> bool:
    try:
        parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return False
    return True


@check(
    "http.ratelimit-reset",
    when=lambda s: any(name.lower().startswith("x-ratelimit-reset-") for name, _ in s.reply.exchange.headers),
    shows=Evidence.HEADERS,
)
def resets_after_a_duration(s: Subject) -> Iterator[Finding]:
    """
    ``x-ratelimit-reset-*`` is a duration such as ``1s`` or ``6m0s``.
    """
    for name, value in s.reply.exchange.headers:
        epoch = _SECONDS.fullmatch(value) is not None and float(value) > 1e8
        # Recorders put placeholders here, so that a foreign recording shows no more than an epoch.
        odd = s.own and not _DURATION.fullmatch(value.strip())
        if name.lower().startswith("x-ratelimit-reset-") and (epoch or odd):
            yield Finding(expected="a duration such as 6m0s", observed=value, where=f"header:{name.lower()}")


def _counts(s: Subject) -> list[tuple[str, str]]:
    starts = ("x-ratelimit-limit-", "x-ratelimit-remaining-")
    return [(name.lower(), value) for name, value in s.reply.exchange.headers if name.lower().startswith(starts)]


@check("http.ratelimit-count", when=lambda s: s.own and bool(_counts(s)), shows=Evidence.HEADERS)
def counts_its_limits(s: Subject) -> Iterator[Finding]:
    """
    ``x-ratelimit-limit-*`` and ``x-ratelimit-remaining-*`` are whole numbers, and no more remains than the limit.
    """
    limits = {name: int(value) for name, value in _counts(s) if _LENGTH.fullmatch(value.strip())}
    for name, value in _counts(s):
        limit = limits.get(name.replace("-remaining-", "-limit-"))
        if not _WHOLE.fullmatch(value.strip()):
            yield Finding(expected="a whole number", observed=value[:60], where=f"header:{name}")
        elif limit is not None and limits.get(name, 0) > limit:
            yield Finding(expected=f"at most {limit}", observed=value[:60], where=f"header:{name}")


def _side_by_side(s: Subject) -> bool:
    # Whoever sends none sends none ever: a few requests show it.
    return s.own and bool(s.case.group) and s.reply.status is not None


@check("http.request-id", when=_side_by_side, shows=Evidence.HEADERS)
def can_be_asked_about(s: Subject) -> Iterator[Finding]:
    """
    ``x-request-id`` names the request, and no other, for whoever has to ask about it.
    """
    given = _request_id(s.reply)
    if not given:
        yield Finding(expected="x-request-id", observed="none", where="header:x-request-id")
    elif any(given == _request_id(peer) for peer in s.peers.values()):
        yield Finding(expected="an id of its own", observed=f"{given[:60]} again", where="header:x-request-id")


def _request_id(reply: Reply) -> str:
    return (reply.header("x-request-id") or "").strip()


@check("http.allow", when=lambda s: s.reply.status == 405, shows=Evidence.HEADERS)
def names_the_allowed_methods(s: Subject) -> Iterator[Finding]:
    """
    A 405 carries Allow (RFC 9110 section 15.5.6).
    """
    if s.reply.header("allow") is None:
        yield Finding(expected="an Allow header", observed="none", where="header:allow")


def _probed(s: Subject) -> bool:
    return bool(s.reply.exchange.raw)


@check("http.framing", when=_probed, shows=Evidence.WIRE)
def is_framed_as_http_has_it(s: Subject) -> Iterator[Finding]:
    """
    Nothing about the connection's bytes has to be put right by whoever reads them (RFC 9112).
    """
    exchange = s.reply.exchange
    for oddity in http1.read(exchange.raw, exchange.sent.method).oddities:
        yield Finding(expected=oddity.expected, observed=oddity.observed, where=f"connection[{oddity.offset}]")


@check("http.persistence", when=lambda s: _probed(s) and whole(s), shows=Evidence.WIRE)
def announces_its_end(s: Subject) -> Iterator[Finding]:
    """
    A server that closes the connection after a response says so in it (RFC 9112 section 9.6).
    """
    exchange = s.reply.exchange
    response = http1.read(exchange.raw, exchange.sent.method)
    if exchange.closed and response.end is not None and not response.closes:
        where = f"connection[{response.end}]"
        yield Finding(expected="Connection: close, or an open connection", observed="it was closed", where=where)


#: Bodies of this size are refused by many servers, which may say so.
_LARGE = 1_000_000


@check(
    "http.large-body",
    when=lambda s: s.own and len(s.reply.exchange.sent.body) >= _LARGE,
    shows=Evidence.WIRE,
    kind=CheckClass.TRANSPORT,
)
def hears_a_large_body_out(s: Subject) -> Iterator[Finding]:
    """
    A large body is answered or refused with a status, not met by a reset connection.
    """
    exchange = s.reply.exchange
    if exchange.ending is Ending.RESET:
        size = len(exchange.sent.body)
        yield Finding(
            expected="an answer or a refusal", observed=f"{exchange.error} after {size} bytes", where="status"
        )


@check("http.stream-content-length", when=streamed, shows=Evidence.WIRE | Evidence.HEADERS)
def streams_without_a_length(s: Subject) -> Iterator[Finding]:
    """
    A stream whose length is known beforehand was buffered.
    """
    length = s.reply.header("content-length")
    if length is not None:
        yield Finding(expected="no Content-Length on a stream", observed=length, where="header:content-length")
