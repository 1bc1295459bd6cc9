"""
How fast a streamed answer came: the first token, the gaps between reads, the tokens a second.

These are facts about one exchange at one time from one place, and nobody's verdict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from conformance.model import JSON, Evidence
from conformance.read.reply import Packet, Reply
from conformance.read.strictjson import as_list, as_object

#: What of a delta is the model's own.
_TOLD = ("content", "reasoning", "reasoning_content", "refusal", "tool_calls", "function_call", "audio")
#: Fewer tokens than this say nothing about a rate.
_FEWEST = 8


@dataclass(frozen=True, slots=True)
class Pace:
    """
    Seconds, measured where a read returned to us.
    """

    #: From sending the request until the read that brought the first token.
    first_token: float
    #: Between the reads that brought tokens.
    gaps: tuple[float, ...]
    #: Tokens a second after the first; None where the target did not count them or they came at once.
    rate: float | None


def of(reply: Reply) -> Pace | None:
    """
    The pace of a stream that succeeded; None for anything else, and where no times were recorded.
    """
    timed = Evidence.TIMES in reply.exchange.shows
    if not timed or not reply.is_stream or reply.status is None or not 200 <= reply.status < 300:
        return None
    times = sorted({packet.at for packet in reply.chunks if packet.at is not None and _tells(packet)})
    if not times:
        return None
    gaps = tuple(round(after - before, 6) for before, after in pairwise(times))
    return Pace(first_token=times[0], gaps=gaps, rate=_rate(reply, times[-1] - times[0]))


def _tells(packet: Packet) -> bool:
    choices = as_list(packet.value.get("choices"))
    return any(_told(as_object(as_object(choice).get("delta"))) for choice in choices)


def _told(delta: Mapping[str, JSON]) -> bool:
    return any(delta.get(name) for name in _TOLD)


def _rate(reply: Reply, seconds: float) -> float | None:
    count = (reply.completion.usage or {}).get("completion_tokens")
    if not isinstance(count, int) or isinstance(count, bool) or count < _FEWEST or seconds <= 0:
        return None
    return round((count - 1) / seconds, 3)
