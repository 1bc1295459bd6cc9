"""
A gate in action: a provider with a known mistake, a new one tomorrow, then fixed; from the command line.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from conformance.cli import VERBS, main
from conformance.contract import baselines, paths
from conformance.reference import server

ID, DONE = "openai-chat.response.id", "openai-chat.stream.done"
#: Two faults of the laboratory, each breaking one of the two.
NO_ID, NO_DONE = "id-missing.plain", "sse-done-missing"
Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)


def targets(url: str, more: str = "") -> None:
    """
    A targets file with one target.
    """
    target = f"{{base_url: {url}, model: reference-1, api_key: none, label: Acme Cloud{more}}}"
    Path("targets.yaml").write_text(f"version: 1\ntargets:\n  acme: {target}\n")


def ask(*arguments: str, faults: tuple[str, ...] = (), own: str = "") -> int:
    """
    Run against the reference provider with some faults; the target is the same every time.
    """
    with server.running(delay=0.0, faults=faults) as provider:
        targets(provider.url, own)
        return main(["run", "-q", "-t", "acme", *arguments])


def run(folder: str, *faults: str, more: tuple[str, ...] = ("--baseline", "b.yaml"), own: str = "") -> int:
    return ask("-p", "smoke", "-o", folder, *more, faults=faults, own=own)


def results(folder: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(folder, "results.json").read_text())
    schema = json.loads((paths.folder("schemas") / "report" / "results.json").read_text())
    jsonschema.Draft202012Validator(schema).validate(document)
    return document


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Today's run, asked once: the id is missing.
    """
    folder = tmp_path_factory.mktemp("today")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert run("run", NO_ID, more=()) == 1
    return folder / "run"


def accept(today: Path) -> None:
    """
    Accept what today's run saw.
    """
    shutil.copytree(today, "today")
    assert main(["baseline", "update", "today", "--baseline", "b.yaml", "--reason", "fixed in 3.3", "--create"]) == 0


def test_what_is_known_passes_and_one_more_mistake_fails_naming_just_that(today: Path, capsys: Output) -> None:
    accept(today)
    assert run("again", NO_ID) == 0
    assert {row["disposition"] for row in results("again")["findings"]} == {"known"}
    capsys.readouterr()
    assert run("tomorrow", NO_ID, NO_DONE) == 1
    assert results("tomorrow")["exit"] == {"code": 1, "reason": f"1 new violation: {DONE}"}
    assert f"Exit 1: 1 new violation: {DONE}" in capsys.readouterr().out
    assert main(["gate", "tomorrow", "--baseline", "b.yaml"]) == 1
    assert re.findall(r"^✗ .*", capsys.readouterr().out, re.MULTILINE)[0].startswith(f"✗ new             MUST {DONE}")


def test_an_update_names_the_target_the_cases_and_the_reason(today: Path, capsys: Output) -> None:
    accept(today)
    (entry,) = baselines.load(Path("b.yaml")).entries
    assert (entry.target, entry.requirement, entry.where, entry.expect) == ("acme", ID, "/id", ("fail",))
    assert (entry.reason, entry.cases[0].startswith("openai-chat.")) == ("fixed in 3.3", True)
    assert '+    reason: "fixed in 3.3"' in capsys.readouterr().out
    before = Path("b.yaml").read_text()
    assert main(["baseline", "update", "today", "--baseline", "b.yaml", "--reason", "again"]) == 0
    assert Path("b.yaml").read_text() == before


@pytest.mark.parametrize(("stale", "code"), [("fail", 4), ("warn", 0), ("ignore", 0)])
def test_a_mistake_that_was_fixed_leaves_a_stale_entry(today: Path, stale: str, code: int, capsys: Output) -> None:
    accept(today)
    assert run("fixed", more=("--baseline", "b.yaml", "--stale", stale)) == code
    assert "unexpected pass" in capsys.readouterr().out
    assert [row["disposition"] for row in results("fixed")["baseline"]["entries"]] == ["unexpected-pass"]


def test_a_stale_entry_is_pruned_and_the_gate_holds_again(today: Path) -> None:
    accept(today)
    run("fixed")
    assert main(["baseline", "prune", "today", "fixed", "--baseline", "b.yaml"]) == 0
    assert baselines.load(Path("b.yaml")).entries == ()
    assert main(["gate", "fixed", "--baseline", "b.yaml"]) == 0


