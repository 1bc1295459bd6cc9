"""
The main job from the command line, against the reference provider and against servers that misbehave.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance import runs
from conformance.cli import main
from conformance.contract import paths
from conformance.model import Verdict
from conformance.reference import server
from tests.capture_servers import plain, serving

KEY = "sk-test-never-to-be-seen-anywhere-0123"
FILES = {"recording.jsonl", "results.json", "report.html", "junit.xml", "summary.md", "badge.json", "badge.svg"}


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID"):
        monkeypatch.delenv(name, raising=False)


def _results(folder: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((folder / "results.json").read_text())
    schema = json.loads((paths.folder("schemas") / "report" / "results.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[int, Path]:
    """
    The whole suite asked of the reference provider, once.
    """
    folder = tmp_path_factory.mktemp("whole") / "run"
    return main(["run", "-q", "-o", str(folder)]), folder


def test_the_reference_provider_conforms(whole: tuple[int, Path]) -> None:
    code, folder = whole
    document = _results(folder)
    assert (code, document["verdict"], document["complete"]) == (0, "conforms", True)
    assert {profile["verdict"] for profile in document["profiles"]} == {"conforms"}
    assert document["totals"]["requests"] == len(document["cases"])


def test_a_run_leaves_every_file_that_is_promised(whole: tuple[int, Path]) -> None:
    assert {path.name for path in whole[1].iterdir()} == FILES


def test_a_recording_judges_again_to_the_same_scorecard(whole: tuple[int, Path]) -> None:
    _, folder = whole
    before = _results(folder)
    card = runs.load(folder)
    assert card.verdict is Verdict.CONFORMS
    assert {result.case.id: result.outcome.value for result in card.results} == {
        case["id"]: case["outcome"] for case in before["cases"]
    }


def test_report_renders_an_earlier_run_to_the_same_bytes(whole: tuple[int, Path]) -> None:
    _, folder = whole
    before = {name: (folder / name).read_bytes() for name in FILES}
    assert main(["report", str(folder)]) == 0
    assert {name: (folder / name).read_bytes() for name in FILES} == before


def test_check_judges_a_recording_of_ours_to_the_same_verdict(
    whole: tuple[int, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(whole[1] / "recording.jsonl"), "-o", "checked", "--json"]) == 0
    (document,) = json.loads(capsys.readouterr().out)
    assert (document["verdict"], document["findings"]) == ("conforms", _results(whole[1])["findings"])


def test_a_dry_run_sends_nothing_and_says_what_it_would(capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[bytes] = []

    async def answer(request: bytes, writer: asyncio.StreamWriter) -> None:
        asked.append(request)

    with serving(answer) as url:
        assert main(["run", url, "-m", "m", "--dry-run", "--json"]) == 0
    cost = json.loads(capsys.readouterr().out)
    assert asked == []
    assert cost["requests"] == sum(profile["requests"] for profile in cost["profiles"]) > 100
    assert list(Path().iterdir()) == []


def test_smoke_is_at_most_ten_requests(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--profile", "smoke", "-c", "openai-chat", "-o", "smoke", "-q"]) == 0
    assert 0 < _results(Path("smoke"))["totals"]["requests"] <= 10
    assert "conforms" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["run", "--bogus"], 2, "--bogus"),
        (["rum"], 2, "Did you mean run?"),
        (["run", "ftp://host/v1", "-m", "m"], 2, "no http or https URL"),
        (["run", "http://127.0.0.1:9/v1"], 2, "Name one with --model"),
        (["run", "--api-key", KEY], 2, "export OPENAI_API_KEY"),
        (["run", "--api-key-env", "NO_SUCH"], 2, "NO_SUCH is not set"),
        (["run", "--api-key-file", "nowhere"], 2, "nowhere cannot be read"),
        (["run", "--profile", "tolls"], 2, "Did you mean tools?"),
        (["run", "--claims", "visoin"], 2, "Did you mean vision?"),
        (["run", "--contract", "openai-chut"], 2, "Did you mean openai-chat?"),
        (["run", "-k", "and and"], 2, "cannot be read"),
        (["run", "-k", "nothinglikethis"], 5, "no case is left"),
        (["run", "--rate", "fast"], 2, "Write it as 60/m"),
        (["run", "--target", "acme"], 2, "targets.yaml"),
        (["run", "--cases", "nowhere.yaml"], 2, "nowhere.yaml: cannot be read"),
        (["run", "--resume", "nowhere"], 2, "nowhere"),
        (["run", "http://127.0.0.1:9/v1", "-m", "m"], 3, "accepts no connection"),
        (["check", "nowhere.har"], 2, "there is no such file"),
        (["report", "nowhere"], 2, "is no folder of a run"),
        (["explain", "openai-chat.stream.dune"], 2, "Did you mean openai-chat.stream.done"),
        (["serve", "--fault", "nothing-like-it"], 2, "conformance list faults"),
    ],
)
def test_a_mistake_ends_in_words_with_the_remedy(
    arguments: list[str], code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    shown = capsys.readouterr()
    assert said in shown.err
    assert KEY not in shown.err + shown.out
    assert "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"url": "/v1/v1"}, "The base URL should be"),
        ({"url": ""}, "The base URL should be"),
        ({"model": "no-such-model"}, "does not know the model"),
        ({"key": "sk-another-key-altogether"}, "refuses the key"),
        ({"key": ""}, "demands a key"),
    ],
)
def test_what_stands_in_the_way_is_one_error_and_not_six_hundred(
    change: dict[str, str], said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", change.get("key", KEY))
    with server.running(api_key=KEY) as provider:
        url = provider.url.removesuffix("/v1") + change.get("url", "/v1")
        assert main(["run", url, "-m", change.get("model", provider.model)]) == 3
    assert said in capsys.readouterr().err
    assert not Path("reports").exists()


def test_a_wrong_case_file_is_named_with_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    Path("mine.yaml").write_text(
        "contract: openai-chat\nfeature: mine\ncases:\n  - id: openai-chat.mine.one\n    titel: oops\n"
        "    request: {body: {}}\n"
    )
    assert main(["run", "--cases", "mine.yaml"]) == 2
    assert "mine.yaml:5: unknown key 'titel'\n  Did you mean title?" in capsys.readouterr().err


def test_cases_of_ones_own_are_asked_in_place_of_the_suites() -> None:
    Path("mine.yaml").write_text(
        "contract: openai-chat\nfeature: mine\ncases:\n  - id: openai-chat.mine.one\n    title: Mine.\n"
        '    request: {body: {model: "${model}", messages: [{role: user, content: "Reply with exactly: ok"}]}}\n'
    )
    main(["run", "--cases", "mine.yaml", "-o", "mine", "-q"])
    assert [case["id"] for case in _results(Path("mine"))["cases"]] == ["openai-chat.mine.one"]


def test_a_spent_budget_is_no_verdict_and_keeps_what_came() -> None:
    assert main(["run", "--max-requests", "5", "-o", "spent", "-q"]) == 3
    document = _results(Path("spent"))
    assert (document["totals"]["requests"], document["trouble"], document["complete"]) == (5, "budget", False)


def test_an_interrupted_run_goes_on_where_it_stopped() -> None:
    assert main(["run", "--profile", "smoke", "-c", "openai-chat", "--max-requests", "3", "-o", "cut", "-q"]) == 3
    with server.running() as provider:
        arguments = ["run", provider.url, "-m", provider.model, "--profile", "smoke", "-q"]
        assert main([*arguments, "--max-requests", "3", "-o", "half"]) == 3
        assert main([*arguments, "--resume", "half"]) == 0
    document = _results(Path("half"))
    assert all(len(case["attempts"]) == 1 for case in document["cases"])
    assert document["complete"]


def test_resuming_another_run_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["-c", "openai-models", "-q"]
    with server.running() as provider:
        assert main(["run", provider.url, "-m", provider.model, *arguments, "-o", "one"]) == 0
    with server.running() as other:
        assert main(["run", other.url, "-m", other.model, *arguments, "--resume", "one"]) == 2
    assert "Resume with the same target" in capsys.readouterr().err


def test_a_folder_is_never_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "-c", "openai-models", "-o", "one", "-q"]) == 0
    assert main(["run", "-c", "openai-models", "-o", "one", "-q"]) == 2
    assert "--resume one" in capsys.readouterr().err


def test_an_echoed_key_reaches_no_file_and_no_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def echo(request: bytes, writer: asyncio.StreamWriter) -> None:
        body = json.dumps({"echo": request.decode("latin-1"), "choices": f"\x1b[31m{KEY}"}).encode()
        writer.write(plain(body, "200 OK", "Content-Type: application/json", f"X-Key: {KEY}"))

    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serving(echo) as url:
        assert main(["run", url, "-m", "m", "--profile", "core", "-o", "echoed"]) == 1
    shown = capsys.readouterr()
    written = b"".join(path.read_bytes() for path in Path("echoed").iterdir())
    assert KEY not in shown.out + shown.err
    assert KEY.encode() not in written
    assert "\x1b[31m" not in shown.out


def test_a_target_that_falls_silent_ends_the_run_early(capsys: pytest.CaptureFixture[str]) -> None:
    answers = 0

    async def fading(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal answers
        answers += 1
        if answers > 3:
            await asyncio.sleep(60)
        writer.write(plain(b"{}"))

    with serving(fading) as url:
        assert main(["run", url, "-m", "m", "--timeout", "200ms", "-j", "64", "-o", "faded", "-q"]) in (1, 3)
    assert "stopped answering" in capsys.readouterr().err
    document = _results(Path("faded"))
    assert (document["trouble"], document["complete"]) == ("silent", False)


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent as a signal")
def test_ctrl_c_writes_what_there_is() -> None:
    command = [sys.executable, "-m", "conformance", "run", "--rate", "20/s", "-o", "stopped"]
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    recorded = Path("stopped/recording.jsonl")
    until = time.monotonic() + 30
    while time.monotonic() < until and (not recorded.exists() or recorded.read_bytes().count(b"\n") < 4):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=30)
    assert process.returncode == 130
    document = _results(Path("stopped"))
    assert (document["trouble"], document["complete"]) == ("interrupted", False)
    assert document["totals"]["requests"] >= 3
    assert {path.name for path in Path("stopped").iterdir()} == FILES


def test_a_target_without_a_key_is_not_asked_about_keys() -> None:
    with server.running(api_key=None) as provider:
        assert main(["run", provider.url, "-m", provider.model, "-k", "auth", "-o", "open", "-q"]) in (0, 5)
    outcomes = {case["outcome"] for case in _results(Path("open"))["cases"]}
    assert outcomes == {"not-applicable"}


def test_two_recordings_of_one_target_are_checked_into_two_folders(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("one", "two"):
        assert main(["run", "-c", "openai-models", "-o", name, "-q"]) == 0
    arguments = ["check", "one/recording.jsonl", "two/recording.jsonl", "-o", "both"]
    assert main(arguments) == 0
    assert {path.parent.name for path in Path("both").glob("*/recording.jsonl")} == {"reference", "reference-2"}
    assert main(arguments) == 2
    assert "holds a run already" in capsys.readouterr().err
