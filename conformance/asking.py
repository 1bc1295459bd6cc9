"""
Cases on their way to a target: asked ahead by the engine, judged when somebody waits for them, in whatever order.

It prints nothing and writes no file.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager

from conformance.board import Board, Circumstances, Exchanges
from conformance.capture import budget, engine, target
from conformance.errors import NoVerdict
from conformance.judge import not_asked
from conformance.model import JSON, Case, Contract, Ending, Exchange, Outcome, Result
from conformance.read.reply import Reply

_UNANSWERED = frozenset(
    {Outcome.UNSUPPORTED, Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE}
)


@contextmanager
def asking(
    cases: Sequence[Case],
    contracts: Mapping[str, Contract],
    source: Callable[[], engine.Source],
    *,
    circumstances: Circumstances,
    on_exchange: Callable[[Case, Exchange], None] | None = None,
    spending: budget.Budget | None = None,
    recorded: Mapping[str, Exchanges] | None = None,
) -> Iterator[Asking]:
    """
    Cases of which any may be asked, in any order, for the length of a block; nothing is sent before it is wanted.
    """
    board = Board(contracts, circumstances, {case.id: case for case in cases})
    board.exchanges.update(recorded or {})
    sizes = Counter(case.group for case in cases if case.group and board.applies(case))
    with engine.running(source, on_exchange=on_exchange, budget=spending, groups=sizes) as running:
        yield Asking(board, running)


#: So many cases in a row without a single answer, and nobody is there any more: the rest would only wait as well.
_SILENCES = 20


class Asking:
    """
    The cases on their way: made by ``asking``, used from one thread but for ``further``.
    """

    def __init__(self, board: Board, running: engine.Running) -> None:
        self._board, self._running = board, running
        self._futures: dict[str, Future[Exchanges]] = {}
        #: Cases being waited for, so that a chain which bites its tail ends.
        self._waiting: set[str] = set()
        self._silences = 0
        self._further = threading.Lock()
        self._beyond: dict[str, Case] = {}

    @property
    def stats(self) -> engine.Stats:
        """
        Where the engine stands now.
        """
        return self._running.stats

    def cancel(self) -> None:
        """
        Ask nothing more, from any thread: who waits goes on with what is there.
        """
        self._running.cancel()

    def start(self, cases: Sequence[Case]) -> None:
        """
        Send ahead everything that waits for nothing, with what belongs to it: its group, and what it is compared with.
        """
        for case in cases:
            self._send(case)
            for each in self._board.peers(case):
                self._send(each)

    def result(self, case: Case) -> Result:
        """
        Wait for a case and for what it is compared with, and judge it; what was not started is asked now.

        Raises ``NoVerdict`` when the target refuses our credentials or has fallen silent.
        """
        self.start([case])
        self._collect(case)
        peers = self._board.peers(case)
        for each in peers:
            self._collect(each)
        if peers and self._board.results[case.id].attempts:
            self._board.results[case.id] = self._board.judge(case)
        return self._board.results[case.id]

    @property
    def beyond(self) -> tuple[Case, ...]:
        """
        The cases that were asked for further.
        """
        return tuple(self._beyond.values())

    def further(self, cases: Sequence[Case]) -> tuple[Result, ...]:
        """
        The results of cases that nobody planned, asked once each; may be called from several threads.

        Raises ``Spent`` when the budget is, and ``NoVerdict`` when the asking has been stopped.
        """
        board = self._board
        with self._further:
            new = [case for case in cases if case.id not in board.cases]
            board.cases.update({case.id: case for case in new})
            self._beyond.update({case.id: case for case in new})
            waiting = {case.id: self._sent(case) for case in cases if case.id not in board.exchanges}
        try:
            come = {name: future.result() for name, future in waiting.items()}
        except CancelledError:
            raise NoVerdict("the asking was stopped", "Run again.", "interrupted") from None
        with self._further:
            board.exchanges.update(come)
            board.results.update({case.id: board.judge(case) for case in cases})
            return tuple(board.results[case.id] for case in cases)

    def _sent(self, case: Case) -> Future[Exchanges]:
        if case.id not in self._futures:
            self._futures[case.id] = self._running.submit(case)
        return self._futures[case.id]

    def stop(self, cases: Sequence[Case], cause: str) -> tuple[Result, ...]:
        """
        Ask no more: what has come is judged, and the rest of the cases was not run, because of ``cause``.
        """
        self._running.cancel()
        results = self._board.results
        late = [case for case in cases if case.id not in results and self._has_come(case)]
        # Whether server errors come and go is known at the end.
        doubtful = [case for case in cases if self._board.unsteady and _failed(results.get(case.id))]
        for case in [*late, *doubtful]:
            results[case.id] = self._board.judge(case)
        return tuple(results.get(case.id) or not_asked(case, Outcome.NOT_RUN, cause) for case in cases)

    def _has_come(self, case: Case) -> bool:
        future = self._futures.get(case.id)
        if future is None or not future.done() or future.cancelled():
            return False
        problem = future.exception()
        if problem is not None and not isinstance(problem, budget.Spent | target.EarlierLacks):
            # A mistake of ours or of the user's is raised where somebody waits for this case.
            return False
        return self._take(case, future)

    def _send(self, case: Case) -> None:
        board = self._board
        if case.id in board.results or case.id in board.exchanges or case.id in self._futures:
            return
        if not board.applies(case):
            board.results[case.id] = not_asked(case, Outcome.NOT_APPLICABLE, "not claimed")
        elif case.after is None:
            self._futures[case.id] = self._running.submit(case)
        elif case.after in board.cases and case.after not in self._waiting:
            self._waiting.add(case.after)
            self._send(board.cases[case.after])
            self._waiting.discard(case.after)

    def _collect(self, case: Case) -> None:
        """
        Wait for a case and judge it alone, again and again while a model may choose otherwise.
        """
        self._send(case)
        if case.id in self._board.results:
            return
        if case.after is not None and case.id not in self._board.exchanges and not self._continue(case):
            return
        if case.id in self._futures and not self._take(case, self._futures[case.id]):
            return
        result = self._board.judge(case)
        for attempt in range(2, len(case.again) + 2):
            missed = result.outcome is Outcome.INCONCLUSIVE and result.cause == "model-choice"
            if not missed or not self._take(case, self._running.submit(case, attempt=attempt)):
                break
            result = self._board.judge(case)
        self._board.results[case.id] = result
        _refuse_bad_credentials(result)
        self._hear(result)

    def _hear(self, result: Result) -> None:
        """
        Stop when the target has fallen silent.
        """
        if not result.attempts:
            return
        answered = any(_heard(attempt.exchange) for attempt in result.attempts)
        self._silences = 0 if answered else self._silences + 1
        if self._silences >= _SILENCES:
            ending = result.attempts[-1].exchange.ending
            raise NoVerdict(
                f"the target stopped answering: {_SILENCES} cases in a row ended without an answer ({ending})",
                "Look at the target's log for what the last answered case did to it, then go on with --resume.",
                "silent",
            )

    def _continue(self, case: Case) -> bool:
        before = self._before(case)
        if before is None or before.outcome in _UNANSWERED or not before.attempts:
            self._board.results[case.id] = not_asked(case, Outcome.INCONCLUSIVE, "premise")
            return False
        earlier = _assembled(before, self._board.contracts[case.contract])
        self._futures[case.id] = self._running.submit(case, earlier=earlier)
        return True

    def _before(self, case: Case) -> Result | None:
        """
        The result of the case that this one continues; None when there is none, or when they wait for each other.
        """
        earlier = self._board.cases.get(case.after or "")
        if earlier is None or case.id in self._waiting:
            return None
        self._waiting.add(case.id)
        try:
            self._collect(earlier)
        finally:
            self._waiting.discard(case.id)
        return self._board.results[earlier.id]

    def _take(self, case: Case, future: Future[Exchanges]) -> bool:
        try:
            exchanges = future.result()
        except budget.Spent as spent:
            self._miss(case, not_asked(case, Outcome.NOT_RUN, f"budget: {spent}"))
            return False
        except target.EarlierLacks:
            self._miss(case, not_asked(case, Outcome.INCONCLUSIVE, "premise"))
            return False
        except CancelledError:
            self._miss(case, not_asked(case, Outcome.NOT_RUN, "interrupted"))
            return False
        self._board.exchanges[case.id] = (*self._board.exchanges.get(case.id, ()), *exchanges)
        return True

    def _miss(self, case: Case, result: Result) -> None:
        if not self._board.exchanges.get(case.id):
            self._board.results[case.id] = result


def _failed(result: Result | None) -> bool:
    attempts = result.attempts if result is not None else ()
    return any((attempt.exchange.status or 0) >= 500 for attempt in attempts)


def _heard(exchange: Exchange) -> bool:
    """
    Something came back, if only what is no HTTP.
    """
    return exchange.status is not None or exchange.ending is Ending.MALFORMED


def _assembled(result: Result, contract: Contract) -> JSON:
    reply = Reply(result.attempts[-1].exchange)
    chat = any(operation.chunk for operation in contract.operations)
    return dict(reply.completion.as_json()) if chat else reply.value


def _refuse_bad_credentials(result: Result) -> None:
    if result.outcome is Outcome.ERROR and result.cause == "auth":
        status = result.attempts[-1].exchange.status
        raise NoVerdict(
            f"the target answered {status} to a valid request",
            "Check the key: it is read from OPENAI_API_KEY, --api-key-env NAME or --api-key-file FILE.",
            "auth",
        )