def test_an_entry_whose_day_has_passed_fails_and_can_be_renewed(today: Path, capsys: Output) -> None:
    accept(today)
    text = Path("b.yaml").read_text()
    Path("b.yaml").write_text(re.sub(r"(added|expires): .*", r"\1: 2020-01-01", text))
    assert main(["gate", "today", "--baseline", "b.yaml"]) == 1
    assert f"Exit 1: 1 expired violation: {ID}" in capsys.readouterr().out
    assert main(["baseline", "update", "today", "--baseline", "b.yaml", "--reason", "still"]) == 0
    assert [entry.reason for entry in baselines.load(Path("b.yaml")).entries] == ["still"]
    assert main(["gate", "today", "--baseline", "b.yaml"]) == 0


def test_an_entry_that_was_not_exercised_is_listed_and_holds(today: Path, capsys: Output) -> None:
    accept(today)
    assert ask("--case", "openai-chat.plain.short", "--baseline", "b.yaml", "-o", "part") == 0
    assert "? unobserved" in capsys.readouterr().out


@pytest.mark.parametrize("verb", [["run", "-t", "acme"], ["gate", "today"]])
def test_a_mistyped_baseline_ends_before_any_request_and_is_not_created(verb: list[str], capsys: Output) -> None:
    Path("base.yaml").write_text("version: 1\nentries: []\n")
    targets("http://127.0.0.1:9/v1")
    assert main([*verb, "--baseline", "bose.yaml"]) == 2
    assert "bose.yaml: there is no such baseline\n  Did you mean base.yaml?" in capsys.readouterr().err
    assert sorted(each.name for each in Path().iterdir()) == ["base.yaml", "targets.yaml"]


def test_an_update_creates_no_file_unless_told_to(today: Path, capsys: Output) -> None:
    assert main(["baseline", "update", str(today), "--baseline", "b.yaml", "--reason", "r"]) == 2
    assert "--create" in capsys.readouterr().err
    assert not Path("b.yaml").exists()


def test_a_target_names_its_own_baseline(today: Path) -> None:
    accept(today)
    assert run("own", NO_ID, more=(), own=", baseline: b.yaml") == 0


def test_junit_skips_what_is_known_and_fails_what_is_new(today: Path) -> None:
    accept(today)
    run("tomorrow", NO_ID, NO_DONE)
    cases = ET.parse("tomorrow/junit.xml").iter("testcase")
    said = {child.get("type") or (child.get("message") or "")[:13] for case in cases for child in case}
    assert {DONE, "known failure"} <= said
    assert ID not in said


def test_a_report_written_again_still_knows_its_baseline(today: Path) -> None:
    accept(today)
    run("again", NO_ID)
    before = Path("again/junit.xml").read_bytes(), Path("again/results.json").read_bytes()
    Path("b.yaml").unlink()
    assert main(["report", "again", "--report", "junit,ctrf,sarif,badge"]) == 0
    assert (Path("again/junit.xml").read_bytes(), Path("again/results.json").read_bytes()) == before
    assert {each.name for each in Path("again").iterdir()} >= {"ctrf.json", "results.sarif", "badge.json", "badge.svg"}


