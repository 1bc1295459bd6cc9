"""
The one runner: cases are asked ahead by the engine, judged here in order, and asked again where a model must choose.

The command line, the offline check and the pytest plugin call it; it prints nothing and writes no file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, field

from conformance.capture import budget, engine, target
from conformance.errors import NoVerdict
from conformance.judge import judge, not_asked
from conformance.model import JSON, Case, Contract, Exchange, Outcome, Result, State
from conformance.read.reply import Reply

Exchanges = tuple[Exchange, ...]
_UNANSWERED = frozenset(
    {Outcome.UNSUPPORTED, Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.NOT_RUN, Outcome.NOT_APPLICABLE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """
    What judging needs to know of the target.
    """

    #: None: the target says nothing of its features.
    claims: frozenset[str] | None = None
    #: The target demands a key.
    keyed: bool = True


@dataclass(slots=True)
class _Board:
    """
    What is known so far, by case id.
    """

    contracts: Mapping[str, Contract]
    circumstances: Circumstances
    cases: Mapping[str, Case]
    exchanges: dict[str, Exchanges] = field(default_factory=dict)
    results: dict[str, Result] = field(default_factory=dict)

    def judge(self, case: Case) -> Result:
        """
        Judge a case by everything that came for it.
        """
        names = set(case.compare) | ({case.after} if case.after else set())
        names |= {each.id for each in self.cases.values() if case.group and each.group == case.group}
        peers = {name: Reply(self.exchanges[name][-1]) for name in names - {case.id} if self.exchanges.get(name)}
        return judge(
            case,
            self.exchanges[case.id],
            self.contracts[case.contract],
            claims=self.circumstances.claims,
            peers=peers,
            keyed=self.circumstances.keyed,
        )


def applicable(case: Case, contract: Contract, claims: frozenset[str] | None) -> bool:
    """
    The target claims what the case needs, or says nothing and the profile is asked by default.
    """
    profiles = {profile.id: profile for profile in contract.profiles}
    for need in case.needs:
        profile = profiles[need]
        asked = profile.asked if claims is None else need in claims
        if not profile.core and not asked:
            return False
    return True


def run(
    cases: Sequence[Case],
    contracts: Mapping[str, Contract],
    source: Callable[[], engine.Source],
    *,
    circumstances: Circumstances,
    on_exchange: Callable[[Case, Exchange], None] | None = None,
    on_result: Callable[[Result, engine.Stats], None] | None = None,
    spending: budget.Budget | None = None,
    recorded: Mapping[str, Exchanges] | None = None,
) -> Iterator[Result]:
    """
    Ask the cases and yield every result, in the order of the cases.

    ``recorded`` holds exchanges of an earlier run, whose cases are not asked again.
    An interrupt, and a target that begins to refuse our credentials, leave the rest as not run: after the last result
    ``KeyboardInterrupt`` or ``NoVerdict`` is raised.
    """
    board = _Board(contracts, circumstances, {case.id: case for case in cases})
    board.exchanges.update(recorded or {})
    sizes: dict[str, int] = {}
    for case in cases:
        if case.group:
            sizes[case.group] = sizes.get(case.group, 0) + 1
    with engine.running(source, on_exchange=on_exchange, budget=spending, groups=sizes) as running:
        asking = _Asking(board, running)
        stopped: KeyboardInterrupt | NoVerdict | None = None
        try:
            asking.start(cases)
            for case in cases:
                asking.collect(case)
                if on_result is not None and case.id in board.results:
                    on_result(board.results[case.id], running.stats)
        except (KeyboardInterrupt, NoVerdict) as problem:
            stopped = problem
            running.cancel()
        for case in cases:
            asking.settle(case)
    cause = "" if stopped is None else "interrupted" if isinstance(stopped, KeyboardInterrupt) else stopped.cause
    for case in cases:
        yield board.results.get(case.id) or not_asked(case, Outcome.NOT_RUN, cause)
    if stopped is not None:
        raise stopped


#: So many cases in a row without a single answer, and nobody is there any more: the rest would only wait as well.
_SILENCES = 20


class _Asking:
    """
    The cases on their way.
    """

    def __init__(self, board: _Board, running: engine.Running) -> None:
        self._board, self._running = board, running
        self._futures: dict[str, Future[Exchanges]] = {}
        self._silences = 0

    def start(self, cases: Sequence[Case]) -> None:
        """
        Send ahead everything that waits for nothing.
        """
        for case in cases:
            claims = self._board.circumstances.claims
            if not applicable(case, self._board.contracts[case.contract], claims):
                self._board.results[case.id] = not_asked(case, Outcome.NOT_APPLICABLE, "not claimed")
            elif case.after is None and case.id not in self._board.exchanges:
                self._futures[case.id] = self._running.submit(case)

    def collect(self, case: Case) -> None:
        """
        Wait for a case and judge it, again and again while a model may choose otherwise.
        """
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

    def settle(self, case: Case) -> None:
        """
        Judge again what is compared with cases that came later.
        """
        result = self._board.results.get(case.id)
        if result is not None and (case.compare or case.group) and result.attempts:
            self._board.results[case.id] = self._board.judge(case)

    def _hear(self, result: Result) -> None:
        """
        Stop when the target has fallen silent.
        """
        if not result.attempts:
            return
        answered = any(attempt.exchange.status is not None for attempt in result.attempts)
        self._silences = 0 if answered else self._silences + 1
        if self._silences >= _SILENCES:
            ending = result.attempts[-1].exchange.ending
            raise NoVerdict(
                f"the target stopped answering: {_SILENCES} cases in a row ended without an answer ({ending})",
                "Look at the target's log for what the last answered case did to it, then go on with --resume.",
                "silent",
            )

    def _continue(self, case: Case) -> bool:
        before = self._board.results.get(case.after or "")
        if before is None or before.outcome in _UNANSWERED or not before.attempts:
            self._board.results[case.id] = not_asked(case, Outcome.INCONCLUSIVE, "premise")
            return False
        earlier = _assembled(before, self._board.contracts[case.contract])
        self._futures[case.id] = self._running.submit(case, earlier=earlier)
        return True

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


def judged(
    pairs: Sequence[tuple[Case, Exchange]],
    contracts: Mapping[str, Contract],
    *,
    circumstances: Circumstances,
) -> tuple[Result, ...]:
    """
    Judge recorded exchanges: the attempts of one case belong together, compared cases find each other by their ids.
    """
    board = _Board(contracts, circumstances, {case.id: case for case, _ in pairs})
    for case, exchange in pairs:
        board.exchanges[case.id] = (*board.exchanges.get(case.id, ()), exchange)
    return tuple(board.judge(case) for case in board.cases.values())


def tokens(results: Sequence[Result]) -> tuple[int, int]:
    """
    The prompt and completion tokens that the target counted, over all exchanges.
    """
    prompt = completion = 0
    for result in results:
        for attempt in result.attempts:
            usage = Reply(attempt.exchange).completion.usage or {}
            counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
            prompt += counts[0] if isinstance(counts[0], int) else 0
            completion += counts[1] if isinstance(counts[1], int) else 0
    return prompt, completion


def exercised(results: Sequence[Result]) -> int:
    """
    How many requirements were held or violated at all.
    """
    return len({name for result in results for name, state in result.states.items() if state is not State.INCONCLUSIVE})
