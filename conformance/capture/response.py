"""
Clients that others use in tests of their own: one with the target's credentials, and what any httpx client got.

A response shows neither when its reads returned nor the wire.
"""

from __future__ import annotations

from typing import TypeAlias

import httpx

import conformance
from conformance.capture.foreign import STORED, Foreign, Found, foreign
from conformance.capture.target import Target
from conformance.errors import UsageError

Client: TypeAlias = httpx.Client
Response: TypeAlias = httpx.Response


def client(target: Target) -> Client:
    """
    A plain client with the target's address, credentials and time-outs.
    """
    headers = [("User-Agent", f"conformance/{conformance.__version__}"), *target.headers]
    if target.key is not None and "authorization" not in {name.lower() for name, _ in headers}:
        headers.append(("Authorization", f"Bearer {target.key.reveal()}"))
    times = target.timeouts
    timeout = httpx.Timeout(times.first_byte, connect=times.connect)
    return httpx.Client(base_url=target.base_url, headers=headers, timeout=timeout)


def heard(response: Response) -> Foreign:
    """
    A response, read or still streaming, as an exchange without its credentials.

    Raises ``UsageError`` for a response without a request, and for a stream that nobody can read any more.
    """
    request = _request(response)
    return foreign(
        Found(
            id="response",
            url=str(request.url),
            status=response.status_code,
            method=request.method,
            request_headers=_pairs(request.headers),
            request_body=_sent(request),
            headers=_pairs(response.headers),
            body=_body(response),
            shows=STORED,
        )
    )


def _request(response: Response) -> httpx.Request:
    try:
        return response.request
    except RuntimeError:
        raise UsageError("the response has no request\n  Make it with httpx.Response(..., request=...).") from None


def _body(response: Response) -> bytes:
    try:
        return response.content
    except httpx.ResponseNotRead:
        pass
    try:
        return response.read()
    except RuntimeError as problem:
        # Read by others already, or an asynchronous stream.
        raise UsageError(
            f"the response cannot be read any more: {problem}\n"
            "  Judge it before anybody iterates over it, or after read(); await aread() of an asynchronous one."
        ) from None


def _sent(request: httpx.Request) -> bytes | None:
    try:
        return request.content
    except httpx.RequestNotRead:
        return None


def _pairs(headers: httpx.Headers) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)
