"""
The reference provider: a correct server of the chat contract, with a toy model behind it.

It shares no code with what judges it, so that a mistake in one is not hidden by the same mistake in the other; it
imports nothing of this project outside this package. Starlette and uvicorn are loaded only when it is used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.reference.server import Provider as Provider
    from conformance.reference.server import running as running
    from conformance.reference.server import serve as serve

__all__ = ["Provider", "running", "serve"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("conformance.reference.server"), name)
    raise AttributeError(name)
