"""
Edits of requests, and refusals in the provider's stead: how a server ignores parameters, or will not have them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from conformance.reference.faults.fault import Ask, Asked, Instead, Object, answer

When = Callable[[Asked], bool]


def without(*keys: str, when: When | None = None) -> Ask:
    """
    Keeps parameters from the provider: how a server ignores them.
    """

    def ask(asked: Asked) -> Object | None:
        if not asked.body.keys() & set(keys) or (when is not None and not when(asked)):
            return None
        return {key: value for key, value in asked.body.items() if key not in keys}

    return ask


def replaced(key: str, change: Callable[[Any], Any], when: When | None = None) -> Ask:
    """
    Gives the provider another value of a parameter.
    """

    def ask(asked: Asked) -> Object | None:
        if key not in asked.body or (when is not None and not when(asked)):
            return None
        return {**asked.body, key: change(asked.body[key])}

    return ask


def streams(asked: Asked) -> bool:
    """
    The request asks for a stream.
    """
    return asked.streams


def not_streams(asked: Asked) -> bool:
    """
    The request asks for no stream.
    """
    return not asked.streams


def is_chat(asked: Asked) -> bool:
    """
    The request is for a chat completion.
    """
    return asked.method == "POST" and asked.path == "/v1/chat/completions"


def refusing(when: When, said: str, status: int = 400) -> Instead:
    """
    Refuses what ought to be answered.
    """
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = {"error": {"message": said, "type": kind, "param": None, "code": None}}
    return lambda asked: answer(status, body) if is_chat(asked) and when(asked) else None
