"""
The real servers: how each is installed, started and known to be ready; no process is started here.

All are installed from a registry into a folder of their own, and listen on loopback only.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

HERE = Path(__file__).resolve().parent
_NOTHING: Mapping[str, str] = MappingProxyType({})
# LiteLLM does not start without one, and rightly so.
_KEY = f"sk-{secrets.token_hex(24)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """
    One server, or one way of running it; ``{port}`` and ``{home}`` in a command are filled in.
    """

    name: str
    #: The folder of its environment, which several ways of running it share.
    home: str
    #: Commands that install it, one after the other; and what asks for the version installed.
    install: tuple[tuple[str, ...], ...]
    version: tuple[str, ...]
    start: tuple[str, ...]
    #: Answers 200 once the server is ready.
    health: str
    model: str
    claims: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: What the suite sends as its key, through the environment; made afresh for every run.
    key: str = ""


def _venv(package: str) -> tuple[tuple[str, ...], ...]:
    return (
        (sys.executable, "-m", "venv", "{home}/venv"),
        ("{home}/venv/bin/python", "-m", "pip", "install", "--quiet", package),
    )


def _version(package: str) -> tuple[str, ...]:
    return ("{home}/venv/bin/python", "-c", f"from importlib.metadata import version; print(version({package!r}))")


def _aimock(name: str, *chaos: str) -> Server:
    fixtures = str(HERE / "aimock_fixtures.json")
    script = "{home}/node_modules/.bin/llmock"
    return Server(
        name=name,
        home="aimock",
        install=(
            ("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", "{home}", "@copilotkit/aimock"),
        ),
        version=("node", "-p", "require('{home}/node_modules/@copilotkit/aimock/package.json').version"),
        start=(script, "-h", "127.0.0.1", "-p", "{port}", "-f", fixtures, "--log-level", "warn", *chaos),
        health="/health",
        model="gpt-4o-mini",
        claims=("streaming", "tools"),
    )


SERVERS = (
    Server(
        name="litserve",
        home="litserve",
        install=_venv("litserve"),
        version=_version("litserve"),
        start=("{home}/venv/bin/python", str(HERE / "litserve_app.py"), "{port}"),
        health="/health",
        model="small",
        claims=("streaming", "tools", "multi-choice"),
    ),
    _aimock("aimock"),
    _aimock("aimock-drop", "--chaos-drop", "0.3"),
    _aimock("aimock-malformed", "--chaos-malformed", "0.3"),
    _aimock("aimock-disconnect", "--chaos-disconnect", "0.3"),
    _aimock("aimock-ratelimit", "--chaos-ratelimit", "0.3"),
    Server(
        name="litellm",
        home="litellm",
        install=_venv("litellm[proxy]"),
        version=_version("litellm"),
        start=(
            *("{home}/venv/bin/litellm", "--config", str(HERE / "litellm.yaml")),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        health="/health/liveliness",
        model="mock",
        claims=("streaming",),
        # Prices come from the package, and nothing is fetched or reported.
        environment=MappingProxyType(
            {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_ADMIN_UI": "True", "LITELLM_MASTER_KEY": _KEY}
        ),
        key=_KEY,
    ),
)
