"""
An exchange as somebody else's recorder would have stored it: HAR, a VCR cassette, JSON lines.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import yaml

from conformance.model import Exchange
from conformance.read.reply import Reply


def _body(exchange: Exchange) -> bytes:
    return Reply(exchange).body


def har(exchange: Exchange) -> bytes:
    """
    An HTTP archive, whose tools store decoded bodies: as text, or as base64 what is none.
    """
    body = _body(exchange)
    try:
        content = {"size": len(body), "text": body.decode()}
    except UnicodeDecodeError:
        content = {"size": len(body), "text": base64.b64encode(body).decode(), "encoding": "base64"}
    request = {
        "method": exchange.sent.method,
        "url": exchange.sent.url,
        "headers": [{"name": name, "value": value} for name, value in exchange.sent.headers],
        "postData": {"mimeType": "application/json", "text": exchange.sent.body.decode()},
    }
    headers = [{"name": name, "value": value} for name, value in exchange.headers]
    response = {"status": exchange.status, "headers": headers, "content": content}
    entry = {"startedDateTime": "2026-08-02T22:38:03Z", "time": 5, "request": request, "response": response}
    return json.dumps({"log": {"version": "1.2", "entries": [entry]}}).encode()


def _lists(headers: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    lists: dict[str, list[str]] = {}
    for name, value in headers:
        lists.setdefault(name, []).append(value)
    return lists


def vcrpy(exchange: Exchange) -> bytes:
    """
    A cassette of vcrpy, which stores the body as it came, content coding and all.
    """
    stored = b"".join(chunk.data for chunk in exchange.chunks)
    try:
        body: str | bytes = stored.decode()
    except UnicodeDecodeError:
        body = stored
    interaction = {
        "request": {
            "method": exchange.sent.method,
            "uri": exchange.sent.url,
            "headers": _lists(exchange.sent.headers),
            "body": exchange.sent.body.decode(),
        },
        "response": {
            "status": {"code": exchange.status, "message": ""},
            "headers": _lists(exchange.headers),
            "body": {"string": body},
        },
    }
    return yaml.safe_dump({"interactions": [interaction], "version": 1}, allow_unicode=True).encode()


def _line(exchange: Exchange, fidelity: str, body: str) -> bytes:
    request: dict[str, Any] = {
        "method": exchange.sent.method,
        "url": exchange.sent.url,
        "headers": {},
        "body": exchange.sent.body.decode(),
    }
    response = {"status": exchange.status, "headers": dict(exchange.headers), "body_text": body}
    row = {"id": "1", "vendor": "acme", "fidelity": fidelity, "request": request, "response": response}
    return json.dumps(row).encode()


def raw_line(exchange: Exchange) -> bytes:
    """
    A line that holds the body as it came.
    """
    return _line(exchange, "raw", _body(exchange).decode("utf-8", "replace"))


def canonical_line(exchange: Exchange) -> bytes:
    """
    A line whose recorder read the JSON and wrote it anew, with ids and times of its own and most headers gone.
    """
    body = _body(exchange).decode("utf-8", "replace")
    return _line(exchange, "canonical", body)


RECORDERS: dict[str, Callable[[Exchange], bytes]] = {
    "har": har,
    "vcrpy": vcrpy,
    "raw line": raw_line,
    "canonical line": canonical_line,
}
