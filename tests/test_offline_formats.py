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
from tests.specimens import completion, plain, sse, streamed, text_chunks

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
    "param.audio-format",
    "param.audio/1",
    "custom-tools.grammar",
    "created.now",
    "http.request-id",
    "http.ratelimit-count",
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
    "stream.same-created",
    "stream.same-fingerprint",
    "tools.id-unique",
    "audio.expires",
    "json.integers",
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


def test_a_stream_that_finished_but_never_said_done_is(tmp_path: Path) -> None:
    exchange = streamed(sse(text_chunks("Hel", "lo"), done=False)).exchange
    assert violated(tmp_path, RECORDERS["har"](exchange)) == {"stream.done"}
