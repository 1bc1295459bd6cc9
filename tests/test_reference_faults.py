"""
The fault laboratory: one deviation at a time, several when asked, and HTTP as it should be where no fault is shown.
"""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from conformance.reference import server
from conformance.reference.faults import FAULTS, NOT_SIMULATED, SELDOM, SELDOM_TABLES, TABLES, VARIANTS, chosen

ASK = {"model": "reference-1", "messages": [{"role": "user", "content": "Reply with exactly: hello"}]}


def _plain(*faults: str, **more: Any) -> httpx.Response:
    with server.running(faults=faults) as provider:
        return httpx.post(f"{provider.url}/chat/completions", json={**ASK, **more})


def test_without_effect_the_front_answers_as_the_provider_does() -> None:
    direct, fronted = _plain(), _plain("through-front")
    volatile = {"id", "created"}
    assert {k: v for k, v in direct.json().items() if k not in volatile} == {
        k: v for k, v in fronted.json().items() if k not in volatile
    }
    assert fronted.headers["content-type"] == direct.headers["content-type"]


def test_a_stream_through_the_front_ends_with_done() -> None:
    events = _plain("through-front", stream=True).text.split("\n\n")
    assert events[-2:] == ["data: [DONE]", ""]


def test_a_fault_changes_one_thing() -> None:
    body = _plain("object-text_completion.plain").json()
    assert body["object"] == "text_completion"
    assert body["choices"][0]["message"]["content"] == "hello"


def test_several_faults_are_shown_at_once() -> None:
    body = _plain("object-text_completion.plain", "usage-missing").json()
    assert (body["object"], "usage" in body) == ("text_completion", False)


def test_a_fault_of_streams_leaves_plain_answers_alone() -> None:
    assert _plain("id-missing.stream").json()["id"].startswith("chatcmpl-")
    first = json.loads(_plain("id-missing.stream", stream=True).text.split("\n\n")[0].removeprefix("data: "))
    assert "id" not in first


def test_an_unknown_fault_is_named_with_what_is_near() -> None:
    with pytest.raises(LookupError, match=r"did you mean id-missing\.plain"):
        chosen(["id-missing.plian"])


def test_a_refusal_is_forgiven_when_the_fault_says_so() -> None:
    assert _plain("through-front", temperature=9).status_code == 400
    assert _plain("accepts-temperature-range", temperature=9).json()["choices"]


def test_one_connection_carries_several_requests_however_their_bodies_come() -> None:
    body = json.dumps(ASK).encode()
    with server.running(faults=["through-front"]) as provider:
        address = urlsplit(provider.url)
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=5) as plug:
            whole = b"content-length: %d\r\nexpect: 100-continue\r\n\r\n%b" % (len(body), body)
            pieces = b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
            for rest in (whole, pieces):
                plug.sendall(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n" + rest)
                assert b'"content":"hello"' in _until(plug, b'"audio_tokens":0,"accepted')


def _until(plug: socket.socket, mark: bytes) -> bytes:
    data = b""
    while mark not in data:
        data += plug.recv(65536)
    return data


def test_ids_are_unique_over_faults_and_variants_and_every_variant_says_why() -> None:
    assert len(FAULTS) == sum(len(table.FAULTS) for table in TABLES)
    assert not FAULTS.keys() & VARIANTS.keys()
    assert not SELDOM.keys() & (FAULTS.keys() | VARIANTS.keys())
    assert len(SELDOM) == sum(len(table.FAULTS) for table in SELDOM_TABLES)
    assert all(each.because for each in VARIANTS.values())
    assert all(NOT_SIMULATED.values())
    assert not {each.catalogue for each in FAULTS.values()} & NOT_SIMULATED.keys()


def test_a_fault_of_few_requests_is_served_like_any_other_and_leaves_the_rest_alone() -> None:
    names = ("breaks-on-empty-bias", "refuses-null-beside-tools")
    assert [_plain(*names, logit_bias=bias).status_code for bias in ({}, {"1": 0})] == [500, 200]
    tools = [{"type": "function", "function": {"name": "a"}}]
    assert [_plain(*names, tools=tools, top_p=value).status_code for value in (None, 1)] == [400, 200]


def test_a_fault_of_few_requests_says_what_a_request_needs_to_show_it() -> None:
    assert all(fault.needed is not None for fault in SELDOM.values())
    assert all(fault.needed is None for fault in FAULTS.values())
