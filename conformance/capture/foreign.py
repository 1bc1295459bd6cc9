"""
Exchanges that others recorded, in one value: what was asked, what came, and what may be concluded from it.

No recorder keeps when each read returned, nor the transfer and content coding: those are never shown.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from conformance import coding
from conformance.capture import lengths
from conformance.capture.redaction import Redactor, credential_header
from conformance.capture.secret import Secret
from conformance.model import JSON, Case, Chunk, Ending, Evidence, Exchange, Request, Sent

#: What a recorder that stores bodies as they came lets us conclude.
STORED = Evidence.VALUES | Evidence.BYTES | Evidence.FRAMING | Evidence.IDENTITY | Evidence.HEADERS | Evidence.REQUEST
#: What remains when it encoded them anew.
REENCODED = Evidence.VALUES | Evidence.FRAMING | Evidence.REQUEST

#: True of the bytes on the wire, not of the decoded ones that were kept.
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})

_VENDORS = {"googleapis": "google", "x": "xai", "amazonaws": "amazon"}
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "org"})

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """
    One exchange that somebody else recorded.
    """

    #: Whose endpoint answered, by its host.
    vendor: str
    id: str
    #: Its path is the URL's whole path and its contract empty, until the caller knows better.
    case: Case
    exchange: Exchange
    #: The features that its target claimed, where the recording says so.
    claims: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What a reader of one format found, before it is made a case and an exchange.
    """

    id: str
    url: str
    status: int | None
    method: str = "POST"
    request_headers: Headers = ()
    #: The request's body: bytes, or the JSON value where only that was kept; None when it was not kept.
    request_body: bytes | JSON | None = None
    headers: Headers = ()
    body: bytes = b""
    shows: Evidence = STORED
    cut: bool = False
    started: float | None = None
    vendor: str = ""
    file: str = ""
    line: int = 0


#: What reading values of the wrong shape raises.
MISTAKES = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)


def words(problem: Exception) -> str:
    """
    What is wrong with a row that is no exchange, for the message that names it.
    """
    if isinstance(problem, KeyError):
        return f"it has no {problem}"
    return str(problem) if isinstance(problem, ValueError) else f"a part of it has another type ({problem})"


def foreign(found: Found) -> Foreign:
    """
    The values of the model for what was found; credentials that a recorder left in are taken out.

    Raises one of ``MISTAKES`` for a URL or a status that is none.
    """
    if not isinstance(found.url, str) or not (found.status is None or type(found.status) is int):
        raise ValueError("its URL is no text" if not isinstance(found.url, str) else "its status is no number")
    body, readable = decoded(found.body, found.headers)
    parts = urlsplit(found.url)
    sent = Sent(method=found.method, url=found.url, headers=found.request_headers, body=_sent_body(found.request_body))
    exchange = Exchange(
        sent=sent,
        ending=Ending.CUT if found.cut or not readable else Ending.COMPLETE,
        status=found.status,
        headers=tuple(each for each in found.headers if each[0].lower() not in _OF_THE_WIRE),
        chunks=(Chunk(0.0, body),) if body else (),
        error="" if not found.cut and readable else "the recorder kept only a part",
        started=found.started,
        shows=_shown(found) if readable else found.shows & Evidence.HEADERS,
    )
    redactor = Redactor(
        Secret(value.split(" ")[-1]) for name, value in found.request_headers if credential_header(name)
    )
    exchange = redactor.exchange(exchange)
    path = (parts.path or "/") + (f"?{urlsplit(exchange.sent.url).query}" if parts.query else "")
    case = Case(
        id=f"recorded.{found.id}",
        contract="",
        feature="recorded",
        title=f"{found.method} {parts.path or found.url}, recorded by others",
        request=_request(found, path, exchange.sent.body),
        file=found.file,
        line=found.line,
    )
    return Foreign(vendor=found.vendor or vendor_of(parts.hostname or ""), id=found.id, case=case, exchange=exchange)


def decoded(body: bytes, headers: Headers) -> tuple[bytes, bool]:
    """
    A body without its content coding, and whether it could be read; most recorders have taken the coding off already.
    """
    if body[:4] == b"\x28\xb5\x2f\xfd":
        return body, False  # zstd, for which Python has no reader before 3.14
    if body[:2] == b"\x1f\x8b":
        plain = coding.undo(("gzip",), [body]).data
        return plain, plain != body
    stated = coding.names(headers)
    # No JSON and no event begins as deflate does; of brotli, being readable is the only sign.
    coded = stated == ("br",) or (stated == ("deflate",) and body[:1] == b"\x78")
    return coding.undo(stated, [body]).data if coded else body, True


def vendor_of(host: str) -> str:
    """
    Whose endpoint a host is: the name that was registered, ``openai`` of ``api.openai.com``.
    """
    labels = host.split(".")
    if len(labels) < 2 or labels[-1].isdecimal():
        return host or "unknown"
    second = labels[-3] if len(labels) > 2 and labels[-2] in _SECOND_LEVEL else labels[-2]
    return _VENDORS.get(second, second)


def pairs(headers: object) -> Headers:
    """
    Headers as recorders write them (a mapping, values alone or in lists, or rows of name and value) as pairs.
    """
    if isinstance(headers, Mapping):
        return tuple((str(name), str(value)) for name, values in headers.items() for value in _each(values))
    rows: Iterable[Any] = headers if isinstance(headers, list) else ()
    return tuple(
        (str(row["name"]), str(row.get("value", ""))) for row in rows if isinstance(row, Mapping) and "name" in row
    )


def raw(value: object) -> bytes:
    """
    A body as recorders write it: text, bytes, or a mapping that holds either.
    """
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace")
    if isinstance(value, Mapping):
        for name in ("base64_string", "raw_gzip"):
            if value.get(name) is not None:
                return base64.b64decode(raw(value[name]))
        return raw(value.get("string"))
    return b""


def _each(values: object) -> Iterator[object]:
    if isinstance(values, list):
        yield from values
    elif values is not None:
        yield values


def _shown(found: Found) -> Evidence:
    shows = found.shows
    # Without its type, or with a word in its place that is none ("REDACTED"), the recorder changed the headers.
    if not any(name.lower() == "content-type" and "/" in value for name, value in found.headers):
        shows &= ~Evidence.HEADERS
    if found.request_body is None and found.method not in {"GET", "DELETE", "HEAD"}:
        shows &= ~Evidence.REQUEST
    if isinstance(found.request_body, bytes) and lengths.request_is_another(found.request_body, found.request_headers):
        shows &= ~Evidence.REQUEST
    if found.cut or found.method == "HEAD":
        return shows
    return shows & ~lengths.lost(found.body, found.headers)


def _sent_body(body: bytes | JSON | None) -> bytes:
    if body is None or isinstance(body, bytes):
        return body or b""
    return json.dumps(body, separators=(",", ":")).encode()


def _request(found: Found, path: str, sent: bytes) -> Request:
    try:
        value: JSON = json.loads(sent) if sent else None
    except (ValueError, RecursionError):
        return Request(method=found.method, path=path, raw=sent)
    return Request(method=found.method, path=path, body=value)
