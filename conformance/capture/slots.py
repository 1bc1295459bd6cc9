"""
Who may send now: places in flight, given in order, singly or to a whole group at once.  Used within one event loop.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """
    ``limit`` places; a group waits until all its places are free, and nobody overtakes it.
    """

    def __init__(self, limit: int) -> None:
        """
        ``limit`` is at least 1.
        """
        self.limit = self._free = limit
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, count: int = 1) -> None:
        """
        Wait for ``count`` places, at most ``limit``.
        """
        if not self._waiting and self._free >= count:
            self._free -= count
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((count, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give(count)
            else:
                self._waiting = deque(each for each in self._waiting if each[1] is not turn)
                self._pass_on()
            raise

    def give(self, count: int = 1) -> None:
        """
        Hand places back.
        """
        self._free += count
        self._pass_on()

    def _pass_on(self) -> None:
        while self._waiting and self._waiting[0][0] <= self._free:
            count, turn = self._waiting.popleft()
            if not turn.done():
                self._free -= count
                turn.set_result(None)


class Pace:
    """
    When the next request may go out: the target's rate, and the pause that a rate limit asks of everyone.
    """

    def __init__(self, rate: float | None) -> None:
        """
        ``rate`` in requests a second; None for no limit.
        """
        self._step = 1 / rate if rate else 0.0
        self._next = 0.0
        #: Monotonic time until which nothing is sent.
        self.paused_until = 0.0

    def pause(self, seconds: float, now: float) -> None:
        """
        Nothing is sent for ``seconds``; a longer pause that stands already stays.
        """
        self.paused_until = max(self.paused_until, now + seconds)

    async def turn(self) -> None:
        """
        Wait until a request may go out.
        """
        loop = asyncio.get_running_loop()
        while (ahead := self.paused_until - loop.time()) > 0:
            await asyncio.sleep(ahead)
        if not self._step:
            return
        at = max(loop.time(), self._next)
        self._next = at + self._step
        if (ahead := at - loop.time()) > 0:
            await asyncio.sleep(ahead)
