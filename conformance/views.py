"""
Replies as the reports show them: bodies, events with their times, messages put together.

The report layer has no reader of its own; a view is made when a report asks for it and kept by nobody.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from conformance.model import Evidence, Exchange, Result, Scorecard
from conformance.read.reply import Reply
from conformance.report.views import AttemptView, CaseView, EventView


class Views(Mapping[str, CaseView]):
    """
    The views of a scorecard's cases, by case id.
    """

    def __init__(self, card: Scorecard) -> None:
        """
        Nothing is read yet.
        """
        self._results = {result.case.id: result for result in card.results if result.attempts}

    def __getitem__(self, case: str) -> CaseView:
        """
        Read the replies of a case.
        """
        return of(self._results[case])

    def __iter__(self) -> Iterator[str]:
        """
        The ids of the cases that were asked.
        """
        return iter(self._results)

    def __len__(self) -> int:
        """
        How many cases were asked.
        """
        return len(self._results)


def of(result: Result) -> CaseView:
    """
    The view of one case.
    """
    return CaseView(attempts=tuple(_view(attempt.exchange) for attempt in result.attempts))


def _view(exchange: Exchange) -> AttemptView:
    reply = Reply(exchange)
    if not reply.is_stream:
        return AttemptView(body=reply.body.decode(errors="backslashreplace"))
    return AttemptView(events=tuple(_events(reply)), assembled=_assembled(reply))


def _events(reply: Reply) -> Iterator[EventView]:
    times = [at for at, _ in reply.reads] if Evidence.TIMES in reply.exchange.shows else []
    plain = not any(name.lower() == "content-encoding" for name, _ in reply.exchange.headers)
    for event in reply.stream.events:
        read = reply.read_of(event.end)
        yield EventView(
            index=event.index,
            at=times[read] if read is not None and times else None,
            text=reply.body[event.start : event.end].decode(errors="backslashreplace").rstrip("\r\n"),
            start=event.start,
            end=event.end,
            read=read if plain else None,
        )


def _assembled(reply: Reply) -> str:
    if not reply.chunks:
        return ""
    return json.dumps(reply.completion.as_json(), indent=1, ensure_ascii=False)
