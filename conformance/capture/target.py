"""
Whom we ask, and a case made ready to be sent there.

Credentials are added here, so that a ``Case`` can never contain one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeAlias

import conformance
from conformance.capture.secret import Secret
from conformance.model import JSON, Case, Request

__all__ = ["EarlierLacks", "Prepared", "Secret", "Target", "Timeouts", "pointed", "prepare"]

_VARIABLE = re.compile(r"\$\{(model|unique|long:(?P<long>\d+)|after(?:\.(?P<pointer>/[^}]*)?)?)\}")
#: Stands in headers alone, so that no body can carry the key.
_KEY = "${key}"


class EarlierLacks(LookupError):
    """
    A case continues a reply which does not have what it needs, most often because the model chose otherwise.
    """

    def __init__(self, pointer: str) -> None:
        """
        ``pointer`` is the place in the assembled reply at which nothing was found.
        """
        super().__init__(f"the earlier reply has nothing at {pointer}")
        self.pointer = pointer


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """
    How long we wait, in seconds: to connect, for the headers, between two reads, and in all.
    """

    connect: float = 10.0
    first_byte: float = 60.0
    idle: float = 30.0
    total: float = 180.0

    @classmethod
    def of(cls, seconds: float) -> Timeouts:
        """
        One number for all: so long may an answer take to begin, and thrice as long (at least the default) to end.
        """
        return cls(connect=min(seconds, 10.0), first_byte=seconds, total=max(180.0, 3 * seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """
    One endpoint under test: its address, credentials, models and limits.
    """

    name: str
    base_url: str
    model: str
    key: Secret | None = None
    #: Sent with every request, before what the case adds.
    headers: tuple[tuple[str, str], ...] = ()
    #: Features that the target says it has; None: it says nothing.
    claims: tuple[str, ...] | None = None
    concurrency: int = 8
    #: Requests a second, or None for as many as come.
    rate: float | None = None
    timeouts: Timeouts = Timeouts()
    #: Models for single contracts, where they differ from ``model``.
    models: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    profiles: tuple[str, ...] = ()
    contracts: tuple[str, ...] = ()
    label: str = ""
    baseline: str = ""
    #: What a run may cost at most, where the command does not say; None: no limit.
    max_requests: int | None = None
    max_tokens: int | None = None
    max_seconds: float | None = None

    def __repr__(self) -> str:
        """
        Without what an address or a header may carry: tests of others print their fixtures.
        """
        url = re.sub(r"//[^/@]*@", "//[redacted]@", self.base_url)
        return f"Target(name={self.name!r}, base_url={url!r}, model={self.model!r})"

    def model_for(self, contract: str) -> str:
        """
        The model that cases of this contract ask for.
        """
        return self.models.get(contract, self.model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """
    A request ready for the wire, credentials included: never written anywhere.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = b""


def prepare(case: Case, target: Target, *, unique: str, earlier: JSON | None = None, attempt: int = 1) -> Prepared:
    """
    Fill in the variables of a case's request and add the target's address and credentials.

    ``unique`` is this case's random word, ``earlier`` the assembled reply that it continues, ``attempt`` counts from 1
    and chooses the wording.  Raises ``EarlierLacks`` when ``earlier`` lacks what the request quotes.
    """
    fill = _filler(target.model_for(case.contract), unique, earlier)
    request = case.request
    body = _body(case, fill, attempt)
    path = str(_text(request.path, fill))
    return Prepared(
        method=request.method,
        url=_join(target.base_url, path),
        headers=_headers(request, target, body, fill),
        body=body,
    )


def pointed(document: JSON | None, pointer: str) -> JSON | None:
    """
    The value at a JSON Pointer (RFC 6901); raises ``EarlierLacks`` when there is none.
    """
    value = document
    for token in pointer.split("/")[1:]:
        name = token.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            raise EarlierLacks(pointer)
    return value


def long_text(length: int) -> str:
    """
    ``length`` characters of numbered words: long, and no run of one letter that a tokenizer would fold.
    """
    words: list[str] = []
    size = 0
    while size < length:
        words.append(f"word{len(words) + 1} ")
        size += len(words[-1])
    return "".join(words)[:length]


