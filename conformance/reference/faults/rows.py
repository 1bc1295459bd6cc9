"""
Shorthands for rows of fault tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.reference.faults.edits import Change, message, plain
from conformance.reference.faults.fault import PLAIN, STREAM, Edit, Fault, Level, Needed, Variant
from conformance.reference.faults.streamedits import delta, each_chunk

_CHAT = "openai-chat."


def full(requirement: str) -> str:
    """
    The whole id of a requirement: those of the chat contract stand without its name in the tables.
    """
    return requirement if requirement.startswith("openai-") else _CHAT + requirement


def fault(
    name: str, level: Level, requirement: str, title: str, *, also: str = "", entry: str = "", **more: Any
) -> Fault:
    """
    One row; `also` names further requirements, parted by spaces, `entry` the catalogue's entry.
    """
    others = tuple(full(each) for each in also.split())
    wanted = full(requirement)
    return Fault(id=name, title=title, level=level, requirement=wanted, also=others, catalogue=entry, **more)


def seldom(
    name: str, level: Level, requirement: str, title: str, matters: str, *, beside: int = 0, also: str = "", **more: Any
) -> Fault:
    """
    One row of what shows in few requests; `matters` names the members that such a request must have, parted by spaces.
    """
    needed = Needed(members=tuple(matters.split()), beside=beside)
    return fault(name, level, requirement, title, also=also, needed=needed, **more)


def body(name: str, level: Level, requirement: str, title: str, change: Change, **more: str) -> Fault:
    """
    A change of the object of a plain completion.
    """
    return fault(name, level, requirement, title, edit=plain(change), paths=(PLAIN,), **more)


def said(name: str, level: Level, requirement: str, title: str, change: Change, **more: str) -> Fault:
    """
    A change of the messages of a plain completion.
    """
    return fault(name, level, requirement, title, edit=message(change), paths=(PLAIN,), **more)


def chunk(name: str, level: Level, requirement: str, title: str, change: Change, **more: str) -> Fault:
    """
    A change of every chunk.
    """
    return fault(name, level, requirement, title, edit=each_chunk(change), paths=(STREAM,), **more)


def part(name: str, level: Level, requirement: str, title: str, change: Change, **more: str) -> Fault:
    """
    A change of the delta in every chunk.
    """
    return fault(name, level, requirement, title, edit=delta(change), paths=(STREAM,), **more)


def stream(name: str, level: Level, requirement: str, title: str, edit: Edit, **more: str) -> Fault:
    """
    A change of a whole stream.
    """
    return fault(name, level, requirement, title, edit=edit, paths=(STREAM,), **more)


def pair(
    name: str, level: Level, requirement: str, title: str, edits: tuple[Edit, Edit], *, also: str = "", entry: str = ""
) -> Iterator[Fault]:
    """
    The same deviation in either code path alone; a bar parts what holds for plain from what holds for streams.
    """
    for place, (path, word) in enumerate(((PLAIN, "plain"), (STREAM, "streamed"))):
        yield fault(
            f"{name}.{path}",
            level,
            _side(requirement, place),
            f"{title} ({word})",
            also=_side(also, place),
            edit=edits[place],
            paths=(path,),
            entry=entry,
        )


def _side(given: str, place: int) -> str:
    sides = given.split("|")
    return sides[min(place, len(sides) - 1)].strip()


def variant(name: str, title: str, because: str, edit: Edit | None = None, **more: Any) -> Variant:
    """
    One legal peculiarity.
    """
    return Variant(id=name, title=title, because=because, edit=edit, **more)
