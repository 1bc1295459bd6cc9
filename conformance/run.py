"""
The one runner: cases are asked ahead by the engine, judged here in order, and asked again where a model must choose.

The command line and the offline check call it, and the pytest plugin its ``asking``; it prints nothing and writes no
file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from conformance.asking import asking
from conformance.board import Board, Circumstances, Exchanges, applicable
from conformance.capture import budget, engine
from conformance.errors import NoVerdict
from conformance.model import Case, Contract, Exchange, Result, State
from conformance.read.reply import Reply

Ask: TypeAlias = Callable[[Sequence[Case]], Sequence[Result]]
Explore: TypeAlias = Callable[[Sequence[Result], Ask], None]

__all__ = ["Ask", "Circumstances", "Exchanges", "Explore", "applicable", "exercised", "judged", "run", "tokens"]


def run(
    cases: Sequence[Case],
    contracts: Mapping[str, Contract],
    source: Callable[[], engine.Source],
    *,
    circumstances: Circumstances,
    on_exchange: Callable[[Case, Exchange], None] | None = None,
    on_start: Callable[[Callable[[], engine.Stats]], None] | None = None,
    on_result: Callable[[Result], None] | None = None,
    on_stop: Callable[[Callable[[], None]], None] | None = None,
    spending: budget.Budget | None = None,
    recorded: Mapping[str, Exchanges] | None = None,
    explore: Explore | None = None,
) -> Iterator[Result]:
    """
    Ask the cases and yield every result, in the order of the cases, and then of what was asked beyond them.

    ``on_start`` is given a function that says where the engine stands, for whoever shows progress from another thread.
    ``on_stop`` is given a function that ends the asking from another thread, for whoever runs several targets at once.
    ``recorded`` holds exchanges of an earlier run, whose cases are not asked again.  ``explore`` is given the results
    and a way to ask for more, which raises ``Spent`` when the budget is.
    An interrupt, and a target that begins to refuse our credentials or falls silent, leave the rest as not run: after
    the last result ``KeyboardInterrupt`` or ``NoVerdict`` is raised.
    """
    stopped: KeyboardInterrupt | NoVerdict | None = None
    with asking(
        cases,
        contracts,
        source,
        circumstances=circumstances,
        on_exchange=on_exchange,
        spending=spending,
        recorded=recorded,
    ) as asked:
        if on_start is not None:
            on_start(lambda: asked.stats)
        if on_stop is not None:
            on_stop(asked.cancel)
        try:
            asked.start(cases)
            made = []
            for case in cases:
                made.append(asked.result(case))
                if on_result is not None:
                    on_result(made[-1])
            if explore is not None:
                explore(made, asked.further)
        except (KeyboardInterrupt, NoVerdict) as problem:
            stopped = problem
        cause = "" if stopped is None else "interrupted" if isinstance(stopped, KeyboardInterrupt) else stopped.cause
        results = asked.stop([*cases, *asked.beyond], cause)
    yield from results
    if stopped is not None:
        raise stopped


def judged(
    pairs: Sequence[tuple[Case, Exchange]],
    contracts: Mapping[str, Contract],
    *,
    circumstances: Circumstances,
) -> tuple[Result, ...]:
    """
    Judge recorded exchanges: the attempts of one case belong together, compared cases find each other by their ids.
    """
    board = Board(contracts, circumstances, {case.id: case for case, _ in pairs})
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
