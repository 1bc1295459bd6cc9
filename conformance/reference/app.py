"""
The routes of the reference provider, as an ASGI application.

Here requests are taken in and answers sent out, a little slowly, as a model's would be. What is right, what is said
and how it is written, the other modules know.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from conformance.reference import answer, ask, embeddings, intake, validate, wire
from conformance.reference.errors import Refused, envelope, invalid, unknown_model

MODEL = "reference-1"
EMBEDDING_MODEL = "reference-embed"
#: The names a chat completion may be asked of.
CHAT_MODELS = (MODEL, f"{MODEL}-2026-01-01")
#: What the provider implements, in the words of the profiles.
CLAIMS = (
    "tools",
    "custom-tools",
    "legacy-functions",
    "structured-output",
    "logprobs",
    "multi-choice",
    "validation",
    "vision",
    "audio",
    "files",
    "reasoning",
)
_RELEASED = 1_767_225_600
#: The longest an answer may take in seconds, however long it is.
_LONGEST = 0.5

Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    What a provider was started with. `delay` is in seconds a token, `context` in tokens.
    """

    api_key: str | None
    delay: float
    context: int


def create(*, api_key: str | None = None, delay: float = 0.002, context: int = 32768) -> Starlette:
    """
    Gives the provider as an ASGI application.

    Args:
        api_key: the bearer token to demand; None lets everybody in.
        delay: seconds between two chunks of a stream; an answer never takes longer than half a second over all.
        context: the most tokens that prompt and answer may have together.

    """
    settings = Settings(api_key=api_key, delay=delay, context=context)

    def guarded(endpoint: Callable[[Request, Settings], Awaitable[Response]]) -> Endpoint:
        async def serve(request: Request) -> Response:
            return await _guarded(endpoint, request, settings)

        return serve

    routes = [
        Route("/v1/chat/completions", guarded(chat), methods=["POST"]),
        Route("/v1/embeddings", guarded(embed), methods=["POST"]),
        Route("/v1/models", guarded(models), methods=["GET"]),
        Route("/v1/models/{name:path}", guarded(model), methods=["GET"]),
    ]
    app = Starlette(routes=routes, exception_handlers={HTTPException: _unrouted, Exception: _failed})
    app.router.redirect_slashes = False
    return app


async def _guarded(
    endpoint: Callable[[Request, Settings], Awaitable[Response]], request: Request, settings: Settings
) -> Response:
    started = time.perf_counter()
    try:
        intake.authorise(request, settings.api_key)
        intake.headers(request)
        response = await endpoint(request, settings)
    except Refused as refused:
        response = _refusal(refused)
    except RecursionError:
        response = _refusal(invalid(None, "Invalid body: it is nested too deeply."))
    except ClientDisconnect:
        # Nobody is left to read this.
        response = Response(status_code=499)
    for name, value in _account(started).items():
        response.headers.setdefault(name, value)
    return response


def _account(started: float) -> dict[str, str]:
    return {
        "x-request-id": wire.opaque("req_", 32),
        "openai-organization": "reference",
        "openai-processing-ms": str(round(1000 * (time.perf_counter() - started))),
        "openai-version": "2020-10-01",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-limit-tokens": "1000000",
        "x-ratelimit-remaining-tokens": "999999",
        "x-ratelimit-reset-tokens": "0s",
    }


def _json(value: dict[str, Any]) -> Response:
    return Response(wire.body(value), media_type="application/json")


def _refusal(refused: Refused) -> Response:
    headers = dict(refused.headers)
    return Response(wire.body(envelope(refused)), refused.status, headers, media_type="application/json")


async def _unrouted(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = dict((error.headers if isinstance(error, HTTPException) else None) or {})
    message = f"Invalid URL ({request.method} {request.url.path})"
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        headers = {name: ", ".join(sorted(value.split(", "))) for name, value in headers.items()}
        message = f"Not allowed to {request.method} on {request.url.path}."
    headers["x-request-id"] = wire.opaque("req_", 32)
    return _refusal(Refused(status=status, message=message, headers=headers))


async def _failed(request: Request, error: Exception) -> Response:
    message = "The server had an error while processing your request."
    return _refusal(Refused(status=500, message=message, type="server_error"))


async def chat(request: Request, settings: Settings) -> Response:
    """
    Answers `POST /chat/completions`.
    """
    body = await intake.value(request)
    validate.request(body)
    if body["model"] not in CHAT_MODELS:
        raise unknown_model(body["model"])
    asked = ask.read(body)
    _fits(asked, settings.context)
    stamp = wire.Stamp(id=wire.opaque("chatcmpl-"), created=int(time.time()), model=MODEL)
    made = answer.compose(asked)
    if asked.stream:
        events = wire.events(wire.chunks(asked, made, stamp))
        return StreamingResponse(_paced(events, settings.delay), media_type="text/event-stream; charset=utf-8")
    await asyncio.sleep(settings.delay)
    return _json(wire.completion(asked, made, stamp))


def _fits(asked: ask.Ask, context: int) -> None:
    wanted = asked.prompt_tokens + (asked.limit or 0)
    if wanted > context:
        message = (
            f"This model's maximum context length is {context} tokens. However, you requested {wanted} tokens "
            f"({asked.prompt_tokens} in the messages, {asked.limit or 0} in the completion). "
            "Please reduce the length of the messages or completion."
        )
        raise invalid("messages", message, "context_length_exceeded")


async def _paced(events: Sequence[bytes], delay: float) -> AsyncIterator[bytes]:
    pause = min(delay, _LONGEST / len(events))
    for event in events:
        yield event
        await asyncio.sleep(pause)


async def embed(request: Request, settings: Settings) -> Response:
    """
    Answers `POST /embeddings`.
    """
    body = await intake.value(request)
    embeddings.validate(body)
    if body["model"] != EMBEDDING_MODEL:
        raise unknown_model(body["model"])
    return _json(embeddings.respond(body, EMBEDDING_MODEL))


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": _RELEASED, "owned_by": "reference"}


async def models(request: Request, settings: Settings) -> Response:
    """
    Answers `GET /models`.
    """
    return _json({"object": "list", "data": [_model(name) for name in (*CHAT_MODELS, EMBEDDING_MODEL)]})


async def model(request: Request, settings: Settings) -> Response:
    """
    Answers `GET /models/{model}`; the name may have slashes.
    """
    name = request.path_params["name"]
    if name not in (*CHAT_MODELS, EMBEDDING_MODEL):
        raise unknown_model(name)
    return _json(_model(name))
