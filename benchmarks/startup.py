"""
How long ``conformance --help`` takes to start and end, beside a Python that does nothing and one that imports click.

Goal: under 150 ms on a quiet machine.  ``python benchmarks/startup.py``
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 40
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    'python -c "import click"': ["-c", "import click"],
    "conformance --help": ["-m", "conformance", "--help"],
}


def once(arguments: list[str]) -> float:
    """
    Seconds from starting an interpreter until it has ended.
    """
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    """
    Print one row a command; the commands take turns, so that what else the machine does falls on all alike.
    """
    for arguments in COMMANDS.values():
        once(arguments)
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(RUNS):
        for name, arguments in COMMANDS.items():
            taken[name].append(once(arguments))
    bare = statistics.median(taken["python -c pass"])
    print("| command | median | best | ratio |\n| --- | --- | --- | --- |")
    for name, seconds in taken.items():
        middle = statistics.median(seconds)
        print(f"| {name} | {1000 * middle:.0f} ms | {1000 * min(seconds):.0f} ms | {middle / bare:.1f} |", flush=True)


if __name__ == "__main__":
    main()
