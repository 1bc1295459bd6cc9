"""
Rules of the models endpoints that a schema cannot say.

Source: https://platform.openai.com/docs/api-reference/models.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

from conformance.checks.registry import check
from conformance.checks.subject import Subject, plain
from conformance.model import Evidence, Finding
from conformance.read.strictjson import as_object


def _wanted(s: Subject) -> str:
    """
    The id of the model that was asked for; nothing when the list was.
    """
    return unquote(urlsplit(s.reply.exchange.sent.url).path.partition("/models/")[2])


@check("models.same-id", when=lambda s: plain(s) and s.valid and bool(_wanted(s)), shows=Evidence.REQUEST)
def gives_the_model_that_was_asked_for(s: Subject) -> Iterator[Finding]:
    """
    A model that the list names comes under that very id.
    """
    got = as_object(s.reply.value).get("id")
    if isinstance(got, str) and got and got != _wanted(s):
        yield Finding(expected=repr(_wanted(s)), observed=repr(got)[:80], where="/id")
