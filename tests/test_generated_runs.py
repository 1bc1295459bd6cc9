"""
Generated requests within a run: recorded, judged again from the recording, asked again and pinned.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from conformance import generated, performing, plan, runs, stored
from conformance.capture import recording
from conformance.cli import main
from conformance.contract import cases
from conformance.errors import UsageError
from conformance.generate import pinning
from conformance.model import Case, Expect, Request
from conformance.reference import app
from conformance.reference.faults import SELDOM
from conformance.report import exits, html, labels, markdown, results, terminal
from tests.inprocess import InProcessSource, faulty

CRASH = SELDOM["breaks-on-empty-bias"]
EXPLORE = generated.Wish(mode=generated.Mode.EXPLORE)


def planned(source, mode, *, limit=None, expression="openai-chat.plain.short"):
    wish = generated.Wish(mode=generated.Mode(mode))
    limits = plan.Limits(requests=limit)
    choice = plan.Choice(contracts=("openai-chat",), expression=expression)
    return plan.make(source.target, choice, limits=limits, wish=wish)


@pytest.fixture(scope="module")
def explored(tmp_path_factory):
    """
    An exploration of a provider that crashes on an empty logit_bias.
    """
    folder = tmp_path_factory.mktemp("run")
    source = InProcessSource(faulty(app.create(delay=0.0, api_key="key"), [CRASH]))
    return folder, performing.perform(planned(source, "explore"), folder, source=lambda: source).card


def smallest(card):
    return next(each for each in card.advice if each.requirement.id == "openai-chat.request.no-server-error")


def test_what_is_explored_advises_and_decides_nothing(explored):
    _, card = explored
    assert {result.case.feature for result in card.explored} == {"explored"}
    assert not any(result.case.advisory for result in card.results)
    assert smallest(card).samples
    assert all(violation.requirement.id != "openai-chat.request.no-server-error" for violation in card.violations)
    assert exits.decide(card).code != exits.VIOLATED


def test_a_finding_comes_with_its_smallest_request(explored):
    _, card = explored
    (name, _, finding), *_ = smallest(card).samples
    case = next(result.case for result in card.explored if result.case.id == name)
    assert case.request.body == {
        "model": "${model}",
        "messages": [{"role": "user", "content": "Reply with exactly: ok"}],
        "logit_bias": {},
    }
    assert finding.observed.startswith("500")


def test_the_recording_of_an_exploration_is_judged_to_the_same_findings(explored):
    folder, card = explored
    again = runs.load(folder)
    assert results.document(again) == results.document(card)


def test_reports_tell_of_explored_requests(explored):
    _, card = explored
    name = smallest(card).samples[0][0]
    document = results.document(card)
    advisory = [row for row in document["findings"] if row["disposition"] == "advisory"]
    assert next(row for row in advisory if row["requirement"].endswith("no-server-error"))["case"] == name
    assert f"conformance replay {name}" in terminal.render(card, width=200)
    assert "no-server-error" in markdown.render(card)
    assert name in "".join(html.render(card).values() if isinstance(html.render(card), dict) else [html.render(card)])


def test_schemas_without_strict_are_told_as_a_rate(explored):
    _, card = explored
    assert re.search(r"Schemas without strict were kept in (\d+) of \1 answers", labels.explored(card))


def test_a_fixed_list_decides(tmp_path):
    source = InProcessSource(app.create(delay=0.0, api_key="key"))
    made = planned(source, "fixed")
    card = performing.perform(made, tmp_path, source=lambda: source).card
    assert len([result for result in card.results if result.case.feature == "generated"]) == len(made.generated.cases)
    assert not card.violations
    assert not card.explored
    assert card.run.settings["generate"] == "fixed"


def test_a_limit_of_requests_leaves_generated_ones_what_is_left():
    source = InProcessSource(app.create())
    made = planned(source, "fixed", limit=30)
    assert len(made.cases) <= 30


def test_nothing_is_generated_unless_it_is_wished_for():
    made = planned(InProcessSource(app.create()), "off")
    assert made.generated.cases == ()
    assert "generate" not in made.settings


def test_a_contract_without_generated_requests_says_so():
    source = InProcessSource(app.create())
    with pytest.raises(UsageError, match="nothing is generated for openai-models"):
        plan.make(source.target, plan.Choice(contracts=("openai-models",)), wish=EXPLORE)


def test_a_pinned_finding_is_a_case_file_which_decides(explored, tmp_path):
    folder, card = explored
    name = smallest(card).samples[0][0]
    path = tmp_path / "pinned.yaml"
    assert main(["pin", name, "--run", str(folder), "-o", str(path)]) == 0
    (case,) = cases.load(path)
    asked = next(result.case for result in card.explored if result.case.id == name)
    assert (case.request, case.expect, case.needs) == (asked.request, asked.expect, asked.needs)
    source = InProcessSource(faulty(app.create(delay=0.0, api_key="key"), [CRASH]))
    made = plan.make(source.target, plan.Choice(files=(path,)))
    again = performing.perform(made, tmp_path / "run", source=lambda: source).card
    assert {each.requirement.id for each in again.violations} >= {"openai-chat.request.no-server-error"}
    assert exits.decide(again).code == exits.VIOLATED


def test_a_file_is_never_written_over(explored, tmp_path, capsys):
    folder, card = explored
    path = tmp_path / "pinned.yaml"
    path.write_text("mine")
    assert main(["pin", smallest(card).samples[0][0], "--run", str(folder), "-o", str(path)]) == 2
    assert "exists" in capsys.readouterr().err
    assert path.read_text() == "mine"


def test_every_explored_case_can_be_pinned_as_it_was_asked(explored, tmp_path):
    _, card = explored
    known = {result.case.id: result.case for result in card.explored}
    for number, case in enumerate(known.values()):
        if number % 9 and not case.request.raw:
            continue
        path = tmp_path / f"{number}.yaml"
        path.write_text(pinning.write(case, [known[name] for name in case.compare], case.title), encoding="utf-8")
        made = cases.load(path)[-1]
        # What is written in a way of its own is kept so, and nothing beside it.
        request = case.request if case.request.raw is None else replace(case.request, body=None)
        assert (made.request, made.expect, made.needs) == (request, case.expect, case.needs)
        assert made.invalid is case.invalid


def test_bytes_that_are_no_text_are_pinned_as_they_are(tmp_path):
    case = Case(
        id="openai-chat.explored.abc",
        contract="openai-chat",
        feature="explored",
        title="Bytes: \u2028 \x7f \U000e0001",
        request=Request(path="/chat/completions", raw=b"\xff{}"),
        expect=Expect(requirement="openai-chat.request.body.utf8", refusal="invalid_request_error"),
        invalid=True,
    )
    path = tmp_path / "case.yaml"
    path.write_text(pinning.write(case, [], case.title), encoding="utf-8")
    (made,) = cases.load(path)
    assert (made.request.raw, made.title, made.expect) == (case.request.raw, case.title, case.expect)


def test_a_case_is_found_in_a_run_with_what_it_is_compared_with(explored):
    folder, card = explored
    twin = next(result.case for result in card.explored if result.case.compare)
    found = stored.find(twin.id, folder)
    assert [case.id for case in found.needed] == [*twin.compare, twin.id]
    assert found.result is not None
    assert stored.find("openai-chat.plain.short", None).case.title


def test_what_no_run_has_is_named(explored):
    folder, _ = explored
    with pytest.raises(UsageError, match=r"(?s)there is no case 'nothing'.*--run DIR"):
        stored.find("nothing", folder)


def test_a_case_is_replayed_against_a_target(explored, capsys):
    folder, card = explored
    name = smallest(card).samples[0][0]
    code = main(["replay", name, "--run", str(folder), "--json", "http://127.0.0.1:9/v1", "-m", "m"])
    assert code == 3
    assert json.loads(capsys.readouterr().out)["before"] == ["openai-chat.request.no-server-error"]


def test_replaying_says_what_is_no_longer_violated(explored, capsys, monkeypatch):
    folder, card = explored
    name = smallest(card).samples[0][0]
    kept = recording.read(folder / runs.RECORDING)
    monkeypatch.setattr(
        recording, "read", lambda _: replace(kept, header=replace(kept.header, label="the bundled reference provider"))
    )
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert main(["replay", name, "--run", str(folder)]) == 0
    assert "no longer MUST   openai-chat.request.no-server-error" in capsys.readouterr().out
