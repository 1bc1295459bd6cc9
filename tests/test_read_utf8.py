"""
Where bytes stop being UTF-8: every sequence that decoding replaces is told, at its place.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.read import utf8

#: Whole characters of every length, their halves, and bytes that begin none.
PIECES = [
    b"a",
    "é".encode(),
    "€".encode(),
    "😀".encode(),
    b"\xc3",
    b"\xe2\x82",
    b"\xf0\x9f\x98",
    b"\x80",
    b"\xff",
    b"\xed\xa0\x80",
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=2), max_size=20).map(b"".join)


def replaced(data: bytes, spans: tuple[tuple[int, int], ...]) -> str:
    """
    The text with one U+FFFD for every span.
    """
    text, at = "", 0
    for first, after in spans:
        text += data[at:first].decode() + "\ufffd"
        at = after
    return text + data[at:].decode()


@pytest.mark.parametrize(
    ("data", "spans"),
    [
        pytest.param(b"", (), id="nothing"),
        pytest.param("é€😀".encode(), (), id="characters of every length"),
        pytest.param(b"a\xff", ((1, 2),), id="a byte that begins nothing"),
        pytest.param(b"\xe2\x82", ((0, 2),), id="a character cut at the end"),
        pytest.param(b"\xe2\x82a", ((0, 2),), id="a character cut in the middle"),
        pytest.param(b"\xc0\xaf", ((0, 1), (1, 2)), id="an overlong form"),
        pytest.param(b"\xed\xa0\x80", ((0, 1), (1, 2), (2, 3)), id="a surrogate"),
        pytest.param(b"\xf4\x90\x80\x80", ((0, 1), (1, 2), (2, 3), (3, 4)), id="past the last character"),
    ],
)
def test_a_sequence_is_told_by_where_it_begins_and_ends(data: bytes, spans: tuple[tuple[int, int], ...]) -> None:
    assert utf8.invalid(data) == spans


@given(TEXTS)
def test_what_is_told_is_what_decoding_replaces(data: bytes) -> None:
    assert replaced(data, utf8.invalid(data)) == data.decode("utf-8", "replace")


@given(TEXTS)
def test_it_does_not_matter_how_much_is_looked_at_in_one_go(data: bytes) -> None:
    whole = utf8.invalid(data)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(utf8, "_WINDOW", 8)
        assert utf8.invalid(data) == whole


def test_no_more_is_told_than_anyone_reads() -> None:
    assert len(utf8.invalid(b"\xff" * 5000)) == utf8.MOST
