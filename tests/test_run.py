"""
Cases are asked in any order, each once, with what belongs to them, and what has come by the time of stopping counts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest

from conformance import asking as asking_cases
from conformance import run
from conformance.capture.target import Prepared, Target
from conformance.contract import cases, contracts
from conformance.errors import NoVerdict
from conformance.model import Case, Exchange, Outcome, Result
from tests.specimens import a_case, plain, refusal

CHAT = {"openai-chat": contracts.load("openai-chat")}


def case(name: str, say: str = "hi", **more: Any) -> Case:
    body = {"model": "m", "messages": [{"role": "user", "content": say}]}
    return a_case(body, id=f"openai-chat.{name}", **more)


class Answering:
    """
    Answers every case well and at once, but those that it refuses or is slow with, and notes which were asked.
    """

    def __init__(self, refused: Iterable[str] = (), slow: Iterable[str] = ()) -> None:
        self.target = Target(name="t", base_url="http://t.test/v1", model="m")
        self.refused, self.slow = set(refused), set(slow)
        self.asked: list[str] = []

    async def exchange(self, case: Case, prepared: Prepared) -> Exchange:
        self.asked.append(case.id.removeprefix("openai-chat."))
        if self.asked[-1] in self.slow:
            await asyncio.sleep(60)
        made = (refusal(401) if self.asked[-1] in self.refused else plain()).exchange
        return replace(made, sent=replace(made.sent, body=prepared.body))

    async def aclose(self) -> None:
        pass


@contextmanager
def asking(source: Answering, *cases: Case, **more: Any) -> Iterator[asking_cases.Asking]:
    around = run.Circumstances(claims=more.pop("claims", None))
    with asking_cases.asking(cases, CHAT, lambda: source, circumstances=around, **more) as asked:
        yield asked


def outcomes(results: Iterable[Result]) -> dict[str, tuple[Outcome, str]]:
    return {each.case.id.removeprefix("openai-chat."): (each.outcome, each.cause) for each in results}


def test_a_case_is_asked_once_however_often_it_is_wanted() -> None:
    source, one = Answering(), case("one")
    with asking(source, one) as asked:
        asked.start([one, one])
        assert asked.result(one) == asked.result(one)
    assert source.asked == ["one"]


def test_nothing_is_sent_before_it_is_wanted() -> None:
    source, one, two = Answering(), case("one"), case("two")
    with asking(source, one, two) as asked:
        asked.result(two)
    assert source.asked == ["two"]


def test_a_case_draws_in_what_it_continues() -> None:
    source = Answering()
    chain = [
        case("one"),
        case("two", after="openai-chat.one"),
        case("three", "${after./choices/0/message/content}", after="openai-chat.two"),
    ]
    with asking(source, *chain) as asked:
        assert asked.result(chain[2]).outcome is not Outcome.INCONCLUSIVE
    assert source.asked == ["one", "two", "three"]


def test_a_chain_that_bites_its_tail_ends() -> None:
    source = Answering()
    one, two = case("one", after="openai-chat.two"), case("two", after="openai-chat.one")
    with asking(source, one, two) as asked:
        asked.start([one, two])
        assert outcomes([asked.result(one)]) == {"one": (Outcome.INCONCLUSIVE, "premise")}
    assert source.asked == []


def test_a_case_is_judged_with_what_it_is_compared_with_wherever_that_stands() -> None:
    source, one, two = Answering(), case("one", compare=("openai-chat.two",)), case("two")
    with asking(source, one, two) as asked:
        alone = outcomes([asked.result(one)])
    assert sorted(source.asked) == ["one", "two"]
    # Both carry the same id, which only the comparison can see.
    assert alone == {"one": (Outcome.WARN, "")}


def test_one_of_a_group_starts_the_whole_group() -> None:
    source, group = Answering(), [case(name, group="g") for name in ("one", "two", "three")]
    with asking(source, *group) as asked:
        asked.result(group[1])
    assert sorted(source.asked) == ["one", "three", "two"]


def test_what_is_not_claimed_is_not_sent_not_even_with_its_group() -> None:
    source = Answering()
    group = [case("one", group="g"), case("two", group="g", needs=("vision",))]
    with asking(source, *group, claims=frozenset()) as asked:
        found = outcomes(asked.result(each) for each in group)
    assert (source.asked, found["two"]) == (["one"], (Outcome.NOT_APPLICABLE, "not claimed"))


def test_what_has_come_when_asking_stops_is_judged_and_the_rest_was_not_run() -> None:
    source, quick, slow, never = Answering(slow=["slow"]), case("quick"), case("slow"), case("never")
    with asking(source, quick, slow, never) as asked:
        asked.start([quick, slow])
        asked._futures["openai-chat.quick"].result(30)
        found = outcomes(asked.stop([quick, slow, never], "interrupted"))
    assert found.pop("quick")[0] in (Outcome.PASS, Outcome.WARN)
    assert found == {"slow": (Outcome.NOT_RUN, "interrupted"), "never": (Outcome.NOT_RUN, "interrupted")}


def test_a_refused_key_ends_the_run_after_every_case_has_a_result() -> None:
    cases = [case("one"), case("two"), case("three", after="openai-chat.two")]
    results = run.run(cases, CHAT, lambda: Answering(refused=["two"]), circumstances=run.Circumstances())
    found = [next(results), next(results), next(results)]
    with pytest.raises(NoVerdict, match="401"):
        next(results)
    assert [each.outcome for each in found[1:]] == [Outcome.ERROR, Outcome.NOT_RUN]
    assert found[2].cause == "auth"


def test_results_come_in_the_order_of_the_cases() -> None:
    cases = [case("b", after="openai-chat.a"), case("a"), case("c")]
    heard: list[str] = []
    results = run.run(
        cases,
        CHAT,
        Answering,
        circumstances=run.Circumstances(),
        on_result=lambda result: heard.append(result.case.id),
    )
    ids = [case.id for case in cases]
    assert ([each.case.id for each in results], heard) == (ids, ids)


def _about_keys() -> list[Case]:
    chosen = ("auth.no-key", "auth.no-key-streamed", "auth.bad-key-refused", "auth.longer-key")
    return [each for each in cases.load_contract("openai-chat") if each.id.removeprefix("openai-chat.") in chosen]


def test_a_target_that_lets_everybody_in_demands_no_key() -> None:
    with asking(Answering(), *_about_keys()) as asked:
        results = [asked.result(each) for each in _about_keys()]
    assert set(outcomes(results).values()) == {(Outcome.NOT_APPLICABLE, "the target demands no key")}


@pytest.mark.parametrize("refused", ["auth.no-key", "auth.bad-key-refused"])
def test_a_target_that_refuses_one_of_the_two_demands_a_key(refused: str) -> None:
    with asking(Answering(refused={refused}), *_about_keys()) as asked:
        results = outcomes(asked.result(each) for each in _about_keys())
    assert results.pop(refused)[0] is Outcome.PASS
    assert {outcome for outcome, _ in results.values()} == {Outcome.FAIL, Outcome.WARN}
