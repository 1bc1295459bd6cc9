"""
A request as a line for a POSIX shell, which sends it again.  The key is a variable of the environment, never a value.
"""

from __future__ import annotations

import json

from conformance.model import Exchange, Request

KEY = "$OPENAI_API_KEY"

#: curl writes these itself, or they belong to the one connection that is gone.
_OWN = frozenset(
    {"host", "content-length", "connection", "accept-encoding", "user-agent", "transfer-encoding", "accept"}
)
#: Headers that carry the key, with what stands before it.
_CREDENTIALS = {"authorization": "Bearer ", "proxy-authorization": "Bearer ", "x-api-key": "", "api-key": ""}


def line(exchange: Exchange, request: Request | None = None) -> str:
    """
    The curl command for what was sent; bytes that no shell line can hold are written with ``printf`` into a pipe.

    What is kept of an exchange does not hold its credentials; a case that sends others than the target's says so in its
    ``request``, without the key itself.
    """
    sent = exchange.sent
    words = ["curl"] + (["-N"] if _streams(sent.body) else [])
    if sent.method != ("POST" if sent.body else "GET"):
        words += ["-X", quoted(sent.method)]
    words.append(quoted(sent.url))
    own = {name.lower(): value for name, value in request.headers} if request is not None else {}
    for name, value in sent.headers:
        words += _header(name, value, own.get(name.lower()))
    if not sent.body:
        return " ".join(words)
    if not any(name.lower() == "content-type" for name, _ in sent.headers):
        # Otherwise curl labels the body as a form.
        words += ["-H", "'Content-Type:'"]
    if _plain(sent.body):
        return " ".join([*words, "--data-raw", quoted(sent.body.decode())])
    escaped = "".join(f"\\0{byte:03o}" for byte in sent.body)
    return f"printf %b '{escaped}' | " + " ".join([*words, "--data-binary", "@-"])


def quoted(text: str) -> str:
    """
    The text as one word of a POSIX shell, in single quotes, with nothing in it that a terminal would act on.
    """
    return "'" + "".join(each for each in text if each.isprintable()).replace("'", "'\\''") + "'"


def _header(name: str, value: str, own: str | None) -> list[str]:
    lower = name.lower()
    if lower in _OWN:
        return []
    if lower in _CREDENTIALS and own is not None:
        return ["-H", f'"{KEY}"'.join(quoted(each) for each in f"{name}: {own}".split("${key}"))]
    if lower in _CREDENTIALS:
        return ["-H", f'"{name}: {_CREDENTIALS[lower]}{KEY}"']
    if lower in ("cookie", "set-cookie"):
        return []
    return ["-H", quoted(f"{name}: {value}")]


def _plain(body: bytes) -> bool:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return False
    return text.isprintable()


def _streams(body: bytes) -> bool:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and value.get("stream") is True
