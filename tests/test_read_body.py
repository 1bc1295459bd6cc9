"""
Bodies without their content codings: the same however the reads split them, and readable as far as they are sound.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Sequence

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import coding
from conformance.model import Chunk, Ending, Exchange, Sent
from conformance.read import body
from tests import strategies

TEXT = b'{"id": "chatcmpl-1", "text": "Hello \xc3\xa9"}'


def _raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def exchange(parts: Sequence[bytes], name: str) -> Exchange:
    return Exchange(
        sent=Sent(method="POST", url="http://host/v1"),
        ending=Ending.COMPLETE,
        status=200,
        headers=(("Content-Encoding", name),) if name else (),
        chunks=tuple(Chunk(0.1 * number, part) for number, part in enumerate(parts)),
    )


def decoded(data: bytes, name: str) -> tuple[bytes, str | None]:
    made = body.decode(exchange([data], name))
    return made.data, made.problem


#: How each coding may be written, rightly and wrongly.
WRITTEN = [
    ("gzip", gzip.compress),
    ("x-gzip", gzip.compress),
    ("gzip", lambda data: gzip.compress(data[:9], mtime=0) + b"\0\0" + gzip.compress(data[9:], mtime=0)),
    ("gzip", lambda data: gzip.compress(data, mtime=0) + b"x"),
    ("deflate", zlib.compress),
    ("deflate", _raw_deflate),
    ("deflate", lambda data: zlib.compress(data) + b"\0x"),
    ("br", brotli.compress),
    ("br", lambda data: brotli.compress(data) + b"x"),
    ("gzip, br", lambda data: brotli.compress(gzip.compress(data, mtime=0))),
    ("gzip", lambda data: data),
]


@st.composite
def coded(draw: st.DrawFn) -> tuple[str, bytes, list[bytes]]:
    """
    A coding, a body in it, sound or not, and a way to split it.
    """
    name, write = draw(st.sampled_from(WRITTEN))
    data: bytes = write(draw(st.binary(max_size=80) | st.sampled_from([TEXT, TEXT * 50])))
    if draw(st.booleans()):
        data = draw(strategies.broken(data))
    return name, data, draw(strategies.splits(data))


@given(coded(), st.sampled_from([coding.LARGEST, 50, 1]))
def test_however_a_body_is_split_the_same_comes_of_it(made: tuple[str, bytes, list[bytes]], largest: int) -> None:
    name, data, parts = made
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(coding, "LARGEST", largest)
        split = body.decode(exchange(parts, name))
        assert (split.data, split.problem) == decoded(data, name)
    assert [at for at, _ in split.reads] == [0.1 * number for number in range(len(parts))]
    lengths = [length for _, length in split.reads]
    assert lengths == sorted(lengths)
    assert lengths[-1] == len(split.data)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("", TEXT), ("identity", TEXT), (" , ", TEXT), ("gzip", gzip.compress(TEXT, mtime=0)), ("GZIP", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)), ("gzip", gzip.compress(TEXT[:5], mtime=0) + gzip.compress(TEXT[5:], mtime=0)),
        ("gzip", gzip.compress(TEXT, mtime=0) + b"\0" * 9), ("deflate", zlib.compress(TEXT)), ("deflate", _raw_deflate(TEXT)),
        ("br", brotli.compress(TEXT)), ("deflate, gzip", gzip.compress(zlib.compress(TEXT), mtime=0)),
        ("gzip, identity", gzip.compress(TEXT, mtime=0)),
    ],
    # Not the bytes: gzip writes the time into them, and workers must name a test alike.
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_codings_are_undone(name: str, data: bytes) -> None:
    assert decoded(data, name) == (TEXT, None)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_an_empty_body_needs_no_coding(name: str) -> None:
    assert decoded(b"", name) == (b"", None)


@pytest.mark.parametrize(
    ("name", "data", "text", "problem"),
    [
        pytest.param("zstd", TEXT, TEXT, "an unknown coding zstd", id="unknown"),
        pytest.param("gzip", TEXT, TEXT, "incorrect header check", id="not coded at all"),
        pytest.param("br", b"plain", b"plain", "a cut br stream", id="text that brotli could begin with"),
        pytest.param("br", TEXT, TEXT, "decoder failed", id="not coded in brotli"),
        pytest.param("gzip", gzip.compress(TEXT, mtime=0)[:-8], TEXT, "a cut gzip stream", id="without its trailer"),
        pytest.param(
            "gzip", gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8, TEXT, "incorrect data check", id="a wrong checksum"
        ),
        pytest.param("gzip", gzip.compress(TEXT, mtime=0) + b"xy", TEXT, "incorrect header check", id="bytes behind"),
        pytest.param("deflate", zlib.compress(TEXT) + b"x", TEXT, "bytes behind the end", id="bytes behind deflate"),
    ],
)
def test_what_cannot_be_decoded_is_kept_with_a_problem(name: str, data: bytes, text: bytes, problem: str) -> None:
    made, said = decoded(data, name)
    assert made == text
    assert said is not None
    assert problem in said


@pytest.mark.parametrize("name", ["gzip", "deflate", "br"])
def test_no_more_is_decoded_than_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coding, "LARGEST", 1000)
    assert decoded(strategies.CODINGS[name](bytes(1000)), name) == (bytes(1000), None)
    bomb = strategies.CODINGS[name](bytes(10_000_000))
    assert decoded(bomb, name) == (bytes(1000), "more than 1000 bytes when decoded")


def test_a_read_is_told_with_what_could_be_decoded_then() -> None:
    data = gzip.compress(TEXT, mtime=0)
    made = body.decode(exchange([data[:3], data[3:], b""], "gzip"))
    assert made.reads == ((0.0, 0), (0.1, len(TEXT)), (0.2, len(TEXT)))
