"""
Requests sent ahead of whoever waits for them: an event loop in a thread of its own.  It captures and never judges.

Callers stay synchronous: ``submit`` returns a future of every exchange that asking a case took; the last one counts.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Protocol

from conformance.capture import retry
from conformance.capture.budget import Budget, Spent
from conformance.capture.slots import Pace, Slots
from conformance.capture.target import Prepared, Target, prepare
from conformance.model import JSON, Case, Exchange

#: Seconds without a newcomer after which a group whose size nobody stated is taken to be complete.
_QUIET = 0.05
#: Seconds after which a group starts although some of its members were never submitted.
_PATIENCE = 2.0
_LETTERS = "abcdefghijklmnopqrstuvwxyz"

Exchanges = tuple[Exchange, ...]


class Source(Protocol):
    """
    Whatever can answer a case: ``live.Live``, or ten lines in a test.
    """

    @property
    def target(self) -> Target:
        """
        Whom it asks.
        """

    async def exchange(self, case: Case, prepared: Prepared) -> Exchange:
        """
        Send one request and keep what comes, redacted.
        """

    async def aclose(self) -> None:
        """
        Let go of all connections.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """
    Where the engine stands, for a progress line.
    """

    sent: int
    in_flight: int
    #: Askings that came to their end, retries and all.
    answered: int
    #: Unix time until which a rate limit keeps everyone waiting; None when none does.
    waiting_until: float | None


