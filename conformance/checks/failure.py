"""
Rules of refusals and errors that hold for every contract.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import BUSY, Subject, failed, streamed, succeeded, wants_stream, whole
from conformance.model import CheckClass, Evidence, Finding, Unobserved
from conformance.read import strictjson

#: What a stack trace or a leaked internal looks like; a bare word such as "Error" is not enough.
_INTERNALS = re.compile(
    r"Traceback \(most recent call last\)"
    r"|File \"[^\"]+\", line \d+"
    r"|\bat [\w.$<>]+\([\w.]+:\d+(:\d+)?\)"
    r"|(?<![\w/.])/(?:usr|home|opt|app|srv|root|var|site-packages)/[\w./-]+\.(?:py|js|go|rs|java|ts|cpp)\b"
    r"|<class '[\w.]+'>"
    r"|\b\d+ validation errors? for \w+"
    r"|goroutine \d+ \["
    r"|panicked at "
    r"|\b(?:TypeError|KeyError|AttributeError|ValueError|AssertionError|NullPointerException|IndexError|"
    r"RuntimeError|UnicodeEncodeError|TemplateError)\b"
)


def _client_error(s: Subject) -> bool:
    status = s.reply.status
    return status is not None and 400 <= status < 500 and whole(s) and s.reply.exchange.sent.method != "HEAD"


def _server_error(s: Subject) -> bool:
    status = s.reply.status
    return status is not None and status >= 500 and whole(s)


def _envelope(s: Subject) -> Iterator[Finding]:
    body = s.reply.value if s.reply.document.ok else None
    if not s.reply.body.strip():
        yield Finding(expected='{"error": {...}}', observed="an empty body", where="/")
    elif not isinstance(body, dict):
        yield Finding(expected='{"error": {...}}', observed=_start(s), where="/")
    elif not isinstance(body.get("error"), dict):
        got = f"error is {body['error']!r}"[:80] if "error" in body else f"no error in {sorted(body)}"[:120]
        yield Finding(expected='an object "error"', observed=got, where="/error")


def _start(s: Subject) -> str:
    return s.reply.body[:80].decode("utf-8", "replace")


@check("error.envelope", when=_client_error)
def refuses_with_an_error_object(s: Subject) -> Iterator[Finding]:
    """
    Every refusal carries a JSON body with an object ``error``.
    """
    yield from _envelope(s)


@check("error.envelope-5xx", when=_server_error)
def fails_with_an_error_object(s: Subject) -> Iterator[Finding]:
    """
    Server errors carry the same envelope; an edge before the API may not.
    """
    yield from _envelope(s)


@check("error.content-type", when=lambda s: _client_error(s) and s.reply.document.ok, shows=Evidence.HEADERS)
def labels_its_errors_json(s: Subject) -> Iterator[Finding]:
    """
    An error's JSON says that it is JSON.
    """
    media = s.reply.media_type
    if media != "application/json" and not media.endswith("+json"):
        yield Finding(expected="application/json", observed=media or "no Content-Type", where="header:content-type")


@check("error.leaks", when=failed)
def keeps_internals_to_itself(s: Subject) -> Iterator[Finding]:
    """
    No stack traces, paths or exception classes in what the client sees.
    """
    text = s.reply.body.decode("utf-8", "replace")
    leak = _INTERNALS.search(text)
    if leak:
        yield Finding(expected="a message for the client", observed=leak.group()[:120], where="/error/message")


@check("error.echoes-key", when=lambda s: failed(s) and s.own)
def does_not_repeat_the_key(s: Subject) -> Iterator[Finding]:
    """
    A key is never echoed in full: error messages end up in logs.
    """
    text = s.reply.body.decode("utf-8", "replace")
    given = [value.split()[-1] for name, value in s.case.request.headers if name.lower() == "authorization" and value]
    for key in given:
        if len(key) >= 8 and key in text:
            yield Finding(
                expected="no key in an error", observed="the whole key of the request", where="/error/message"
            )
    if not given and "[redacted]" in text:
        yield Finding(expected="no key in an error", observed="the key in full (redacted here)", where="/error/message")


@check("error.in-stream", when=lambda s: s.case.invalid and wants_stream(s) and (succeeded(s) or _client_error(s)))
def refuses_before_it_streams(s: Subject) -> Iterator[Finding]:
    """
    What is wrong with a request is said with a 4xx, not inside a 200 stream.
    """
    if streamed(s) and s.reply.error_packet is not None:
        where = f"event[{s.reply.error_packet.event}]"
        yield Finding(expected="a 4xx status", observed=f"{s.reply.status} with an error event", where=where)
    elif streamed(s) and whole(s) and s.reply.packets and not s.reply.chunks:
        first = s.reply.packets[0]
        got = f"{s.reply.status} and no chunk, but {first.data[:60]!r}"
        yield Finding(expected="a 4xx status", observed=got, where=f"event[{first.event}]")


@check("error.status", when=lambda s: succeeded(s) and not s.reply.is_stream and whole(s))
def never_succeeds_with_an_error(s: Subject) -> Iterator[Finding]:
    """
    A body that reports an error does not come with 200: SDKs choose their exception by the status.
    """
    body = s.reply.value
    if isinstance(body, dict) and isinstance(body.get("error"), dict | str) and body["error"]:
        yield Finding(expected="a 4xx or 5xx status", observed=f"{s.reply.status} with an error body", where="/error")


def _message(s: Subject) -> str:
    message = (s.reply.error or {}).get("message")
    return message if isinstance(message, str) else ""


@check("error.nested", when=lambda s: failed(s) and bool(_message(s)))
def speaks_for_itself(s: Subject) -> Iterator[Finding]:
    """
    A gateway maps the error of the server behind it, rather than hand it on as text within the message.
    """
    text = _message(s)
    inner = strictjson.read_text(text[text.find("{") : text.rfind("}") + 1])
    if isinstance(strictjson.as_object(inner.value).get("error"), dict):
        yield Finding(expected="a message for people", observed=text[:120], where="/error/message")


def _names_param(s: Subject) -> bool:
    return _client_error(s) and s.case.expect is not None and bool(s.case.expect.param) and s.reply.error is not None


@check("error.names-param", when=_names_param)
def names_what_is_wrong(s: Subject) -> Iterator[Finding]:
    """
    ``error.param`` names the parameter that was refused.
    """
    expect, error = s.case.expect, s.reply.error or {}
    wanted = (expect.param if expect else "") or ""
    got = error.get("param")
    if not isinstance(got, str) or not _same_param(wanted, got):
        yield Finding(expected=f"param {wanted!r}", observed=repr(got), where="/error/param")


def _same_param(wanted: str, got: str) -> bool:
    def plain(name: str) -> str:
        return re.sub(r"\[\d+\]|\.\d+", "", name).strip(".")

    left, right = plain(wanted), plain(got)
    return left == right or left.startswith(right + ".") or right.startswith(left + ".") if right else False


@check(
    "request.answered",
    when=lambda s: s.valid and s.own and s.operation is not None and not _answers_itself(s),
    kind=CheckClass.TRANSPORT,
)
def answers_a_valid_request(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    A request that keeps the contract is answered with 2xx.
    """
    status = s.reply.status
    if status is None:
        yield Unobserved("no-answer", f"no answer came ({s.reply.exchange.ending})")
    elif status in (401, 403):
        # Whose fault it is that our key is refused, the answer does not say.
        yield Unobserved("auth", f"the credentials were refused with {status}")
    elif not 200 <= status < 300 and status < 500 and status not in BUSY:
        message = str((s.reply.error or {}).get("message", ""))[:160]
        yield Finding(expected="a 2xx answer", observed=f"{status} {message}".strip(), where="status")


