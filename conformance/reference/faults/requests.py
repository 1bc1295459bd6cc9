"""
Faults on the side of the request: what a server does wrong with certain requests alone, so that a list of cases misses it.

Each stands before the provider, as an ASGI layer: it changes the request, answers in the provider's stead, forgives what
the provider refuses, or garbles what it says.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any

Object = dict[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFault:
    """
    One fault; every function is given the body of a chat request and leaves alone what it does not concern.
    """

    id: str
    title: str
    #: Requirements of which one reports it.
    requirements: tuple[str, ...]
    #: Top-level members that a request must have to show it, beside model and messages.
    matters: tuple[str, ...] = ()
    #: How many more there may be.
    free: int = 0
    #: Changes the body before the provider sees it.
    ask: Callable[[Object], Object] | None = None
    #: A status with a message, in the provider's stead; None lets the provider answer.
    instead: Callable[[Object, bytes], tuple[int, str] | None] | None = None
    #: Refusals of these requests are not made: they are answered as if nothing were wrong.
    forgive: Callable[[Object], bool] | None = None
    #: Garbles the text of the answer.
    say: Callable[[str, Object], str] | None = None


def behind(app: App, faults: Sequence[RequestFault]) -> App:
    """
    The same provider with faults.
    """

    async def faulty(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].endswith("/chat/completions"):
            await app(scope, receive, send)
            return
        raw = await _read(receive)
        for fault in faults:
            said = fault.instead(_object(raw), raw) if fault.instead else None
            if said is not None:
                await _answer(send, *said)
                return
        await _pass_on(app, faults, scope, raw, receive, send)

    return faulty


async def _read(receive: Receive) -> bytes:
    raw = b""
    while True:
        message = await receive()
        raw += bytes(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return raw


def _object(raw: bytes) -> Object:
    try:
        value = json.loads(raw)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


async def _answer(send: Send, status: int, message: str) -> None:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": None}}).encode()
    await send(
        {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]},
    )
    await send({"type": "http.response.body", "body": body})


async def _pass_on(
    app: App, faults: Sequence[RequestFault], scope: MutableMapping[str, Any], raw: bytes, receive: Receive, send: Send
) -> None:
    body = _object(raw)
    sent = raw
    for fault in faults:
        if fault.ask is not None and body:
            sent = json.dumps(fault.ask(json.loads(sent))).encode()
    heard = await _hear(app, scope, sent, receive)
    if 400 <= heard[0]["status"] < 500 and any(fault.forgive and fault.forgive(body) for fault in faults):
        plain: Object = {
            "model": body.get("model"),
            "messages": [{"role": "user", "content": "Reply with exactly: ok"}],
        }
        heard = await _hear(app, scope, json.dumps({**plain, "stream": body.get("stream") is True}).encode(), receive)
    for message in heard:
        for fault in faults:
            if fault.say is not None and message.get("body"):
                message["body"] = fault.say(message["body"].decode(), body).encode()
        if message["type"] == "http.response.start":
            message["headers"] = [each for each in message["headers"] if each[0].lower() != b"content-length"]
        await send(message)


async def _hear(app: App, scope: MutableMapping[str, Any], body: bytes, receive: Receive) -> list[Message]:
    heard: list[Message] = []
    given = False

    async def ask() -> Message:
        nonlocal given
        if not given:
            given = True
            return {"type": "http.request", "body": body, "more_body": False}
        return await receive()

    async def listen(message: Message) -> None:
        heard.append(message)

    headers = [each for each in scope["headers"] if each[0].lower() != b"content-length"]
    await app({**scope, "headers": [*headers, (b"content-length", str(len(body)).encode())]}, ask, listen)
    return heard


def _crash(when: Callable[[Object], bool]) -> Callable[[Object, bytes], tuple[int, str] | None]:
    return lambda body, _: (500, "The server had an error while processing your request.") if when(body) else None


def _refuse(when: Callable[[Object], bool], message: str) -> Callable[[Object, bytes], tuple[int, str] | None]:
    return lambda body, _: (400, message) if when(body) else None


def _messages(body: Object) -> list[Object]:
    found = body.get("messages")
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _functions(body: Object) -> Iterator[Object]:
    tools = body.get("tools")
    for tool in tools if isinstance(tools, list) else ():
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict):
            yield function


def _dict(value: Any, name: str) -> Object:
    found = value.get(name) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def _number(value: Any) -> float:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else 0


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _streams(body: Object) -> bool:
    return body.get("stream") is True


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _asks(schema: Any, keyword: str) -> bool:
    if isinstance(schema, dict):
        return keyword in schema or any(_asks(each, keyword) for each in schema.values())
    return isinstance(schema, list) and any(_asks(each, keyword) for each in schema)


def _without(schema: Any, keyword: str) -> Any:
    if isinstance(schema, dict):
        return {name: _without(each, keyword) for name, each in schema.items() if name != keyword}
    return [_without(each, keyword) for each in schema] if isinstance(schema, list) else schema


def _in_ascii(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("ascii", "replace").decode()
    if isinstance(value, list):
        return [_in_ascii(each) for each in value]
    return {_in_ascii(name): _in_ascii(each) for name, each in value.items()} if isinstance(value, dict) else value


def _without_spaces(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_spaces(each) for each in value]
    if not isinstance(value, dict):
        return value.replace(" ", "_") if value == "with space" else value
    return {name.replace(" ", "_"): _without_spaces(each) for name, each in value.items()}


def _tools(change: Callable[[Any], Any]) -> Callable[[Object], Object]:
    """
    Changes the parameters of the functions that are offered.
    """

    def ask(body: Object) -> Object:
        for function in _functions(body):
            if "parameters" in function:
                function["parameters"] = change(function["parameters"])
        return body

    return ask


def _form(change: Callable[[Any], Any]) -> Callable[[Object], Object]:
    """
    Changes the schema of a structured answer.
    """

    def ask(body: Object) -> Object:
        form = body.get("response_format")
        described = form.get("json_schema") if isinstance(form, dict) else None
        if isinstance(described, dict) and "schema" in described:
            described["schema"] = change(described["schema"])
        return body

    return ask


def _drop(name: str, when: Callable[[Object], bool]) -> Callable[[Object], Object]:
    return lambda body: {key: each for key, each in body.items() if key != name} if when(body) else body


def _several(body: Object) -> bool:
    return len(list(_functions(body))) > 1


def _place(body: Object) -> Mapping[str, Any]:
    return _dict(_dict(_dict(body, "web_search_options"), "user_location"), "approximate")


def _null(body: Object) -> bool:
    return any(each is None for name, each in body.items() if name != "stream_options")


def _unknown_function(body: Object) -> bool:
    name, offered = _dict(body, "function_call").get("name"), body.get("functions")
    names = [each.get("name") for each in offered if isinstance(each, dict)] if isinstance(offered, list) else []
    return _streams(body) and isinstance(name, str) and bool(names) and name not in names


_CRASH = ("openai-chat.request.no-server-error",)
_ACCEPTED = ("openai-chat.request.combined", "openai-chat.request.combined-rare")
_KEPT = ("openai-chat.tools.arguments-strict", "openai-chat.tools.arguments-schema")
_FORMED = ("openai-chat.structured.schema", "openai-chat.structured.schema-loose")

FAULTS: tuple[RequestFault, ...] = (
    RequestFault(
        id="request.stop-beside-logprobs",
        title="stop and logprobs together end in an internal error",
        requirements=_CRASH,
        matters=("stop", "logprobs"),
        instead=_crash(lambda body: bool(body.get("stop")) and body.get("logprobs") is True),
    ),
    RequestFault(
        id="request.tools-beside-format",
        title="several tools and a JSON Schema for the answer together end in an internal error",
        requirements=_CRASH,
        matters=("tools", "response_format"),
        instead=_crash(lambda body: _several(body) and "json_schema" in _dict(body, "response_format")),
    ),
    RequestFault(
        id="request.seed-streamed",
        title="a negative seed ends in an internal error when the answer is streamed",
        requirements=_CRASH,
        matters=("seed", "stream"),
        instead=_crash(lambda body: _count(body.get("seed")) < 0 and _streams(body)),
    ),
    RequestFault(
        id="request.long-history",
        title="more than ten messages end in an internal error",
        requirements=_CRASH,
        instead=_crash(lambda body: len(_messages(body)) > 10),
    ),
    RequestFault(
        id="request.empty-bias",
        title="an empty logit_bias ends in an internal error",
        requirements=_CRASH,
        matters=("logit_bias",),
        instead=_crash(lambda body: body.get("logit_bias") == {}),
    ),
    RequestFault(
        id="request.choices-with-usage",
        title="more than four choices streamed with include_usage end in an internal error",
        requirements=_CRASH,
        matters=("n", "stream", "stream_options"),
        instead=_crash(
            lambda body: _count(body.get("n")) > 4 and bool(_dict(body, "stream_options").get("include_usage"))
        ),
    ),
    RequestFault(
        id="request.escaped-solidus",
        title="an escaped solidus in the body ends in an internal error",
        requirements=_CRASH,
        # Its variant of a request is written in a way of its own, and so is not cut.
        matters=("temperature", "user"),
        instead=lambda _, raw: (500, "The server had an error.") if b"\\/" in raw else None,
    ),
    RequestFault(
        id="request.metadata-limit",
        title="exactly sixteen pairs of metadata are refused",
        requirements=_ACCEPTED,
        matters=("metadata",),
        instead=_refuse(lambda body: len(_dict(body, "metadata")) == 16, "metadata: at most 15 pairs."),
    ),
    RequestFault(
        id="request.identifier-limit",
        title="a safety_identifier of 64 characters is refused when they are more than 64 bytes",
        requirements=_ACCEPTED,
        matters=("safety_identifier",),
        instead=_refuse(
            lambda body: len(_text(body.get("safety_identifier"))) == 64 and not body["safety_identifier"].isascii(),
            "safety_identifier: at most 64 bytes.",
        ),
    ),
    RequestFault(
        id="request.penalties-limit",
        title="both penalties at their limits are refused",
        requirements=_ACCEPTED,
        matters=("presence_penalty", "top_p"),
        instead=_refuse(
            lambda body: abs(_number(body.get("presence_penalty"))) == 2 and body.get("top_p") is not None,
            "presence_penalty must be below 2.",
        ),
    ),
    RequestFault(
        id="request.nulls-streamed",
        title="a parameter that is null is refused when the answer is streamed",
        requirements=_ACCEPTED,
        matters=("stream",),
        free=1,
        instead=_refuse(lambda body: _streams(body) and _null(body), "null is not allowed here."),
    ),
    RequestFault(
        id="request.format-description",
        title="a description outside ASCII is refused in a response format",
        requirements=_ACCEPTED,
        matters=("response_format",),
        instead=_refuse(
            lambda body: not _text(_dict(_dict(body, "response_format"), "json_schema").get("description")).isascii(),
            "description: characters outside ASCII.",
        ),
    ),
    RequestFault(
        id="request.tools-in-ascii",
        title="text outside ASCII in a function's parameters is replaced by question marks",
        requirements=_KEPT,
        matters=("tools",),
        free=1,
        ask=_tools(_in_ascii),
    ),
    RequestFault(
        id="request.format-names",
        title="a space within a property's name in an answer's schema becomes a line",
        requirements=_FORMED,
        matters=("response_format",),
        ask=_form(_without_spaces),
    ),
    RequestFault(
        id="request.constants-ignored",
        title="const in a function's parameters is ignored",
        requirements=_KEPT,
        matters=("tools",),
        free=1,
        ask=_tools(lambda schema: _without(schema, "const")),
    ),
    RequestFault(
        id="request.pattern-ignored",
        title="pattern in an answer's schema is ignored",
        requirements=_FORMED,
        matters=("response_format",),
        ask=_form(lambda schema: _without(schema, "pattern")),
    ),
    RequestFault(
        id="request.penalty-streamed",
        title="a presence_penalty up to 3 is accepted when the answer is streamed",
        requirements=("openai-chat.request.presence-penalty.range", "openai-chat.request.same-verdict"),
        matters=("presence_penalty", "stream"),
        forgive=lambda body: _streams(body) and 2 < _number(body.get("presence_penalty")) <= 3,
    ),
    RequestFault(
        id="request.unknown-function-streamed",
        title="a function_call that names an unknown function is accepted when the answer is streamed",
        requirements=("openai-chat.request.functions.call-values", "openai-chat.request.same-verdict"),
        matters=("stream", "functions", "function_call"),
        forgive=_unknown_function,
    ),
    RequestFault(
        id="request.bias-streamed",
        title="a bias outside its range is accepted when the answer is streamed",
        requirements=("openai-chat.request.logit-bias.range", "openai-chat.request.same-verdict"),
        matters=("stream", "logit_bias"),
        forgive=lambda body: _streams(body) and isinstance(body.get("logit_bias"), dict),
    ),
    RequestFault(
        id="request.place-unchecked",
        title="the places of web_search_options are not looked at",
        requirements=("openai-chat.request.web-search-options.values",),
        matters=("web_search_options",),
        forgive=lambda body: bool(_place(body)),
    ),
    RequestFault(
        id="request.stop-of-several",
        title="stop is ignored for several choices",
        requirements=("openai-chat.param.stop",),
        matters=("n", "stop"),
        ask=_drop("stop", lambda body: _count(body.get("n")) > 1),
    ),
    RequestFault(
        id="request.limit-beside-logprobs",
        title="max_tokens is ignored beside logprobs",
        requirements=("openai-chat.param.max-tokens",),
        matters=("max_tokens", "logprobs"),
        ask=_drop("max_tokens", lambda body: body.get("logprobs") is True),
    ),
)
