"""
Faults of parameters, and of parts of schemas, that are ignored or garbled only in a certain company.
"""

from __future__ import annotations

from typing import Any

from conformance.reference.faults.asks import without
from conformance.reference.faults.fault import Asked, Fault, Object
from conformance.reference.faults.parts import functions, given, messages, of_form, of_functions, several
from conformance.reference.faults.parts import without as less
from conformance.reference.faults.rows import seldom


def _without_spaces(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_spaces(each) for each in value]
    if not isinstance(value, dict):
        return value.replace(" ", "_") if value == "with space" else value
    return {name.replace(" ", "_"): _without_spaces(each) for name, each in value.items()}


def _flat(schema: Any) -> Any:
    """
    A schema whose constraints on values hold at its top alone.
    """
    found = schema.get("properties") if isinstance(schema, dict) else None
    if not isinstance(found, dict):
        return schema
    return {**schema, "properties": {name: _below(node) for name, node in found.items()}}


def _below(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    return {key: less(each, "enum", "const") if key in ("properties", "items") else each for key, each in node.items()}


def _instructed(asked: Asked) -> bool:
    return any(each.get("role") in ("system", "developer") for each in messages(asked))


def _called_all_the_same(asked: Asked) -> Object | None:
    quiet = asked.body.get("tool_choice") == "none" and "parallel_tool_calls" in asked.body
    return {**asked.body, "tool_choice": "required"} if quiet and any(functions(asked.body)) else None


_STRICT, _FORM = "tools.arguments-strict", "structured.schema"
_CALLED, _FORMED = "tools.arguments-schema", "structured.schema-loose"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    seldom("constants-ignored", "MUST", _STRICT, "const in a function's parameters is ignored", "tools", beside=1, also=_CALLED, ask=of_functions(lambda schema: less(schema, "const"))),
    seldom("bounds-ignored", "MUST", _STRICT, "bounds of numbers in a function's parameters are ignored", "tools", beside=1, also=_CALLED, ask=of_functions(lambda schema: less(schema, "minimum", "maximum"))),
    seldom("format-names-joined", "MUST", _FORM, "a space within a property's name in an answer's schema becomes a line", "response_format", also=_FORMED, ask=of_form(_without_spaces)),
    seldom("pattern-ignored", "MUST", _FORM, "pattern in an answer's schema is ignored", "response_format", also=_FORMED, ask=of_form(lambda schema: less(schema, "pattern"))),
    seldom("items-ignored", "MUST", _FORM, "the number of items in an answer's schema is ignored", "response_format", also=_FORMED, ask=of_form(lambda schema: less(schema, "minItems", "maxItems"))),
    seldom("nested-choices-ignored", "MUST", _FORM, "enum and const in an answer's schema are ignored below its top", "response_format", also=_FORMED, ask=of_form(_flat)),
    seldom("stop-of-several", "MUST", "param.stop", "stop is ignored for several choices", "n stop", ask=without("stop", when=several)),
    seldom("limit-beside-logprobs", "MUST", "param.max-tokens", "max_tokens is ignored beside logprobs", "max_tokens logprobs", ask=without("max_tokens", when=given("logprobs"))),
    seldom("limit-of-instructed", "MUST", "param.max-tokens", "max_completion_tokens is ignored beside instructions", "max_completion_tokens", ask=without("max_completion_tokens", when=_instructed)),
    seldom("stop-beside-tools", "MUST", "param.stop", "stop is ignored beside tools", "tools stop", beside=1, ask=without("stop", when=given("tools"))),
    seldom("none-beside-parallel", "MUST", "tools.choice-none", "tool_choice none is ignored beside parallel_tool_calls", "tools tool_choice parallel_tool_calls", ask=_called_all_the_same),
)
# fmt: on
