"""
``conformance run`` for several targets at once: each within its own limits, none stopped by another, compared at the end.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance import runs
from conformance.capture import recording, targets
from conformance.cli import main, several
from conformance.errors import FileError
from conformance.model import Case, Exchange
from conformance.reference import server
from conformance.whom import from_file


@pytest.fixture
def three(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """
    A targets file with two providers, one of them keyed and with a budget, and an address where nobody listens.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ACME_KEY", "acme-key-0123456789")
    with server.running() as free, server.running(api_key="acme-key-0123456789", faults=["usage-null"]) as keyed:
        (tmp_path / "targets.yaml").write_text(
            f"""\
version: 1
defaults: {{model: {free.model}}}
targets:
  globex: {{base_url: "{keyed.url}", api_key: {{env: ACME_KEY}}, label: Globex AI, concurrency: 2, max_requests: 6}}
  acme: {{base_url: "{free.url}", claims: [tools]}}
  gone: {{base_url: "http://127.0.0.1:9/v1"}}
groups:
  two: [globex, acme]
"""
        )
        yield tmp_path


def _results(folder: Path) -> Any:
    return json.loads((folder / "results.json").read_text())


def test_every_target_gets_a_folder_and_all_a_comparison(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["run", "--targets", "targets.yaml", "--group", "two", "--profile", "smoke", "-o", "out"])
    assert {path.name for path in (three / "out").iterdir()} == {
        *("globex", "acme", "compare.html", "compare.json", "compare.csv", "compare.md")
    }
    made = json.loads((three / "out/compare.json").read_text())
    assert [each["name"] for each in made["targets"]] == ["Globex AI", "acme"]
    said = capsys.readouterr()
    assert "comparison: out/compare.html" in said.out and "asking 2 targets at the same time" in said.err
    assert code == 3


def test_each_has_its_own_budget_claims_and_key(three: Path) -> None:
    main(["run", "--group", "two", "--profile", "smoke", "-o", "out", "-q"])
    globex, acme = _results(three / "out/globex"), _results(three / "out/acme")
    assert (globex["totals"]["requests"], globex["trouble"], globex["claims"]) == (6, "budget", None)
    assert (acme["totals"]["requests"], acme["trouble"], acme["claims"]) == (5, "", ["tools"])
    everything = b"".join(path.read_bytes() for path in (three / "out").rglob("*") if path.is_file())
    assert b"acme-key-0123456789" not in everything


def test_a_target_that_is_gone_stops_no_other(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["run", "-g", "all", "--profile", "smoke", "-o", "out", "-q"])
    assert code == 3
    assert "gone: " in capsys.readouterr().err
    assert _results(three / "out/acme")["complete"] is True
    assert not (three / "out/gone/results.json").exists()


def test_all_results_are_printed_as_json(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["run", "--target", "acme", "--target", "globex", "--profile", "smoke", "-o", "out", "-q", "--json"])
    assert [each["target"]["name"] for each in json.loads(capsys.readouterr().out)] == ["acme", "globex"]


def test_a_run_is_never_written_over_and_can_be_resumed(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["run", "--group", "two", "--profile", "smoke", "-q"]
    main([*words, "-o", "out"])
    assert main([*words, "-o", "out"]) == 2
    assert "--resume out" in capsys.readouterr().err
    assert main([*words, "--resume", "out", "--max-requests", "20"]) in (0, 1)
    assert _results(three / "out/globex")["totals"]["requests"] == 10


def test_the_cost_of_every_target_is_said_before(three: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--group", "all", "--profile", "smoke", "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert said.count("nothing is sent") == 3 and not (three / "reports").exists()


def test_an_interrupt_ends_all_and_keeps_what_came(three: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    came = threading.Event()
    append = recording.Recorder.append

    def noticed(self: recording.Recorder, case: Case, exchange: Exchange) -> None:
        append(self, case, exchange)
        came.set()

    def interrupted(futures: Any) -> None:
        monkeypatch.setattr(several, "_await", waiting)
        came.wait(30)
        raise KeyboardInterrupt

    waiting = several._await
    monkeypatch.setattr(recording.Recorder, "append", noticed)
    monkeypatch.setattr(several, "_await", interrupted)
    assert main(["run", "--group", "two", "-o", "out", "-q"]) == 130
    for name in ("acme", "globex"):
        document = _results(three / "out" / name)
        assert (document["complete"], document["exit"]["code"]) == (False, 130)
    assert runs.load(three / "out/acme").run.trouble == "interrupted"


@pytest.mark.parametrize("budget", ["max_requests: 0", "max_tokens: -1", "max_time: soon", "max_requests: many"])
def test_a_budget_that_is_none_is_a_mistake_with_its_line(tmp_path: Path, budget: str) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text(f"version: 1\ntargets:\n  a:\n    base_url: http://h/v1\n    {budget}\n")
    with pytest.raises(FileError) as problem:
        from_file(path)
    assert problem.value.line == 5


def test_a_group_named_all_may_still_be_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "targets.yaml"
    path.write_text("version: 1\ntargets:\n  a: {base_url: http://a/v1}\n  b: {base_url: http://b/v1}\n")
    assert [each.name for each in from_file(path).choose(group=targets.ALL)] == ["a", "b"]
    path.write_text(path.read_text() + "groups: {all: [b]}\n")
    assert [each.name for each in from_file(path).choose(group=targets.ALL)] == ["b"]
