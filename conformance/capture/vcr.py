"""
VCR cassettes: of vcrpy (YAML, JSON), Ruby's and R's vcr, Betamax, go-vcr, PHP-VCR and ExVCR, which differ in names only.

The last two, and those that keep a file for each exchange, have no list with a name around their interactions;
LangChain keeps requests and responses in two lists.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from conformance.capture.foreign import MISTAKES, REENCODED, STORED, Foreign, Found, foreign, pairs, raw, words
from conformance.errors import FileError
from conformance.model import JSON

LISTS = ("interactions", "http_interactions")
#: The keys of a mapping that stands for the text of a body.
_TEXTS = frozenset({"string", "base64_string", "raw_gzip", "encoding", "file"})
_SIDES = ("request", "response")
_PYTHON_OBJECT = "tag:yaml.org,2002:python/object/"


class _Loader(yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader):  # type: ignore[misc]
    """
    YAML's plain values; a language's own tags (``!ruby/…``, ``!!python/unicode``) are looked through, never run.
    """


def _tagged(loader: Any, tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode) and tag.startswith(_PYTHON_OBJECT) and len(node.value) == 1:
        # vcrpy writes the names of aiohttp's headers as objects that are made of one text.
        return loader.construct_object(node.value[0], deep=True)
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


def plain(text: bytes, path: str) -> Any:
    """
    The plain values of a YAML file; raises ``FileError`` with the line of a mistake.
    """
    try:
        return _Loader(text).get_single_data()
    except yaml.YAMLError as problem:
        raise _not_yaml(problem, path) from None


def read_yaml(text: bytes, path: str, stem: str) -> Iterator[Foreign]:
    """
    The interactions of a cassette; raises ``FileError`` with the line of one that is no exchange.
    """
    try:
        loader = _Loader(text)
        rows = _rows(loader.get_single_node())
        if rows is None:
            raise FileError(path, 1, "not a cassette: it has no list of interactions")
        for number, (line, parts) in enumerate(rows, start=1):
            try:
                values = [loader.construct_document(part) for part in parts]
            except ValueError as problem:  # no base64
                raise FileError(path, line, f"interaction {stem}-{number} is no exchange: {problem}") from None
            row = values[0] if len(values) == 1 else dict(zip(_SIDES, values, strict=True))
            yield _foreign(row, f"{stem}-{number}", path, line)
    except yaml.YAMLError as problem:
        raise _not_yaml(problem, path) from None


def _not_yaml(problem: yaml.YAMLError, path: str) -> FileError:
    mark = getattr(problem, "problem_mark", None)
    words = getattr(problem, "problem", None) or str(problem)
    return FileError(path, mark.line + 1 if mark else 0, f"not YAML: {words}")


def read_lines(lines: Iterable[bytes], path: str, stem: str) -> Iterator[Foreign]:
    """
    Interactions as JSON lines; raises ``FileError`` with the number of a line that is none.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                row = json.loads(line)
            except (ValueError, RecursionError) as problem:
                raise FileError(path, number, f"not JSON: {problem}") from None
            yield _foreign(row, f"{stem}-{number}", path, number)


def read_json(document: Any, path: str, stem: str) -> Iterator[Foreign]:
    """
    The interactions of a cassette that was saved as JSON.
    """
    for number, row in enumerate(_listed(document), start=1):
        yield _foreign(row, f"{stem}-{number}", path, 0)


def is_one(document: Any) -> bool:
    """
    A JSON value is a cassette: a list of interactions, named or not, or a single one.
    """
    if isinstance(document, list):
        return bool(document) and all(_is_interaction(row) for row in document)
    return isinstance(document, dict) and (_is_interaction(document) or any(name in document for name in LISTS))


def _is_interaction(row: Any) -> bool:
    return isinstance(row, dict) and isinstance(row.get("request"), dict) and isinstance(row.get("response"), dict)


def _listed(document: Any) -> list[Any]:
    if isinstance(document, list):
        return document
    return next((document[name] for name in LISTS if isinstance(document.get(name), list)), [document])


def _rows(root: yaml.Node | None) -> list[tuple[int, tuple[yaml.Node, ...]]] | None:
    """
    The interactions with their lines, each as one node, or as a request and its response.
    """
    lists = {"": root} if isinstance(root, yaml.SequenceNode) else _sequences(root)
    whole = next((lists[name] for name in ("", *LISTS) if name in lists), None)
    if whole is not None:
        return [(node.start_mark.line + 1, (node,)) for node in whole.value]
    sides = [lists[f"{side}s"].value for side in _SIDES if f"{side}s" in lists]
    if len(sides) < 2 or len(sides[0]) != len(sides[1]):
        return None
    return [(pair[1].start_mark.line + 1, pair) for pair in zip(*sides, strict=True)]


def _sequences(root: yaml.Node | None) -> dict[str, yaml.SequenceNode]:
    pairs_ = root.value if isinstance(root, yaml.MappingNode) else []
    return {key.value: value for key, value in pairs_ if isinstance(value, yaml.SequenceNode)}


def _foreign(row: Any, name: str, path: str, line: int) -> Foreign:
    try:
        return foreign(_found(row, name, path, line))
    except MISTAKES as problem:
        raise FileError(path, line, f"interaction {name} is no exchange: {words(problem)}") from None


def _found(row: Mapping[str, Any], name: str, path: str, line: int) -> Found:
    request, response = row["request"], row["response"]
    body = response.get("parsed_body", response.get("body", response.get("content")))
    anew = "parsed_body" in response or _is_value(body)
    return Found(
        id=name,
        url=str(request.get("uri") or request["url"]),
        status=_status(response),
        method=str(request["method"]).upper(),
        request_headers=pairs(request.get("headers")),
        request_body=_asked(request),
        headers=pairs(response.get("headers")),
        body=_encoded(body) if anew else raw(body),
        shows=REENCODED if anew else STORED,
        # R's vcr can keep a body in a file of its own.
        cut=isinstance(body, dict) and body.get("file") is True,
        file=path,
        line=line,
    )


def _status(response: Mapping[str, Any]) -> int:
    # vcrpy before 6 wrote httpx's answers with "status_code" and "content", ExVCR writes the former.
    status = response.get("code") or response.get("status") or response.get("status_code")
    if isinstance(status, Mapping):
        status = status.get("code") or status.get("status_code")
    if status in (None, ""):
        raise ValueError("its response has no status")
    # go-vcr writes "200 OK".
    return int(str(status).split()[0])


def _asked(request: Mapping[str, Any]) -> bytes | JSON | None:
    body: JSON = request.get("parsed_body", request.get("body"))
    return body if "parsed_body" in request or _is_value(body) else raw(body) or None


def _is_value(body: object) -> bool:
    """
    A body was kept as the JSON value that it stands for, and not as a text with its encoding beside it.
    """
    return isinstance(body, list) or (isinstance(body, dict) and not body.keys() & _TEXTS)


def _encoded(value: JSON) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value, ensure_ascii=False).encode()
