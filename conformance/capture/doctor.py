"""
What stands between us and a verdict, step by step and in plain words; the contract is not judged here.
"""

from __future__ import annotations

import asyncio
import email.utils
import json
import socket
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from conformance.capture.answers import (
    body_of,
    header,
    is_page,
    knows_no_model,
    nothing_here,
    refuses_key,
    unreachable,
)
from conformance.capture.target import Target, prepare
from conformance.errors import NoVerdict
from conformance.model import JSON, Case, Ending, Exchange, Request

_SAY = "Count from 1 to 30, separated by spaces."
_SKEW = 120.0
#: Somebody is there, but an answer was lost: so many times more it is asked for, as any case would be.
_LOST, _MORE = (Ending.RESET, Ending.TRUNCATED), 3


@dataclass(frozen=True, slots=True)
class Step:
    """
    One thing looked at: fine, wrong, or (None) worth knowing.
    """

    name: str
    ok: bool | None
    says: str
    remedy: str = ""


def ask_first(target: Target, contract: str = "openai-chat") -> Exchange:
    """
    One small request before a run, so that a wrong address is one error and not six hundred.

    Raises ``NoVerdict`` (causes ``unreachable``, ``auth``, ``base-url``, ``model``); anything else is returned unjudged.
    """
    target = replace(target, model=target.model_for(contract))
    path, body = _first(target, contract)
    exchange = ask(target, path, body)
    for _ in range(_MORE):
        if exchange.ending in _LOST:
            exchange = ask(target, path, body)
    if exchange.status is None:
        raise NoVerdict(*unreachable(target, exchange), "unreachable")
    if refuses_key(exchange):
        raise NoVerdict(*_key_refused(target, exchange), "auth")
    if knows_no_model(exchange, target.model):
        problem = f"{target.base_url} does not know the model {target.model!r}"
        raise NoVerdict(problem, "Name one of its models with --model; conformance doctor lists them.", "model")
    if nothing_here(exchange):
        raise NoVerdict(
            f"{exchange.sent.url} {_is_not_there(exchange)}", _other_address(target, path, body), "base-url"
        )
    return exchange


def examine(target: Target, path: str = "/chat/completions") -> Iterator[Step]:
    """
    The steps in order, each as soon as it is known; what cannot go on stops.
    """
    for reach in (_name, _door, _certificate):
        step = reach(target)
        if step is not None:
            yield step
            if step.ok is False:
                return
    exchange = ask(target, path, _small(target))
    for step in _address_and_key(target, path, exchange):
        yield step
        if step.ok is False:
            return
    yield _models(target)
    yield _chat(target, exchange)
    if exchange.status == 200:
        yield _stream(ask(target, path, _small(target, _SAY, stream=True, max_tokens=100)))
    yield _clock(exchange)
    yield _limits(exchange)


def ask(target: Target, path: str, body: JSON | None = None) -> Exchange:
    """
    One exchange, waited for: a POST of ``body``, or a GET without one.
    """
    # Here and not above, for commands that ask nothing should not wait for httpx.
    from conformance.capture.live import Live

    request = Request(method="GET" if body is None else "POST", path=path, body=body)
    case = Case(id="doctor", contract="", feature="", title="", request=request)

    async def once() -> Exchange:
        async with Live(target) as live:
            return await live.exchange(case, prepare(case, target, unique="doctor"))

    return asyncio.run(once())


def _first(target: Target, contract: str) -> tuple[str, JSON | None]:
    """
    The path and the body of the smallest request that a contract documents.
    """
    if contract == "openai-models":
        return "/models", None
    if contract == "openai-embeddings":
        return "/embeddings", {"model": target.model, "input": "ok"}
    return "/chat/completions", _small(target)


def _small(target: Target, say: str = "Say ok.", **more: JSON) -> JSON:
    body: dict[str, JSON] = {"model": target.model, "messages": [{"role": "user", "content": say}]}
    return {**body, **more}


def _address(target: Target) -> tuple[str, int]:
    parts = urlsplit(target.base_url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)


def _name(target: Target) -> Step:
    host, port = _address(target)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        return Step("dns", False, f"{host} has no address: {problem}", "Check the host name in the base URL.")
    return Step("dns", True, f"{host} is {', '.join(dict.fromkeys(str(each[4][0]) for each in found))}")


def _door(target: Target) -> Step:
    host, port = _address(target)
    began = time.monotonic()
    try:
        with socket.create_connection((host, port), timeout=target.timeouts.connect):
            return Step("tcp", True, f"{host}:{port} accepts connections in {1000 * (time.monotonic() - began):.0f} ms")
    except OSError as problem:
        remedy = "Check the port, that the server runs, and proxies and firewalls on the way."
        return Step("tcp", False, f"{host}:{port} accepts no connection: {problem}", remedy)


def _certificate(target: Target) -> Step | None:
    if not target.base_url.startswith("https:"):
        return None
    host, port = _address(target)
    try:
        raw = socket.create_connection((host, port), timeout=target.timeouts.connect)
        with raw, ssl.create_default_context().wrap_socket(raw, server_hostname=host) as secured:
            certificate, version = secured.getpeercert() or {}, secured.version()
    except (OSError, ssl.SSLError) as problem:
        remedy = "Check the certificate, or name your own authority in SSL_CERT_FILE."
        return Step("tls", False, f"no secure connection: {problem}", remedy)
    until = str(certificate.get("notAfter", ""))
    days = (ssl.cert_time_to_seconds(until) - time.time()) / 86400
    says = f"{version}, certificate valid until {until} ({days:.0f} days)"
    return Step("tls", True if days > 14 else None, says, "" if days > 14 else "Renew the certificate.")


