"""
Legal variety: the same answer written in another way that the documentation, HTTP, JSON and SSE allow.
"""

from tests.legal import chunks, wire, writing
from tests.legal.wire import Variant

#: What must cause no finding at all.
SILENT: dict[str, Variant] = {**wire.SILENT, **writing.SILENT, **chunks.SILENT}
#: What the contract leaves open and a report may note, as MAY.
NOTED: dict[str, Variant] = {**wire.NOTED, **writing.NOTED, **chunks.NOTED}