class Running:
    """
    An engine at work; ``submit`` and ``cancel`` may be called from any thread.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        source: Source,
        *,
        limit: int,
        rate: float | None,
        budget: Budget | None,
        on_exchange: Callable[[Case, Exchange], None] | None,
        groups: Mapping[str, int],
    ) -> None:
        """
        Made by ``running``.
        """
        self._loop, self._source, self._budget, self._on_exchange = loop, source, budget, on_exchange
        self._slots, self._pace = Slots(limit), Pace(rate)
        self._sizes, self._gathering = groups, dict[str, _Group]()
        self._futures: set[Future[Exchanges]] = set()
        self._lock = threading.Lock()
        self._cancelled = False
        self._sent = self._in_flight = self._answered = 0
        self._words: dict[str, str] = {}
        self._askings: dict[str, int] = {}

    @property
    def stats(self) -> Stats:
        """
        Where the engine stands now.
        """
        ahead = self._pace.paused_until - self._loop.time()
        until = time.time() + ahead if ahead > 0 else None
        return Stats(sent=self._sent, in_flight=self._in_flight, answered=self._answered, waiting_until=until)

    def submit(self, case: Case, *, earlier: JSON | None = None, attempt: int = 1) -> Future[Exchanges]:
        """
        Ask a case as soon as there is a place; ``earlier`` is the assembled reply it continues.

        The future raises ``EarlierLacks``, ``Spent`` or ``UsageError`` when nothing could be sent.
        """
        with self._lock:
            if self._cancelled:
                refused: Future[Exchanges] = Future()
                refused.cancel()
                return refused
            future = asyncio.run_coroutine_threadsafe(self._ask(case, earlier, attempt), self._loop)
            self._futures.add(future)
        future.add_done_callback(self._futures.discard)
        return future

    def cancel(self) -> None:
        """
        Stop: what is in flight is dropped, what waits is cancelled, what is there stays.
        """
        with self._lock:
            self._cancelled = True
            pending = tuple(self._futures)
        for future in pending:
            future.cancel()

    async def _ask(self, case: Case, earlier: JSON | None, attempt: int) -> Exchanges:
        word = self._words.setdefault(case.id, "".join(secrets.choice(_LETTERS) for _ in range(12)))
        prepared = prepare(case, self._source.target, unique=word, earlier=earlier, attempt=attempt)
        await self._place(case)
        try:
            return await self._until_it_counts(case, prepared, "first" if attempt == 1 else "reachability")
        finally:
            self._slots.give()
            self._answered += 1

    async def _until_it_counts(self, case: Case, prepared: Prepared, reason: str) -> Exchanges:
        exchanges: list[Exchange] = []
        tally = retry.Tally()
        while True:
            await self._pace.turn()
            try:
                exchanges.append(await self._send(case, prepared, "transport" if exchanges else reason))
            except Spent:
                if exchanges:
                    return tuple(exchanges)
                raise
            pause, tally = retry.again(case, exchanges[-1], tally)
            if pause is None:
                return tuple(exchanges)
            if pause.shared:
                self._pace.pause(pause.seconds, self._loop.time())
            else:
                await asyncio.sleep(pause.seconds)

    async def _send(self, case: Case, prepared: Prepared, reason: str) -> Exchange:
        if self._budget is not None:
            self._budget.take(case, prepared.body)
        self._sent += 1
        self._in_flight += 1
        try:
            exchange = await self._source.exchange(case, prepared)
        finally:
            self._in_flight -= 1
        number = self._askings[case.id] = self._askings.get(case.id, 0) + 1
        exchange = replace(exchange, attempt=number, reason=reason)
        if self._on_exchange is not None:
            self._on_exchange(case, exchange)
        return exchange

    async def _place(self, case: Case) -> None:
        if case.group is None:
            return await self._slots.take()
        group = self._gathering.get(case.group)
        if group is None:
            group = self._gathering[case.group] = _Group(self._sizes.get(case.group))
        return await group.join(self._slots, lambda: self._gathering.pop(case.group or "", None))


class _Group:
    """
    Cases that are to start together, gathered until all are there.
    """

    def __init__(self, size: int | None) -> None:
        self._size, self._members = size, 0
        self._news = asyncio.Event()
        self._start: asyncio.Task[int] | None = None

    async def join(self, slots: Slots, closed: Callable[[], object]) -> None:
        """
        Return with one place taken, at the same time as the others of the group.
        """
        self._members += 1
        number = self._members
        self._news.set()
        if self._size is not None and number > slots.limit:
            # More than can start together: it queues now, and not behind everyone who came while the group gathered.
            return await slots.take()
        if self._start is None:
            self._start = asyncio.create_task(self._gather(slots, closed))
        try:
            together = await asyncio.shield(self._start)
        except asyncio.CancelledError:
            self._start.add_done_callback(lambda start: _hand_back(start, number, slots))
            raise
        if number > together:
            await slots.take()
        return None

    async def _gather(self, slots: Slots, closed: Callable[[], object]) -> int:
        """
        Take places for as many members as fit at once, when all are there, and say how many.

        A group whose size is known queues for its places at once, so that nobody who came later goes before it.
        """
        taken = 0
        if self._size is not None:
            taken = min(self._size, slots.limit)
            await slots.take(taken)
        await self._arrivals(_QUIET if self._size is None else _PATIENCE)
        closed()
        together = min(self._members, slots.limit)
        if together > taken:
            await slots.take(together - taken)
        elif taken > together:
            slots.give(taken - together)
        return together

    async def _arrivals(self, wait: float) -> None:
        while self._members != self._size:
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                break


def _hand_back(start: asyncio.Task[int], number: int, slots: Slots) -> None:
    """
    The place of a member that was cancelled while its group gathered.
    """
    if not start.cancelled() and start.exception() is None and number <= start.result():
        slots.give()


@contextmanager
def running(
    source_factory: Callable[[], Source],
    *,
    limit: int | None = None,
    rate: float | None = None,
    budget: Budget | None = None,
    on_exchange: Callable[[Case, Exchange], None] | None = None,
    groups: Mapping[str, int] | None = None,
) -> Iterator[Running]:
    """
    An engine for the length of a block; what is unfinished at its end is cancelled.

    ``limit`` requests are in flight at most and ``rate`` start a second, by default as the target says.
    ``on_exchange`` is called on the engine's thread for every exchange.  ``groups`` says how many cases each group has.
    """
    loop = asyncio.new_event_loop()
    source = source_factory()
    engine = Running(
        loop,
        source,
        limit=max(1, limit or source.target.concurrency),
        rate=rate if rate is not None else source.target.rate,
        budget=budget,
        on_exchange=on_exchange,
        groups=groups or {},
    )
    thread = threading.Thread(target=loop.run_forever, name="conformance-engine", daemon=True)
    thread.start()
    try:
        yield engine
    finally:
        engine.cancel()
        asyncio.run_coroutine_threadsafe(_finish(source), loop).result(timeout=5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=5)
        loop.close()


async def _finish(source: Source) -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.wait(others, timeout=0.8) if others else None
    await source.aclose()
    await asyncio.get_running_loop().shutdown_default_executor()
