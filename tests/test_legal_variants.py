"""
What is good stays good in every other form that the documentation, HTTP, JSON and SSE allow.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pytest

from conformance import run
from conformance.capture import sniff
from conformance.capture.live import Live
from conformance.capture.target import Secret, Target
from conformance.contract import cases, contracts
from conformance.judge import judge
from conformance.model import Case, Ending, Evidence, Exchange, Level, Outcome, State
from conformance.read.reply import Reply
from conformance.reference import server
from tests import legal, recorded
from tests.good import GOOD
from tests.specimens import a_case, an_exchange, ask, plain

CONTRACT = contracts.load("openai-chat")
#: So many cases of each feature are asked of the reference provider.
_EACH = 3
#: Recorded exchanges of at most so many bytes, and so many of each vendor, plain and streamed.
_SHORT, _FEW = 12_000, 10


@dataclass(frozen=True, kw_only=True)
class Good:
    """
    An exchange without a violation of any MUST or SHOULD.
    """

    name: str
    case: Case
    exchange: Exchange


def violated(good: Good, exchange: Exchange, *levels: Level) -> set[str]:
    states = judge(good.case, [exchange], CONTRACT).states
    broken = {name for name, state in states.items() if state is State.VIOLATED}
    return {name for name in broken if CONTRACT.requirements[name].level in (levels or tuple(Level))}


def sound(pool: Iterable[Good]) -> list[Good]:
    return [each for each in pool if not violated(each, each.exchange, Level.MUST, Level.SHOULD)]


def specimens() -> Iterator[Good]:
    for name, each in GOOD.items():
        yield Good(name=name, case=each.case, exchange=each.exchange)


def asked_of_the_provider() -> Iterator[Good]:
    chosen: dict[str, list[Case]] = {}
    for case in cases.load_contract("openai-chat"):
        if len(of := chosen.setdefault(case.feature, [])) < _EACH and case.after is None and case.abort_after is None:
            of.append(replace(case, group=None, compare=()))
    with server.running(delay=0) as provider:
        key = Secret(provider.api_key) if provider.api_key else None
        target = Target(name="reference", base_url=provider.url, model=provider.model, key=key)
        around = run.Circumstances(claims=frozenset(provider.claims), keyed=key is not None)
        some = [case for of in chosen.values() for case in of]
        results = list(run.run(some, {"openai-chat": CONTRACT}, lambda: Live(target), circumstances=around))
    for result in results:
        for attempt in result.attempts[-1:]:
            yield Good(name=result.case.id, case=result.case, exchange=attempt.exchange)


def recorded_by_others() -> Iterator[Good]:
    place = recorded.folder()
    if place is None:
        pytest.skip("the recorded traffic is not at hand; CONFORMANCE_TRAFFIC may name its folder")
    kept: Counter[tuple[str, bool]] = Counter()
    for each in sniff.read(place / recorded.SHAPES):
        reply = Reply(each.exchange)
        known = Evidence.REQUEST in each.exchange.shows and each.exchange.ending is Ending.COMPLETE
        short = 0 < len(reply.body) <= _SHORT and reply.error_packet is None
        kind = (each.vendor, reply.is_stream)
        if known and short and kept[kind] < _FEW:
            kept[kind] += 1
            request = replace(each.case.request, path="/chat/completions")
            case = replace(each.case, contract="openai-chat", request=request)
            yield Good(name=each.id, case=case, exchange=each.exchange)


POOLS = {
    "specimens": specimens,
    "the reference provider": asked_of_the_provider,
    "recordings": recorded_by_others,
}


@pytest.fixture(scope="module", params=POOLS)
def pool(request: pytest.FixtureRequest) -> list[Good]:
    return sound(POOLS[request.param]())


def test_there_is_something_to_vary(pool: list[Good]) -> None:
    streams = [each for each in pool if Reply(each.exchange).is_stream]
    assert min(len(pool) - len(streams), len(streams)) >= 15


@pytest.mark.parametrize("name", legal.SILENT)
def test_a_legal_variant_is_silence(pool: list[Good], name: str) -> None:
    found = {}
    for each in pool:
        varied = legal.SILENT[name](each.exchange)
        news = violated(each, varied) - violated(each, each.exchange) if varied else set()
        if news:
            found[each.name] = news
    assert found == {}


@pytest.mark.parametrize("name", legal.NOTED)
def test_what_the_contract_leaves_open_is_a_note_at_most(pool: list[Good], name: str) -> None:
    found = {}
    for each in pool:
        varied = legal.NOTED[name](each.exchange)
        news = violated(each, varied, Level.MUST, Level.SHOULD) if varied else set()
        if news:
            found[each.name] = news
    assert found == {}


@pytest.mark.parametrize("name", {**legal.SILENT, **legal.NOTED})
def test_every_variant_varies_something(name: str) -> None:
    varied = [{**legal.SILENT, **legal.NOTED}[name](each.exchange) for each in specimens()]
    changed = [new for new, old in zip(varied, specimens(), strict=True) if new is not None and new != old.exchange]
    assert changed


def _busy(status: int, *headers: tuple[str, str]) -> Exchange:
    error = {"message": "Slow down.", "type": "rate_limit_error", "param": None, "code": None}
    return plain({"error": error}, status=status, headers=headers).exchange


BUSY = {
    "429": _busy(429),
    "429 with Retry-After": _busy(429, ("Retry-After", "2")),
    "503": _busy(503),
    "529": _busy(529, ("Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT")),
    "a connection that was reset": an_exchange(b"", asked=ask(), status=None, ending=Ending.RESET),
}


@pytest.mark.parametrize("name", BUSY)
def test_an_answer_after_a_busy_moment_is_good(name: str) -> None:
    result = judge(a_case(ask()), [BUSY[name], replace(plain().exchange, attempt=2)], CONTRACT)
    assert (result.outcome, result.findings) == (Outcome.PASS, ())
