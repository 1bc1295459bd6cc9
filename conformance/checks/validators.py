"""
Validation of values under schemas that a request brought along (tools, response formats).
"""

from __future__ import annotations

import json
from functools import lru_cache

import jsonschema_rs

from conformance.model import JSON
from conformance.read import strictjson


@lru_cache(maxsize=512)
def _compiled(text: str) -> jsonschema_rs.Validator | None:
    try:
        return jsonschema_rs.validator_for(json.loads(text))
    except (ValueError, jsonschema_rs.ValidationError):
        return None


def first_error(schema: dict[str, JSON], value: JSON) -> str | None:
    """
    What is wrong with a value under a schema, in a line; None when nothing is, or when the schema is unusable.
    """
    validator = _compiled(json.dumps(schema, sort_keys=True))
    if validator is None:
        return None
    for error in validator.iter_errors(value):
        place = "/".join(str(step) for step in error.instance_path)
        return f"/{place}: {error.message}"[:160]
    return None


def parse(text: str) -> JSON:
    """
    The JSON value of a text, or None when it is none.
    """
    document = strictjson.read_text(text)
    return document.value if document.ok and not document.faults else None
