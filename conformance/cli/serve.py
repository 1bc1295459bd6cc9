"""
``conformance serve``: the reference provider in the foreground.
"""

from __future__ import annotations

import difflib
import os
import socket
from typing import Any

import click

from conformance.errors import UsageError

_EPILOG = """\b
Examples:
  conformance serve
  conformance serve --port 9000 --fault ID --fault ID
  conformance list faults
"""


@click.command(epilog=_EPILOG, context_settings={"max_content_width": 100})
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="Port; 0 takes a free one."
)
@click.option("--fault", "faults", multiple=True, metavar="ID", help="A deliberate fault or peculiarity; repeatable.")
@click.option("--delay", default=0.002, show_default=True, type=click.FloatRange(0), help="Seconds a token.")
@click.option("--api-key-env", metavar="NAME", help="Demand the key that this environment variable holds.")
def command(host: str, port: int, faults: tuple[str, ...], delay: float, api_key_env: str | None) -> int:
    """
    Serve the bundled reference provider: a small deterministic model behind
    the chat completions, models and embeddings APIs.
    """
    from conformance.reference import app, server

    known = _known()
    for name in faults:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Did you mean {near[0]}? " if near else ""
            raise UsageError(f"there is no fault {name!r}\n  {hint}See conformance list faults.")
    key = os.environ.get(api_key_env) if api_key_env else None
    if api_key_env and not key:
        raise UsageError(f"the environment variable {api_key_env} is not set\n  export {api_key_env}=… and run again.")
    port = port or _free(host)
    click.echo(f"http://{host}:{port}/v1  model {app.MODEL}  (Ctrl-C ends it)", err=True)
    for name in faults:
        click.echo(f"  {name}: {known[name].title}", err=True)
    server.serve(host, port, api_key=key, delay=delay, faults=faults)
    return 0


def _free(host: str) -> int:
    with socket.create_server((host, 0)) as probe:
        return int(probe.getsockname()[1])


def _known() -> dict[str, Any]:
    from conformance.reference import faults

    return {**faults.FAULTS, **faults.SELDOM, **faults.VARIANTS}
