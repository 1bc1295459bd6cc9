"""
Secrets taken out of everything that leaves ``capture``, in memory, before anything is written.

What is looked for is the exact value of each configured secret, as it is and as URLs, base64 and JSON write it.
A secret that a server echoes in pieces, one event each, is not a run of bytes and is not found.
"""

from __future__ import annotations

import base64
import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from conformance import coding
from conformance.capture.secret import Secret
from conformance.capture.target import Target
from conformance.errors import SecretLeak
from conformance.model import Chunk, Evidence, Exchange

REDACTED = "[redacted]"

#: Shorter values are stand-ins for no key at all ("x", "EMPTY"); to blot them out everywhere would blot out evidence.
SHORTEST = 6

_HEADER = re.compile(
    r"authorization|proxy-authorization|cookie|set-cookie|api-key|.*-api-key|.*-auth-token", re.IGNORECASE
)
_CREDENTIAL_LINE = re.compile(rf"(?:{_HEADER.pattern})[ \t]*:".encode(), re.IGNORECASE)
_QUERY = re.compile(r"([?&](?:key|api[-_]?key|access[-_]token|token|signature|sig)=)[^&#]*", re.IGNORECASE)
_SCHEME = re.compile(r"(?:bearer|basic|token)\s+", re.IGNORECASE)


def secrets_of(target: Target) -> tuple[Secret, ...]:
    """
    Everything configured for a target that must not be seen: its key and the values of its credential headers.
    """
    found = [target.key] if target.key else []
    found += [Secret(_SCHEME.sub("", value, count=1)) for name, value in target.headers if _HEADER.fullmatch(name)]
    found += [Secret(part[2]) for part in re.finditer(r"//([^/@:]*):([^/@]*)@", target.base_url)]
    return tuple(found)


def credential_header(name: str) -> bool:
    """
    Whether a header of this name carries a credential.
    """
    return _HEADER.fullmatch(name) is not None


