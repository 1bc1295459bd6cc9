"""
JSON read strictly: every departure from RFC 8259 is told, and what can be read is safe to hand on.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.read import strictjson
from tests import strategies

#: Pieces of JSON texts, in and out of order.
PIECES = (
    "{", "}", "[", "]", ",", ":", '"a"', '"b": 1', '"a": 1', "null", "true", "-", "0", "1", ".", "e5", "1e999", "9" * 309,
    "NaN", "-Infinity", " ", "\n", "\ufeff", '"', "\\", "u", "d83d", "de00", "\\ud83d", "\\ude00", "\\\\", "\t", "é", "😀",
)  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=2), max_size=16).map("".join)


class Unsound(Exception):
    """
    A text that RFC 8259 does not allow, or that few read alike.
    """


def sound(data: bytes) -> Any:
    """
    The value of a JSON text by the standard library, made strict in the plainest way; raises ``Unsound``.
    """

    def refuse(_: str) -> Any:
        raise Unsound

    def distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise Unsound
        return dict(pairs)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=distinct, parse_constant=refuse)
    except (ValueError, RecursionError):
        raise Unsound from None
    if not all(_safe(each) for each in inside(value)):
        raise Unsound
    return value


def _safe(value: Any) -> bool:
    if isinstance(value, str):
        return all(not "\ud800" <= each <= "\udfff" for each in value)
    if isinstance(value, int | float):
        try:
            return math.isfinite(float(value))
        except OverflowError:
            return False
    return True


def inside(value: Any) -> Iterator[Any]:
    """
    Every name and value within a JSON value, itself included.
    """
    yield value
    if isinstance(value, dict):
        yield from value
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in below:
        yield from inside(each)


def told(data: bytes) -> list[tuple[str, int | None]]:
    return [(fault.kind, fault.offset) for fault in strictjson.read(data).faults]


@given(strategies.values())
def test_a_sound_text_is_read_without_a_fault(value: Any) -> None:
    text = json.dumps(value, ensure_ascii=False)
    document = strictjson.read(text.encode())
    assert (document.faults, document.ok, json.dumps(document.value)) == ((), True, json.dumps(value))
    assert strictjson.read_text(text) == document


@given(TEXTS)
def test_a_text_is_faultless_exactly_when_the_plain_strict_reader_takes_it(text: str) -> None:
    document = strictjson.read(text.encode())
    try:
        value = sound(text.encode())
    except Unsound:
        assert document.faults
    else:
        assert not document.faults
        assert json.dumps(document.value) == json.dumps(value)


@given(st.binary(max_size=60) | strategies.broken(b'{"a": [1, "\\ud83d\\ude00", {"b": "\xc3\xa9"}], "c": -1.5e3}'))
def test_no_bytes_can_make_reading_fail_and_all_that_is_read_is_safe(data: bytes) -> None:
    document = strictjson.read(data)
    assert all(_safe(each) for each in inside(document.value))
    assert document.ok or document.faults
    assert all(fault.offset is None or 0 <= fault.offset <= len(data) for fault in document.faults)


@given(st.text(st.characters(codec=None), max_size=30) | TEXTS.map(lambda text: text + "\ud800"))
def test_no_characters_can_make_reading_fail(text: str) -> None:
    document = strictjson.read_text(text)
    assert all(_safe(each) for each in inside(document.value))


@pytest.mark.parametrize(
    ("data", "value", "faults"),
    [
        pytest.param(b" \n{}", {}, [], id="white space before"),
        pytest.param(b'"\\u0000\\u007f"', "\x00\x7f", [], id="escaped controls"),
        pytest.param(b'"\\ud83d\\ude00"', "😀", [], id="a pair of surrogates"),
        pytest.param(b'"\\\\ud83d"', "\\ud83d", [], id="a backslash before what looks like a surrogate"),
        pytest.param(b"", None, [("empty", 0)], id="nothing"),
        pytest.param(b" \n", None, [("empty", 0)], id="white space alone"),
        pytest.param(b"\xef\xbb\xbf1", 1, [("bom", 0)], id="a byte order mark"),
        pytest.param(b"[1]\n x", [1], [("trailing", 3)], id="more text"),
        pytest.param(b'{"a": 1', None, [("syntax", 7)], id="cut"),
        pytest.param('{"é": }'.encode(), None, [("syntax", 7)], id="an offset in bytes, not characters"),
        pytest.param(b"{'a': 1}", None, [("syntax", 1)], id="single quotes"),
        # Since Python 3.13 it is the comma that is wrong, not what follows it.
        pytest.param(b"[1,]", None, [("syntax", 2 + (sys.version_info < (3, 13)))], id="a trailing comma"),
        pytest.param(b"01", 0, [("trailing", 1)], id="a leading zero"),
        pytest.param(b'"a\nb"', None, [("syntax", 2)], id="a raw line feed"),
        pytest.param(b'{"a": 1, "a": 2}', {"a": 2}, [("duplicate-key", 9)], id="a name twice"),
        pytest.param(
            b'{"a": {"b": ["a,", {}]}, "c": "b", "b": "a", "\\u0061": {"b": 0, "b": 1}}',
            {"a": {"b": 1}, "c": "b", "b": "a"},
            [("duplicate-key", 45), ("duplicate-key", 64)],
            id="a name twice, spelled otherwise, and another within",
        ),
        pytest.param(b"[NaN, Infinity]", [None, None], [("constant", 1), ("constant", 6)], id="constants"),
        pytest.param(b"1e999", None, [("overflow", 0)], id="a number that no double holds"),
        pytest.param(b"9" * 309, None, [("overflow", 0)], id="an integer that no double holds"),
        pytest.param(b"1" * 309, int("1" * 309), [], id="an integer that one does"),
        pytest.param(b"-" + b"1" * 5000, None, [("overflow", 0)], id="more digits than Python reads"),
        pytest.param(b'["\\ud83d"]', ["\ufffd"], [("surrogate", 2)], id="half a pair of surrogates"),
        pytest.param(b'"\\ude00\\ud83d"', "\ufffd\ufffd", [("surrogate", 1)], id="a pair the wrong way round"),
        pytest.param(b'"a\xff"', "a\ufffd", [("utf8", 2)], id="a byte that is not UTF-8"),
        pytest.param(
            b'"\xff\xe2\x82"x', "\ufffd\ufffd", [("utf8", 1), ("utf8", 2), ("trailing", 5)], id="bytes, then more"
        ),
        pytest.param("1".encode("utf-16"), None, [("utf16", 0)], id="UTF-16"),
        pytest.param("1".encode("utf-16-le"), None, [("utf16", 0)], id="UTF-16 without its mark"),
        pytest.param(b"[" * 300 + b"]" * 300, None, [("depth", None)], id="too deep"),
        pytest.param(b"[" * 100_000, None, [("depth", None)], id="much too deep"),
    ],
)
def test_a_departure_is_told_with_its_place(data: bytes, value: Any, faults: list[tuple[str, int | None]]) -> None:
    assert told(data) == faults
    assert strictjson.read(data).value == value


@pytest.mark.parametrize(("depth", "ok"), [(strictjson.DEEPEST, True), (strictjson.DEEPEST + 1, False)])
def test_a_value_nests_as_deep_as_is_said(depth: int, ok: bool) -> None:
    assert strictjson.read(b'{"a":' * depth + b"1" + b"}" * depth).ok is ok


def test_so_many_brackets_in_a_text_are_no_depth() -> None:
    assert strictjson.read_text(json.dumps("[" * 1000)).faults == ()


def test_no_more_repeated_names_are_told_than_anyone_reads() -> None:
    text = "[" + ",".join(['{"a": 1, "a": 2}'] * 500) + "]"
    assert len(strictjson.read_text(text).faults) == 100


NESTED = {"a": [{"b": None}, 2]}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ((), NESTED), (("a", 0, "b"), None), (("a", 1), 2), (("a", -1), 2),
        (("a", 2), strictjson.MISSING), (("b",), strictjson.MISSING), (("a", "0"), strictjson.MISSING),
        (("a", 1, "x"), strictjson.MISSING), ((0,), strictjson.MISSING),
    ],
)  # fmt: skip
def test_a_path_leads_to_a_value_or_to_nothing(path: tuple[str | int, ...], found: Any) -> None:
    assert strictjson.at(NESTED, *path) is found or strictjson.at(NESTED, *path) == found


@pytest.mark.parametrize(
    ("value", "integer", "as_object", "as_list", "as_text"),
    [
        (1, True, {}, [], ""), (True, False, {}, [], ""), (1.0, False, {}, [], ""), (None, False, {}, [], ""),
        ({"a": 1}, False, {"a": 1}, [], ""), ([1], False, {}, [1], ""), ("a", False, {}, [], "a"),
    ],
)  # fmt: skip
def test_a_value_of_another_type_is_nothing(
    value: Any, integer: bool, as_object: Any, as_list: Any, as_text: str
) -> None:
    assert strictjson.is_int(value) is integer
    assert strictjson.as_object(value) == as_object
    assert strictjson.as_list(value) == as_list
    assert strictjson.as_text(value) == as_text


def test_what_is_missing_is_false() -> None:
    assert not strictjson.MISSING
