"""
What the reference provider answers when it cannot answer: one exception, and the envelope it becomes.

The envelope is the documented one: an object `error` with `message`, `type`, `param` and `code`, all four always
present (OpenAI's `ErrorResponse`). Which rule was broken is decided elsewhere, in the `validate` modules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True, eq=False)
class Refused(Exception):
    """
    A request which is not served, with everything the client is told of the reason.

    `param` is the place in the request body, written `messages[0].role`; None when no single parameter is to blame.
    Not frozen, because Python attaches the traceback to an exception as it is raised.
    """

    message: str
    status: int = 400
    type: str = "invalid_request_error"
    param: str | None = None
    code: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def envelope(refused: Refused) -> dict[str, Any]:
    """
    Gives the JSON body of an error answer.
    """
    return {
        "error": {
            "message": refused.message,
            "type": refused.type,
            "param": refused.param,
            "code": refused.code,
        }
    }


def invalid(param: str | None, message: str, code: str | None = "invalid_value") -> Refused:
    """
    Gives the refusal (400) of one parameter.
    """
    return Refused(message=message, param=param, code=code)


def missing(param: str) -> Refused:
    """
    Gives the refusal of a request which lacks a required parameter.
    """
    return invalid(param, f"Missing required parameter: '{param}'.", "missing_required_parameter")


def wrong_key() -> Refused:
    """
    Gives the refusal of a wrong key. The key is not repeated in it: error texts end up in logs.
    """
    return Refused(
        status=401,
        message="Incorrect API key provided.",
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def no_key() -> Refused:
    """
    Gives the refusal of a request which brings no key at all.
    """
    return Refused(
        status=401,
        message="You didn't provide an API key. Send it as a bearer token in the Authorization header.",
        code="invalid_api_key",
        headers={"www-authenticate": "Bearer"},
    )


def unknown_model(name: str) -> Refused:
    """
    Gives the refusal (404) of a model name which is not served at the endpoint asked.
    """
    message = f"The model '{name[:100]}' does not exist or you do not have access to it."
    return Refused(status=404, message=message, param="model", code="model_not_found")
