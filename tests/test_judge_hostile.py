"""
Whatever a server sent, judging it never fails: a check that raises is a bug of ours.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.contract import contracts
from conformance.judge import judge
from conformance.model import Case, Ending, Exchange, Request, Result
from tests import schema_documents as documents
from tests import strategies
from tests.specimens import Specimen

CONTRACTS = {name: contracts.load(name) for name in contracts.names()}
CASES = [
    Case(id=f"{operation.id}.x", contract=name, feature="x", title="", request=Request(method=operation.method, path=path))
    for name, contract in CONTRACTS.items()
    for operation in contract.operations
    for path in (operation.path, "/nowhere")
]  # fmt: skip
#: Of each kind one, and the edges of numbers.
VALUES: tuple[Any, ...] = (
    None, True, -1, 10**15, 10**308, 10**400, -1e308, "", "a", "\U0001f600", [], [[]], [{}], {}, {"a": None},
)  # fmt: skip


def judged(specimen: Specimen) -> Result:
    case = specimen.case
    if case.expect is not None and not case.expect.requirement:
        expect = replace(case.expect, requirement="openai-chat.request.temperature.range")
        case = replace(case, expect=expect)
    return judge(case, [specimen.exchange], CONTRACTS["openai-chat"], peers=specimen.peers)


@given(strategies.exchanges(), st.sampled_from(CASES), st.booleans())
def test_no_exchange_can_make_judging_fail(exchange: Exchange, case: Case, ours: bool) -> None:
    case = replace(case, file="x.yaml" if ours else "")
    assert judge(case, [exchange, exchange], CONTRACTS[case.contract]).attempts


@given(strategies.near_misses())
def test_no_reply_that_is_nearly_right_can_make_judging_fail(specimen: Specimen) -> None:
    assert judged(specimen).attempts


@dataclass(frozen=True)
class Member:
    """
    A member of some specimen's request or reply, and where it is there.
    """

    specimen: Specimen
    asked: bool
    line: int
    path: tuple[Any, ...]

    def put(self, value: Any) -> Specimen:
        """
        The specimen with another value in the member's place.
        """
        exchange = self.specimen.exchange
        body = exchange.sent.body if self.asked else strategies.body_of(exchange)
        made = copy.deepcopy(dict(strategies.documents_in(body))[self.line])
        place = made
        for step in self.path[:-1]:
            place = place[step]
        place[self.path[-1]] = value
        data = strategies.with_document(body, self.line, made)
        if self.asked:
            return replace(self.specimen, exchange=replace(exchange, sent=replace(exchange.sent, body=data)))
        return replace(self.specimen, exchange=strategies.in_reads(exchange, [data]))


@cache
def members() -> dict[str, Member]:
    """
    Every member that the specimens know, once.
    """
    found: dict[str, Member] = {}
    for member in _members():
        kind = "asked" if member.asked else "answer" if member.line == strategies.WHOLE else "chunk"
        names = ["*" if isinstance(step, int) else step for step in member.path]
        found.setdefault("/".join([kind, *names]), member)
    return found


def _members() -> Iterator[Member]:
    for specimen in strategies.SPECIMENS:
        for asked, body in ((True, specimen.exchange.sent.body), (False, strategies.body_of(specimen.exchange))):
            for line, document in strategies.documents_in(body):
                yield from (Member(specimen, asked, line, path) for path in documents.places(document))


@pytest.mark.parametrize("value", VALUES, ids=[str(number) for number in range(len(VALUES))])
def test_no_value_of_any_member_can_make_judging_fail(value: Any) -> None:
    for member in members().values():
        assert judged(member.put(value)).attempts


@pytest.mark.parametrize("value", strategies.SAID)
@pytest.mark.parametrize("specimen", strategies.SPECIMENS[:1] + strategies.SPECIMENS[-1:], ids=["plain", "streamed"])
def test_no_value_of_any_header_can_make_judging_fail(specimen: Specimen, value: str) -> None:
    for name in strategies.NAMES:
        headers = ((name, value), *specimen.exchange.headers)
        exchange = replace(specimen.exchange, headers=headers)
        for status, ending in (
            (200, Ending.COMPLETE),
            (200, Ending.IDLE_TIMEOUT),
            (405, Ending.COMPLETE),
            (429, Ending.CUT),
        ):
            assert judged(replace(specimen, exchange=replace(exchange, status=status, ending=ending))).attempts
