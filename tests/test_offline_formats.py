"""
What somebody else recorded of a defect is judged to exactly its requirement; what the recording cannot show is silent.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import offline
from conformance.model import Ending, State
from tests.defects import ALONGSIDE, DEFECTS
from tests.good import GOOD
from tests.recorders import RECORDERS
from tests.specimens import choice, completion, plain, sse, streamed, text_chunks

#: No recorder of others keeps the connection: when it ended, its codings, when each read returned.
WIRE = {
    "http.complete",
    "http.framing",
    "http.persistence",
    "limits.large-body",
    "http.content-encoding",
    "http.content-decoding",
    "http.stream-content-length",
    "stream.last-blank-line",
    "stream.closes",
    "stream.incremental",
    # One of its defects is an empty body, which many a recorder leaves of one that it did not keep.
    "error.envelope/2",
}
#: Nobody says why others asked what they asked: whether it was meant to be wrong, and what else was asked beside it.
INTENT = {
    "error.echoes-key",
    "error.in-stream",
    "error.names-param",
    "error.bad-request",
    "request.answered",
    "request.no-server-error",
    "stream.equals-plain",
    "usage.counts-tokens",
    "usage.same-prompt",
    "param.stop-streamed",
    "isolation.answers",
    "isolation.ids",
    "choices.finish-length",
    "choices.finish-natural",
    "request.same-answer",
    "request.same-shape",
    "request.same-verdict",
    "param.max-tokens-longer",
    # Recorders cut sound, and put placeholders into headers.
    "audio.base64",
    "param.audio/1",
    "param.audio-format",
    "http.ratelimit-count",
    "http.request-id",
    # Of another's expression nobody knows how long it takes to match.
    "custom-tools.grammar",
    # Recorders have a clock of their own.
    "created.time/3",
    "created.time/4",
    # One of its defects is an id that another answer had as well.
    "tools.id-unique/1",
}
#: An answer without a type may have lost it on its way into the recording.
UNTYPED = {"http.content-type-json/1", "stream.content-type/1"}
#: Lost where JSON was read and written anew, with ids and times of the recorder's own and few headers.
ANEW = {
    "stream.done-exact",
    "http.content-type-json",
    "http.charset",
    "http.retry-after",
    "http.ratelimit-reset",
    "http.allow",
    "error.content-type",
    "stream.content-type",
    "json.duplicate-keys",
    "json.bom",
    "stream.bom",
    "stream.same-id",
    "created.time",
    "audio.expires",
    "json.integers",
    "stream.same-created",
    "stream.same-fingerprint",
    "tools.id-unique",
}
#: Text cannot hold what is no UTF-8, and an object no name twice.
TEXT = {"json.utf8", "http.content-type-once"}
UNSEEN = {
    "har": WIRE | INTENT | UNTYPED,
    "vcrpy": WIRE | INTENT | UNTYPED,
    "raw line": WIRE | INTENT | UNTYPED | TEXT,
    "canonical line": WIRE | INTENT | UNTYPED | TEXT | ANEW,
}


def violated(folder: Path, content: bytes) -> set[str]:
    path = folder / "recorded"
    path.write_bytes(content)
    results = [result for each in offline.judge([path]).values() for result in each.results]
    assert len(results) == 1
    states = results[0].states
    return {name.removeprefix("openai-chat.") for name, state in states.items() if state is State.VIOLATED}


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("name", DEFECTS)
def test_a_recorded_defect_violates_its_requirement_where_it_can_be_seen(
    tmp_path: Path, name: str, recorder: str
) -> None:
    for number, specimen in enumerate(DEFECTS[name]):
        if specimen.exchange.status is None:
            continue  # no recorder keeps what was never answered
        seen = not {name, f"{name}/{number}"} & UNSEEN[recorder]
        found = violated(tmp_path, RECORDERS[recorder](specimen.exchange))
        assert found - ALONGSIDE.get(name, set()) == ({name} if seen else set())


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("name", GOOD)
def test_a_recorded_good_exchange_violates_nothing(tmp_path: Path, name: str, recorder: str) -> None:
    assert violated(tmp_path, RECORDERS[recorder](GOOD[name].exchange)) == set()


LEFT = {
    "a stream that its client left": streamed(sse(text_chunks("Hel", "lo")[:2], done=False)).exchange,
    "a stream whose body was not kept": streamed(b"").exchange,
    "a body that was not kept": plain(b"").exchange,
    "a body that was cut": plain(json.dumps(completion())[:80].encode()).exchange,
}


@pytest.mark.parametrize("recorder", RECORDERS)
@pytest.mark.parametrize("name", LEFT)
def test_what_breaks_off_in_a_recording_is_not_held_against_the_server(
    tmp_path: Path, name: str, recorder: str
) -> None:
    assert LEFT[name].ending is Ending.COMPLETE
    assert violated(tmp_path, RECORDERS[recorder](LEFT[name])) == set()


_BODY = json.dumps(completion(choice(0, "\u4f60\\"))).encode()


def test_json_that_was_cut_anywhere_is_not_held_against_the_server(tmp_path: Path) -> None:
    exchanges = [plain(_BODY[:length]).exchange for length in range(len(_BODY))]
    found = [violated(tmp_path, RECORDERS["har"](each)) for each in exchanges]
    assert {length: each for length, each in enumerate(found) if each} == {}


BROKEN = {
    "text behind the object": _BODY + b"x",
    "a quotation mark too many": _BODY.replace(b'"usage"', b'""usage"'),
    "a quotation mark too few": _BODY.replace(b'"usage"', b'"usage'),
    "a comma before the end": _BODY[:-1] + b",}",
    "a word of another language at the end": _BODY[:-1] + b', "a": None}',
    "an escape that is none": _BODY.replace(b"m-2026", b"m\\x2026"),
    "apostrophes": _BODY.replace(b'"', b"'"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_json_that_is_broken_is(tmp_path: Path, name: str) -> None:
    assert violated(tmp_path, RECORDERS["har"](plain(BROKEN[name]).exchange)) == {"json.syntax"}


def test_objects_as_lines_are_no_event_stream(tmp_path: Path) -> None:
    body = "".join(f"{json.dumps(each)}\n" for each in text_chunks("Hel", "lo")).encode()
    assert violated(tmp_path, RECORDERS["har"](streamed(body + b"[DONE]\n").exchange)) == {"stream.sse"}


def test_a_time_that_was_blotted_out_is_not_held_against_the_server(tmp_path: Path) -> None:
    blotted = plain({**completion(), "created": 0}).exchange
    assert violated(tmp_path, RECORDERS["har"](blotted)) == set()


def test_a_stream_that_finished_but_never_said_done_is(tmp_path: Path) -> None:
    exchange = streamed(sse(text_chunks("Hel", "lo"), done=False)).exchange
    assert violated(tmp_path, RECORDERS["har"](exchange)) == {"stream.done"}
