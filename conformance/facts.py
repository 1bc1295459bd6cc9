"""
What the replies of a run show besides its verdicts: extensions, pace, and how much of the contract was exercised.

The report layer cannot read replies; what it shows of them is collected here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from conformance.checks import Subject, schema
from conformance.model import Attempt, Case, Contract, Evidence, Exchange, Scorecard
from conformance.read import pace
from conformance.read.fields import Fields
from conformance.read.reply import Reply
from conformance.report.views import Extra, Facts, FieldUse, Pacing, ParameterUse

#: So many undocumented things of one target are listed; keys that are data would fill pages.
_MOST = 200
#: A comment is named by its beginning without its numbers: many carry a counter or a time.
_COMMENT, _NUMBERS = 40, re.compile(r"\d+")
_KINDS = {"response": "body field", "chunk": "chunk field", "error": "error field"}

#: Contract, kind and place of something undocumented.
_Extra = tuple[str, str, str]


def of(card: Scorecard) -> Facts:
    """
    Read every exchange of a run once.
    """
    board = _Board({contract.id: contract for contract in card.contracts})
    for result in card.results:
        for attempt in result.attempts:
            board.add(result.case, attempt)
    return board.facts()


@dataclass(slots=True)
class _Board:
    """
    The counts as they grow.
    """

    contracts: dict[str, Contract]
    extras: dict[_Extra, Extra] = field(default_factory=dict)
    pacing: list[Pacing] = field(default_factory=list)
    sent: dict[tuple[str, str], list[int]] = field(default_factory=dict)
    seen: dict[tuple[str, str, str], int] = field(default_factory=dict)
    _fields: dict[tuple[str, str], Fields] = field(default_factory=dict)

    def add(self, case: Case, attempt: Attempt) -> None:
        """
        Count what one exchange shows.
        """
        contract, reply = self.contracts[case.contract], Reply(attempt.exchange)
        subject = Subject(case, reply, contract)
        self._request(subject)
        self._reply(subject)
        came = pace.of(reply)
        if came is not None:
            self.pacing.append(Pacing(case=case.id, first_token=came.first_token, gaps=came.gaps, rate=came.rate))

    def facts(self) -> Facts:
        """
        Everything counted, sorted, and everything documented that was not met.
        """
        ordered = sorted(self.extras.values(), key=lambda each: (each.contract, each.kind, each.place))
        return Facts(
            extras=tuple(ordered[:_MOST]),
            pacing=tuple(self.pacing),
            parameters=tuple(self._parameters()),
            fields=tuple(self._response_fields()),
        )

    def _documented(self, contract: Contract, name: str) -> Fields:
        key = (contract.id, name)
        if key not in self._fields:
            self._fields[key] = Fields(contract.schemas[name])
        return self._fields[key]

    def _request(self, s: Subject) -> None:
        operation, status = s.operation, s.reply.status or 0
        if operation is None or operation.request is None or not s.asked:
            return
        column = 2 if s.case.invalid else 0 if 200 <= status < 300 else 1 if 400 <= status < 500 else None
        for place in self._documented(s.contract, operation.request).seen(s.asked).documented:
            counts = self.sent.setdefault((s.contract.id, f"{operation.request}#{place}"), [0, 0, 0])
            if column is not None:
                counts[column] += 1

    def _reply(self, s: Subject) -> None:
        documented: set[tuple[str, str]] = set()
        found: dict[tuple[str, str], set[str]] = {}
        for name, _, value in schema.documents(s):
            seen = self._documented(s.contract, name).seen(value)
            documented |= {(name, place) for place in seen.documented}
            for place, kind in seen.others:
                found.setdefault((_KINDS.get(name, f"{name} field"), place), set()).add(kind)
        for key in _of_the_stream(s.reply):
            found.setdefault(key, set())
        for name, place in documented:
            self.seen[s.contract.id, name, place] = self.seen.get((s.contract.id, name, place), 0) + 1
        for (kind, place), types in found.items():
            self._extra((s.contract.id, kind, place), types, s.case.id)

    def _extra(self, key: _Extra, types: set[str], case: str) -> None:
        before = self.extras.get(key)
        self.extras[key] = Extra(
            contract=key[0],
            kind=key[1],
            place=key[2],
            types=tuple(sorted({*(before.types if before else ()), *types})),
            exchanges=(before.exchanges if before else 0) + 1,
            case=before.case if before else case,
        )

    def _parameters(self) -> Iterator[ParameterUse]:
        for contract in self.contracts.values():
            for name in dict.fromkeys(each.request for each in contract.operations if each.request):
                for place in self._documented(contract, name).documented():
                    counts = self.sent.get((contract.id, f"{name}#{place}"), [0, 0, 0])
                    yield ParameterUse(
                        contract=contract.id, place=place, accepted=counts[0], refused=counts[1], wrong=counts[2]
                    )

    def _response_fields(self) -> Iterator[FieldUse]:
        for contract in self.contracts.values():
            replies = [name for each in contract.operations for name in (each.response, each.chunk, each.error) if name]
            for name in dict.fromkeys(replies):
                for place in self._documented(contract, name).documented():
                    count = self.seen.get((contract.id, name, place), 0)
                    yield FieldUse(contract=contract.id, schema=name, place=place, exchanges=count)


def _of_the_stream(reply: Reply) -> Iterator[tuple[str, str]]:
    if not reply.is_stream or not _framed(reply.exchange):
        return
    for event in reply.stream.events:
        if event.name:
            yield "event name", event.name[:_COMMENT]
        for comment in event.comments:
            yield "comment", _NUMBERS.sub("*", comment.strip())[:_COMMENT]
    for line in reply.stream.bare_lines:
        yield "line", line[:_COMMENT]


def _framed(exchange: Exchange) -> bool:
    return Evidence.FRAMING in exchange.shows
