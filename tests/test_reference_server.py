"""
The reference provider on a socket: keys, routes, content types, headers, other endpoints, many requests at once.
"""

import base64
import json
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from conformance import reference
from conformance.reference import Provider, app

KEY = "sk-reference-test"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with reference.running(api_key=KEY, delay=0.001, context=2000) as running:
        yield running


@pytest.fixture(scope="module")
def client(provider: Provider) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=provider.url, headers={"authorization": f"Bearer {KEY}"}, trust_env=False) as opened:
        yield opened


def request(text: str, **more: Any) -> dict[str, Any]:
    return {"model": "reference-1", "messages": [{"role": "user", "content": text}], **more}


def error(response: httpx.Response) -> dict[str, Any]:
    body = response.json()
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    found: dict[str, Any] = body["error"]
    return found


def test_a_provider_tells_where_it_is_and_what_it_can(provider: Provider) -> None:
    assert provider.url.startswith("http://127.0.0.1:")
    assert provider.url.endswith("/v1")
    assert (provider.api_key, provider.model, provider.claims) == (KEY, app.MODEL, app.CLAIMS)


@pytest.mark.parametrize("sent", [None, "Bearer wrong", f"Basic {KEY}", KEY, f"Bearer {KEY}x", "Bearer"])
def test_without_the_key_nobody_is_let_in(client: httpx.Client, sent: str | None) -> None:
    headers = {} if sent is None else {"authorization": sent}
    response = httpx.post(f"{client.base_url}chat/completions", json=request("hi"), headers=headers, trust_env=False)
    assert response.status_code == 401
    assert error(response)["code"] == "invalid_api_key"
    assert KEY not in response.text


def test_an_answer_has_the_documented_headers(client: httpx.Client) -> None:
    response = client.post("/chat/completions", json=request("Reply with exactly: ok"))
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-request-id"].startswith("req_")
    assert {"openai-processing-ms", "openai-version", "x-ratelimit-limit-tokens"} <= response.headers.keys()
    assert response.json()["id"].startswith("chatcmpl-")
    assert abs(response.json()["created"] - time.time()) < 60


def test_a_stream_comes_bit_by_bit(client: httpx.Client) -> None:
    body = request("Count from 1 to 60", stream=True)
    with client.stream("POST", "/chat/completions", json=body) as response:
        pieces = list(response.iter_text())
    assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert "".join(pieces).endswith("data: [DONE]\n\n")
    assert len(pieces) > 20


def test_a_long_story_comes_whole(client: httpx.Client) -> None:
    text = client.post("/chat/completions", json=request("Write a long story", stream=True)).text
    assert text.count("data: ") > 250


def test_a_provider_serves_on_when_a_client_goes_away(client: httpx.Client) -> None:
    with client.stream("POST", "/chat/completions", json=request("Write a long story", stream=True)) as response:
        next(response.iter_bytes())
    assert client.post("/chat/completions", json=request("Say OK")).status_code == 200


