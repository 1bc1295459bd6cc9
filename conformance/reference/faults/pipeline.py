"""
From the provider's answer to the bytes on the wire, through the peculiarities that are switched on.  Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from conformance.reference.faults.fault import Answer, Asked, Peculiarity, Wire

#: The longest a stream may take in seconds, however many events it has.
LONGEST = 0.5


def asked(request: Asked, shown: Sequence[Peculiarity]) -> Asked:
    """
    Gives the request as the provider sees it.
    """
    for each in shown:
        body = each.ask(request) if each.ask is not None and request.body else None
        if body is not None:
            request = request.saying(body)
    return request


def instead(request: Asked, shown: Sequence[Peculiarity]) -> Answer | None:
    """
    Gives the answer that is given in the provider's stead, if one is.
    """
    given = (each.instead(request) for each in shown if each.instead is not None)
    return next((answer for answer in given if answer is not None), None)


def pardoned(answer: Answer, request: Asked, shown: Sequence[Peculiarity]) -> Asked | None:
    """
    Gives the request to ask instead of one that the provider refused and should not have, if it is such a one.
    """
    if not 400 <= answer.status < 500 or not any(each.forgive and each.forgive(answer, request) for each in shown):
        return None
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return replace(request, headers={**request.headers, "authorization": f"Bearer {request.memory.get('key')}"})
    body: dict[str, Any] = {"model": "reference-1", "messages": [{"role": "user", "content": "Reply with exactly: ok"}]}
    if request.streams:
        body["stream"] = True
    return replace(request.saying(body), headers={**request.headers, "content-type": "application/json"})


def edited(answer: Answer, request: Asked, shown: Sequence[Peculiarity]) -> Answer:
    """
    Gives the answer as it is written.
    """
    for each in shown:
        answer = each.edit(answer, request) if each.edit is not None else answer
    return answer


def written(answer: Answer, request: Asked, shown: Sequence[Peculiarity], *, delay: float) -> Wire:
    """
    Gives what goes over the wire; `delay` is in seconds between two events of a stream.
    """
    wire = _framed(edited(answer, request, shown), request, delay)
    for each in shown:
        wire = each.wire(wire, request) if each.wire is not None else wire
    return wire


def _framed(answer: Answer, request: Asked, delay: float) -> Wire:
    pause = min(delay, LONGEST / max(1, len(answer.parts)))
    bodiless = request.method == "HEAD" or answer.status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED)
    parts = () if bodiless else answer.parts
    if answer.framing == "chunked":
        pieces = [b"%x\r\n%b\r\n" % (len(part), part) for part in parts if part]
        return Wire(head=_head(answer), pieces=(*((pause, each) for each in pieces), (0.0, b"0\r\n\r\n")))
    ending = "close" if answer.framing == "close" else "keep"
    return Wire(head=_head(answer), pieces=tuple((pause, part) for part in parts), ending=ending)  # type: ignore[arg-type]


def _head(answer: Answer) -> bytes:
    try:
        reason = HTTPStatus(answer.status).phrase
    except ValueError:
        reason = ""
    fields = [(name, value) for name, value in answer.headers if name.lower() not in _OURS]
    framing = {
        "length": ("content-length", str(len(answer.body))),
        "chunked": ("transfer-encoding", "chunked"),
        "close": ("connection", "close"),
    }
    lines = [f"HTTP/1.1 {answer.status} {reason}", *(f"{name}: {value}" for name, value in fields)]
    lines.append("{}: {}".format(*framing[answer.framing]))
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


_OURS = frozenset({"content-length", "transfer-encoding", "connection"})
