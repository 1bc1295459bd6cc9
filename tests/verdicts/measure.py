"""
What the suite reports of the reference provider when it shows one fault, or one legal variant.

A fault changes some answers and leaves the others as they are, to the byte. Which it changes is worked out from a
recording of the provider without faults; only those are asked again, with what continues them, and judged together
with what they are compared with. The verdict on all others is the one on the provider without faults. A fault that
depends on what else is asked (`steady` is false) has everything asked again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.board import Board, Circumstances, Exchanges
from conformance.capture.live import Live
from conformance.capture.secret import Secret
from conformance.capture.target import Target, Timeouts
from conformance.contract import cases, contracts
from conformance.model import Case, Contract, Exchange, Level, Result, State
from conformance.reference import faults as laboratory
from conformance.reference import server
from conformance.reference.faults import Peculiarity, pipeline
from conformance.reference.faults.fault import Answer, Asked
from conformance.run import run

CONTRACTS = ("openai-chat", "openai-models", "openai-embeddings")
KEY = "reference-key-of-no-value"
#: The variant that is nothing but our own HTTP server.
PLAINLY = "through-front"
#: Short, for nothing here is far away.
TIMEOUTS = Timeouts(connect=5.0, first_byte=10.0, idle=2.0, total=30.0)


def known() -> Mapping[str, Contract]:
    """
    The contracts that are measured, by id.
    """
    return {name: contracts.load(name) for name in CONTRACTS}


def every_case() -> tuple[Case, ...]:
    """
    All fixed cases of all contracts.
    """
    return tuple(case for name in CONTRACTS for case in cases.load_contract(name))


def everything() -> frozenset[str]:
    """
    Claims of a target that says it can do all there is.
    """
    return frozenset(profile.id for contract in known().values() for profile in contract.profiles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """
    What was reported of one server: each requirement that was violated, and by which cases.
    """

    #: Requirement -> the cases whose answers violate it.
    violated: Mapping[str, tuple[str, ...]]
    #: The same when the target claims nothing.
    unclaimed: Mapping[str, tuple[str, ...]]
    asked: int
    #: Exchanges that ended in a way that says nothing, by cause.
    trouble: Mapping[str, int] = field(default_factory=dict)
    samples: Mapping[str, str] = field(default_factory=dict)


def target(url: str) -> Target:
    """
    The provider at an address, claiming everything.
    """
    return Target(
        name="laboratory",
        base_url=url,
        model="reference-1",
        key=Secret(KEY),
        claims=tuple(sorted(everything())),
        models={"openai-embeddings": "reference-embed"},
        timeouts=TIMEOUTS,
        concurrency=16,
    )


def ask(names: Sequence[str], wanted: Sequence[Case], recorded: Mapping[str, Exchanges] | None = None) -> list[Result]:
    """
    Ask the provider, showing what is named, and judge.
    """
    with server.running(api_key=KEY, faults=names) as provider:
        aim = target(provider.url)
        seen = Circumstances(claims=everything())
        return list(run(wanted, known(), lambda: Live(aim), circumstances=seen, recorded=recorded))


def baseline(wanted: Sequence[Case]) -> dict[str, Exchanges]:
    """
    What the provider answers when it shows nothing, by case.
    """
    results = ask([PLAINLY], wanted)
    return {result.case.id: tuple(attempt.exchange for attempt in result.attempts) for result in results}


def touched(shown: Peculiarity, wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> set[str]:
    """
    The cases whose answers a peculiarity changes, with all that depends on them.
    """
    if not shown.steady:
        return {case.id for case in wanted}
    memory = {"key": KEY, "in flight": 1}
    found = {case.id for case in wanted if before.get(case.id) and changes(shown, before[case.id][-1], memory)}
    groups = {case.group for case in wanted if case.id in found and case.group}
    found |= {case.id for case in wanted if case.group in groups}
    while more := {case.id for case in wanted if case.after in found} - found:
        found |= more
    return found


def _concerned(again: set[str], wanted: Sequence[Case]) -> tuple[Case, ...]:
    """
    The cases of which a verdict may change: those asked again, what is compared with them, and what that needs.
    """
    known = {case.id: case for case in wanted}
    chosen = again | {case.id for case in wanted if again & set(case.compare)}
    waiting = list(chosen)
    while waiting:
        case = known[waiting.pop()]
        peers = {each.id for each in wanted if case.group and each.group == case.group}
        needed = {*case.compare, *([case.after] if case.after else []), *peers} & known.keys()
        waiting += needed - chosen
        chosen |= needed
    return tuple(case for case in wanted if case.id in chosen)


def changes(shown: Peculiarity, exchange: Exchange, memory: Mapping[str, object]) -> bool:
    """
    A peculiarity changes what was answered.
    """
    sent = exchange.sent
    path = "/v1" + sent.url.split("/v1", 1)[1]
    headers = {name.lower(): value for name, value in sent.headers}
    request = Asked(method=sent.method, path=path, headers=headers, raw=sent.body, memory=dict(memory))
    answer = _answer(exchange)
    if pipeline.instead(request, [shown]) is not None or pipeline.asked(request, [shown]) is not request:
        return True
    if pipeline.pardoned(answer, request, [shown]) is not None:
        return True
    if shown.edit is None and shown.wire is None:
        return False
    return pipeline.written(answer, request, [shown], delay=0.001) != pipeline.written(answer, request, [], delay=0.001)


def _answer(exchange: Exchange) -> Answer:
    body = b"".join(chunk.data for chunk in exchange.chunks)
    streamed = any(value.startswith("text/event-stream") for name, value in exchange.headers if name == "content-type")
    headers = tuple(each for each in exchange.headers if each[0] not in ("content-length", "transfer-encoding"))
    parts = tuple(part + b"\n\n" for part in body.split(b"\n\n")[:-1]) if streamed else (body,)
    return Answer(
        status=exchange.status or 0,
        headers=headers,
        parts=parts,
        streamed=streamed,
        framing="chunked" if streamed else "length",
    )


def measure(name: str, wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> Report:
    """
    What the suite reports of the provider when it shows one peculiarity.
    """
    (shown,) = laboratory.chosen([name])
    again = touched(shown, wanted, before)
    concerned = _concerned(again, wanted)
    recorded = {case.id: before[case.id] for case in concerned if case.id not in again and before.get(case.id)}
    results = ask([name], concerned, recorded) if concerned else []
    asked = sum(len(result.attempts) for result in results if result.case.id in again)
    return Report(
        violated=violations(results),
        unclaimed=violations(without_claims(results)),
        asked=asked,
        trouble=_trouble(results),
        samples=_samples(results),
    )


def judged(wanted: Sequence[Case], exchanges: Mapping[str, Exchanges]) -> list[Result]:
    """
    Exchanges judged for a target that claims everything.
    """
    board = Board(known(), Circumstances(claims=everything()), {case.id: case for case in wanted})
    board.exchanges.update({name: each for name, each in exchanges.items() if each})
    return [board.judge(case) for case in wanted if exchanges.get(case.id)]


def violations(results: Sequence[Result]) -> dict[str, tuple[str, ...]]:
    """
    The requirements that results violate, with the cases that show it.
    """
    found: dict[str, list[str]] = {}
    for result in results:
        for requirement, state in result.states.items():
            if state is State.VIOLATED:
                found.setdefault(requirement, []).append(result.case.id)
    return {requirement: tuple(names) for requirement, names in sorted(found.items())}


def without_claims(results: Sequence[Result]) -> list[Result]:
    """
    The same exchanges judged for a target that says nothing of its features.

    Claims decide what is asked, and what the refusal of an optional feature is worth; nothing else depends on them.
    """
    board = Board(known(), Circumstances(claims=None), {result.case.id: result.case for result in results})
    asked = [result for result in results if result.attempts and board.applies(result.case)]
    for result in asked:
        board.exchanges[result.case.id] = tuple(attempt.exchange for attempt in result.attempts)
    return [board.judge(result.case) if _refused(result) else result for result in asked]


def _refused(result: Result) -> bool:
    status = result.attempts[-1].exchange.status
    return status is not None and status >= 400 and not result.case.invalid


def _trouble(results: Sequence[Result]) -> dict[str, int]:
    causes: dict[str, int] = {}
    for result in results:
        if result.outcome in ("error", "inconclusive", "not-run") and result.cause:
            causes[result.cause] = causes.get(result.cause, 0) + 1
    return causes


def _samples(results: Sequence[Result]) -> dict[str, str]:
    """
    One finding of each requirement, as a report would show it.
    """
    found: dict[str, str] = {}
    for result in results:
        for finding in result.findings:
            found.setdefault(finding.requirement, f"{result.case.id}: {finding.message} ({finding.where})")
    return found


def level(requirement: str) -> Level:
    """
    The level of a requirement of any of the contracts.
    """
    return next(each.requirements[requirement].level for each in known().values() if requirement in each.requirements)