def _address_and_key(target: Target, path: str, exchange: Exchange) -> Iterator[Step]:
    if exchange.status is None:
        yield Step("http", False, *unreachable(target, exchange))
        return
    yield Step("http", True, f"{exchange.http_version} {exchange.status} in {exchange.seconds:.2f} s")
    if nothing_here(exchange) and not knows_no_model(exchange, target.model):
        remedy = _other_address(target, path, _small(target))
        yield Step("base-url", False, f"{exchange.sent.url} {_is_not_there(exchange)}", remedy)
        return
    yield Step("base-url", True, f"{exchange.sent.url} answers")
    if refuses_key(exchange):
        yield Step("auth", False, *_key_refused(target, exchange))
    else:
        yield Step("auth", True, "the key is accepted" if target.key else "no key is sent and none is demanded")


def _models(target: Target) -> Step:
    exchange = ask(target, "/models")
    names = _listed(_json(exchange))
    if exchange.status != 200 or not names:
        return Step("models", None, f"GET /models gives no list ({exchange.status or exchange.ending})")
    shown = ", ".join(names[:8]) + (f" and {len(names) - 8} more" if len(names) > 8 else "")
    if target.model in names:
        return Step("models", True, f"{target.model} is one of {len(names)}")
    return Step(
        "models", None, f"{target.model!r} is not listed; there are {shown}", "Name a listed model with --model."
    )


def _listed(value: JSON | None) -> list[str]:
    rows = value.get("data") if isinstance(value, dict) else None
    ids = [row.get("id") for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
    return [each for each in ids if isinstance(each, str)]


def _chat(target: Target, exchange: Exchange) -> Step:
    if knows_no_model(exchange, target.model):
        return Step("chat", False, f"the model {target.model!r} is unknown", "Name another with --model.")
    if exchange.status == 200 and isinstance(_json(exchange), dict):
        return Step("chat", True, f"a short request is answered in {exchange.seconds:.2f} s")
    words = body_of(exchange)[:200].decode("utf-8", "replace")
    return Step("chat", False, f"a short request is answered with {exchange.status}: {words}", "Ask the provider.")


def _stream(exchange: Exchange) -> Step:
    kind = header(exchange, "content-type")
    if exchange.status != 200 or "event-stream" not in kind:
        return Step("streaming", None, f"stream: true is answered with {exchange.status} {kind or 'without a type'}")
    if exchange.ending is not Ending.COMPLETE:
        return Step("streaming", False, f"the stream ended early: {exchange.error}", "Look for a proxy's time limit.")
    events, reads = body_of(exchange).count(b"\n\n"), len(exchange.chunks)
    spread = exchange.chunks[-1].at - exchange.chunks[0].at if exchange.chunks else 0.0
    says = f"{events} events in {reads} reads over {spread:.2f} s"
    if events > 4 and (reads == 1 or spread < 0.01 * exchange.seconds):
        remedy = "Something on the way buffers; turn buffering off there (proxy_buffering off, X-Accel-Buffering: no)."
        return Step("streaming", None, f"{says}: all at once", remedy)
    return Step("streaming", True, says)


def _clock(exchange: Exchange) -> Step:
    try:
        server = email.utils.parsedate_to_datetime(header(exchange, "date")).timestamp()
    except (ValueError, TypeError):
        return Step("clock", None, "no readable Date header")
    skew = server - (exchange.started or 0.0) - (exchange.first_byte or 0.0)
    if abs(skew) > _SKEW:
        return Step("clock", None, f"the server's clock is {skew:+.0f} s from ours", "Set the clock that is wrong.")
    return Step("clock", True, f"the clocks differ by {abs(skew):.0f} s")


def _limits(exchange: Exchange) -> Step:
    told = [f"{name}: {value}" for name, value in exchange.headers if "ratelimit" in name.lower()]
    return Step("rate-limits", True if told else None, "; ".join(told) or "no rate limit headers")


def _key_refused(target: Target, exchange: Exchange) -> tuple[str, str]:
    if target.key is None:
        remedy = "Set OPENAI_API_KEY, or name where the key is with --api-key-env NAME or --api-key-file FILE."
        return f"{target.base_url} demands a key ({exchange.status}), and none was given", remedy
    if exchange.status == 403:
        return f"{target.base_url} knows the key but forbids this (403)", "Check what the key may do, and its project."
    return f"{target.base_url} refuses the key ({exchange.status})", "Check the key, and that it belongs to this host."


def _is_not_there(exchange: Exchange) -> str:
    return "is a web page, not an API" if is_page(exchange) else f"does not exist ({exchange.status})"


def _other_address(target: Target, path: str, body: JSON | None) -> str:
    """
    Try the usual mistakes about ``/v1`` and say which address answers.
    """
    for base_url in _candidates(target.base_url):
        changed = replace(target, base_url=base_url)
        exchange = ask(changed, path, body)
        if exchange.status is not None and (not nothing_here(exchange) or knows_no_model(exchange, target.model)):
            return f"The base URL should be {base_url} (it answers {exchange.status})."
    return "Check the base URL; it usually ends in /v1, once."


def _candidates(base_url: str) -> list[str]:
    base = base_url.rstrip("/")
    tried = base.removesuffix("/chat/completions").rstrip("/")
    if tried != base:
        return [tried]
    root = base
    while root.endswith("/v1"):
        root = root.removesuffix("/v1").rstrip("/")
    return [each for each in (f"{root}/v1", root) if each != base]


def _json(exchange: Exchange) -> JSON | None:
    try:
        value: JSON = json.loads(body_of(exchange))
    except ValueError:
        return None
    return value
