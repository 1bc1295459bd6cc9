"""
Rules over several answers: requests that run at the same time do not meet.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from conformance.checks.registry import check
from conformance.checks.subject import Subject, answered, asked
from conformance.checks.told import last_user_text
from conformance.model import CheckClass, Evidence, Finding, Unobserved
from conformance.read.reply import Reply


def _in_group(s: Subject) -> bool:
    return answered(s) and s.own and s.case.group is not None and bool(s.peers)


def _words(s: Subject) -> tuple[str, dict[str, str]]:
    """
    What is told apart: this request's own word, and those of the others by case id.
    """
    mine = last_user_text(s.asked)
    others = {name: last_user_text(asked(peer)) for name, peer in s.peers.items()}
    texts = [text for text in (mine, *others.values()) if text]
    # The first and the last in order differ before any others do.
    start = _shared(min(texts), max(texts)) if texts else 0
    start = mine.rfind(" ", 0, start) + 1 if " " in mine[:start] else 0
    return mine[start:].strip(), {name: text[start:].strip() for name, text in others.items()}


def _shared(one: str, other: str) -> int:
    """
    How many characters two texts begin with in common.
    """
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in same)


@check("openai-chat.isolation.answers", when=_in_group, kind=CheckClass.BEHAVIOURAL)
def answers_its_own_request(s: Subject) -> Iterator[Finding | Unobserved]:
    """
    Each of many simultaneous requests gets its own answer, with nothing of another's.
    """
    mine, others = _words(s)
    text = " ".join(choice.content or "" for choice in s.completion.choices)
    foreign = [name for name, word in others.items() if len(word) >= 4 and word in text and word not in mine]
    if foreign:
        yield Finding(expected=f"only {mine[:40]!r}", observed=f"the word of {foreign[0]}", where="/choices/0/message")
    elif mine and mine not in text:
        yield Unobserved("model-choice", "the model did not repeat the word")


def _has_id(reply: Reply) -> str:
    value = reply.completion.id if reply.status == 200 else None
    return value if isinstance(value, str) else ""


@check(
    "openai-chat.isolation.ids",
    when=lambda s: answered(s) and s.own and bool(s.peers) and bool(_has_id(s.reply)),
    shows=Evidence.IDENTITY,
)
def gives_every_answer_its_own_id(s: Subject) -> Iterator[Finding]:
    """
    Two answers have two ids.
    """
    for name, peer in s.peers.items():
        if _has_id(peer) == _has_id(s.reply) and peer.exchange is not s.reply.exchange:
            yield Finding(expected="an id of its own", observed=f"{_has_id(s.reply)} as in {name}", where="/id")
            return
