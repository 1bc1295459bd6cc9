"""
Every value that crosses a layer, and nothing that acts.

The values are frozen and know neither how to send, print nor save themselves.
They flow one way: ``Case`` -> ``Exchange`` -> ``Result`` -> ``Scorecard``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Flag, StrEnum, auto
from types import MappingProxyType
from typing import TypeAlias

#: A JSON value as ``json.loads`` gives it.
JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


#: The feature of the cases that generators explored.
EXPLORED = "explored"


def _nothing() -> Mapping[str, str]:
    return MappingProxyType({})


class Level(StrEnum):
    """
    The keyword of the contract, which alone decides severity (RFC 2119).
    """

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class CheckClass(StrEnum):
    """
    What kind of claim a check makes, which decides whether a case is asked again.
    """

    #: One violation is a violation; never asked again.
    STRUCTURAL = "structural"
    #: The model must choose something first: up to three attempts, then inconclusive.
    REACHABILITY = "reachability"
    #: About the connection: 429, 5xx, resets.
    TRANSPORT = "transport"
    #: A tendency of the model.
    BEHAVIOURAL = "behavioural"


class Evidence(Flag):
    """
    What an exchange can prove; what it cannot show is not judged.
    """

    NONE = 0
    #: The JSON values of the body or of the events.
    VALUES = auto()
    #: The exact bytes of the body (white space, duplicate keys, encoding).
    BYTES = auto()
    #: How a stream was framed (line ends, comments, blank lines, ``[DONE]``).
    FRAMING = auto()
    #: When each read returned.
    TIMES = auto()
    #: Ids and time stamps are the server's own.
    IDENTITY = auto()
    #: The response headers, complete.
    HEADERS = auto()
    #: The connection itself: content coding, truncation, how it ended.
    WIRE = auto()
    #: The request is the one that was answered.
    REQUEST = auto()

    ALL = VALUES | BYTES | FRAMING | TIMES | IDENTITY | HEADERS | WIRE | REQUEST


class Ending(StrEnum):
    """
    Why reading an exchange stopped.
    """

    COMPLETE = "complete"
    #: The connection ended before the framing said so.
    TRUNCATED = "truncated"
    #: The client gave up because the HTTP framing was malformed.
    MALFORMED = "malformed"
    CONNECT = "connect"
    TLS = "tls"
    #: The connection was reset or closed before any response byte.
    RESET = "reset"
    CONNECT_TIMEOUT = "connect-timeout"
    FIRST_BYTE_TIMEOUT = "first-byte-timeout"
    IDLE_TIMEOUT = "idle-timeout"
    TOTAL_TIMEOUT = "total-timeout"
    #: We closed on purpose, because the case says so.
    ABORTED = "aborted"
    #: A foreign recorder kept only a part.
    CUT = "cut"
    #: More bytes came than the suite keeps.
    TOO_LARGE = "too-large"


class Outcome(StrEnum):
    """
    What became of a case.
    """

    #: Every requirement at stake was exercised and held in every attempt.
    PASS = "pass"
    #: A MUST was violated in at least one attempt.
    FAIL = "fail"
    #: No MUST was violated, a SHOULD was.
    WARN = "warn"
    #: Behaviour that the contract leaves open, recorded.
    INFO = "info"
    #: Refused in a documented way, and neither core nor claimed.
    UNSUPPORTED = "unsupported"
    #: The target does not claim it; nothing was sent.
    NOT_APPLICABLE = "not-applicable"
    #: Asked, but the state that the rule speaks of never occurred, or the load ate all attempts.
    INCONCLUSIVE = "inconclusive"
    #: Our harness, the network, the credentials or the configuration.
    ERROR = "error"
    #: Planned but not sent: budget, filter, interrupted.
    NOT_RUN = "not-run"


class State(StrEnum):
    """
    What a case says of one requirement.
    """

    HELD = "held"
    VIOLATED = "violated"
    INCONCLUSIVE = "inconclusive"


class Verdict(StrEnum):
    """
    What a run says of a profile.
    """

    CONFORMS = "conforms"
    WARNINGS = "conforms-with-warnings"
    INCOMPLETE = "incomplete"
    FAILS = "does-not-conform"
    NOT_CLAIMED = "not-claimed"


class Disposition(StrEnum):
    """
    What a baseline says of a violation that was seen, or of an entry that was looked for.
    """

    #: Seen, and no entry knows it.
    NEW = "new"
    #: Seen, and an entry knows it.
    KNOWN = "known"
    #: Seen, and only an entry knows it whose day has passed.
    EXPIRED = "expired"
    #: An entry says that it fails; it was exercised and held.
    UNEXPECTED_PASS = "unexpected-pass"
    #: An entry speaks of something that this run did not exercise.
    UNOBSERVED = "unobserved"
    #: Seen in an explored request, which decides nothing until it is pinned.
    ADVISORY = "advisory"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """
    One sentence of a contract: a row of ``requirements.yaml``.
    """

    id: str
    level: Level
    text: str
    #: The URL of the documentation that says so.
    doc: str
    profile: str
    #: Who breaks without it, in one sentence.
    breaks: str
    #: The name of the check that judges it (None: a schema or a case's ``expect`` does).
    check: str | None = None
    #: ``name#/pointer`` places in the contract's schemas whose violation is this requirement's.
    schema: tuple[str, ...] = ()
    #: Judged by the ``expect`` of the cases that name it.
    expect: bool = False
    #: Why no black box can test it.
    excluded: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    One documented call: which schema judges which of its bodies.
    """

    id: str
    method: str
    #: Below the base URL; ``{name}`` stands for one segment.
    path: str
    request: str | None = None
    response: str | None = None
    chunk: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """
    A named set of requirements that a target can be certified for.
    """

    id: str
    title: str
    #: Demanded of every target, whatever it claims.
    core: bool = False
    #: Asked when a target says nothing about its claims.
    asked: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """
    One documented API surface, versioned.
    """

    id: str
    version: str
    title: str
    sha256: str
    operations: tuple[Operation, ...]
    profiles: tuple[Profile, ...]
    requirements: Mapping[str, Requirement]
    #: Schemas by name (``response``, ``chunk``, ...), JSON Schema 2020-12 documents.
    schemas: Mapping[str, dict[str, JSON]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What a case says to ask, before the target's address and credentials are added.
    """

    method: str = "POST"
    #: Below the base URL, beginning with a slash.
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    #: Names of headers that would be sent by default and are to be left out.
    without: tuple[str, ...] = ()
    #: A JSON value to send, or None for no JSON body.
    body: JSON = None
    #: Exact bytes to send instead of ``body`` (malformed JSON and the like).
    raw: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expect:
    """
    What one case alone demands, and under which requirement.
    """

    requirement: str
    #: The error type a refusal should carry; demands a 4xx with the envelope.
    refusal: str | None = None
    #: The request is documented and valid: it must be answered with 2xx.
    accepted: bool = False
    #: Any of these statuses (empty: not demanded).
    status: tuple[int, ...] = ()
    param: str | None = None
    code: str | None = None
    #: A JSON Schema over the assembled reply (``read.chat.Completion`` as a JSON object).
    reply: JSON = None
    #: Text that the model was told to repeat; absent text is inconclusive, not a violation.
    echo: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    One request and why it is asked.
    """

    id: str
    contract: str
    feature: str
    title: str
    request: Request
    needs: tuple[str, ...] = ()
    expect: Expect | None = None
    #: The request breaks the contract on purpose.
    invalid: bool = False
    #: The case whose reply this one continues.
    after: str | None = None
    #: Cases whose replies this one's is compared with.
    compare: tuple[str, ...] = ()
    #: Cases of one group are sent at the same time, and compared with each other.
    group: str | None = None
    #: Other wordings of the last user message, for the second and third attempt.
    again: tuple[str, ...] = ()
    #: Close the connection after so many reads (a client that goes away).
    abort_after: int | None = None
    #: Asked over a socket of our own, so that the bytes of the connection are kept as well.
    probe: bool = False
    #: One of the at most ten requests of ``--profile smoke``.
    smoke: bool = False
    file: str = ""
    line: int = 0

    @property
    def advisory(self) -> bool:
        """
        An explored request: what it finds advises, and decides nothing until it is pinned.
        """
        return self.feature == EXPLORED


@dataclass(frozen=True, slots=True)
class Chunk:
    """
    What one read returned: not an HTTP chunk and not an event.
    """

    #: Seconds since the request was sent.
    at: float
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    The request as it went out, without its credentials.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """
    What went over the wire, as it came.
    """

    sent: Sent
    ending: Ending
    status: int | None = None
    #: Names as sent, in order.
    headers: tuple[tuple[str, str], ...] = ()
    http_version: str = "HTTP/1.1"
    chunks: tuple[Chunk, ...] = ()
    #: Seconds from sending until the end.
    seconds: float = 0.0
    #: Seconds until the response headers were there.
    first_byte: float | None = None
    #: The client's own words when the ending is not COMPLETE.
    error: str = ""
    #: Unix time at which the request was sent; None when not known.
    started: float | None = None
    #: 1 for the first asking of a case.
    attempt: int = 1
    #: Why this attempt was made: ``first``, ``transport`` or ``reachability``.
    reason: str = "first"
    shows: Evidence = Evidence.ALL
    #: All bytes of the connection, heads and framing included, where the case probes it; else nothing.
    raw: bytes = b""
    #: The server closed a probed connection by itself.
    closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One violation: what was expected, what came, and where.
    """

    expected: str
    observed: str
    #: A JSON Pointer (``/choices/0/index``), ``event[3]``, ``event[3]/choices/0``, ``header:content-type`` or ``byte[17]``.
    where: str = ""
    #: Filled by the judge.
    requirement: str = ""

    @property
    def message(self) -> str:
        """
        One line for a table cell.
        """
        return f"expected {self.expected}, got {self.observed}"


@dataclass(frozen=True, slots=True)
class Unobserved:
    """
    A check was asked, but the state that its rule speaks of never occurred.
    """

    #: ``model-choice``, ``rate-limit``, ``timeout``, ``5xx``, ``truncated``, ...
    cause: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """
    One exchange, judged.  A requirement that is absent was not at stake.
    """

    exchange: Exchange
    findings: tuple[Finding, ...] = ()
    states: Mapping[str, State] = field(default_factory=lambda: MappingProxyType({}))
    #: Why requirements are inconclusive.
    unobserved: Mapping[str, Unobserved] = field(default_factory=lambda: MappingProxyType({}))
    #: Facts worth recording which the contract leaves open (extra fields, say).
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    A case with all its attempts and what became of it.
    """

    case: Case
    outcome: Outcome
    cause: str = ""
    attempts: tuple[Attempt, ...] = ()
    #: The worst state over all attempts (violated > held > inconclusive).
    states: Mapping[str, State] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def findings(self) -> tuple[Finding, ...]:
        """
        The findings of every attempt, in order.
        """
        return tuple(finding for attempt in self.attempts for finding in attempt.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunInfo:
    """
    The circumstances of a run, as the recording's header and the reports state them.
    """

    target: str
    base_url: str
    model: str
    #: How reports call the target, where it has another name than its id.
    label: str = ""
    #: None: nothing was claimed, the default profiles are asked.
    claims: tuple[str, ...] | None = None
    contracts: tuple[tuple[str, str, str], ...] = ()
    #: ISO 8601, UTC.
    started: str = ""
    ended: str = ""
    complete: bool = True
    #: The command line without secrets.
    command: tuple[str, ...] = ()
    #: Concurrency, rate, time-outs, budgets, filters, as strings for the method page.
    settings: Mapping[str, str] = field(default_factory=_nothing)
    #: Why the run could give no verdict, if so (``unreachable``, ``auth``, ``budget``).
    trouble: str = ""
    #: The version of the suite that asked; empty: this one.
    suite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """
    The findings of one requirement that are alike, over all cases.
    """

    requirement: Requirement
    #: Hash of requirement, normalised place and kind; stable between runs.
    signature: str
    cases: tuple[str, ...]
    #: (case id, attempt number, finding), at most a few samples.
    samples: tuple[tuple[str, int, Finding], ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileScore:
    """
    One profile of one target: exact counts, no percentage.
    """

    profile: Profile
    contract: str
    verdict: Verdict
    #: Requirement ids by level and state: ``{"MUST": {"held": (...), "violated": ..., "inconclusive": ..., "untested": ...}}``.
    counts: Mapping[str, Mapping[str, tuple[str, ...]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One known violation of a baseline: what it matches, why it is accepted, and until when.
    """

    requirement: str
    #: Why it is accepted for now, in a sentence for people.
    reason: str
    #: ISO dates; the entry holds until the end of the day ``expires``.
    added: str
    expires: str
    #: A target's name; ``*`` stands for any run of characters here and in ``cases``.
    target: str = "*"
    #: Ids or patterns of cases; empty: any case.
    cases: tuple[str, ...] = ()
    #: The place with array indexes, event numbers and offsets as ``*``; None: any place.
    where: str | None = None
    #: The kind of expectation, without numbers and quoted text; None: any kind.
    kind: str | None = None
    #: ``fail``, ``warn``, ``unsupported``, ``pass``; several for a known intermittent.
    expect: tuple[str, ...] = ("fail",)
    #: URL of the ticket.
    issue: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """
    The known violations that a gate accepts.
    """

    path: str
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """
    A run held against a baseline.
    """

    #: By signature and case id: ``new``, ``known`` or ``expired``; a refused case stands under ``REFUSAL``.
    findings: Mapping[tuple[str, str], Disposition]
    #: The entry that knows a finding, also one whose day has passed.
    knowing: Mapping[tuple[str, str], Entry] = field(default_factory=lambda: MappingProxyType({}))
    #: Every entry that speaks of the run's target.
    entries: tuple[tuple[Entry, Disposition], ...] = ()
    #: The baseline's file, and the ISO day on which the run was held against it.
    path: str = ""
    day: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """
    Requirements x cases judged, for one target: what every report renders.
    """

    run: RunInfo
    contracts: tuple[Contract, ...]
    verdict: Verdict
    profiles: tuple[ProfileScore, ...]
    results: tuple[Result, ...]
    violations: tuple[Violation, ...]
    #: Results of explored requests and what they violated: they advise, and decide neither a verdict nor an exit code.
    explored: tuple[Result, ...] = ()
    advice: tuple[Violation, ...] = ()
    requests: int = 0
    seconds: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0

    def outcomes(self) -> Mapping[Outcome, Sequence[Result]]:
        """
        The results of each outcome that occurred.
        """
        grouped: dict[Outcome, list[Result]] = {}
        for result in self.results:
            grouped.setdefault(result.outcome, []).append(result)
        return grouped
