"""
The reference provider's tokeniser: nothing of a text is lost, and what a stream shows is always whole characters.
"""

from hypothesis import given
from hypothesis import strategies as st

from conformance.reference import tokens

TEXTS = st.text(alphabet=st.characters(exclude_categories=["Cs"]))


@given(TEXTS)
def test_the_tokens_of_a_text_are_exactly_its_bytes(text: str) -> None:
    assert b"".join(tokens.tokenise(text)) == text.encode()


@given(TEXTS)
def test_groups_of_tokens_are_whole_characters_and_lose_nothing(text: str) -> None:
    groups = list(tokens.characters(tokens.tokenise(text)))
    assert "".join(b"".join(group).decode() for group in groups) == text


@given(TEXTS, st.integers(min_value=0, max_value=20))
def test_the_first_tokens_are_a_beginning_of_the_text_and_never_more_than_asked(text: str, limit: int) -> None:
    kept = tokens.first(tokens.tokenise(text), limit)
    assert len(kept) <= limit
    assert text.startswith(b"".join(kept).decode())


def test_a_character_of_four_bytes_is_two_tokens() -> None:
    assert tokens.tokenise("a 😀!") == (b"a", b" ", b"\xf0\x9f", b"\x98\x80", b"!")


def test_half_a_character_is_shown_by_its_bytes() -> None:
    assert tokens.shown(b"\xf0\x9f") == "bytes:\\xf0\\x9f"


def test_a_long_word_is_cut_in_pieces_of_four() -> None:
    assert tokens.tokenise(" streaming") == (b" stre", b"amin", b"g")
