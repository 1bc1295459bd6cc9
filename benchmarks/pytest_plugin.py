"""
Wall time of pytest over what the latency alone would take: requests x latency / requests in flight.

The engine ahead of the items, beside pytest-xdist, whose workers each ask one at a time.  The reference provider answers
after half a second.  Goal for the engine: at most 1.3 from a hundred requests on.  ``python benchmarks/pytest_plugin.py``
"""

from __future__ import annotations

import importlib.metadata
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LATENCY = 0.5
ROOT = Path(__file__).parents[1]
#: Cases, in flight, and whether the workers of pytest-xdist ask instead of the engine.
RUNS = (
    (8, 1, False),
    (64, 8, False),
    (128, 8, False),
    (256, 16, False),
    (512, 16, False),
    (128, 8, True),
)

_SERVE = f"""
import sys, time
from conformance.reference import server
with server.running(api_key="k-of-the-benchmark", delay={LATENCY}) as provider:
    print(provider.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def provider() -> Iterator[str]:
    """
    The reference provider in a process of its own.
    """
    command = [sys.executable, "-c", _SERVE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def cases(count: int) -> str:
    """
    A file of so many short requests.
    """
    body = '{model: "${model}", messages: [{role: user, content: "Reply with exactly: ${number}"}]}'
    numbers = ", ".join(map(str, range(count)))
    return (
        "contract: openai-chat\nfeature: benchmark\ncases:\n"
        f"  - {{id: openai-chat.benchmark, title: A short request., each: {{number: [{numbers}]}}, request: {{body: {body}}}}}\n"
    )


def measure(url: str, count: int, in_flight: int, *, xdist: bool) -> tuple[float, float]:
    """
    Wall time and CPU time of pytest and its workers, in seconds.
    """
    installed = {each.name for each in importlib.metadata.entry_points(group="pytest11")}
    named = [] if "conformance" in installed else ["-p", "conformance.pytest_plugin"]
    options = [
        "--conformance-url",
        url,
        "--conformance-model",
        "reference-1",
        "--conformance-concurrency",
        str(in_flight),
    ]
    options += ["-n", str(in_flight)] if xdist else []
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "cases.yaml").write_text(cases(count), encoding="utf-8")
        command = [
            sys.executable,
            "-m",
            "pytest",
            *named,
            *options,
            "-q",
            "-p",
            "no:cacheprovider",
            f"--rootdir={folder}",
        ]
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        environment = {"OPENAI_API_KEY": "k-of-the-benchmark", "PYTHONPATH": str(ROOT), "PATH": ""}
        done = subprocess.run([*command, folder], env=environment, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - began
    assert f"{count} passed" in done.stdout, done.stdout + done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """
    Print one row for each run.
    """
    with provider() as url:
        print("| who asks | cases | in flight | wall | wall / ideal | CPU |\n| --- | --- | --- | --- | --- | --- |")
        for count, in_flight, xdist in RUNS:
            wall, cpu = measure(url, count, in_flight, xdist=xdist)
            who = f"pytest-xdist, -n {in_flight}" if xdist else "the engine"
            ideal = count * LATENCY / in_flight
            print(f"| {who} | {count} | {in_flight} | {wall:.1f} s | {wall / ideal:.2f} | {cpu:.1f} s |", flush=True)


if __name__ == "__main__":
    main()
