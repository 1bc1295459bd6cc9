"""
A credential that cannot be shown by accident.
"""

from __future__ import annotations

from typing import NoReturn


class Secret:
    """
    A key or a password: only ``reveal()`` gives its value; repr, str, format and pickle do not.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        """
        Hold ``value``.
        """
        self._value = value

    def reveal(self) -> str:
        """
        The value, for the one place that sends it and the one that looks for it.
        """
        return self._value

    def __repr__(self) -> str:
        """
        The same text for every secret.
        """
        return "Secret([redacted])"

    def __str__(self) -> str:
        """
        The same text for every secret.
        """
        return "[redacted]"

    def __eq__(self, other: object) -> bool:
        """
        Whether both hold the same value.
        """
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        """
        Equal secrets hash alike.
        """
        return hash(("Secret", self._value))

    def __reduce__(self) -> NoReturn:
        """
        A pickle is a file; raises TypeError.
        """
        message = "a Secret is never pickled or copied"
        raise TypeError(message)
