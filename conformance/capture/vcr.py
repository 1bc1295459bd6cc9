"""
VCR cassettes: of vcrpy (YAML, JSON), Ruby's and R's vcr, Betamax and go-vcr, which differ in names only.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from conformance.capture.foreign import REENCODED, STORED, Foreign, Found, foreign, pairs, raw
from conformance.errors import FileError
from conformance.model import JSON

LISTS = ("interactions", "http_interactions")


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """
    YAML's plain values; a language's own tags (``!ruby/…``, ``!!python/unicode``) are looked through, never run.
    """


def _tagged(loader: Any, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


def _binary(loader: Any, node: yaml.Node) -> bytes:
    return base64.b64decode(loader.construct_scalar(node))


def _text(loader: Any, node: yaml.Node) -> Any:
    return loader.construct_scalar(node)


_Loader.add_multi_constructor("", _tagged)
_Loader.add_constructor("!binary", _binary)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _text)


def read_yaml(text: bytes, path: str, stem: str) -> Iterator[Foreign]:
    """
    The interactions of a cassette; raises ``FileError`` with the line of one that is no exchange.
    """
    try:
        loader = _Loader(text)
        rows = _rows(loader.get_single_node())
        if rows is None:
            raise FileError(path, 1, "not a cassette: it has no list of interactions")
        for number, row in enumerate(rows, start=1):
            line = row.start_mark.line + 1
            yield _foreign(loader.construct_document(row), f"{stem}-{number}", path, line)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        words = getattr(problem, "problem", None) or str(problem)
        raise FileError(path, mark.line + 1 if mark else 0, f"not YAML: {words}") from None


def read_json(document: Mapping[str, Any], path: str, stem: str) -> Iterator[Foreign]:
    """
    The interactions of a cassette that was saved as JSON.
    """
    rows: list[Any] = next((document[name] for name in LISTS if isinstance(document.get(name), list)), [])
    for number, row in enumerate(rows, start=1):
        yield _foreign(row, f"{stem}-{number}", path, 0)


def _rows(root: yaml.Node | None) -> list[yaml.Node] | None:
    if isinstance(root, yaml.MappingNode):
        for key, value in root.value:
            if key.value in LISTS and isinstance(value, yaml.SequenceNode):
                return list(value.value)
    return None


def _foreign(row: Any, name: str, path: str, line: int) -> Foreign:
    try:
        return foreign(_found(row, name, path, line))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise FileError(path, line, f"interaction {name} is no exchange: {problem!r}") from None


def _found(row: Mapping[str, Any], name: str, path: str, line: int) -> Found:
    request, response = row["request"], row["response"]
    anew = "parsed_body" in response
    return Found(
        id=name,
        url=str(request.get("uri") or request["url"]),
        status=_status(response),
        method=str(request["method"]).upper(),
        request_headers=pairs(request.get("headers")),
        request_body=_asked(request),
        headers=pairs(response.get("headers")),
        body=_encoded(response["parsed_body"]) if anew else raw(response.get("body")),
        shows=REENCODED if anew else STORED,
        file=path,
        line=line,
    )


def _status(response: Mapping[str, Any]) -> int:
    status = response.get("code") or response.get("status")
    if isinstance(status, Mapping):
        status = status.get("code") or status.get("status_code")
    # go-vcr writes "200 OK".
    return int(str(status).split()[0])


def _asked(request: Mapping[str, Any]) -> bytes | JSON | None:
    if "parsed_body" in request:
        value: JSON = request["parsed_body"]
        return value
    return raw(request.get("body")) or None


def _encoded(value: JSON) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value, ensure_ascii=False).encode()
