"""
Replies as the reports show them, and that nothing secret is packed into a page.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from conformance import runs, views
from conformance.capture.secret import Secret
from conformance.contract import contracts
from conformance.errors import SecretLeak
from conformance.model import Attempt, Outcome, Result, RunInfo, Scorecard
from conformance.report.scorecard import score
from conformance.report.views import EventView
from tests.specimens import Specimen, chunk, part, plain, sse, streamed

CANARY = "sk-canary-0123456789abcdef"


def _card(*specimens: Specimen) -> Scorecard:
    results = [
        Result(
            case=replace(each.case, id=f"openai-chat.s{number}"),
            outcome=Outcome.PASS,
            attempts=(Attempt(exchange=each.exchange),),
        )
        for number, each in enumerate(specimens)
    ]
    return score(results, [contracts.load("openai-chat")], RunInfo(target="acme", base_url="http://h/v1", model="m"))


def test_a_plain_answer_is_its_body() -> None:
    shown = views.Views(_card(plain(b'{"a": "\xff"}')))
    assert (len(shown), [*shown]) == (1, ["openai-chat.s0"])
    view = shown["openai-chat.s0"].attempts[0]
    assert (view.body, view.events, view.assembled) == ('{"a": "\\xff"}', (), "")


def test_a_stream_is_its_events_and_the_message_they_make() -> None:
    reads = [(0.1, sse([chunk(part({"content": "Hel"}))], done=False)), (0.2, sse([chunk(part({"content": "lo"}))]))]
    view = views.Views(_card(streamed(reads=reads)))["openai-chat.s0"].attempts[0]
    assert [(each.index, each.at, each.read) for each in view.events] == [(0, 0.1, 0), (1, 0.2, 1), (2, 0.2, 1)]
    assert view.events[2] == EventView(
        index=2, at=0.2, text="data: [DONE]", start=view.events[1].end, end=view.events[1].end + 14, read=1
    )
    assert json.loads(view.assembled)["choices"][0]["message"]["content"] == "Hello"


def test_what_was_not_asked_has_no_view() -> None:
    card = _card(plain())
    unasked = replace(card, results=(replace(card.results[0], attempts=()),))
    assert [*views.Views(unasked)] == []


def test_a_secret_within_packed_evidence_stops_the_page(tmp_path: Path) -> None:
    leaky = _card(plain({"id": CANARY}))
    with pytest.raises(SecretLeak):
        runs.write(tmp_path, leaky, secrets=[Secret(CANARY)])
    assert not (tmp_path / "report.html").exists()
    runs.write(tmp_path, leaky, secrets=[Secret(CANARY + "0")])
    assert (tmp_path / "report.html").exists()
