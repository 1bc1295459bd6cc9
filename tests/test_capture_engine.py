"""
The engine keeps its bounds, sends again what deserves it, and stops when told.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from conformance.capture import engine, retry
from conformance.capture.budget import Budget, Spent
from conformance.capture.target import EarlierLacks, Prepared, Target
from conformance.model import Case, Chunk, Ending, Exchange, Expect, Request, Sent

TARGET = Target(name="t", base_url="http://t.test/v1", model="m")


def case(name: str, **changes: object) -> Case:
    return replace(
        Case(id=name, contract="c", feature="f", title="t", request=Request(path="/x", body={"say": "${unique}"})),
        **changes,  # type: ignore[arg-type]
    )


def answer(status: int | None = 200, *headers: tuple[str, str], ending: Ending = Ending.COMPLETE) -> Exchange:
    return Exchange(sent=Sent(method="POST", url="u"), ending=ending, status=status, headers=headers)


class Scripted:
    """
    Answers with what the script says, and notes when each request came and how many were in flight.
    """

    def __init__(self, script: Iterable[Exchange] = (), seconds: float = 0.0, target: Target = TARGET) -> None:
        self.target = target
        self.script, self.seconds = iter(script), seconds
        self.starts: list[tuple[str, float]] = []
        self.bodies: list[bytes] = []
        self.flying = self.most = 0

    async def exchange(self, case: Case, prepared: Prepared) -> Exchange:
        self.starts.append((case.id, time.monotonic()))
        self.bodies.append(prepared.body)
        self.flying += 1
        self.most = max(self.most, self.flying)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.flying -= 1
        return next(self.script, answer())

    async def aclose(self) -> None:
        pass


def statuses(source: Scripted, asked: Case) -> list[tuple[int | None, int, str]]:
    with engine.running(lambda: source) as running:
        return [(each.status, each.attempt, each.reason) for each in running.submit(asked).result(20)]


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "backoff", lambda *_, **__: 0.01)


AGAIN: dict[str, tuple[list[Exchange], Case, list[int | None]]] = {
    "200 is asked once": ([answer(200)], case("a"), [200]),
    "503 is asked three times": ([answer(503)] * 9, case("a"), [503, 503, 503]),
    "503 then 200": ([answer(503), answer(200)], case("a"), [503, 200]),
    "500 of a valid case": ([answer(500), answer(200)], case("a"), [500, 200]),
    "500 of an invalid case is made sure of": ([answer(500)] * 9, case("a", invalid=True), [500, 500]),
    "500 where a refusal is expected is made sure of": (
        [answer(500), answer(400)],
        case("a", expect=Expect(requirement="r", refusal="invalid_request_error")),
        [500, 400],
    ),
    "400 is asked once": ([answer(400)], case("a"), [400]),
    "a reset": ([answer(None, ending=Ending.RESET), answer(200)], case("a"), [None, 200]),
    "a cut stream": ([answer(200, ending=Ending.TRUNCATED), answer(200)], case("a"), [200, 200]),
    "our own closing": ([answer(200, ending=Ending.ABORTED)], case("a"), [200]),
    "malformed framing": ([answer(200, ending=Ending.MALFORMED)], case("a"), [200]),
    "429 does not use up the tries": (
        [answer(429, ("Retry-After", "0"))] * 3 + [answer(503)] * 2 + [answer(200)],
        case("a"),
        [429, 429, 429, 503, 503, 200],
    ),
    "429 six times": ([answer(429, ("Retry-After", "0"))] * 9, case("a"), [429] * 6),
    "a spent quota": ([replace(answer(429), chunks=(Chunk(0, b'"insufficient_quota"'),))] * 2, case("a"), [429]),
    "an expected 503": ([answer(503)], case("a", expect=Expect(requirement="r", status=(503,))), [503]),
}


@pytest.mark.parametrize("name", AGAIN)
def test_what_is_sent_again(name: str) -> None:
    script, asked, expected = AGAIN[name]
    got = statuses(Scripted(script), asked)
    assert [status for status, _, _ in got] == expected
    assert [number for _, number, _ in got] == list(range(1, len(expected) + 1))
    assert [reason for _, _, reason in got] == ["first"] + ["transport"] * (len(expected) - 1)


RETRY_AFTER: dict[str, tuple[list[tuple[str, str]], float | None]] = {
    "seconds": ([("Retry-After", "7")], 7.0),
    "milliseconds": ([("retry-after-ms", "250"), ("Retry-After", "7")], 0.25),
    "a date against the server's clock": (
        [("Date", "Wed, 19 Aug 2026 14:35:17 GMT"), ("Retry-After", "Wed, 19 Aug 2026 14:35:27 GMT")],
        10.0,
    ),
    "a date gone by": (
        [("Date", "Wed, 19 Aug 2026 14:35:17 GMT"), ("Retry-After", "Wed, 19 Aug 2026 14:00:00 GMT")],
        0.0,
    ),
    "nonsense": ([("Retry-After", "soon")], None),
    "absent": ([], None),
}


@pytest.mark.parametrize("name", RETRY_AFTER)
def test_retry_after_is_read(name: str) -> None:
    headers, expected = RETRY_AFTER[name]
    assert retry.retry_after(answer(429, *headers)) == expected


def test_a_long_retry_after_is_capped() -> None:
    pause, tally = retry.again(case("a"), answer(429, ("Retry-After", "3600")), retry.Tally())
    assert (pause, tally) == (retry.Pause(30.0, shared=True), retry.Tally(0, 1, 30.0))


def test_waiting_for_rate_limits_has_its_own_budget() -> None:
    waited = retry.Tally(limited=4, waited=100.0)
    assert retry.again(case("a"), answer(429, ("Retry-After", "30")), waited)[0] is None


def test_a_rate_limit_slows_the_whole_target() -> None:
    source = Scripted([answer(429, ("Retry-After", "0.4"))])
    with engine.running(lambda: source, limit=1) as running:
        futures = [running.submit(case(name)) for name in "ab"]
        time.sleep(0.15)
        assert running.stats.waiting_until is not None
        other = running.submit(case("c"))
        for future in [*futures, other]:
            future.result(5)
    first, *others = [at for _, at in source.starts]
    assert min(others) - first >= 0.38


def test_no_more_than_the_limit_are_in_flight() -> None:
    source = Scripted(seconds=0.02)
    with engine.running(lambda: source, limit=3) as running:
        for future in [running.submit(case(str(number))) for number in range(20)]:
            future.result(5)
    assert source.most == 3


def test_the_rate_is_kept() -> None:
    source = Scripted()
    with engine.running(lambda: source, limit=8, rate=50) as running:
        for future in [running.submit(case(str(number))) for number in range(10)]:
            future.result(5)
    starts = [at for _, at in source.starts]
    assert starts[-1] - starts[0] >= 0.17


@pytest.mark.parametrize("groups", [{"g": 4}, {}], ids=["size known", "size unknown"])
def test_a_group_starts_together(groups: dict[str, int]) -> None:
    source = Scripted(seconds=0.2)
    with engine.running(lambda: source, limit=4, groups=groups) as running:
        futures = [running.submit(case("before"))]
        for name in "abcd":
            futures.append(running.submit(case(name, group="g")))
            time.sleep(0.01)
        for future in futures:
            future.result(5)
    starts = [at for name, at in source.starts if name != "before"]
    assert max(starts) - min(starts) < 0.05
    assert starts[0] - source.starts[0][1] >= 0.18


def test_a_member_that_is_cancelled_gives_its_place_back() -> None:
    source = Scripted()
    with engine.running(lambda: source, limit=2, groups={"g": 2}) as running:
        blocker = running.submit(case("blocker"))
        first, second = (running.submit(case(name, group="g")) for name in "ab")
        first.cancel()
        for future in [blocker, second, *(running.submit(case(name)) for name in "cd")]:
            future.result(5)
        source.seconds = 0.1
        for future in [running.submit(case(name)) for name in "ef"]:
            future.result(5)
    assert source.most == 2


def test_of_a_group_larger_than_the_limit_as_many_start_as_fit() -> None:
    source = Scripted(seconds=0.05)
    with engine.running(lambda: source, limit=2, groups={"g": 5}) as running:
        for future in [running.submit(case(name, group="g")) for name in "abcde"]:
            future.result(5)
    assert (source.most, len(source.starts)) == (2, 5)


def test_cancelling_is_quick_and_keeps_what_is_there() -> None:
    kept: list[str] = []
    source = Scripted(seconds=0.1)
    with engine.running(lambda: source, limit=1, on_exchange=lambda case, _: kept.append(case.id)) as running:
        done = running.submit(case("done"))
        done.result(5)
        source.seconds = 60
        pending = [running.submit(case(str(number))) for number in range(5)]
        began = time.monotonic()
        running.cancel()
    assert time.monotonic() - began < source.seconds / 2
    assert all(future.cancelled() for future in pending)
    assert running.submit(case("late")).cancelled()
    assert kept == ["done"]


def test_exchanges_are_handed_over_on_the_engines_thread() -> None:
    threads: set[str] = set()
    with engine.running(Scripted, on_exchange=lambda *_: threads.add(threading.current_thread().name)) as running:
        running.submit(case("a")).result(5)
    assert threads == {"conformance-engine"}


def test_one_case_keeps_its_word_and_others_have_their_own() -> None:
    source = Scripted()
    with engine.running(lambda: source) as running:
        for name, attempt in [("a", 1), ("a", 2), ("b", 1)]:
            running.submit(case(name), attempt=attempt).result(5)
    assert source.bodies[0] == source.bodies[1] != source.bodies[2]


def test_a_second_asking_says_why() -> None:
    with engine.running(Scripted) as running:
        running.submit(case("a")).result(5)
        (second,) = running.submit(case("a"), attempt=2).result(5)
    assert (second.attempt, second.reason) == (2, "reachability")


def test_a_chain_without_its_link_is_not_sent() -> None:
    source = Scripted()
    asked = case("a", request=Request(path="/x", body={"id": "${after./choices/0/id}"}))
    with engine.running(lambda: source) as running, pytest.raises(EarlierLacks):
        running.submit(asked, earlier={"choices": []}).result(5)
    assert source.starts == []


SPENT: dict[str, Callable[[], Budget]] = {
    "requests": lambda: Budget(requests=2),
    "tokens": lambda: Budget(tokens=600),
    "seconds": lambda: Budget(seconds=0.01),
}


@pytest.mark.parametrize("what", SPENT)
def test_beyond_the_budget_nothing_is_sent(what: str) -> None:
    source = Scripted(seconds=0.02)
    with engine.running(lambda: source, limit=1, budget=SPENT[what]()) as running:
        futures = [running.submit(case(str(number))) for number in range(4)]
        refused = [future.exception(5) for future in futures]
    assert [each.what for each in refused if isinstance(each, Spent)] == [what] * (4 - len(source.starts))
    assert 1 <= len(source.starts) <= 2


def test_a_recorder_that_fails_is_not_kept_silent() -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with engine.running(Scripted, on_exchange=full) as running, pytest.raises(OSError, match="No space"):
        running.submit(case("a")).result(5)


def test_counters_follow_the_work() -> None:
    source = Scripted(seconds=0.2)
    with engine.running(lambda: source, limit=2) as running:
        futures = [running.submit(case(str(number))) for number in range(3)]
        time.sleep(0.1)
        assert (running.stats.sent, running.stats.in_flight) == (2, 2)
        list(itertools.starmap(lambda future: future.result(5), [(each,) for each in futures]))
        assert (running.stats.sent, running.stats.in_flight) == (3, 0)
