"""
How long after a server wrote an event our time stamp says it came: 64 streams of 50 events a second.

Goal: a median under 2 ms.  ``python benchmarks/lateness.py``
"""

from __future__ import annotations

import statistics
import time

from server import serving

from conformance.capture import engine
from conformance.capture.live import Live
from conformance.capture.target import Target
from conformance.cli import collect_less
from conformance.model import Case, Exchange, Request

STREAMS, RATE, EVENTS = 64, 50, 250


def lateness(exchange: Exchange, offset: float) -> list[float]:
    """
    Seconds between writing and our stamp, for every event; ``offset`` is monotonic minus Unix time.
    """
    assert exchange.started is not None
    sent_at = exchange.started + offset
    return [
        sent_at + chunk.at - float(event[6:])
        for chunk in exchange.chunks
        for event in chunk.data.split(b"\n\n")
        if event
    ]


def main() -> None:
    """
    Print the median, the 95th and 99th percentile and the worst.
    """
    collect_less()
    with serving() as url:
        target = Target(name="bench", base_url=url, model="m")
        request = Request(method="GET", path=f"/stream?events={EVENTS}&rate={RATE}")
        cases = [
            Case(id=f"bench.{number}", contract="bench", feature="bench", title="", request=request)
            for number in range(STREAMS)
        ]
        offset = time.monotonic() - time.time()
        with engine.running(lambda: Live(target), limit=STREAMS) as running:
            futures = [running.submit(case) for case in cases]
            exchanges = [future.result()[-1] for future in futures]
    late = sorted(1000 * each for exchange in exchanges for each in lateness(exchange, offset))
    assert len(late) == STREAMS * EVENTS, len(late)
    points = statistics.quantiles(late, n=100)
    print("| events | median | p95 | p99 | worst |\n| --- | --- | --- | --- | --- |")
    print(f"| {len(late)} | {points[49]:.2f} ms | {points[94]:.2f} ms | {points[98]:.2f} ms | {late[-1]:.2f} ms |")


if __name__ == "__main__":
    main()
