"""
``conformance compare``: runs joined from the command line, and reports against an earlier run.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from conformance.capture import recording
from conformance.cli import main
from conformance.contract import contracts, paths
from conformance.model import RunInfo
from tests.specimens import completion, edit, plain, streamed

CHAT = contracts.load("openai-chat")
FILES = {"compare.html", "compare.json", "compare.csv", "compare.md"}


def _run(folder: Path, target: str, *, good: bool = True, label: str = "") -> Path:
    """
    A run's folder with a recording of two exchanges.
    """
    info = RunInfo(
        target=target,
        base_url=f"https://{target}.example/v1",
        model="m",
        label=label,
        contracts=((CHAT.id, CHAT.version, CHAT.sha256),),
        started="2026-11-23T14:02:00Z",
        ended="2026-11-23T14:02:09Z",
    )
    body = completion() if good else edit(completion(), "/id", 7)
    specimens = [plain(body, case={"id": "openai-chat.a"}), streamed(case={"id": "openai-chat.b"})]
    recording.write(folder / "recording.jsonl", info, [(each.case, each.exchange) for each in specimens])
    return folder


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """
    A folder that holds three runs, two of them of one target.
    """
    _run(tmp_path / "a-acme", "acme", label="Acme Cloud")
    _run(tmp_path / "b-globex", "globex", good=False)
    _run(tmp_path / "c-globex", "globex")
    return tmp_path


def test_runs_are_joined_in_the_order_in_which_they_are_named(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    named = [str(three / name) for name in ("c-globex", "a-acme", "b-globex")]
    assert main(["compare", *named, "-o", str(three / "out")]) == 0
    made = json.loads((three / "out/compare.json").read_text())
    assert [each["name"] for each in made["targets"]] == ["globex (c-globex)", "Acme Cloud", "globex (b-globex)"]
    assert {path.name for path in (three / "out").iterdir()} == FILES
    said = capsys.readouterr().out
    assert "1 differs between targets and 1 is violated" in said and "out/compare.html" in said


def test_a_folder_of_runs_stands_for_its_runs(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(three), "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [each["name"] for each in made["targets"]] == ["Acme Cloud", "globex (b-globex)", "globex (c-globex)"]
    schema = json.loads((paths.folder("schemas") / "report/comparison.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(made)


def test_evidence_can_be_left_out(three: Path) -> None:
    assert main(["compare", str(three), "-o", str(three / "out")]) == 0
    assert main(["compare", str(three), "-o", str(three / "bare"), "--no-evidence"]) == 0
    assert 'id="block-0"' in (three / "out/compare.html").read_text()
    assert 'id="block-0"' not in (three / "bare/compare.html").read_text()


@pytest.mark.parametrize(
    ("names", "words"),
    [(["a-acme"], "at least two runs"), (["a-acme", "missing"], "missing: holds no run"), ([], "Missing argument")],
)
def test_what_cannot_be_compared_is_a_mistake_of_usage(
    three: Path, capsys: pytest.CaptureFixture[str], names: list[str], words: str
) -> None:
    assert main(["compare", *(str(three / name) for name in names)]) == 2
    assert words in capsys.readouterr().err


def test_a_report_says_what_changed_since_an_earlier_run(three: Path) -> None:
    assert main(["report", str(three / "c-globex"), "--against", str(three / "b-globex")]) == 0
    text = (three / "c-globex/report.html").read_text()
    assert 'id="changes-fixed"' in text and "id is a non-empty string." in text
    assert main(["report", str(three / "c-globex")]) == 0
    assert 'id="changes"' not in (three / "c-globex/report.html").read_text()
