"""
One id joins everything: documentation, requirement, judge, defect and case.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator

import jsonschema_rs
import pytest

from conformance import run, whom
from conformance.capture.live import Live
from conformance.checks import REGISTRY, Subject
from conformance.contract import cases, contracts
from conformance.model import Requirement, Result, State
from conformance.read.reply import Reply
from tests import schema_documents as documents
from tests.defects import DEFECTS
from tests.defects_beside import DEFECTS as BESIDE

CONTRACTS = {name: contracts.load(name) for name in contracts.names()}
ROWS = {row.id: row for contract in CONTRACTS.values() for row in contract.requirements.values()}
CASES = [case for name in CONTRACTS for case in cases.load_contract(name)]
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)+")

#: What no exchange with a correct provider puts at stake, and why; everything else is exercised by some fixed case.
UNSEEN = {
    "openai-chat.stream.error-envelope": "only an error in the middle of a stream shows it",
    "openai-chat.error.envelope-5xx": "only a server that fails shows it",
    "openai-chat.http.retry-after": "only a server that is busy or fails sends it",
    "openai-chat.response.message.reasoning": "an extension, which a provider need not have",
    "openai-chat.chunk.delta.reasoning": "an extension, which a provider need not have",
    "openai-chat.response.metadata": "answers carry it where completions are stored",
    "openai-chat.response.moderation": "answers carry it where moderation was asked of special models",
    "openai-models.model.shutdown-date": "only a model that is to be shut down has one",
}


def _contract(row: Requirement) -> str:
    return row.id.split(".")[0]


def test_every_requirement_has_exactly_one_judge_which_exists() -> None:
    said = {row.id: [row.check, row.schema, row.expect, row.excluded] for row in ROWS.values()}
    assert [name for name, judges in said.items() if sum(map(bool, judges)) != 1] == []
    assert [row.id for row in ROWS.values() if not _judged(row)] == []


def _judged(row: Requirement) -> bool:
    named = {case.expect.requirement for case in CASES if case.expect}
    return (
        row.check in REGISTRY
        or (bool(row.schema) and all(_exists(row, place) for place in row.schema))
        or (row.expect and row.id in named)
        or bool(row.excluded)
    )


def _exists(row: Requirement, place: str) -> bool:
    name, _, pointer = place.partition("#")
    schema = CONTRACTS[_contract(row)].schemas.get(name)
    parent, _, last = pointer.rpartition("/")
    try:
        if parent.endswith("/required"):
            return last in documents.at(schema, parent)
        return documents.at(schema, pointer) is not None
    except (LookupError, ValueError):
        return False


def test_every_check_judges_a_requirement() -> None:
    assert {row.check for row in ROWS.values()} - {None} == set(REGISTRY)


def test_every_check_has_a_defect_which_it_finds() -> None:
    proved = {ROWS[name].check for name in (*(f"openai-chat.{each}" for each in DEFECTS), *BESIDE)}
    assert proved == set(REGISTRY)


def test_every_requirement_is_called_by_words_and_cites_the_documentation() -> None:
    assert [name for name in ROWS if not ID.fullmatch(name)] == []
    assert [row.id for row in ROWS.values() if not re.fullmatch(r"https://[^\s]+", row.doc)] == []
    assert [row.id for row in ROWS.values() if not (row.text + row.breaks).strip().endswith((".", ")"))] == []


def test_ids_are_unique_over_all_contracts() -> None:
    times = Counter([case.id for case in CASES] + [row for each in CONTRACTS.values() for row in each.requirements])
    shared = {name for name, often in times.items() if often > 1}
    assert shared == set()


def test_every_case_is_called_by_words_and_by_the_values_it_stands_for() -> None:
    wanted = re.compile(ID.pattern + r"(\[.+\])?")
    assert [case.id for case in CASES if not (wanted.fullmatch(case.id) and case.id.isascii() and case.title)] == []


@pytest.fixture(scope="module")
def results() -> list[Result]:
    """
    Every fixed case of every contract, asked of the reference provider.
    """
    with whom.bundled() as target:
        around = run.Circumstances(claims=frozenset(target.claims or ()))
        return list(run.run(CASES, CONTRACTS, lambda: Live(target), circumstances=around))


def test_every_requirement_that_a_correct_server_can_show_is_exercised(results: list[Result]) -> None:
    testable = {row.id for row in ROWS.values() if not row.excluded}
    shown = {name for each in results for name, state in each.states.items() if state is not State.INCONCLUSIVE}
    assert testable - shown == set(UNSEEN)


def test_our_own_requests_keep_the_contract_unless_a_case_says_otherwise(results: list[Result]) -> None:
    valid = [each for each in results if not each.case.invalid and each.case.request.raw is None]
    wrong = {each.case.id: list(_wrong(each)) for each in valid if any(_wrong(each))}
    assert wrong == {}
    assert len(valid) > 100


def _wrong(result: Result) -> Iterator[str]:
    """
    What the schema of its operation says of a request, as it was sent.
    """
    contract = CONTRACTS[result.case.contract]
    for attempt in result.attempts:
        operation = Subject(result.case, Reply(attempt.exchange), contract).operation
        if operation is not None and operation.request is not None:
            validator = jsonschema_rs.validator_for(contract.schemas[operation.request])
            yield from (error.message for error in validator.iter_errors(json.loads(attempt.exchange.sent.body)))
