"""
A YAML document held against the closed JSON Schema of its format: the first complaint, with its line and a remedy.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Sequence
from functools import cache

from conformance.contract import paths, strictyaml
from conformance.model import JSON


def check(document: strictyaml.Document, name: str) -> None:
    """
    Hold a document against ``schemas/<name>``; raises ``FileError`` at the first place that does not fit.
    """
    import jsonschema_rs

    errors = jsonschema_rs.validator_for(_schema(name)).iter_errors(document.value)
    # A misspelt key is told before the key that it leaves missing.
    for error in sorted(errors, key=lambda each: each.kind.name != "additionalProperties"):
        pointer = "".join(f"/{_escaped(step)}" for step in error.instance_path)
        message, remedy = error.message, ""
        if error.kind.name == "additionalProperties":
            key = str(error.kind.as_dict()["unexpected"][0])
            known = _properties(name, error.schema_path[:-1])
            near = difflib.get_close_matches(key, known, 1)
            pointer += f"/{_escaped(key)}"
            message = f"unknown key {key!r}"
            remedy = f"Did you mean {near[0]}?" if near else f"Known keys: {', '.join(known)}."
        raise document.wrong(pointer, message, remedy)


@cache
def _schema(name: str) -> dict[str, JSON]:
    made: dict[str, JSON] = json.loads((paths.folder("schemas") / name).read_text(encoding="utf-8"))
    return made


def _escaped(step: str | int) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _properties(name: str, path: Sequence[str | int]) -> list[str]:
    node: JSON = _schema(name)
    for step in path:
        node = _step(node, step)
    properties = node.get("properties") if isinstance(node, dict) else None
    return list(properties) if isinstance(properties, dict) else []


def _step(node: JSON, step: str | int) -> JSON:
    if isinstance(node, list) and isinstance(step, int):
        return node[step]
    return node.get(str(step)) if isinstance(node, dict) else None
