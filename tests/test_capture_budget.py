"""
Ceilings of cost are reckoned before anything is sent.
"""

from __future__ import annotations

import pytest

from conformance.capture.budget import Budget, Estimate, Spent, completion_tokens, estimate
from conformance.model import JSON, Case, Request


def case(body: JSON = None, **request: object) -> Case:
    return Case(
        id="a",
        contract="c",
        feature="f",
        title="t",
        request=Request(path="/x", body=body, **request),  # type: ignore[arg-type]
    )


CEILINGS: dict[str, tuple[JSON, int]] = {
    "no limit asked": ({}, 256),
    "max_tokens": ({"max_tokens": 10}, 10),
    "max_completion_tokens": ({"max_completion_tokens": 20, "max_tokens": 10}, 20),
    "several choices": ({"max_tokens": 10, "n": 3}, 30),
    "nonsense": ({"max_tokens": "ten", "n": -1}, 256),
    "no body": (None, 0),
}


@pytest.mark.parametrize("name", CEILINGS)
def test_completions_are_reckoned_by_what_was_asked(name: str) -> None:
    body, tokens = CEILINGS[name]
    assert completion_tokens(body) == tokens


def test_an_estimate_adds_every_case_once() -> None:
    cases = [case({"max_tokens": 5}), case({"say": "${long:4000}", "max_tokens": 1}), case(raw=b"12345")]
    # 16, 4000 + 25 and 5 bytes at four to a token; a raw body says nothing of its completion.
    assert estimate(cases) == Estimate(requests=3, prompt_tokens=4 + 1007 + 2, completion_tokens=6)


def test_a_refused_request_costs_nothing() -> None:
    budget = Budget(tokens=300)
    budget.take(case({}), b"1234")
    with pytest.raises(Spent, match="--max-tokens"):
        budget.take(case({}), b"1234")
    budget.take(case({"max_tokens": 40}), b"1234")
