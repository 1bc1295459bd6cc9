"""
Wall time of a run over what the latency alone would take: requests x latency / requests in flight.

Goal: at most 1.15 at 1, 8, 32 and 64 in flight.  ``python benchmarks/throughput.py``
"""

from __future__ import annotations

import time

from server import serving

from conformance.capture import engine
from conformance.capture.live import Live
from conformance.capture.target import Target
from conformance.cli import collect_less
from conformance.model import Case, Ending, Request

LATENCY = 0.5
ROUNDS = {1: 8, 8: 8, 32: 8, 64: 8}


def measure(url: str, in_flight: int, rounds: int) -> tuple[float, float]:
    """
    The ratio, and the CPU milliseconds of a request.
    """
    target = Target(name="bench", base_url=url, model="m")
    cases = [
        Case(
            id=f"bench.{number}",
            contract="bench",
            feature="bench",
            title="",
            request=Request(path=f"/x?wait={LATENCY}", body={"model": "m", "messages": []}),
        )
        for number in range(in_flight * rounds)
    ]
    cpu, began = time.process_time(), time.perf_counter()
    with engine.running(lambda: Live(target), limit=in_flight) as running:
        futures = [running.submit(case) for case in cases]
        endings = {future.result()[-1].ending for future in futures}
    wall = time.perf_counter() - began
    assert endings == {Ending.COMPLETE}, endings
    return wall / (rounds * LATENCY), 1000 * (time.process_time() - cpu) / len(cases)


def main() -> None:
    """
    Print one row for each number in flight.
    """
    collect_less()
    with serving() as url:
        measure(url, 1, 1)
        print("| in flight | requests | wall / ideal | CPU a request |\n| --- | --- | --- | --- |")
        for in_flight, rounds in ROUNDS.items():
            ratio, cpu = measure(url, in_flight, rounds)
            print(f"| {in_flight} | {in_flight * rounds} | {ratio:.3f} | {cpu:.2f} ms |", flush=True)


if __name__ == "__main__":
    main()