_Fill: TypeAlias = "Callable[[re.Match[str]], JSON | None]"


def _filler(model: str, unique: str, earlier: JSON | None) -> _Fill:
    def fill(match: re.Match[str]) -> JSON | None:
        name = match.group(1)
        if name == "model":
            return model
        if name == "unique":
            return unique
        if match["long"]:
            return long_text(int(match["long"]))
        return pointed(earlier, match["pointer"] or "")

    return fill


def _text(text: str, fill: _Fill) -> JSON | None:
    """
    A string that is one variable alone takes the type of its value; within other text it is written out.
    """
    if whole := _VARIABLE.fullmatch(text):
        return fill(whole)
    return _VARIABLE.sub(lambda match: _written(fill(match)), text)


def _written(value: JSON | None) -> str:
    return value if isinstance(value, str) else _encode(value).decode()


def _filled(value: JSON | None, fill: _Fill) -> JSON:
    if isinstance(value, str):
        return _text(value, fill)
    if isinstance(value, list):
        return [_filled(each, fill) for each in value]
    if isinstance(value, dict):
        return {name: _filled(each, fill) for name, each in value.items()}
    return value


def _body(case: Case, fill: _Fill, attempt: int) -> bytes:
    request = case.request
    if request.raw is not None:
        return _raw(request.raw, fill)
    if request.body is None:
        return b""
    body: JSON | None = request.body
    if attempt > 1 and case.again:
        body = _reworded(body, case.again[min(attempt - 2, len(case.again) - 1)])
    return _encode(_filled(body, fill))


def _raw(raw: bytes, fill: _Fill) -> bytes:
    # Latin-1 maps every byte to one character and back, so bytes that are no text pass unchanged.
    def written(match: re.Match[str]) -> str:
        return _written(fill(match)).encode().decode("latin-1")

    return _VARIABLE.sub(written, raw.decode("latin-1")).encode("latin-1")


def _reworded(body: JSON | None, wording: str) -> JSON | None:
    if not isinstance(body, dict) or not isinstance(messages := body.get("messages"), list):
        return body
    last = max(
        (i for i, each in enumerate(messages) if isinstance(each, dict) and each.get("role") == "user"), default=-1
    )
    if last < 0:
        return body
    changed = [
        {**each, "content": wording} if i == last and isinstance(each, dict) else each
        for i, each in enumerate(messages)
    ]
    return {**body, "messages": changed}


def _encode(value: JSON | None) -> bytes:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    try:
        return text.encode()
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8; as an escape it is still JSON.
        return json.dumps(value, separators=(",", ":")).encode()


def _join(base_url: str, path: str) -> str:
    base, mark, query = base_url.partition("?")
    url = base.rstrip("/") + (path if path.startswith("/") or not path else f"/{path}")
    if not mark:
        return url
    return f"{url}&{query}" if "?" in url else f"{url}?{query}"


def _headers(request: Request, target: Target, body: bytes, fill: _Fill) -> tuple[tuple[str, str], ...]:
    streamed = isinstance(request.body, dict) and request.body.get("stream") is True
    defaults = [
        *([("Content-Type", "application/json")] if body else []),
        ("Accept", "text/event-stream, application/json" if streamed else "application/json"),
        # A coded body would hide the bytes that the checks read.
        ("Accept-Encoding", "identity"),
        ("User-Agent", f"conformance/{conformance.__version__}"),
    ]
    key = target.key.reveal() if target.key else ""
    own = [(name, str(_text(value, fill)).replace(_KEY, key).strip()) for name, value in request.headers]
    last = [("Authorization", f"Bearer {target.key.reveal()}")] if target.key else []
    kept: list[tuple[str, str]] = []
    for layer in (defaults, list(target.headers), own):
        names = {name.lower() for name, _ in layer}
        kept = [each for each in kept if each[0].lower() not in names] + layer
    if "authorization" in {name.lower() for name, _ in kept}:
        last = []
    dropped = {name.lower() for name in request.without}
    own_names = {name.lower() for name, _ in own}
    return tuple(each for each in kept + last if each[0].lower() not in dropped - own_names)
