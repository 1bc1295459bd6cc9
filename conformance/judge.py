"""
The judge: a case and what came back for it become a result.  Pure: no clock, no network, no files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import islice
from types import MappingProxyType
from typing import TypeVar

from conformance.checks import REGISTRY, Subject, expectation, refusal, schema
from conformance.checks.subject import BUSY
from conformance.errors import CheckCrashed
from conformance.model import (
    Attempt,
    Case,
    Contract,
    Ending,
    Exchange,
    Finding,
    Level,
    Outcome,
    Requirement,
    Result,
    State,
    Unobserved,
)
from conformance.read.reply import Reply

_T = TypeVar("_T")

#: Findings kept of one requirement in one exchange: a stream that never ends repeats itself hundreds of thousand times.
_MOST = 100

_CAUSES = {
    Ending.CONNECT: "connect",
    Ending.TLS: "tls",
    Ending.RESET: "reset",
    Ending.CONNECT_TIMEOUT: "timeout",
    Ending.FIRST_BYTE_TIMEOUT: "timeout",
    Ending.IDLE_TIMEOUT: "timeout",
    Ending.TOTAL_TIMEOUT: "timeout",
    Ending.TRUNCATED: "truncated",
    Ending.MALFORMED: "malformed",
}


def judge(
    case: Case,
    exchanges: Sequence[Exchange],
    contract: Contract,
    *,
    claims: frozenset[str] | None = None,
    peers: Mapping[str, Reply] = MappingProxyType({}),
    keyed: bool = True,
    unsteady: bool = False,
) -> Result:
    """
    Judge every attempt of a case by every requirement of its contract that is at stake.

    ``claims`` are the features that the target says it has (None: it says nothing), ``peers`` the replies that this
    one is compared with, by case id; ``keyed`` is False when the target was sent no key, and ``unsteady`` says that its
    server errors come and go, so that one more proves nothing.
    Raises ``CheckCrashed`` when a check raises, which is our bug.
    """
    if expectation.about_keys(case) and (not keyed or _open(exchanges, peers)):
        return not_asked(case, Outcome.NOT_APPLICABLE, "the target demands no key")
    replies = [Reply(exchange) for exchange in _telling(case, exchanges)]
    attempts = tuple(_attempt(Subject(case, reply, contract, peers, unsteady)) for reply in replies)
    refused = refusal.excused(case, replies[-1], contract, claims) if replies else ""
    if refused:
        attempts = tuple(_without_acceptance(attempt, contract) for attempt in attempts)
        return Result(case=case, outcome=Outcome.UNSUPPORTED, cause=refused, attempts=attempts, states=_merge(attempts))
    outcome, cause = _outcome(case, attempts, replies, contract)
    return Result(case=case, outcome=outcome, cause=cause, attempts=attempts, states=_merge(attempts))


def not_asked(case: Case, outcome: Outcome, cause: str) -> Result:
    """
    The result of a case that was never sent.
    """
    return Result(case=case, outcome=outcome, cause=cause)


def _open(exchanges: Sequence[Exchange], peers: Mapping[str, Reply]) -> bool:
    """
    The target was sent a key and takes any other as well, and none: servers at home do, whatever clients have to send.
    """
    answered = any(200 <= (each.status or 0) < 300 for each in exchanges)
    return answered and bool(peers) and not any(peer.status in expectation.KEY_REFUSED for peer in peers.values())


def _telling(case: Case, exchanges: Sequence[Exchange]) -> list[Exchange]:
    """
    The attempts that say something of the contract.

    A broken connection or a 5xx that a later attempt did not show is the network's or the load's, not the contract's.
    """
    if not any(_sound(case, exchange) for exchange in exchanges):
        return list(exchanges)
    return [each for each in exchanges if _sound(case, each) or _busy(each)]


def _sound(case: Case, exchange: Exchange) -> bool:
    ended = exchange.ending in (Ending.COMPLETE, Ending.ABORTED, Ending.CUT, Ending.IDLE_TIMEOUT)
    wanted = case.expect.status if case.expect is not None else ()
    broken = (exchange.status or 0) >= 500 and exchange.status not in wanted
    return ended and exchange.status is not None and not _busy(exchange) and not broken


def _busy(exchange: Exchange) -> bool:
    return exchange.status in BUSY


def _attempt(subject: Subject) -> Attempt:
    case, contract, exchange = subject.case, subject.contract, subject.reply.exchange
    judged: dict[str, list[Finding | Unobserved]] = {}
    if not _humoured(subject):
        for requirement in contract.requirements.values():
            if requirement.check is not None:
                _ask(requirement, subject, judged)
        for name, findings in _guarded("schema", case, lambda: schema.judge(subject)).items():
            judged.setdefault(name, []).extend(findings[:_MOST])
    if case.expect is not None and expectation.at_stake(subject):
        found = _guarded("expect", case, lambda: list(expectation.judge(subject)))
        judged.setdefault(case.expect.requirement, []).extend(found)
    return _as_attempt(exchange, judged)


def _humoured(s: Subject) -> bool:
    """
    A request that breaks the contract was answered all the same: no choices for ``n: 0``, no model for none.

    That it was answered is what its case judges; how the answer looks, no contract says.
    """
    status = s.reply.status
    silent = s.reply.is_stream and not s.reply.chunks
    return s.case.invalid and status is not None and 200 <= status < 300 and s.reply.error is None and not silent


def _ask(requirement: Requirement, subject: Subject, judged: dict[str, list[Finding | Unobserved]]) -> None:
    check = REGISTRY.get(requirement.check or "")
    if check is None:
        raise CheckCrashed(requirement.check or "", requirement.id, LookupError("no such check"))
    if check.shows in subject.reply.exchange.shows and _guarded(
        check.name, subject.case, lambda: check.applies(subject)
    ):
        judged[requirement.id] = _guarded(check.name, subject.case, lambda: list(islice(check.find(subject), _MOST)))


def _guarded(name: str, case: Case, ask: Callable[[], _T]) -> _T:
    try:
        return ask()
    except Exception as problem:
        raise CheckCrashed(name, case.id, problem) from problem


def _as_attempt(exchange: Exchange, judged: Mapping[str, Sequence[Finding | Unobserved]]) -> Attempt:
    findings = tuple(
        replace(each, requirement=name) for name, found in judged.items() for each in found if isinstance(each, Finding)
    )
    missed = {name: each for name, found in judged.items() for each in found if isinstance(each, Unobserved)}
    violated = {finding.requirement for finding in findings}
    states = {
        name: State.VIOLATED if name in violated else State.INCONCLUSIVE if name in missed else State.HELD
        for name in judged
    }
    return Attempt(exchange=exchange, findings=findings, states=states, unobserved=missed)


def _merge(attempts: Iterable[Attempt]) -> dict[str, State]:
    order = (State.INCONCLUSIVE, State.HELD, State.VIOLATED)
    merged: dict[str, State] = {}
    for attempt in attempts:
        for name, state in attempt.states.items():
            merged[name] = max(merged.get(name, state), state, key=order.index)
    return merged


def _without_acceptance(attempt: Attempt, contract: Contract) -> Attempt:
    kept = tuple(f for f in attempt.findings if not _about_acceptance(contract.requirements.get(f.requirement)))
    dropped = {f.requirement for f in attempt.findings} - {f.requirement for f in kept}
    states = {name: state for name, state in attempt.states.items() if name not in dropped}
    return replace(attempt, findings=kept, states=states)


def _about_acceptance(requirement: Requirement | None) -> bool:
    return requirement is not None and (
        requirement.check in ("request.answered", "request.no-server-error") or requirement.expect
    )


def _outcome(
    case: Case, attempts: Sequence[Attempt], replies: Sequence[Reply], contract: Contract
) -> tuple[Outcome, str]:
    levels = {contract.requirements[finding.requirement].level for attempt in attempts for finding in attempt.findings}
    if Level.MUST in levels:
        return Outcome.FAIL, ""
    trouble = _trouble(case, attempts[-1], replies[-1]) if attempts else (Outcome.NOT_RUN, "not asked")
    if trouble is not None:
        return trouble
    missed = [each for attempt in attempts for each in attempt.unobserved.values()]
    observed = {
        name for attempt in attempts for name, state in attempt.states.items() if state is not State.INCONCLUSIVE
    }
    unresolved = [each for attempt in attempts for name, each in attempt.unobserved.items() if name not in observed]
    if Level.SHOULD in levels:
        return Outcome.WARN, ""
    if missed and unresolved:
        return Outcome.INCONCLUSIVE, unresolved[0].cause
    return (Outcome.INFO, "") if Level.MAY in levels else (Outcome.PASS, "")


def _trouble(case: Case, attempt: Attempt, reply: Reply) -> tuple[Outcome, str] | None:
    """
    Why the last attempt says nothing of the contract, if so.
    """
    exchange, status = attempt.exchange, reply.status
    if exchange.ending in _CAUSES and not attempt.states.get(f"{case.contract}.stream.closes"):
        cause = _CAUSES[exchange.ending]
        return (Outcome.ERROR if cause in ("connect", "tls") else Outcome.INCONCLUSIVE), cause
    if status is not None and status in BUSY:
        return Outcome.INCONCLUSIVE, "rate-limit" if status == 429 else "5xx" if status >= 500 else "busy"
    if status in (401, 403) and not case.invalid and not (case.expect and status in case.expect.status):
        return Outcome.ERROR, "auth"
    if not case.invalid and status is not None and 200 <= status < 300 and reply.error_packet is not None:
        return Outcome.INCONCLUSIVE, "server-error"
    return None
