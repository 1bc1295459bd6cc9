"""
Every member of some answers changed in every way that has a name, so that what nobody thought of is tried as well.

Nothing is asked but the answers themselves: each change is made to a recording of the provider without faults, and
judged as if it had come so.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from conformance.board import Board, Circumstances, Exchanges
from conformance.contract import selection
from conformance.model import Case, Exchange, State
from tests.verdicts.measure import baseline, every_case, everything, known

#: The cases whose answers are changed.
ANSWERS = (
    "openai-chat.plain.short",
    "openai-chat.tools.parallel",
    "openai-chat.logprobs.top[2]",
    "openai-chat.stream.include-usage",
    "openai-chat.tools.parallel-streamed",
    "openai-chat.logprobs.top-five-streamed",
    "openai-chat.choices.two-streamed",
    "openai-chat.refusals.missing-messages",
    "openai-models.list.all",
    "openai-embeddings.format.float",
)
_GONE = object()
_UNCHANGED = object()


def _unless(kind: type | tuple[type, ...], value: Any) -> Callable[[Any], Any]:
    return lambda old: _UNCHANGED if isinstance(old, kind) and (kind is bool or not isinstance(old, bool)) else value


def _number(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda old: change(old) if isinstance(old, (int, float)) and not isinstance(old, bool) else _UNCHANGED


CHANGES: Mapping[str, Callable[[Any], Any]] = {
    "removed": lambda _: _GONE,
    "null": lambda old: _UNCHANGED if old is None else None,
    "text": _unless(str, "7"),
    "number": _unless((int, float), 7),
    "boolean": _unless(bool, True),
    "array": lambda old: [] if not isinstance(old, list) else _UNCHANGED,
    "in an array": lambda old: [old],
    "object": _unless(dict, {}),
    "emptied": lambda old: type(old)() if isinstance(old, (str, list, dict)) and old else _UNCHANGED,
    "negative": _number(lambda old: -1 - abs(old)),
    "fraction": lambda old: old + 0.5 if isinstance(old, int) and not isinstance(old, bool) else _UNCHANGED,
}
#: Which of the places of a member in a stream are changed.
PLACES = ("all", "second", "last")

_Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """
    One change of one answer, and the requirements that it was found to violate.
    """

    answer: str
    #: The member with stars for numbers of entries.
    member: str
    change: str
    #: Which of the places in a stream; nothing for a plain answer.
    place: str
    violated: frozenset[str]


def measured() -> list[Mutation]:
    """
    Ask for the answers, and make and judge every change.
    """
    wanted = selection.select(every_case(), ids=ANSWERS)
    return list(_mutations(wanted, baseline(wanted)))


def _mutations(wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> Iterator[Mutation]:
    for name in ANSWERS:
        judge = _Judge(name, wanted, before)
        exchange = before[name][-1]
        body = b"".join(chunk.data for chunk in exchange.chunks)
        events = [each[6:] for each in body.split(b"\n\n")] if body.startswith(b"data: ") else []
        texts = [json.loads(each) for each in events if each.startswith(b"{")] or [json.loads(body)]
        for member, places in _members(texts).items():
            for place, chosen in _chosen(places, streamed=bool(events)):
                for change in CHANGES:
                    made = _made(texts, chosen, CHANGES[change])
                    if made is not None:
                        found = judge(_written(made) if events else _compact(made[0]))
                        yield Mutation(answer=name, member=member, change=change, place=place, violated=found)


class _Judge:
    """
    Judges an answer with another body, and what is compared with it.
    """

    def __init__(self, name: str, wanted: Sequence[Case], before: Mapping[str, Exchanges]) -> None:
        self._name, self._exchange = name, before[name][-1]
        concerned = [case for case in wanted if before.get(case.id) and (case.id == name or name in case.compare)]
        needed = {peer for case in concerned for peer in case.compare}
        cases = {case.id: case for case in wanted if case in concerned or case.id in needed}
        self._judged = concerned
        self._board = Board(known(), Circumstances(claims=everything()), cases)
        self._board.exchanges.update({each: before[each] for each in cases if before.get(each)})
        self._always = frozenset(self._violated())

    def _violated(self) -> Iterator[str]:
        for case in self._judged:
            for requirement, state in self._board.judge(case).states.items():
                if state is State.VIOLATED:
                    yield requirement

    def __call__(self, body: bytes) -> frozenset[str]:
        self._board.exchanges[self._name] = (_answering(self._exchange, body),)
        return frozenset(self._violated()) - self._always


def _answering(exchange: Exchange, body: bytes) -> Exchange:
    length = str(len(body))
    headers = tuple((name, length if name.lower() == "content-length" else value) for name, value in exchange.headers)
    return replace(exchange, headers=headers, chunks=(replace(exchange.chunks[-1], data=body),), raw=b"")


def _members(texts: Sequence[Any]) -> dict[str, list[tuple[int, _Path]]]:
    """
    The members of all texts, each with its places: number of the text and path.
    """
    found: dict[str, list[tuple[int, _Path]]] = {}
    for number, text in enumerate(texts):
        for path in _paths(text):
            found.setdefault("/".join("*" if isinstance(key, int) else key for key in path), []).append((number, path))
    return found


def _paths(value: Any, path: _Path = ()) -> Iterator[_Path]:
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from _paths(member, (*path, key))


def _chosen(
    places: Sequence[tuple[int, _Path]], *, streamed: bool
) -> Iterator[tuple[str, Sequence[tuple[int, _Path]]]]:
    if not streamed:
        yield "", places
        return
    for name, chosen in zip(PLACES, (places, places[1:2], places[-1:]), strict=True):
        if chosen:
            yield name, chosen


def _made(texts: Sequence[Any], places: Sequence[tuple[int, _Path]], change: Callable[[Any], Any]) -> list[Any] | None:
    """
    The texts with a member changed at some places, or nothing when that changes none.
    """
    made = copy.deepcopy(list(texts))
    changed = False
    for number, path in reversed(places):
        holder: Any = made
        for key in (number, *path[:-1]) if path else ():
            holder = holder[key]
        key = path[-1] if path else number
        value = change(holder[key])
        if value is _UNCHANGED or (value is _GONE and isinstance(key, int)):
            continue
        changed = True
        if value is _GONE:
            del holder[key]
        else:
            holder[key] = value
    return made if changed else None


def _written(texts: Sequence[Any]) -> bytes:
    return b"".join(b"data: " + _compact(text) + b"\n\n" for text in texts) + b"data: [DONE]\n\n"


def _compact(text: Any) -> bytes:
    return json.dumps(text, ensure_ascii=False).encode()


_SAYS = "What a model says is its own affair; another case compares it."
_OPTIONAL = "Optional."
#: The changes that no requirement objects to, by member, and why each is legal.
LEGAL: Mapping[str, tuple[str, str]] = {
    "choices/*/delta": ("emptied", "A delta may say nothing; another case misses the text."),
    "choices/*/delta/content": ("removed null emptied text", _SAYS),
    "choices/*/delta/refusal": ("removed text", "Optional; a model may refuse in words."),
    "choices/*/message/annotations": ("removed null", _OPTIONAL),
    "choices/*/message/content": ("emptied text", _SAYS),
    "choices/*/message/refusal": ("text", "A model may refuse in words."),
    "choices/*/logprobs": ("removed", "Optional where none were asked for, or no text comes."),
    "choices/*/logprobs/refusal": ("array", "It may hold no token."),
    "choices/*/logprobs/content/*/bytes": ("null emptied", "Null where a token is no text, and a token may be none."),
    "choices/*/logprobs/content/*/logprob": ("negative", "Any number below 0 is a log probability."),
    "choices/*/logprobs/content/*/top_logprobs": ("emptied", "There may, rarely, be fewer than asked for."),
    "choices/*/logprobs/content/*/top_logprobs/*/bytes": ("null", "Null where a token is no text."),
    "choices/*/logprobs/content/*/top_logprobs/*/logprob": ("negative", "Any number below 0 is a log probability."),
    "obfuscation": ("removed emptied", "Optional; any text will do."),
    "service_tier": ("removed null", _OPTIONAL),
    "system_fingerprint": ("removed null emptied", _OPTIONAL),
    "usage/prompt_tokens_details": ("removed emptied", _OPTIONAL),
    "usage/completion_tokens_details": ("removed emptied", _OPTIONAL),
    **{
        f"usage/{whole}_tokens_details/{part}_tokens": ("removed", _OPTIONAL)
        for whole, parts in (
            ("prompt", ("cached", "audio")),
            ("completion", ("reasoning", "audio", "accepted_prediction", "rejected_prediction")),
        )
        for part in parts
    },
    "error/message": ("emptied", "Unhelpful, but a text."),
    "error/type": ("emptied", "Unhelpful, but a text."),
    "error/code": ("null emptied", "Null where there is none, and any text."),
    "data": ("emptied", "A server may offer no model; another case asks for the one that is tested."),
    "data/*/owned_by": ("emptied", "Any text."),
    "data/*/embedding/*": ("negative", "Any number."),
}


def is_legal(mutation: Mutation) -> bool:
    """
    The change is known to leave the contract whole.
    """
    return mutation.change in LEGAL.get(mutation.member, ("", ""))[0].split()


def counts(made: Sequence[Mutation]) -> dict[str, dict[str, int]]:
    """
    For each answer how many changes were made, and how many of them were reported.
    """
    return {
        name: {
            "changes": sum(each.answer == name for each in made),
            "reported": sum(each.answer == name and bool(each.violated) for each in made),
        }
        for name in ANSWERS
    }