def test_github_gets_the_new_violation_a_summary_and_outputs(
    today: Path, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept(today)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary")
    monkeypatch.setenv("GITHUB_OUTPUT", "output")
    capsys.readouterr()
    run("tomorrow", NO_ID, NO_DONE)
    (annotation,) = [row for row in capsys.readouterr().err.splitlines() if row.startswith("::")]
    assert annotation.startswith(f"::error title=acme%3A MUST {DONE}::new: expected ")
    assert "Against the baseline: 1 new, 1 known, 0 expired, 0 stale, 0 unobserved" in Path("summary").read_text()
    told = dict(row.split("=", 1) for row in Path("output").read_text().splitlines())
    assert (told["exit-code"], told["new"], told["known"], told["report-path"]) == (
        "1",
        "1",
        "1",
        "tomorrow/report.html",
    )


def test_a_diff_names_what_is_new_and_what_was_fixed(capsys: Output) -> None:
    run("reports/20260101T000000Z-acme", NO_ID, more=())
    run("reports/20260102T000000Z-acme", NO_DONE, more=())
    capsys.readouterr()
    assert main(["diff", "reports/20260101T000000Z-acme", "acme", "--fail-on", "must", "--format", "json"]) == 1
    made = json.loads(capsys.readouterr().out)
    assert {row["requirement"]: row["change"] for row in made["changes"]} == {DONE: "new", ID: "fixed"}
    assert main(["diff", "acme", "acme"]) == 0
    assert main(["diff", "acme", "acne"]) == 2
    assert "Did you mean acme?" in capsys.readouterr().err


def test_a_check_names_unknown_cases_missing_issues_and_what_expires(today: Path, capsys: Output) -> None:
    accept(today)
    assert main(["baseline", "check", "--baseline", "b.yaml"]) == 0
    assert main(["baseline", "check", "--baseline", "b.yaml", "--strict"]) == 2
    assert f"b.yaml:5: the entry for {ID} names no issue" in capsys.readouterr().err
    text = re.sub(r"- id: .*\n    target", "- target", Path("b.yaml").read_text())
    Path("b.yaml").write_text(re.sub(r"    case:\n(      - .*\n)+", "    case: openai-chat.nosuch\n", text))
    assert main(["baseline", "check", "--baseline", "b.yaml"]) == 2
    assert "b.yaml:5: there is no case 'openai-chat.nosuch'" in capsys.readouterr().err


def test_recorded_traffic_is_held_against_a_baseline_as_well(today: Path, capsys: Output) -> None:
    accept(today)
    Path("t.jsonl").write_bytes((today / "recording.jsonl").read_bytes())
    assert main(["check", "t.jsonl", "--baseline", "b.yaml", "-o", "checked", "--report", "junit"]) == 0
    assert "k known" in capsys.readouterr().out
    assert results("checked")["exit"]["reason"] == "the gate holds: 5 known findings"
    assert not Path("checked/report.html").exists()
    assert main(["check", "t.jsonl", "-o", "plain"]) == 1


def test_traffic_that_no_contract_documents_is_not_green(capsys: Output) -> None:
    entry = {"request": {"method": "GET", "url": "https://h/other"}, "response": {"status": 200, "body_text": "{}"}}
    Path("t.jsonl").write_text(json.dumps(entry) + "\n")
    assert main(["check", "t.jsonl", "-o", "checked"]) == 5
    assert "Exit 5: nothing was tested" in capsys.readouterr().out


def test_a_bug_of_ours_ends_with_its_own_code_and_keeps_the_trace(
    monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.setitem(VERBS, "broken", ("tests.broken_verb", ""))
    assert main(["broken"]) == 70
    said = capsys.readouterr().err
    assert said.startswith("conformance: ZeroDivisionError")
    (path,) = re.findall(r"report it with (\S+)\.$", said, re.MULTILINE)
    assert "1 // 0" in Path(path).read_text()
    Path(path).unlink()


@contextmanager
def two(*faults: str) -> Iterator[None]:
    """
    A targets file with two targets, of which the second has some faults.
    """
    with server.running(delay=0.0) as good, server.running(delay=0.0, faults=faults) as bad:
        rows = "".join(
            f"  {name}: {{base_url: {url}, model: reference-1, api_key: none, baseline: b.yaml}}\n"
            for name, url in (("acme", good.url), ("globex.eu", bad.url))
        )
        Path("targets.yaml").write_text(f"version: 1\ntargets:\n{rows}")
        yield


def test_two_targets_are_held_against_one_baseline_and_share_no_test_name(
    capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("b.yaml").write_text("version: 1\nentries: []\n")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_OUTPUT", "output")
    with two(NO_DONE):
        assert main(["run", "-q", "--targets", "targets.yaml", "-p", "smoke", "-o", "both"]) == 1
        assert f"new             MUST {DONE}" in capsys.readouterr().out
        told = dict(row.split("=", 1) for row in Path("output").read_text().splitlines())
        assert (told["new"], told["report-path"]) == ("1", "both")
        names = [
            (case.get("classname"), case.get("name"))
            for path in Path("both").glob("*/junit.xml")
            for case in ET.parse(path).iter("testcase")
        ]
        assert len(names) == len(set(names)) == 20
        assert main(["baseline", "update", "both/globex.eu", "--baseline", "b.yaml", "--reason", "r"]) == 0
        assert main(["run", "-q", "--targets", "targets.yaml", "-p", "smoke", "-o", "again"]) == 0
    assert [entry.target for entry in baselines.load(Path("b.yaml")).entries] == ["globex.eu"]


def test_the_baseline_of_a_target_is_read_before_anything_is_sent(capsys: Output) -> None:
    with two():
        assert main(["run", "-q", "--targets", "targets.yaml", "-p", "smoke", "-o", "both"]) == 2
        assert main(["run", "-q", "-t", "acme", "-p", "smoke", "-o", "one"]) == 2
    assert "b.yaml: there is no such baseline" in capsys.readouterr().err
    assert sorted(each.name for each in Path().iterdir()) == ["targets.yaml"]


def test_a_gate_says_its_dispositions_as_json(today: Path, capsys: Output) -> None:
    accept(today)
    capsys.readouterr()
    assert main(["gate", "today", "--baseline", "b.yaml", "--json"]) == 0
    (made,) = json.loads(capsys.readouterr().out)
    assert (made["target"], made["counts"]["known"], made["exit"]["code"]) == ("acme", 1, 0)
    assert [(row["change"], row["requirement"]) for row in made["changes"]] == [("known", ID)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gate", "today"], "a gate needs --baseline FILE"),
        (["gate", "today", "--baseline", "b.yaml", "--max-inconclusive", "some"], "Write 12 or 5%."),
        (["gate", "nowhere", "--baseline", "b.yaml"], "there is no recording here"),
        (["baseline", "update", "today", "--baseline", "b.yaml", "--reason", " "], "--reason is empty"),
        (["baseline", "prune", "--baseline", "b.yaml"], "there is no run below reports/"),
        (["run", "--report", "html,pdf"], "there is no report format 'pdf'"),
    ],
)
def test_a_mistake_ends_in_words_with_the_remedy(arguments: list[str], said: str, today: Path, capsys: Output) -> None:
    accept(today)
    assert main(arguments) == 2
    assert said in capsys.readouterr().err


def test_an_entry_for_a_case_that_does_not_exist_is_named_and_fails_no_gate(today: Path, capsys: Output) -> None:
    accept(today)
    text = Path("b.yaml").read_text()
    entry = f"  - requirement: {DONE}\n    case: openai-chat.plain.shrt\n    reason: r\n    expires: 2099-01-01\n"
    Path("b.yaml").write_text(text + entry)
    assert main(["gate", "today", "--baseline", "b.yaml"]) == 0
    assert "there is no case 'openai-chat.plain.shrt'; did you mean openai-chat.plain.short?" in capsys.readouterr().err


def test_a_check_says_what_expires_soon_and_a_dry_run_writes_nothing(today: Path, capsys: Output) -> None:
    accept(today)
    assert main(["baseline", "check", "--baseline", "b.yaml"]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "b.yaml: 1 entry"
    Path("b.yaml").write_text(re.sub(r"(added|expires): .*", r"\1: 2020-01-01", Path("b.yaml").read_text()))
    before = Path("b.yaml").read_text()
    assert main(["baseline", "check", "--baseline", "b.yaml"]) == 0
    assert f"b.yaml:5: expired 2020-01-01: {ID} (fixed in 3.3)" in capsys.readouterr().out
    assert main(["baseline", "update", "today", "--baseline", "b.yaml", "--reason", "r", "--dry-run"]) == 0
    assert "-    expires: 2020-01-01" in capsys.readouterr().out
    assert Path("b.yaml").read_text() == before


def test_pruning_reads_the_runs_below_reports(today: Path) -> None:
    accept(today)
    run("reports/20990101T000000Z-acme")
    assert main(["baseline", "prune", "--baseline", "b.yaml"]) == 0
    assert baselines.load(Path("b.yaml")).entries == ()


def test_a_report_without_results_ends_as_if_the_run_came_to_its_end_now(today: Path) -> None:
    shutil.copytree(today, "today")
    Path("today/results.json").unlink()
    assert main(["report", "today", "--report", "junit"]) == 0
    assert results("today")["exit"]["reason"] == f"1 violation: {ID}"
