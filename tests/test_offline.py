"""
Files of recorded exchanges become judged results, a set an endpoint, and nothing is dropped in silence.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import offline
from conformance.capture import recording
from conformance.errors import UsageError
from conformance.model import JSON, RunInfo, State
from tests import good
from tests.specimens import a_case, ask

CHAT = "https://api.acme.example/v1/chat/completions"


def row(name: str, *, url: str = CHAT, vendor: str = "acme", status: int = 200, **answer: JSON) -> str:
    body = {**good.PLAIN, **answer} if status == 200 else answer
    return json.dumps(
        {
            "id": name,
            "vendor": vendor,
            "fidelity": "raw",
            "request": {"method": "POST", "url": url, "headers": {}, "body": ask()},
            "response": {
                "status": status,
                "headers": {"Content-Type": "application/json"},
                "body_text": json.dumps(body),
            },
        }
    )


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def violated(judged: offline.Judged) -> dict[str, list[str]]:
    return {
        result.case.id: sorted(name for name, state in result.states.items() if state is State.VIOLATED)
        for result in judged.results
    }


def test_a_file_that_holds_several_vendors_gives_a_set_each(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", row("1"), row("2", vendor="globex", id=""), row("3"))
    judged = offline.judge([path])
    assert violated(judged["acme"]) == {"recorded.1": [], "recorded.3": []}
    assert violated(judged["globex"]) == {"recorded.2": ["openai-chat.response.id"]}


def test_the_call_decides_the_contract_and_an_unknown_one_is_counted(tmp_path: Path) -> None:
    unknown = row("2", url="https://api.acme.example/v1/moderations?x=1")
    judged = offline.judge([written(tmp_path / "a.jsonl", row("1"), unknown, unknown)])["acme"]
    assert [case.contract for case, _ in judged.pairs] == ["openai-chat"]
    assert [contract.id for contract in judged.contracts] == ["openai-chat"]
    assert list(offline.left_out([judged])) == [("POST api.acme.example/v1/moderations", 2)]


@pytest.mark.parametrize("host", ["api.anthropic.com", "api.deepgram.com", "api.elevenlabs.io", "api.replicate.com"])
def test_a_call_of_the_vendor_s_own_api_is_left_out_unless_its_contract_is_chosen(tmp_path: Path, host: str) -> None:
    listing = row("1", url=f"https://{host}/v1/models")
    path = written(tmp_path / "a.jsonl", listing.replace('"method": "POST"', '"method": "GET"'))
    assert offline.judge([path])["acme"].left_out == {f"GET {host}/v1/models": 1}
    assert len(offline.judge([path], only=["openai-models"])["acme"].results) == 1


def test_a_contract_that_was_not_chosen_judges_nothing(tmp_path: Path) -> None:
    judged = offline.judge([written(tmp_path / "a.jsonl", row("1"))], only=["openai-models"])["acme"]
    assert (judged.pairs, judged.left_out) == ((), {"POST api.acme.example/v1/chat/completions": 1})
    with pytest.raises(UsageError, match="openai-chat"):
        offline.judge([], only=["openai-chatt"])


def test_exchanges_of_one_name_in_two_files_are_not_attempts_of_one_case(tmp_path: Path) -> None:
    paths = [written(tmp_path / "a.jsonl", row("1", id="")), written(tmp_path / "b.jsonl", row("1"))]
    judged = offline.judge(paths)["acme"]
    assert violated(judged) == {"recorded.1": ["openai-chat.response.id"], "recorded.1~2": []}


def test_what_others_asked_may_have_been_wrong_so_a_refusal_is_no_violation(tmp_path: Path) -> None:
    error: JSON = {"message": "no such model", "type": "invalid_request_error", "param": "model", "code": None}
    judged = offline.judge([written(tmp_path / "a.jsonl", row("1", status=400, error=error))])["acme"]
    assert violated(judged) == {"recorded.1": []}
    assert "openai-chat.request.answered" not in judged.results[0].states


def test_two_runs_on_one_target_stay_apart(tmp_path: Path) -> None:
    info = RunInfo(target="acme", base_url="https://api.acme.example/v1", model="m", claims=("tools",))
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path in paths:
        recording.write(path, info, [(a_case(ask()), good.GOOD["plain"].exchange)])
    judged = offline.judge(paths)
    assert list(judged) == ["acme", f"acme ({paths[1]})"]
    assert judged["acme"].claims == {"tools"}
