"""
The fault laboratory: what the reference provider can be told to show, deviations from the contract and what is legal.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

from conformance.reference.faults import (
    accepted,
    company,
    corners,
    counts,
    endpoints,
    envelope,
    extras,
    failures,
    framing,
    ignored,
    isolation,
    logprobs,
    messages,
    refused,
    seldom_accepted,
    seldom_broken,
    seldom_ignored,
    seldom_refused,
    streaming,
    toolarguments,
    toolcalls,
    transport,
    variants,
    vectors,
)
from conformance.reference.faults.catalogue import NOT_SIMULATED
from conformance.reference.faults.fault import Fault, Peculiarity, Variant

__all__ = [
    "FAULTS",
    "NOT_SIMULATED",
    "SELDOM",
    "SELDOM_TABLES",
    "TABLES",
    "VARIANTS",
    "Fault",
    "Peculiarity",
    "Variant",
    "chosen",
]

#: The tables of faults, by area.
TABLES = (
    envelope,
    messages,
    streaming,
    framing,
    transport,
    toolcalls,
    toolarguments,
    logprobs,
    counts,
    failures,
    ignored,
    refused,
    accepted,
    company,
    isolation,
    endpoints,
    extras,
    corners,
    vectors,
)
#: The tables of faults that show in few requests, so that the written cases miss them and generated ones find them.
SELDOM_TABLES = (seldom_broken, seldom_refused, seldom_ignored, seldom_accepted)
#: Every fault that the written cases find, by its id.
FAULTS: Mapping[str, Fault] = {each.id: each for table in TABLES for each in table.FAULTS}
#: Every fault that only generated requests find, by its id.
SELDOM: Mapping[str, Fault] = {each.id: each for table in SELDOM_TABLES for each in table.FAULTS}
#: Every legal peculiarity by its id: a suite that objects to one raises a false alarm.
VARIANTS: Mapping[str, Variant] = {each.id: each for each in variants.VARIANTS}


def chosen(names: Sequence[str]) -> tuple[Peculiarity, ...]:
    """
    The faults and variants with these ids, in this order.

    Raises:
        LookupError: there is no such id; the message says which is near.

    """
    known: dict[str, Peculiarity] = {**FAULTS, **SELDOM, **VARIANTS}
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            raise LookupError(f"there is no fault {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return tuple(known[name] for name in names)