def test_answers_to_many_at_once_are_not_mixed_up(client: httpx.Client) -> None:
    def ask(number: int) -> str:
        response = client.post("/chat/completions", json=request(f"Reply with exactly: no {number}", stream=True))
        events = [line[6:] for line in response.text.splitlines() if line.startswith("data: {")]
        return "".join(json.loads(each)["choices"][0]["delta"].get("content", "") for each in events)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(64))) == [f"no {number}" for number in range(64)]


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/chat/completions", 405, "POST"),
        ("DELETE", "/embeddings", 405, "POST"),
        ("POST", "/models", 405, "GET, HEAD"),
        ("GET", "/nothing", 404, None),
        ("POST", "/chat/completions/", 404, None),
    ],
)
def test_wrong_paths_and_methods_get_the_envelope(
    client: httpx.Client, method: str, path: str, status: int, allow: str | None
) -> None:
    response = client.request(method, path)
    assert (response.status_code, response.headers.get("allow")) == (status, allow)
    assert error(response)["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b'{"model": "reference-1", }',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": NaN}',
        b'{"a": 1e999}',
        b'{"a": "\\ud800"}',
        b"[" * 100_000,
        b"[]",
        b'"text"',
    ],
    ids=["empty", "cut", "comma", "utf-16", "bom", "nan", "infinite", "surrogate", "deep", "array", "string"],
)
def test_what_is_no_json_object_is_refused(client: httpx.Client, raw: bytes) -> None:
    response = client.post("/chat/completions", content=raw, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert error(response)["type"] == "invalid_request_error"


def test_another_content_type_is_refused(client: httpx.Client) -> None:
    response = client.post("/chat/completions", content=b"{}", headers={"content-type": "text/plain"})
    assert response.status_code == 415
    assert error(response)["code"] == "unsupported_content_type"


def test_a_body_of_more_than_20_megabytes_is_refused(client: httpx.Client) -> None:
    response = client.post(
        "/chat/completions", content=b" " * (20 * 1024 * 1024 + 1), headers={"content-type": "application/json"}
    )
    assert response.status_code == 413
    assert error(response)["code"] == "request_too_large"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("change", "status", "param", "code"),
    [
        ({"model": "reference-2"}, 404, "model", "model_not_found"),
        ({"messages": []}, 400, "messages", "empty_array"),
        ({"max_tokens": 3000}, 400, "messages", "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "word " * 2100}]}, 400, "messages", "context_length_exceeded"),
    ],
    ids=["model", "messages", "limit", "context"],
)
def test_a_refusal_comes_before_any_event(
    client: httpx.Client, change: dict[str, Any], status: int, param: str, code: str, *, stream: bool
) -> None:
    response = client.post("/chat/completions", json=request("hi", stream=stream) | change)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/json"
    assert (error(response)["param"], error(response)["code"]) == (param, code)


def test_a_client_request_id_has_its_limits(client: httpx.Client) -> None:
    statuses = [
        client.get("/models", headers={"x-client-request-id": value}).status_code for value in ("a" * 512, "a" * 513)
    ]
    assert statuses == [200, 400]


def test_the_models_are_listed_and_shown_one_by_one(client: httpx.Client) -> None:
    listed = client.get("/models").json()
    assert listed["object"] == "list"
    names = [each["id"] for each in listed["data"]]
    assert {"reference-1", "reference-embed"} <= set(names)
    assert [client.get(f"/models/{name}").json() for name in names] == listed["data"]


@pytest.mark.parametrize("name", ["nothing", "org/nothing"])
def test_an_unknown_model_is_not_found(client: httpx.Client, name: str) -> None:
    response = client.get(f"/models/{name}")
    assert response.status_code == 404
    assert error(response)["code"] == "model_not_found"


def embedded(client: httpx.Client, **more: Any) -> dict[str, Any]:
    response = client.post("/embeddings", json={"model": "reference-embed", **more})
    assert response.status_code == 200
    found: dict[str, Any] = response.json()
    return found


@pytest.mark.parametrize(
    ("given", "count", "spent"),
    [("one two", 1, 2), (["a", "b", "a"], 3, 3), ([1, 2, 3], 1, 3), ([[1, 2], [3]], 2, 3)],
)
def test_every_input_gets_a_vector(client: httpx.Client, given: Any, count: int, spent: int) -> None:
    made = embedded(client, input=given, dimensions=8)
    assert [each["index"] for each in made["data"]] == list(range(count))
    assert {len(each["embedding"]) for each in made["data"]} == {8}
    assert made["usage"] == {"prompt_tokens": spent, "total_tokens": spent}


def test_base64_holds_the_same_numbers(client: httpx.Client) -> None:
    numbers = embedded(client, input="x")["data"][0]["embedding"]
    packed = base64.b64decode(embedded(client, input="x", encoding_format="base64")["data"][0]["embedding"])
    assert list(struct.unpack(f"<{len(numbers)}f", packed)) == numbers
    assert sum(number * number for number in numbers) == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"input": ""}, "input"),
        ({"input": []}, "input"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"input": ["a", 1]}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"input": ["a"] * 2049}, "input"),
        ({"dimensions": 0}, "dimensions"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_wrong_requests_for_embeddings_are_refused(client: httpx.Client, change: dict[str, Any], param: str) -> None:
    response = client.post("/embeddings", json={"model": "reference-embed", "input": "x", **change})
    assert (response.status_code, error(response)["param"]) == (400, param)


def test_a_provider_stops_quickly_even_in_the_middle_of_a_stream() -> None:
    with reference.running(delay=0.05) as provider, httpx.Client(trust_env=False) as client:
        body = request("Write a long story", stream=True)
        with client.stream("POST", f"{provider.url}/chat/completions", json=body) as response:
            next(response.iter_bytes())
        started = time.perf_counter()
    assert time.perf_counter() - started < 30
