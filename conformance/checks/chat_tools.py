"""
Rules of the identity of tool calls: ids, indexes, names, streamed and plain.

Sources: https://platform.openai.com/docs/guides/function-calling and the chat reference.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject
from conformance.checks.tool_calls import called, calls, stream_called
from conformance.model import Evidence, Finding
from conformance.read.strictjson import is_int


@check("openai-chat.tools.id", when=called)
def identifies_every_call(s: Subject) -> Iterator[Finding]:
    """
    Every call has an id, in its first fragment when streamed: the result is sent back under it.
    """
    for _, call, where in calls(s):
        first = call.fragments[0].id if call.fragments else call.id
        if not (isinstance(first, str) and first):
            got = repr(first) if isinstance(first, str) or first is None else "no such key"
            yield Finding(expected="a non-empty id", observed=got, where=f"{where}/id")


@check("openai-chat.tools.first-fragment", when=stream_called)
def introduces_every_call(s: Subject) -> Iterator[Finding]:
    """
    The first fragment of a call carries its type and its name.
    """
    for _, call, where in calls(s):
        first = call.fragments[0]
        for name, value in (("type", first.type), ("function/name", first.name)):
            if not (isinstance(value, str) and value):
                got = repr(value) if isinstance(value, str) or value is None else "no such key"
                yield Finding(expected=f"{name} in the first fragment", observed=got, where=f"{where}/{name}")


@check("openai-chat.tools.id-unique", when=called, shows=Evidence.IDENTITY)
def gives_every_call_its_own_id(s: Subject) -> Iterator[Finding]:
    """
    No two calls share an id, within an answer or between answers.
    """
    seen: dict[str, str] = {}
    for name, peer in s.peers.items():
        if peer.status == 200 and s.own:
            seen.update((call.id, name) for choice in peer.completion.choices for call in choice.tool_calls)
    for choice in s.completion.choices:
        mine: set[str] = set()
        for call in choice.tool_calls:
            if call.id and (call.id in mine or call.id in seen):
                other = seen.get(call.id, "the same message")
                yield Finding(expected="an id of its own", observed=f"{call.id} as in {other}", where="tool_calls/*/id")
            mine.add(call.id)


@check("openai-chat.tools.index", when=stream_called)
def numbers_its_calls(s: Subject) -> Iterator[Finding]:
    """
    The indexes of the calls run from 0 without gaps: SDKs insert by position.
    """
    for choice in s.completion.choices:
        given = [fragment.index for call in choice.tool_calls for fragment in call.fragments]
        whole = {index for index in given if isinstance(index, int) and not isinstance(index, bool)}
        if whole and all(is_int(index) for index in given) and whole != set(range(len(whole))):
            event = choice.tool_calls[0].fragments[0].event
            where = f"event[{event}]/choices/{choice.index}/delta/tool_calls/*/index"
            yield Finding(expected=f"indexes 0 to {len(whole) - 1}", observed=str(sorted(whole)), where=where)


@check("openai-chat.tools.index-own", when=stream_called)
def gives_every_call_its_own_index(s: Subject) -> Iterator[Finding]:
    """
    Two calls have different indexes: fragments are put together by them.
    """
    for choice in s.completion.choices:
        by_index: dict[int, str] = {}
        for call in choice.tool_calls:
            index = call.fragments[0].index if call.fragments else None
            if isinstance(index, int) and index in by_index and call.id != by_index[index]:
                where = f"event[{call.fragments[0].event}]/choices/{choice.index}/delta/tool_calls/*/index"
                yield Finding(expected="a new index for a new call", observed=f"{index} again", where=where)
            if isinstance(index, int):
                by_index.setdefault(index, call.id)


def _repeats(s: Subject, name: str) -> Iterator[Finding]:
    for _, call, where in calls(s):
        later = [f for f in call.fragments[1:] if getattr(f, name) and isinstance(getattr(f, name), str)]
        if later:
            got = f"{getattr(later[0], name)!r} again"
            place = f"event[{later[0].event}]/choices/*/delta/tool_calls"
            yield Finding(expected=f"{name} once", observed=got[:80], where=f"{place}/{name}" if where else place)


@check("openai-chat.tools.id-once", when=stream_called)
def says_the_id_once(s: Subject) -> Iterator[Finding]:
    """
    Later fragments do not repeat the id: the Python SDK joins repeated strings.
    """
    yield from _repeats(s, "id")


@check("openai-chat.tools.name-once", when=stream_called)
def says_the_name_once(s: Subject) -> Iterator[Finding]:
    """
    The name comes once and whole: joined repetitions make ``get_weatherget_weather``.
    """
    yield from _repeats(s, "name")
