"""
From an HTTP request to a JSON value: the key, the headers, the size and the JSON text, each refused when wrong.

What the value means is for the endpoints. Nothing of a key is ever repeated in an answer.
"""

from __future__ import annotations

import hmac
import json
import math
from typing import Any, NoReturn

from starlette.requests import Request

from conformance.reference.errors import Refused, invalid, no_key, wrong_key

#: The largest body taken, in bytes; a larger one is read to its end, as far as this times three, and refused.
LARGEST = 20 * 1024 * 1024
_LONGEST_REQUEST_ID = 512


def authorise(request: Request, api_key: str | None) -> None:
    """
    Refuses a request (401) which does not bring the key as a bearer token, if a key is demanded.
    """
    if api_key is None:
        return
    given = request.headers.get("authorization", "")
    scheme, _, token = given.partition(" ")
    if not given:
        raise no_key()
    if scheme.lower() != "bearer" or not hmac.compare_digest(token.strip().encode("latin-1"), api_key.encode()):
        raise wrong_key()


def headers(request: Request) -> None:
    """
    Refuses a request id of the client's which is too long or not ASCII (OpenAI's API overview).
    """
    given = request.headers.get("x-client-request-id", "")
    if len(given) > _LONGEST_REQUEST_ID or not given.isascii():
        raise invalid(None, "Invalid 'X-Client-Request-Id': expected at most 512 ASCII characters.")


async def value(request: Request) -> Any:
    """
    Gives the JSON value of a request's body.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    raw = await _read(request)
    if kind != "application/json" and not kind.endswith("+json"):
        message = f"Unsupported content type: '{kind[:80]}'. This API only accepts 'application/json'."
        raise Refused(status=415, message=message, code="unsupported_content_type")
    return parse(raw)


async def _read(request: Request) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= LARGEST:
            parts.append(part)
        elif size > 3 * LARGEST:
            break
    if size > LARGEST:
        message = f"Request too large: expected at most {LARGEST} bytes."
        raise Refused(status=413, message=message, code="request_too_large")
    return b"".join(parts)


def parse(raw: bytes) -> Any:
    """
    Gives the value of a JSON text: UTF-8 without a byte order mark, finite numbers, no lone surrogates.
    """
    try:
        found = json.loads(raw.decode(), parse_constant=_no_constant, parse_float=_finite)
        json.dumps(found, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        # A lone surrogate comes here too: UnicodeEncodeError is a ValueError.
        reason = "it cannot be encoded as UTF-8" if isinstance(error, UnicodeError) else "it is not valid JSON"
        message = f"We could not parse the JSON body of your request: {reason}."
        raise invalid(None, message, None) from None
    return found


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(written: str) -> float:
    number = float(written)
    if not math.isfinite(number):
        raise ValueError(written)
    return number
