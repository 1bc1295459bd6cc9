"""
Three targets held to the toy contract, each wrong in its own way, and saying hostile things.
"""

from __future__ import annotations

from conformance.model import Evidence, Outcome, Result, Scorecard
from conformance.report.compare import Column, Comparison, compare
from conformance.report.scorecard import score
from conformance.report.views import Extra, Facts, Pacing, ParameterUse
from tests.report_fixture import HOSTILE, case, contract, exchange, finding, result, run, stream, unsent

STREAMED = case("stream.index", "streaming", feature="streaming")
PLAIN = case("plain.id")
USAGE = case("plain.usage")
TOOLS = case("tools.call", "tools", feature="tools")


def acme() -> Scorecard:
    """
    Holds everything that was asked.
    """
    return _scored(
        "acme",
        result(STREAMED, states={"framing": "held", "index": "held"}, exchange=stream(40)),
        result(PLAIN, states={"id": "held", "body": "held"}),
        result(USAGE, states={"usage": "held", "id": "held"}),
        result(TOOLS, states={"arguments": "held"}),
    )


def globex(text: str = HOSTILE) -> Scorecard:
    """
    Breaks a MUST of streams in one case of one, and of answers in one of two; a hostile name and hostile values.
    """
    return _scored(
        f"globex {text}",
        result(
            STREAMED,
            Outcome.FAIL,
            finding("index", observed=text, where="event[30]/choices/0/index"),
            states={"framing": "held", "index": "violated"},
            exchange=stream(40),
        ),
        result(
            PLAIN,
            Outcome.FAIL,
            finding("id", "a string id", text, "/id"),
            states={"id": "violated", "body": "held"},
            exchange=exchange(b'{"id": 1}'),
        ),
        result(USAGE, Outcome.WARN, finding("usage"), states={"usage": "violated", "id": "held"}),
        result(TOOLS, Outcome.INCONCLUSIVE, states={"arguments": "inconclusive"}, cause="model-choice"),
        model="m-larger",
    )


def initech() -> Scorecard:
    """
    Refuses tools, and leaves open what it may.
    """
    return _scored(
        "initech",
        result(STREAMED, states={"framing": "held"}, exchange=stream(12)),
        result(PLAIN, Outcome.INFO, finding("extra"), states={"id": "held", "extra": "violated"}),
        unsent(USAGE, Outcome.NOT_RUN, "budget: requests"),
        result(TOOLS, Outcome.UNSUPPORTED, cause="refused"),
        complete=False,
    )


def _scored(name: str, *results: Result, **more: object) -> Scorecard:
    return score(results, [contract()], run(target=name, **more))


def columns(text: str = HOSTILE) -> list[Column]:
    """
    The three, with facts about two of them.
    """
    seen = Extra(contract="t", kind="body field", place=f"/x_{text}", types=("string",), exchanges=2, case="t.plain.id")
    pace = tuple(Pacing(case="c", first_token=0.1 * n, gaps=(0.02, 0.03), rate=50.0) for n in range(1, 6))
    seed = ParameterUse(contract="t", place="/seed", accepted=2)
    stop = ParameterUse(contract="t", place="/stop", refused=1)
    found = [
        Facts(pacing=pace, parameters=(seed, ParameterUse(contract="t", place="/n"))),
        Facts(extras=(seen,), pacing=pace[:2], parameters=(seed, stop)),
        Facts(),
    ]
    cards = [acme(), globex(text), initech()]
    return [Column(name=c.run.target, card=c, facts=f) for c, f in zip(cards, found, strict=True)]


def comparison(text: str = HOSTILE) -> Comparison:
    """
    The three side by side.
    """
    return compare(columns(text))


def recorded(made: Scorecard) -> Scorecard:
    """
    The same, but recorded by somebody who kept values alone.
    """
    results = [
        result(each.case, exchange=exchange(shows=Evidence.VALUES), states={"id": "held"}) for each in made.results
    ]
    return score(results, made.contracts, made.run)