class Redactor:
    """
    Replaces the secrets it was made with; without any it only blots credential headers.
    """

    __slots__ = ("_pattern",)

    def __init__(self, secrets: Iterable[Secret]) -> None:
        """
        ``secrets`` in every spelling are looked for; the longest spelling wins.
        """
        spellings = sorted({each for secret in secrets for each in _spellings(secret.reveal())}, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(re.escape(each) for each in spellings)) if spellings else None

    def holds(self, data: bytes) -> bool:
        """
        Whether a secret is in ``data``.
        """
        return self._pattern is not None and self._pattern.search(data) is not None

    def body(self, data: bytes) -> bytes:
        """
        ``data`` without secrets.
        """
        return self._pattern.sub(REDACTED.encode(), data) if self._pattern else data

    def text(self, text: str) -> str:
        """
        ``text`` without secrets.
        """
        if self._pattern is None:
            return text
        return self.body(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")

    def url(self, url: str) -> str:
        """
        A URL without secrets, and without the values of query keys that carry credentials.
        """
        plain = re.sub(r"//[^/@]*@", f"//{REDACTED}@", url)
        return self.text(_QUERY.sub(rf"\g<1>{REDACTED}", plain))

    def headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """
        Headers in order; those that carry credentials keep their name alone.
        """
        return tuple((name, REDACTED if _HEADER.fullmatch(name) else self._value(value)) for name, value in headers)

    def _value(self, value: str) -> str:
        # Header values are kept as Latin-1, one character a byte.
        if not value.isascii():
            return self.body(value.encode("latin-1", "replace")).decode("latin-1")
        return self.text(value)

    def chunks(self, chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        """
        Reads with their boundaries and times, without secrets, not even those that span reads.
        """
        joined = b"".join(chunk.data for chunk in chunks)
        spans = [match.span() for match in self._pattern.finditer(joined)] if self._pattern else []
        return tuple(_cut(chunks, spans)) if spans else chunks

    def exchange(self, exchange: Exchange) -> Exchange:
        """
        An exchange that may be written and shown.
        """
        sent = exchange.sent
        return replace(
            exchange,
            sent=replace(sent, url=self.url(sent.url), headers=self.headers(sent.headers), body=self.body(sent.body)),
            headers=self.headers(exchange.headers),
            **self._answer(exchange),
            error=self.text(exchange.error),
            raw=self._connection(exchange.raw),
        )

    def _connection(self, raw: bytes) -> bytes:
        """
        The bytes of a connection with secrets blotted out sign by sign, for their places and lengths are evidence.
        """
        head, blank, rest = raw.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        kept = [_blotted(line) if _CREDENTIAL_LINE.match(line) else line for line in lines]
        joined = b"\r\n".join(kept) + blank + rest
        return self._pattern.sub(lambda found: b"*" * len(found[0]), joined) if self._pattern else joined

    def _answer(self, exchange: Exchange) -> dict[str, Any]:
        """
        The reads; of a coded body that hides a secret, one read with the rest, which proves no bytes any more.
        """
        codings = coding.names(exchange.headers)
        if codings and self._pattern is not None:
            raw = b"".join(chunk.data for chunk in exchange.chunks)
            plain = coding.undo(codings, [raw]).data
            if plain != raw and self.holds(plain):
                kept = Chunk(exchange.chunks[0].at, coding.apply(codings, self.body(plain)))
                return {"chunks": (kept,), "shows": exchange.shows & ~(Evidence.BYTES | Evidence.WIRE | Evidence.TIMES)}
        return {"chunks": self.chunks(exchange.chunks)}


def _blotted(line: bytes) -> bytes:
    name, colon, value = line.partition(b":")
    return name + colon + re.sub(rb"\S", b"*", value)


def guard(data: str | bytes, secrets: Iterable[Secret], path: str = "output") -> None:
    """
    The last look before writing; raises ``SecretLeak`` naming ``path``.
    """
    raw = data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape")
    if Redactor(secrets).holds(raw):
        raise SecretLeak(path)


def write_guarded(path: Path, data: str | bytes, secrets: Iterable[Secret]) -> None:
    """
    Write a whole file or nothing; raises ``SecretLeak`` when it would hold a secret.
    """
    guard(data, secrets, str(path))
    raw = data if isinstance(data, bytes) else data.encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    current = os.umask(0o022)
    os.umask(current)
    return current


def _cut(chunks: tuple[Chunk, ...], spans: list[tuple[int, int]]) -> Iterator[Chunk]:
    """
    The mark goes into the read in which the secret begins; the bytes that follow it in later reads go.
    """
    start = 0
    for chunk in chunks:
        end, kept, at = start + len(chunk.data), b"", start
        for first, last in spans:
            if last <= start or first >= end:
                continue
            kept += chunk.data[at - start : max(first, start) - start]
            kept += REDACTED.encode() if first >= start else b""
            at = min(last, end)
        yield Chunk(chunk.at, kept + chunk.data[at - start :])
        start = end


def _spellings(value: str) -> Iterator[bytes]:
    if len(value) < SHORTEST:
        return
    raw = value.encode("utf-8", "surrogateescape")
    yield raw
    for quoted in (quote(value, safe=""), quote(value), quote_plus(value)):
        yield quoted.encode()
        yield re.sub("%..", lambda match: match[0].lower(), quoted).encode()
    for escaped in (json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]):
        yield escaped.encode("utf-8", "surrogatepass")
        yield escaped.replace("/", "\\/").encode("utf-8", "surrogatepass")
    # "user:secret" is coded at one of three alignments; the characters shared with neighbours are left out.
    for shift in range(3):
        padded = bytes(shift) + raw
        first, last = -(-8 * shift // 6), 8 * len(padded) // 6
        for coded in (base64.b64encode(padded), base64.urlsafe_b64encode(padded)):
            yield coded[first:last]
