"""
Runs the suite against real servers which install from a registry: ``python tests/real_servers/run.py [NAME…]``.

Not a test: it needs a registry the first time, and what it finds is read by a person.  A name chooses every way of
running that server (``aimock`` also its chaos modes).  Leaves a report in ``reports/real-<name>``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from servers import SERVERS, Server

from conformance.reference import server as reference

ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENTS = ROOT / ".real-servers"
READY_WITHIN = 120.0


def main(names: Sequence[str]) -> int:
    """
    Install, start, ask and stop each; 0 when every run came to a verdict, 1 otherwise, 2 for an unknown name.
    """
    # Ended from outside, the server must be stopped too: it has a session of its own.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    known = {each.home for each in SERVERS} | {each.name for each in SERVERS}
    unknown = sorted(set(names) - known)
    if unknown:
        print(f"no server is called {', '.join(unknown)}; there are {', '.join(sorted(known))}", file=sys.stderr)
        return 2
    wanted = [each for each in SERVERS if not names or {each.name, each.home} & set(names)]
    return max([_attempt(each) for each in wanted], default=0)


def _attempt(server: Server) -> int:
    # A server that cannot be installed or started must not keep the others from their turn.
    try:
        code = _ask(server)
    except (OSError, RuntimeError, subprocess.SubprocessError) as problem:
        print(f"{server.name}: no verdict: {problem}", flush=True)
        return 1
    return 0 if code in (0, 1) else 1


def _ask(server: Server) -> int:
    _install(server)
    version = subprocess.run(_filled(server.version, server), capture_output=True, text=True, check=True).stdout.strip()
    report = ROOT / "reports" / f"real-{server.name}"
    shutil.rmtree(report, ignore_errors=True)
    with _provider(server) as provider, started(server, provider) as port:
        began = time.monotonic()
        command = [sys.executable, "-m", "conformance", "run", *_target(server, port, provider)]
        command += ["--claims", ",".join(server.claims), *server.options, "-o", str(report)]
        code = subprocess.run(command, cwd=ROOT, env=_environment(server), check=False).returncode
    seconds = time.monotonic() - began
    print(f"{server.name} {version}: exit {code} after {seconds:.0f} s, {report.relative_to(ROOT)}", flush=True)
    return code


@contextmanager
def _provider(server: Server) -> Iterator[str]:
    """
    The reference provider behind a gateway: its address without the /v1, or nothing for any other server.
    """
    if not server.gateway:
        yield ""
        return
    with reference.running(delay=0.0005) as made:
        yield made.url.removesuffix("/v1")


def _target(server: Server, port: int, provider: str) -> list[str]:
    url = f"http://127.0.0.1:{port}/v1"
    if not server.headers:
        return [url, "--model", server.model]
    headers = {name: value.replace("{provider}", provider) for name, value in server.headers.items()}
    target = {"base_url": url, "model": server.model, "api_key": "none", "headers": headers}
    targets = ENVIRONMENTS / server.home / "targets.yaml"
    targets.write_text(json.dumps({"version": 1, "targets": {server.name: target}}), encoding="utf-8")
    return ["--targets", str(targets), "--target", server.name]


def _environment(server: Server) -> dict[str, str]:
    # Keys and addresses of whoever runs this are never sent to a server under test.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OPENAI_")}
    return {**kept, "OPENAI_API_KEY": server.key} if server.key else kept


def _install(server: Server) -> None:
    home = ENVIRONMENTS / server.home
    done = home / ".installed"
    if done.exists():
        return
    home.mkdir(parents=True, exist_ok=True)
    for command in server.install:
        subprocess.run(_filled(command, server), check=True)
    done.touch()


@contextmanager
def started(server: Server, provider: str = "") -> Iterator[int]:
    """
    The server, ready to answer, on a free loopback port; its process group is ended afterwards.

    Raises RuntimeError when it ends by itself or is not ready in time.
    """
    port = _free_port()
    log = ENVIRONMENTS / server.home / f"{server.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _filled(server.start, server, port, provider),
            cwd=ENVIRONMENTS / server.home,
            env={**os.environ, **{k: v.replace("{provider}", provider) for k, v in server.environment.items()}},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(f"http://127.0.0.1:{port}{server.health}", process, log)
            yield port
        finally:
            _stop(process)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"ended by itself with {process.returncode}, see {log.relative_to(ROOT)}")
        try:
            with opener.open(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        # Chaos strikes here too: a server that answers with an error listens.
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise RuntimeError(f"not ready within {READY_WITHIN:g} s, see {log.relative_to(ROOT)}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    # The second signal is for workers which outlive the process that answers.
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _filled(command: Sequence[str], server: Server, port: int = 0, provider: str = "") -> list[str]:
    home = str(ENVIRONMENTS / server.home)
    known = {"{home}": home, "{port}": str(port), "{provider}": provider}
    return [re.sub(r"\{(?:home|port|provider)\}", lambda found: known[found[0]], part) for part in command]


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
