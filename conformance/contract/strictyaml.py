"""
YAML read as plain JSON values, with the line of every one, and nothing guessed.

No yes/no booleans, dates, octals, sexagesimals, merge keys, tags, anchors or duplicate keys:
they reach request bodies as something else than what was written.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

import yaml

from conformance.errors import FileError
from conformance.model import JSON

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?|[-+]?\.[0-9]+")
_WORDS: dict[str, JSON] = {"null": None, "~": None, "": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Document:
    """
    A YAML document as a JSON value; ``lines`` maps JSON Pointers to lines (from 1).
    """

    path: str
    value: JSON
    lines: dict[str, int]

    def line(self, pointer: str) -> int:
        """
        The line of a pointer, or of the nearest place above it.
        """
        while pointer and pointer not in self.lines:
            pointer = pointer.rsplit("/", 1)[0]
        return self.lines.get(pointer, 1)

    def wrong(self, pointer: str, problem: str, remedy: str = "") -> FileError:
        """
        The error to raise about a place of this document.
        """
        return FileError(self.path, self.line(pointer), problem, remedy)


def read(text: str, path: str) -> Document:
    """
    Read one document; raises ``FileError`` with the line of what is wrong.
    """
    try:
        for token in yaml.scan(text, _LOADER):
            if isinstance(token, yaml.AnchorToken | yaml.AliasToken | yaml.TagToken):
                line = token.start_mark.line + 1
                raise FileError(path, line, "anchors, aliases and tags are not allowed", "Write the value out.")
        node = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        raise FileError(path, mark.line + 1 if mark else 0, f"not YAML: {problem.problem}") from None
    except yaml.YAMLError as problem:
        raise FileError(path, 0, f"not YAML: {problem}") from None
    lines: dict[str, int] = {}
    value = None if node is None else _value(node, "", path, lines)
    return Document(path, value, lines)


def _value(node: yaml.Node, pointer: str, path: str, lines: dict[str, int]) -> JSON:
    lines[pointer] = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if isinstance(node, yaml.SequenceNode):
        return [_value(each, f"{pointer}/{number}", path, lines) for number, each in enumerate(node.value)]
    made: dict[str, JSON] = {}
    for key, each in node.value:
        name, line = key.value, key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise FileError(path, line, "a key must be a plain text")
        if name == "<<" and not key.style:
            raise FileError(path, line, "merge keys (<<) are not allowed", "Write the keys out.")
        if name in made:
            raise FileError(path, line, f"the key {name!r} stands twice in one mapping", "Remove one of them.")
        step = name.replace("~", "~0").replace("/", "~1")
        made[name] = _value(each, f"{pointer}/{step}", path, lines)
        lines[f"{pointer}/{step}"] = line
    return made


def _scalar(node: yaml.ScalarNode) -> JSON:
    text: str = node.value
    if node.style:  # a plain scalar has the style "" under libyaml and None without it
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        number: JSON = json.loads(re.sub(r"^(-?)\.", r"\g<1>0.", text.lstrip("+")))
        return number
    return text
