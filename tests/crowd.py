"""
Forty targets with 250 results each, the size at which a comparison must still be light.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from conformance.model import (
    Attempt,
    Case,
    Chunk,
    Contract,
    Ending,
    Exchange,
    Finding,
    Level,
    Operation,
    Outcome,
    Profile,
    Request,
    Requirement,
    Result,
    RunInfo,
    Scorecard,
    Sent,
    State,
)
from conformance.report.compare import Column
from conformance.report.scorecard import score
from conformance.report.views import Extra, Facts, Pacing

TARGETS, CASES, PROFILES = 40, 250, 12
_LEVELS = (Level.MUST, Level.MUST, Level.SHOULD, Level.MAY)


def _dice(*words: object) -> int:
    """
    A number from 0 to 999 that depends on nothing but the words.
    """
    return int.from_bytes(hashlib.sha256(repr(words).encode()).digest()[:4], "big") % 1000


def contract() -> Contract:
    """
    A contract of as many requirements as there are cases.
    """
    rows = [
        Requirement(
            id=f"big.area{n % 25}.rule-{n}",
            level=_LEVELS[n % 4],
            text=f"Requirement number {n} of the documented behaviour is kept by every answer.",
            doc="https://platform.openai.com/docs/api-reference/chat/create",
            profile=f"p{n % PROFILES}",
            breaks="Clients that rely on it lose the arguments of their tool calls.",
            check="any",
        )
        for n in range(CASES)
    ]
    return Contract(
        id="big",
        version="2026-08",
        title="A large contract",
        sha256="cd" * 32,
        operations=(Operation(id="chat", method="POST", path="/chat/completions"),),
        profiles=tuple(Profile(id=f"p{n}", title=f"Profile {n}", core=n < 3) for n in range(PROFILES)),
        requirements={row.id: row for row in rows},
        schemas={},
    )


def columns() -> Iterator[Column]:
    """
    The targets; each breaks a few percent of the requirements, in part the same as others.
    """
    shared = contract()
    for number in range(TARGETS):
        name = f"vendor-{number:02}"
        yield Column(name=name, card=card(name, shared), facts=_facts(number))


def card(name: str, shared: Contract) -> Scorecard:
    """
    One target's scorecard.
    """
    results = [_result(name, row, n) for n, row in enumerate(shared.requirements.values())]
    info = RunInfo(
        target=name,
        base_url=f"https://{name}.example/v1",
        model=f"model-of-{name}",
        started="2026-11-23T14:02:00+00:00",
        ended="2026-11-23T14:12:00+00:00",
        command=("conformance", "run", "--targets", "targets.yaml", "--group", "all"),
    )
    return score(results, [shared], info)


def _result(name: str, row: Requirement, number: int) -> Result:
    often = _dice("often", row.id) // 4
    broken = _dice(name, row.id) < often // 3
    exchange = _exchange(name, number)
    where = f"event[{number % 30}]/choices/0"
    observed = f"a value that {name} made up for {number}"
    findings = (Finding(expected="an integer", observed=observed, where=where, requirement=row.id),) if broken else ()
    states = {row.id: State.VIOLATED if broken else State.HELD}
    outcome = {Level.MUST: Outcome.FAIL, Level.SHOULD: Outcome.WARN, Level.MAY: Outcome.INFO}[row.level]
    case = Case(
        id=f"big.area{number % 25}.case-{number}",
        contract="big",
        feature=f"area{number % 25}",
        title=f"The documented behaviour number {number}",
        request=Request(path="/chat/completions"),
        needs=(row.profile,),
    )
    attempt = Attempt(exchange=exchange, findings=findings, states=states)
    return Result(case=case, outcome=outcome if broken else Outcome.PASS, attempts=(attempt,), states=states)


def _exchange(name: str, number: int) -> Exchange:
    identity = hashlib.sha256(f"{name}{number}".encode()).hexdigest()
    texts = [
        json.dumps(
            {
                "id": f"chatcmpl-{identity[:28]}",
                "object": "chat.completion.chunk",
                "created": 1795650391,
                "model": f"model-of-{name}",
                "choices": [
                    {"index": 0, "delta": {"content": f" word{n}{identity[n : n + 8]}"}, "finish_reason": None}
                ],
            }
        )
        for n in range(30)
    ]
    pieces = [f"data: {text}\n\n".encode() for text in [*texts, "[DONE]"]]
    return Exchange(
        sent=Sent(
            method="POST",
            url=f"https://{name}.example/v1/chat/completions",
            headers=(("Content-Type", "application/json"),),
            body=json.dumps({"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}).encode(),
        ),
        ending=Ending.COMPLETE,
        status=200,
        headers=(("Content-Type", "text/event-stream"), ("X-Request-Id", identity), ("Server", name)),
        chunks=tuple(Chunk(0.2 + 0.02 * n, piece) for n, piece in enumerate(pieces)),
        seconds=0.9,
        first_byte=0.19,
    )


def _facts(number: int) -> Facts:
    extras = tuple(
        Extra(
            contract="big",
            kind="chunk field",
            place=f"/choices/*/delta/x_{n}",
            types=("string",),
            exchanges=3,
            case="big.area0.case-0",
        )
        for n in range(number, number + 12)
    )
    pacing = tuple(
        Pacing(
            case=f"c{n}",
            first_token=0.1 + _dice("first", number, n) / 1000,
            gaps=tuple(_dice("gap", number, n, m) / 20_000 for m in range(30)),
            rate=20 + _dice("rate", number, n) / 10,
        )
        for n in range(40)
    )
    return Facts(extras=extras, pacing=pacing)
