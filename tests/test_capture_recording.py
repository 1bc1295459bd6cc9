"""
A recording gives back what it was given, byte for byte, and never holds a secret.
"""

from __future__ import annotations

import gzip
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance import __version__
from conformance.capture import recording
from conformance.capture.secret import Secret
from conformance.errors import FileError, SecretLeak
from conformance.model import Case, Chunk, Ending, Evidence, Exchange, Expect, Request, RunInfo, Sent

TEXT = st.text(max_size=12)
WILD = st.text(st.characters(exclude_categories=()), max_size=12)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)
NAMES = st.lists(TEXT, max_size=3).map(tuple)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WILD,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WILD, inner, max_size=3),
    max_leaves=8,
)
BYTES = st.binary(max_size=12) | TEXT.map(str.encode)
REQUESTS = st.builds(
    Request,
    method=TEXT,
    path=TEXT,
    headers=PAIRS,
    without=NAMES,
    body=VALUES,
    raw=st.none() | BYTES,
)
EXPECTS = st.builds(
    Expect,
    requirement=TEXT,
    refusal=st.none() | TEXT,
    accepted=st.booleans(),
    status=st.lists(st.integers(100, 599), max_size=2).map(tuple),
    param=st.none() | TEXT,
    code=st.none() | TEXT,
    reply=VALUES,
    echo=st.none() | TEXT,
)
CASES = st.builds(
    Case,
    id=TEXT,
    contract=TEXT,
    feature=TEXT,
    title=TEXT,
    request=REQUESTS,
    needs=NAMES,
    expect=st.none() | EXPECTS,
    invalid=st.booleans(),
    after=st.none() | TEXT,
    compare=NAMES,
    group=st.none() | TEXT,
    again=NAMES,
    abort_after=st.none() | st.integers(0, 9),
    smoke=st.booleans(),
    file=TEXT,
    line=st.integers(0, 9),
)
SECONDS = st.floats(0, 1e4)
EXCHANGES = st.builds(
    Exchange,
    sent=st.builds(Sent, method=TEXT, url=TEXT, headers=PAIRS, body=BYTES),
    ending=st.sampled_from(Ending),
    status=st.none() | st.integers(100, 599),
    headers=PAIRS,
    http_version=TEXT,
    chunks=st.lists(st.builds(Chunk, SECONDS, BYTES), max_size=4).map(tuple),
    seconds=SECONDS,
    first_byte=st.none() | SECONDS,
    error=TEXT,
    started=st.none() | SECONDS,
    attempt=st.integers(1, 9),
    reason=TEXT,
    shows=st.integers(0, Evidence.ALL.value).map(Evidence),
)
RUN = RunInfo(
    target="t", base_url="http://t", model="m", claims=("tools",), contracts=(("c", "1", "ff"),), settings={"jobs": "8"}
)
CASE = Case(id="a", contract="c", feature="f", title="t", request=Request(path="/x"))
EXCHANGE = Exchange(sent=Sent(method="POST", url="u"), ending=Ending.COMPLETE, status=200, chunks=(Chunk(0.5, b"hi"),))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(CASES, EXCHANGES), max_size=3))
def test_what_is_written_is_read_back(pairs: list[tuple[Case, Exchange]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.jsonl")
        recording.write(path, RUN, pairs)
        got = recording.read(path)
    assert got.pairs == tuple(pairs)
    assert (got.header, got.complete) == (replace(RUN, complete=True, suite=__version__), True)
    assert repr(got.pairs) == repr(tuple(pairs))


def test_a_zipped_recording_is_read(tmp_path: Path) -> None:
    recording.write(tmp_path / "a", RUN, [(CASE, EXCHANGE)])
    (tmp_path / "a.gz").write_bytes(gzip.compress((tmp_path / "a").read_bytes()))
    assert recording.read(tmp_path / "a.gz") == recording.read(tmp_path / "a")


def test_without_a_footer_a_recording_is_incomplete(tmp_path: Path) -> None:
    recorder = recording.create(tmp_path / "a", RUN)
    recorder.append(CASE, EXCHANGE)
    recorder.abandon()
    got = recording.read(tmp_path / "a")
    assert (got.pairs, got.complete, got.header.complete) == (((CASE, EXCHANGE),), False, False)


def test_a_last_line_that_was_cut_is_left_out(tmp_path: Path) -> None:
    recording.write(tmp_path / "a", RUN, [(CASE, EXCHANGE)] * 2)
    lines = (tmp_path / "a").read_bytes().split(b"\n")
    (tmp_path / "a").write_bytes(b"\n".join([*lines[:2], lines[2][:30]]))
    got = recording.read(tmp_path / "a")
    assert (len(got.pairs), got.complete) == (1, False)


DAMAGE = {
    "no JSON": b"{",
    "no object": b"[]",
    "no exchange": b'{"case":{}}',
    "a wrong type": b'{"case":3,"exchange":4}',
}


@pytest.mark.parametrize("name", DAMAGE)
def test_any_other_broken_line_is_named(tmp_path: Path, name: str) -> None:
    recording.write(tmp_path / "a", RUN, [(CASE, EXCHANGE)] * 2)
    lines = (tmp_path / "a").read_bytes().split(b"\n")
    lines[1] = DAMAGE[name]
    (tmp_path / "a").write_bytes(b"\n".join(lines))
    with pytest.raises(FileError) as error:
        recording.read(tmp_path / "a")
    assert error.value.line == 2


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("{}\n")
    with pytest.raises(FileError, match="not a recording"):
        recording.read(tmp_path / "a")


def test_a_run_is_never_written_over(tmp_path: Path) -> None:
    recording.write(tmp_path / "a", RUN, [])
    with pytest.raises(FileExistsError):
        recording.create(tmp_path / "a", RUN)


def test_a_recording_is_continued_behind_its_last_whole_exchange(tmp_path: Path) -> None:
    recording.write(tmp_path / "a", RUN, [(CASE, EXCHANGE)] * 2)
    whole = (tmp_path / "a").read_bytes()
    recorder, before = recording.resume(tmp_path / "a")
    with recorder:
        recorder.append(CASE, EXCHANGE)
    assert len(before.pairs) == 2
    assert len(recording.read(tmp_path / "a").pairs) == 3
    (tmp_path / "a").write_bytes(whole.split(b'{"footer"')[0] + b'{"case":{"id')
    recording.resume(tmp_path / "a")[0].close()
    got = recording.read(tmp_path / "a")
    assert (len(got.pairs), got.complete) == (2, True)


def test_many_threads_write_whole_lines(tmp_path: Path) -> None:
    with recording.create(tmp_path / "a", RUN) as recorder:
        threads = [
            threading.Thread(target=lambda: [recorder.append(CASE, EXCHANGE) for _ in range(20)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert recording.read(tmp_path / "a").pairs == ((CASE, EXCHANGE),) * 160


def test_a_line_with_a_secret_is_not_written(tmp_path: Path) -> None:
    leaking = replace(EXCHANGE, chunks=(Chunk(0.0, b"key sk-very-secret"),))
    with pytest.raises(SecretLeak), recording.create(tmp_path / "a", RUN, [Secret("sk-very-secret")]) as recorder:
        recorder.append(CASE, leaking)
    assert b"sk-very" not in (tmp_path / "a").read_bytes()
