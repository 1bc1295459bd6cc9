"""
The vocabulary in which the tables of constraints are written: small functions that look at one JSON value.

Each takes a value and its place and raises `Refused` naming that place, or returns nothing. They say what a type or
a range is; which parameter has which, the tables in the `validate` modules say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from conformance.reference.errors import invalid, missing

#: Looks at one value at one place, and raises `Refused` when it is not allowed there.
Rule = Callable[[Any, str], None]


def member(path: str, key: str) -> str:
    """
    Gives the place of an object's member, as error envelopes write it.
    """
    return f"{path}.{key}" if path else key


def kind(value: Any) -> str:
    """
    Gives the name of a value's JSON type, as error messages write it.
    """
    names = {bool: "boolean", int: "integer", float: "decimal", str: "string", list: "array", dict: "object"}
    return "null" if value is None else names[type(value)]


def _wrong_type(value: Any, path: str, expected: str) -> Exception:
    message = f"Invalid type for '{path}': expected {expected}, but got {kind(value)} instead."
    return invalid(path, message, "invalid_type")


def anything(value: Any, path: str) -> None:
    """
    Allows every value.
    """


def nullable(rule: Rule) -> Rule:
    """
    Allows null besides what `rule` allows.
    """

    def look(value: Any, path: str) -> None:
        if value is not None:
            rule(value, path)

    return look


def boolean(value: Any, path: str) -> None:
    """
    Allows true and false.
    """
    if not isinstance(value, bool):
        raise _wrong_type(value, path, "a boolean")


def _bounded(value: float, path: str, word: str, least: float | None, most: float | None) -> None:
    if least is not None and value < least:
        message = f"Invalid '{path}': {word} below minimum value. Expected a value >= {least}, but got {value} instead."
        raise invalid(path, message, f"{word}_below_min_value")
    if most is not None and value > most:
        message = f"Invalid '{path}': {word} above maximum value. Expected a value <= {most}, but got {value} instead."
        raise invalid(path, message, f"{word}_above_max_value")


def integer(least: int | None = None, most: int | None = None) -> Rule:
    """
    Allows whole numbers between two bounds; `1.0` is one, as in JSON Schema, and `true` is none.
    """

    def look(value: Any, path: str) -> None:
        whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        if isinstance(value, bool) or not whole:
            raise _wrong_type(value, path, "an integer")
        _bounded(value, path, "integer", least, most)

    return look


def number(least: float, most: float) -> Rule:
    """
    Allows numbers between two bounds.
    """

    def look(value: Any, path: str) -> None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _wrong_type(value, path, "a decimal")
        _bounded(value, path, "decimal", least, most)

    return look


def string(*, least: int = 0, most: int | None = None, pattern: str | None = None) -> Rule:
    """
    Allows strings of a length (in code points) and, when a pattern is given, only those which match it wholly.
    """

    def look(value: Any, path: str) -> None:
        if not isinstance(value, str):
            raise _wrong_type(value, path, "a string")
        if most is not None and len(value) > most:
            message = f"Invalid '{path}': string too long. Expected at most {most} characters, but got {len(value)}."
            raise invalid(path, message, "string_above_max_length")
        if len(value) < least:
            message = f"Invalid '{path}': empty string. Expected a string with minimum length {least}."
            raise invalid(path, message, "empty_string")
        if pattern is not None and not re.fullmatch(pattern, value):
            message = f"Invalid '{path}': string does not match pattern. Expected a match of '^{pattern}$'."
            raise invalid(path, message)

    return look


text: Rule = string()


def one_of(*values: str) -> Rule:
    """
    Allows the strings listed.
    """

    def look(value: Any, path: str) -> None:
        text(value, path)
        if value not in values:
            listed = ", ".join(f"'{each}'" for each in values)
            raise invalid(path, f"Invalid value: '{value[:100]}'. Supported values are: {listed}.")

    return look


def array(of: Rule, *, least: int = 0, most: int | None = None) -> Rule:
    """
    Allows arrays of a length whose items are all allowed by `of`.
    """

    def look(value: Any, path: str) -> None:
        if not isinstance(value, list):
            raise _wrong_type(value, path, "an array")
        if len(value) < least:
            message = f"Invalid '{path}': empty array. Expected an array with minimum length {least}."
            raise invalid(path, message, "empty_array")
        if most is not None and len(value) > most:
            message = f"Invalid '{path}': array too long. Expected at most {most} items, but got {len(value)}."
            raise invalid(path, message, "array_above_max_length")
        for index, item in enumerate(value):
            of(item, f"{path}[{index}]")

    return look


def any_object(value: Any, path: str) -> None:
    """
    Allows every JSON object.
    """
    if not isinstance(value, dict):
        raise _wrong_type(value, path, "an object")


def record(required: Mapping[str, Rule], optional: Mapping[str, Rule] | None = None, *, closed: bool = False) -> Rule:
    """
    Allows objects which have every required member, and whose known members are allowed each by its own rule.

    Unknown members are allowed too, unless the record is closed.
    """
    known = {**required, **(optional or {})}

    def look(value: Any, path: str) -> None:
        any_object(value, path)
        for key in required:
            if key not in value:
                raise missing(member(path, key))
        for key, item in value.items():
            if key in known:
                known[key](item, member(path, key))
            elif closed:
                raise invalid(member(path, key), f"Unknown parameter: '{member(path, key)}'.", "unknown_parameter")

    return look


def mapping(of: Rule, *, key: str = r".*", most: int | None = None) -> Rule:
    """
    Allows objects with at most so many members, each key matching a pattern and each value allowed by `of`.
    """

    def look(value: Any, path: str) -> None:
        any_object(value, path)
        if most is not None and len(value) > most:
            message = f"Invalid '{path}': too many properties. Expected at most {most}, but got {len(value)}."
            raise invalid(path, message, "object_above_max_properties")
        for name, item in value.items():
            if not re.fullmatch(key, name, re.DOTALL):
                raise invalid(path, f"Invalid '{path}': the key '{name[:80]}' is not allowed.", "invalid_property_name")
            of(item, member(path, name))

    return look


def tagged(tag: str, variants: Mapping[str, Rule]) -> Rule:
    """
    Allows objects whose member `tag` names one of the variants, each judged by the variant's rule.
    """
    tags = one_of(*variants)

    def look(value: Any, path: str) -> None:
        record({tag: tags})(value, path)
        variants[value[tag]](value, path)

    return look


def by_type(expected: str, variants: Mapping[type, Rule]) -> Rule:
    """
    Allows values of several JSON types, each judged by its own rule; `expected` names them in messages.
    """

    def look(value: Any, path: str) -> None:
        rule = variants.get(type(value))
        if rule is None:
            raise _wrong_type(value, path, expected)
        rule(value, path)

    return look
