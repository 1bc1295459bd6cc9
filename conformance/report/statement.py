"""
What a certificate says: who saw what of which target, when, by which frozen sets, and until when it is worth anything.

It is a dated observation by whoever ran the suite: self-tested, never certified.  The same facts are an in-toto
statement, whose subject is the list of checksums.  Sources: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md,
https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance import __version__
from conformance.contract.sets import RequirementSet
from conformance.model import JSON, Outcome, ProfileScore, Scorecard, Verdict
from conformance.report.text import visible

FORMAT = "conformance-statement/1"
PREDICATE = "https://in-toto.io/attestation/test-result/v0.1"
WORDS = (
    "Self-tested: whoever ran the suite made this statement, and nobody else has repeated it. "
    "It says what was observed in the time given, and nothing about any other time."
)
#: A hosted endpoint changes without notice.
VALID_DAYS = 90

_TESTS = {
    Outcome.PASS: "passedTests",
    Outcome.INFO: "passedTests",
    Outcome.WARN: "warnedTests",
    Outcome.FAIL: "failedTests",
}
_UNDECIDED = frozenset({Outcome.INCONCLUSIVE, Outcome.ERROR, Outcome.NOT_RUN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """
    Who makes a statement about which product; whatever is empty is left out.
    """

    organization: str = ""
    project: str = ""
    url: str = ""
    #: Of the product; never a branch.
    version: str = ""
    contact: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traces:
    """
    What the target said of itself while it was asked.
    """

    servers: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    Everything that a statement is made of.
    """

    card: Scorecard
    sets: Sequence[RequirementSet]
    issuer: Issuer = Issuer()
    traces: Traces = Traces()
    valid_days: int = VALID_DAYS


def valid_until(seen: Observation) -> str:
    """
    The last day on which a statement holds.
    """
    ended = datetime.fromisoformat(seen.card.run.ended)
    return (ended + timedelta(days=seen.valid_days)).date().isoformat()


def document(seen: Observation) -> dict[str, JSON]:
    """
    The statement as a JSON object.
    """
    card, run = seen.card, seen.card.run
    issuer = {name: visible(getattr(seen.issuer, name)) for name in Issuer.__slots__ if getattr(seen.issuer, name)}
    return {
        "format": FORMAT,
        "standing": "self-tested",
        "words": WORDS,
        "issuer": {**issuer},
        "target": {"name": visible(run.target), "base_url": visible(run.base_url), "model": visible(run.model)},
        "claims": None if run.claims is None else [*sorted(run.claims)],
        "tested": {"from": run.started, "until": run.ended},
        "valid_until": valid_until(seen),
        "suite": {"name": "conformance", "version": run.suite or __version__},
        "contracts": [{"id": name, "version": version, "sha256": sha} for name, version, sha in run.contracts],
        "sets": [{"name": each.name, "sha256": each.sha256} for each in seen.sets],
        "verdict": card.verdict.value,
        "profiles": [_profile(score) for score in card.profiles],
        "observed": {
            "server": [*seen.traces.servers],
            "system_fingerprint": [*seen.traces.fingerprints],
        },
        "requests": card.requests,
        "reproduce": visible(shlex.join(run.command)),
    }


def _profile(score: ProfileScore) -> dict[str, JSON]:
    counts: dict[str, JSON] = {
        level.lower(): {state: len(ids) for state, ids in score.counts[level].items()} for level in ("MUST", "SHOULD")
    }
    return {"contract": score.contract, "id": score.profile.id, "verdict": score.verdict.value, **counts}


def render(seen: Observation) -> bytes:
    """
    ``statement.yaml``: the same bytes for the same seen.
    """
    import yaml

    text: str = yaml.safe_dump(document(seen), sort_keys=False, allow_unicode=False, width=10_000)
    return text.encode()


def attestation(seen: Observation, subject: Mapping[str, str]) -> bytes:
    """
    The in-toto statement; ``subject`` is SHA-256 by the name of the file.
    """
    card = seen.card
    contracts = [(f"{name}@{version}", sha) for name, version, sha in card.run.contracts]
    configuration = [*contracts, *((each.name, each.sha256) for each in seen.sets)]
    made: dict[str, JSON] = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": name, "digest": {"sha256": sha}} for name, sha in sorted(subject.items())],
        "predicateType": PREDICATE,
        "predicate": {
            "result": result(card),
            "configuration": [{"name": name, "digest": {"sha256": sha}} for name, sha in configuration],
            **_tests(card),
        },
    }
    return json.dumps(made, indent=1).encode() + b"\n"


def result(card: Scorecard) -> str:
    """
    ``PASSED`` only when nothing at all stayed undecided; ``WARNED`` when no MUST is violated.
    """
    if card.verdict not in (Verdict.CONFORMS, Verdict.WARNINGS):
        return "FAILED"
    undecided = any(each.outcome in _UNDECIDED for each in card.results)
    return "WARNED" if undecided or card.verdict is Verdict.WARNINGS else "PASSED"


def _tests(card: Scorecard) -> dict[str, JSON]:
    named: dict[str, list[JSON]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for each in card.results:
        if each.outcome in _TESTS:
            named[_TESTS[each.outcome]].append(visible(each.case.id))
    return {name: [*tests] for name, tests in named.items()}
