"""
Rules over two answers to requests that mean the same, or almost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from conformance.checks.chat_usage import limit_of
from conformance.checks.registry import check
from conformance.checks.subject import BUSY, Subject, answered, asked, plain
from conformance.checks.told import last_user_text
from conformance.contract import generation
from conformance.model import JSON, Evidence, Finding
from conformance.read.reply import Reply


def _meaning(s: Subject, body: Mapping[str, JSON]) -> dict[str, JSON]:
    """
    A request without what says no more than leaving it out.
    """
    ground = generation.load(s.contract.id)
    defaults = ground.defaults if ground is not None else {}
    return {name: value for name, value in body.items() if value is not None and defaults.get(name) != value}


def _alike(s: Subject) -> Iterator[tuple[str, Reply]]:
    mine = _meaning(s, s.asked)
    for name, peer in s.peers.items():
        if mine and peer.exchange is not s.reply.exchange and _meaning(s, asked(peer)) == mine:
            yield name, peer


def _judged(reply: Reply) -> bool:
    """
    The reply says whether the request was found right or wrong.
    """
    status = reply.status
    return status is not None and status < 500 and status not in BUSY | {401, 403}


def _accepted(reply: Reply) -> bool:
    return reply.status is not None and 200 <= reply.status < 300


def _comparable(s: Subject) -> bool:
    return s.own and s.valid and _judged(s.reply) and any(_judged(peer) for _, peer in _alike(s))


@check("openai-chat.request.same-answer", when=_comparable, shows=Evidence.VALUES | Evidence.REQUEST)
def answers_what_means_the_same_alike(s: Subject) -> Iterator[Finding]:
    """
    The order of members, white space, escapes and defaults that are written out change neither acceptance nor text.
    """
    for name, peer in _alike(s):
        if _judged(peer) and _accepted(peer) != _accepted(s.reply):
            yield Finding(expected=f"{peer.status} as in {name}", observed=str(s.reply.status), where="status")
            return
        yield from _misread(s, name, peer)


def _misread(s: Subject, name: str, peer: Reply) -> Iterator[Finding]:
    wanted = last_user_text(s.asked).partition(":")[2].strip()
    if not wanted or not answered(s) or not any(wanted in (each.content or "") for each in peer.completion.choices):
        return
    for choice in s.completion.choices:
        text = choice.content or ""
        if wanted not in text and any(sign in text for sign in _garbled(wanted)):
            where = f"/choices/{choice.index}/message/content"
            yield Finding(expected=f"{wanted[:60]!r} as in {name}", observed=repr(text[:60]), where=where)


def _garbled(text: str) -> list[str]:
    """
    What a text becomes when its escapes are not read, or what is not ASCII is lost.
    """
    made = [json.dumps(text)[1:-1], "".join(c if c.isascii() else "?" for c in text)]
    return [each for each in made if each != text and each.strip("? ")]


def _same_shape(s: Subject) -> bool:
    return s.own and plain(s) and any(_plain_peer(peer) for _, peer in _alike(s))


def _plain_peer(peer: Reply) -> bool:
    return _accepted(peer) and not peer.is_stream and isinstance(peer.value, dict)


@check("openai-chat.request.same-shape", when=_same_shape, shows=Evidence.VALUES | Evidence.REQUEST)
def shapes_what_means_the_same_alike(s: Subject) -> Iterator[Finding]:
    """
    A default that is written out adds no member to the answer, and takes none away.
    """
    mine = _members(s.reply.value)
    for name, peer in _alike(s):
        theirs = _members(peer.value) if _plain_peer(peer) else mine
        if mine != theirs:
            more, fewer = sorted(mine - theirs), sorted(theirs - mine)
            got = f"more: {', '.join(more) or 'none'}; fewer: {', '.join(fewer) or 'none'}"
            yield Finding(expected=f"the same members as in {name}", observed=got, where="/")
            return


def _members(value: JSON) -> set[str]:
    """
    The names at the top, in the choices and in their messages.
    """
    found = set(value) if isinstance(value, dict) else set()
    choices = value.get("choices") if isinstance(value, dict) else None
    for choice in choices if isinstance(choices, list) else ():
        message = choice.get("message") if isinstance(choice, dict) else None
        found |= {f"choices/{name}" for name in choice} if isinstance(choice, dict) else set()
        found |= {f"choices/message/{name}" for name in message} if isinstance(message, dict) else set()
    return found


def _otherwise(body: Mapping[str, JSON], *names: str) -> dict[str, JSON]:
    return {name: value for name, value in body.items() if name not in names}


def _other_way(s: Subject) -> Iterator[tuple[str, Reply]]:
    """
    The same request, streamed if this one is not.
    """
    mine = _otherwise(s.asked, "stream", "stream_options")
    for name, peer in s.peers.items():
        other = asked(peer)
        turned = (other.get("stream") is True) != (s.asked.get("stream") is True)
        if mine and turned and _otherwise(other, "stream", "stream_options") == mine and _judged(peer):
            yield name, peer


@check(
    "openai-chat.request.same-verdict",
    when=lambda s: s.own and s.case.invalid and _judged(s.reply) and any(True for _ in _other_way(s)),
    shows=Evidence.VALUES | Evidence.REQUEST,
)
def refuses_alike_streamed_and_not(s: Subject) -> Iterator[Finding]:
    """
    What is wrong with a request does not depend on whether its answer is streamed.
    """
    for name, peer in _other_way(s):
        if _accepted(peer) != _accepted(s.reply):
            yield Finding(expected=f"{peer.status} as in {name}", observed=str(s.reply.status), where="status")
            return


def _shorter(s: Subject) -> Iterator[tuple[str, Reply, int]]:
    """
    The same request under a smaller limit.
    """
    names = ("max_tokens", "max_completion_tokens")
    mine, limit = _otherwise(s.asked, *names), limit_of(s.asked)
    for name, peer in s.peers.items():
        other = asked(peer)
        less = limit_of(other)
        if limit and less and less < limit and _otherwise(other, *names) == mine and _accepted(peer):
            yield name, peer, less


@check(
    "openai-chat.param.max-tokens-longer",
    when=lambda s: s.own and answered(s) and any(True for _ in _shorter(s)),
    shows=Evidence.VALUES | Evidence.REQUEST,
)
def says_no_less_with_more_room(s: Subject) -> Iterator[Finding]:
    """
    Under a larger limit an answer does not end earlier than under a smaller one.
    """
    for name, peer, less in _shorter(s):
        for mine, theirs in zip(s.completion.choices, peer.completion.choices, strict=False):
            text, before = mine.content or "", theirs.content or ""
            if len(text) < len(before) and before.startswith(text) and mine.finish_reason == "length":
                where = f"/choices/{mine.index}/message/content"
                expected = f"at least {before[:40]!r}, said under a limit of {less} in {name}"
                yield Finding(expected=expected, observed=repr(text[:40]), where=where)
