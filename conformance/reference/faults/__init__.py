"""
The fault laboratory: deviations from the contract that the reference provider can be told to show, one at a time.
"""

from __future__ import annotations

from collections.abc import Mapping

from conformance.reference.faults import bodies, tools, wire
from conformance.reference.faults.fault import Fault

#: Every fault by its id.
FAULTS: Mapping[str, Fault] = {each.id: each for each in (*bodies.FAULTS, *wire.FAULTS, *tools.FAULTS)}
#: Every legal peculiarity by its id: a suite that objects to one raises a false alarm.
VARIANTS: Mapping[str, Fault] = {}
#: Entries of the catalogue that no server of ours can show, with the reason.
NOT_SIMULATED: Mapping[str, str] = {}
