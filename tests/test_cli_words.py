"""
The verbs that say something: list, explain, doctor, schema, help.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

from conformance.cli import VERBS, main
from conformance.contract import cases, contracts
from conformance.reference import faults, server

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _narrow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    for name in ("OPENAI_BASE_URL", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    shown = capsys.readouterr().out
    assert f"conformance {verb}" in shown
    assert "Example" in shown


@pytest.mark.parametrize(
    ("what", "count"),
    [
        ("contracts", len(contracts.names())),
        ("profiles", sum(len(contracts.load(name).profiles) for name in contracts.names())),
        ("requirements", sum(len(contracts.load(name).requirements) for name in contracts.names())),
        ("cases", sum(len(cases.load_contract(name)) for name in contracts.names())),
        ("faults", sum(map(len, (faults.FAULTS, faults.SELDOM, faults.VARIANTS, faults.NOT_SIMULATED)))),
    ],
)
def test_list_has_a_row_for_everything(what: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", what, "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == count
    assert main(["list", what]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2 * count


def test_list_targets_names_what_the_file_holds(capsys: pytest.CaptureFixture[str]) -> None:
    Path("targets.yaml").write_text(
        "version: 1\ntargets:\n  acme: {base_url: https://api.acme.test/v1, api_key: {env: ACME}, model: m}\n"
        "groups: {nightly: [acme]}\n"
    )
    assert main(["list", "targets", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["name"], row["groups"]) == ("acme", "groups: nightly")


def test_explain_says_who_breaks_and_where_it_is_documented(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "openai-chat.stream.done", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    row = contracts.load("openai-chat").requirements["openai-chat.stream.done"]
    assert (made["level"], made["breaks"], made["documentation"]) == ("MUST", row.breaks, row.doc)


def test_explain_says_what_a_case_sends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "openai-chat.auth.no-key"]) == 0
    assert main(["explain", "openai-chat.auth.longer-key"]) == 0
    said = capsys.readouterr().out
    for line in ("without        Authorization", "headers        Authorization: Bearer ${key}x"):
        assert line in said
    assert "openai-chat.auth.missing-key: 400 or 401 or 403" in said


@pytest.mark.parametrize("name", ["openai-chat.stream.done", "openai-chat.tools.required"])
def test_explain_fits_a_terminal(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", name]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize("name", ["results", "targets", "case"])
def test_schema_prints_a_json_schema(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", name]) == 0
    jsonschema.Draft202012Validator.check_schema(json.loads(capsys.readouterr().out))


def test_doctor_finds_the_reference_provider_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert {step["step"] for step in made["steps"]} >= {"dns", "tcp", "http", "auth", "models", "chat", "streaming"}
    assert made["ok"]


def test_doctor_names_the_address_that_answers(capsys: pytest.CaptureFixture[str]) -> None:
    with server.running() as provider:
        assert main(["doctor", f"{provider.url}/v1", "-m", provider.model]) == 3
    shown = capsys.readouterr().out
    assert "FAIL  base-url" in shown
    assert f"The base URL should be {provider.url}" in shown


def test_the_served_provider_can_be_certified(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        url = process.stderr.readline().split()[0]
        for _ in range(100):
            if main(["doctor", url, "-m", "reference-1"]) == 0:
                break
        assert main(["run", url, "-m", "reference-1", "-p", "smoke", "-q"]) == 0
    finally:
        process.terminate()
        process.wait(10)
        process.stderr.close()