def _answers_itself(s: Subject) -> bool:
    expect = s.case.expect
    return expect is not None and bool(expect.accepted or expect.refusal or expect.status)


def _malformed(s: Subject) -> bool:
    """
    What is wrong is said by no status but 400; a case that names its statuses allows for others.
    """
    expect = s.case.expect
    refusal = expect is not None and expect.refusal is not None
    return s.case.invalid and s.reply.status in ((400, 404, 422) if refusal else (400, 422))


@check("error.bad-request", when=_malformed)
def refuses_with_400(s: Subject) -> Iterator[Finding]:
    """
    A request that breaks a constraint is refused with 400; clients that match on BadRequestError miss a 422.
    """
    if s.reply.status != 400:
        yield Finding(expected="400", observed=str(s.reply.status), where="status")


@check("request.no-server-error", when=lambda s: s.own and s.reply.status is not None, kind=CheckClass.TRANSPORT)
def does_not_break(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    A request gets an answer or a refusal, never an internal error: SDKs retry a 5xx again and again.
    """
    status = s.reply.status or 0
    if status < 500 or status in BUSY | {501}:
        return
    if s.unsteady:
        yield Unobserved("5xx", f"{status}, as this target now and then answers anything")
    else:
        message = str((s.reply.error or {}).get("message", ""))[:160]
        wanted = "a 4xx status" if s.case.invalid else "a 2xx answer"
        yield Finding(expected=wanted, observed=f"{status} {message}".strip(), where="status")
