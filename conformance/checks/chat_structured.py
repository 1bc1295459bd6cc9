"""
Rules of ``response_format``, streamed and plain.

Source: https://platform.openai.com/docs/guides/structured-outputs.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks import validators
from conformance.checks.chat_usage import count, limit_of
from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered
from conformance.model import JSON, Evidence, Finding
from conformance.read import strictjson
from conformance.read.chat import Choice
from conformance.read.strictjson import as_object


def _format(s: Subject) -> dict[str, JSON]:
    return as_object(s.asked.get("response_format"))


def _written(s: Subject) -> list[Choice]:
    """
    The choices whose text is finished and is the answer; not one that used up the limit, whatever reason it gives.
    """
    limit, written = limit_of(s.asked), count(s, "completion_tokens")
    if limit is not None and written is not None and written >= limit:
        return []
    return [
        choice
        for choice in s.completion.choices
        if choice.finish_reason == "stop" and choice.content and not choice.refusal and not choice.tool_calls
    ]


def _wants_json(s: Subject) -> bool:
    kind = _format(s).get("type")
    return answered(s) and s.valid and kind in ("json_object", "json_schema") and bool(_written(s))


def _fenced(text: str) -> bool:
    return text.strip().startswith("```")


def _where(choice: Choice) -> str:
    return f"/choices/{choice.index}/message/content"


@check("openai-chat.structured.fence", when=_wants_json, shows=Evidence.REQUEST)
def writes_no_markdown_fence(s: Subject) -> Iterator[Finding]:
    """
    The content is JSON text itself, not a Markdown block that holds it.
    """
    for choice in _written(s):
        if _fenced(choice.content or ""):
            yield Finding(expected="JSON text", observed=repr((choice.content or "")[:40]), where=_where(choice))


def _free_of_tools(s: Subject) -> bool:
    # OpenAI itself was seen to write two objects where tools were offered as well (3 of 874 recordings).
    return _wants_json(s) and not s.asked.get("tools") and not s.asked.get("functions")


@check("openai-chat.structured.json", when=_free_of_tools, shows=Evidence.REQUEST)
def writes_json(s: Subject) -> Iterator[Finding]:
    """
    With ``json_object`` and ``json_schema`` the finished content is one JSON text.
    """
    for choice in _written(s):
        text = choice.content or ""
        document = strictjson.read_text(text)
        broken = not document.ok or any(f.kind in {"syntax", "trailing", "empty"} for f in document.faults)
        if broken and not _fenced(text):
            yield Finding(expected="one JSON text", observed=repr(text[:80]), where=_where(choice))
        elif not broken and _format(s).get("type") == "json_object" and not isinstance(document.value, dict):
            yield Finding(expected="a JSON object", observed=repr(text[:80]), where=_where(choice))


def _schema(s: Subject) -> dict[str, JSON]:
    return as_object(as_object(_format(s).get("json_schema")).get("schema"))


def _strict(s: Subject) -> bool:
    return as_object(_format(s).get("json_schema")).get("strict") is True


def _breaks(s: Subject) -> Iterator[Finding]:
    for choice in _written(s):
        document = strictjson.read_text(choice.content or "")
        if document.ok and not any(f.kind in {"syntax", "trailing"} for f in document.faults):
            problem = validators.first_error(_schema(s), document.value)
            if problem:
                yield Finding(expected="a value under the schema", observed=problem, where=_where(choice))


@check("openai-chat.structured.schema", when=lambda s: _wants_json(s) and bool(_schema(s)) and _strict(s))
def keeps_a_strict_schema(s: Subject) -> Iterator[Finding]:
    """
    With ``strict: true`` the content is valid under the schema.
    """
    yield from _breaks(s)


@check("openai-chat.structured.schema-loose", when=lambda s: _wants_json(s) and bool(_schema(s)) and not _strict(s))
def keeps_a_schema(s: Subject) -> Iterator[Finding]:
    """
    Without ``strict`` the content usually keeps the schema.
    """
    yield from _breaks(s)


@check("openai-chat.structured.key-order", when=lambda s: _wants_json(s) and bool(_schema(s)) and _strict(s))
def keeps_the_order_of_the_schema(s: Subject) -> Iterator[Finding]:
    """
    The keys come in the order of the schema, so that reasoning can come before its answer.
    """
    order = list(as_object(_schema(s).get("properties")))
    for choice in _written(s):
        value = validators.parse(choice.content or "")
        keys = [key for key in as_object(value) if key in order]
        if keys != [key for key in order if key in keys]:
            yield Finding(expected=f"keys in the order {order}"[:120], observed=str(keys)[:120], where=_where(choice))
