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
#: What the reference provider can do, and so a gateway before it.
_EVERYTHING = (
    *("streaming", "tools", "structured-output", "logprobs", "multi-choice", "validation", "vision", "audio"),
    *("files", "reasoning", "custom-tools", "legacy-functions"),
)


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
    #: A gateway stands before our reference provider, whose address is filled in for ``{provider}``, without its /v1.
    gateway: bool = False
    #: What every request carries; filled in as the commands are.
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    #: Options of the suite: a server that answers one request after the other needs more time.
    options: tuple[str, ...] = ("--timeout", "15")


def _venv(*packages: str) -> tuple[tuple[str, ...], ...]:
    return (
        (sys.executable, "-m", "venv", "{home}/venv"),
        ("{home}/venv/bin/python", "-m", "pip", "install", "--quiet", *packages),
    )


def _version(package: str) -> tuple[str, ...]:
    return ("{home}/venv/bin/python", "-c", f"from importlib.metadata import version; print(version({package!r}))")


def _litellm(name: str, config: str, *, model: str, claims: tuple[str, ...], gateway: bool = False) -> Server:
    # Prices come from the package, and nothing is fetched or reported.
    environment = {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "DISABLE_ADMIN_UI": "True", "LITELLM_MASTER_KEY": _KEY}
    if gateway:
        environment["PROVIDER"] = "{provider}/v1"
    return Server(
        name=name,
        home="litellm",
        install=_venv("litellm[proxy]"),
        version=_version("litellm"),
        start=(
            *("{home}/venv/bin/litellm", "--config", str(HERE / config)),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        health="/health/liveliness",
        model=model,
        claims=claims,
        environment=MappingProxyType(environment),
        key=_KEY,
        gateway=gateway,
    )


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
    _litellm("litellm", "litellm.yaml", model="mock", claims=("streaming",)),
    _litellm("litellm-gateway", "litellm_gateway.yaml", model="reference-1", claims=_EVERYTHING, gateway=True),
    Server(
        name="portkey",
        home="portkey",
        # With the newest hono its streams end in an error of its own, so what it was built with is asked for.
        install=(
            ("cp", str(HERE / "portkey_package.json"), "{home}/package.json"),
            ("npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", "{home}"),
        ),
        version=("node", "-p", "require('{home}/node_modules/@portkey-ai/gateway/package.json').version"),
        start=(
            *("node", "{home}/node_modules/@portkey-ai/gateway/build/start-server.js"),
            *("--port={port}", "--headless"),
        ),
        health="/",
        model="reference-1",
        claims=_EVERYTHING,
        gateway=True,
        headers=MappingProxyType(
            {"x-portkey-provider": "openai", "x-portkey-custom-host": "{provider}/v1"},
        ),
    ),
    Server(
        name="sglang-router",
        home="sglang-router",
        install=_venv("sglang-router"),
        version=_version("sglang-router"),
        start=(
            *("{home}/venv/bin/python", "-m", "sglang_router.launch_router", "--host", "127.0.0.1"),
            *("--port", "{port}", "--backend", "openai", "--worker-urls", "{provider}"),
            # It takes refused requests for failures of the provider, and would shut itself off.
            *("--disable-circuit-breaker", "--disable-retries", "--log-level", "warn"),
        ),
        health="/health",
        model="reference-1",
        claims=_EVERYTHING,
        gateway=True,
    ),
    Server(
        name="mlx-lm",
        home="mlx-lm",
        install=(
            *_venv("mlx[cpu]", "mlx-lm"),
            ("{home}/venv/bin/python", str(HERE / "tiny_model.py"), "{home}/tiny"),
        ),
        version=_version("mlx-lm"),
        start=(
            *("{home}/venv/bin/mlx_lm.server", "--model", "{home}/tiny", "--max-tokens", "48"),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        health="/health",
        model="default_model",
        claims=("streaming", "logprobs"),
        environment=MappingProxyType({"HF_HUB_OFFLINE": "1"}),
        options=("--timeout", "120", "--jobs", "2"),
    ),
    Server(
        name="llmock",
        home="llmock",
        install=_venv("llmock"),
        version=_version("llmock"),
        start=("{home}/venv/bin/llmock", "serve", "-h", "127.0.0.1", "-p", "{port}"),
        health="/v1/models",
        model="gpt-4o",
        claims=("streaming", "tools", "multi-choice"),
    ),
    Server(
        name="mockllm",
        home="mockllm",
        install=_venv("mockllm"),
        version=_version("mockllm"),
        start=(
            *("{home}/venv/bin/mockllm", "start", "--responses", str(HERE / "mockllm.yaml")),
            *("--host", "127.0.0.1", "--port", "{port}"),
        ),
        health="/docs",
        model="mock",
        claims=("streaming",),
    ),
)
