"""
Stubs that were recorded are read, and claim to show no more than their recorder kept.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from conformance.capture import sniff
from conformance.capture.foreign import REENCODED, STORED, Foreign
from conformance.errors import FileError
from conformance.model import Ending, Request

ASKED = {"model": "m"}
REPLY = '{"id": "é"}'
CODED = gzip.compress(REPLY.encode(), mtime=0)
JSON_TYPE = ["Content-Type", "application/json"]

NOCK: dict[str, Any] = {
    "scope": "https://api.openai.com:443",
    "method": "POST",
    "path": "/v1/chat/completions",
    "body": ASKED,
    "status": 200,
    "response": REPLY,
    "rawHeaders": JSON_TYPE,
    "responseIsBinary": False,
}
PROXY: dict[str, Any] = {
    "RequestUri": "https://api.openai.com/v1/chat/completions",
    "RequestMethod": "POST",
    "RequestHeaders": {"Authorization": "Sanitized"},
    "RequestBody": ASKED,
    "StatusCode": 200,
    "ResponseHeaders": {"Content-Type": "application/json"},
    "ResponseBody": json.loads(REPLY),
}


def read(folder: Path, document: Any) -> list[Foreign]:
    path = folder / "stub.json"
    path.write_text(json.dumps(document, indent=1), encoding="utf-8")
    return list(sniff.read(path))


def body(each: Foreign) -> bytes:
    return b"".join(chunk.data for chunk in each.exchange.chunks)


ROWS: dict[str, tuple[dict[str, Any], bytes, Any]] = {
    "text": ({}, REPLY.encode(), STORED),
    "a JSON value": ({"response": json.loads(REPLY)}, REPLY.encode(), REENCODED),
    "a coded body, one text a read": (
        {"response": [CODED[:9].hex(), CODED[9:].hex()], "rawHeaders": [*JSON_TYPE, "Content-Encoding", "gzip"]},
        REPLY.encode(),
        STORED,
    ),
    "hexadecimal": ({"response": REPLY.encode().hex(), "responseIsBinary": True}, REPLY.encode(), STORED),
    "headers as a mapping": ({"rawHeaders": {"content-type": "application/json"}}, REPLY.encode(), STORED),
    "a list that is the answer": ({"response": ["1f8b"]}, b'["1f8b"]', REENCODED),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_fixture_of_nock_is_read(tmp_path: Path, name: str) -> None:
    change, expected, shows = ROWS[name]
    (got,) = read(tmp_path, [{**NOCK, **change}])
    assert (got.vendor, got.exchange.status, got.exchange.ending) == ("openai", 200, Ending.COMPLETE)
    assert got.case.request == Request(method="POST", path="/v1/chat/completions", body=ASKED)
    assert (body(got), got.exchange.shows) == (expected, shows)


def test_a_session_of_the_test_proxy_is_read(tmp_path: Path) -> None:
    (got,) = read(tmp_path, {"Entries": [PROXY], "Variables": {}})
    assert (got.vendor, got.exchange.status, got.exchange.ending) == ("openai", 200, Ending.COMPLETE)
    assert got.case.request == Request(method="POST", path="/v1/chat/completions", body=ASKED)
    assert (body(got), got.exchange.shows) == (REPLY.encode(), REENCODED)


def test_the_lines_of_a_stream_in_a_session_are_joined(tmp_path: Path) -> None:
    lines = ["data: {}\n\n", "data: [DONE]\n\n"]
    streamed = {**PROXY, "ResponseHeaders": {"Content-Type": "text/event-stream"}, "ResponseBody": lines}
    (got,) = read(tmp_path, {"Entries": [streamed]})
    assert body(got) == "".join(lines).encode()


def test_an_answer_that_a_session_did_not_keep_is_cut(tmp_path: Path) -> None:
    (got,) = read(tmp_path, {"Entries": [{**PROXY, "ResponseBody": None}]})
    assert got.exchange.ending is Ending.CUT


BAD: dict[str, tuple[Any, str]] = {
    "a status of words": ([{**NOCK, "status": "fine"}], "entry 1 is no exchange: its status is no number"),
    "no hexadecimal": (
        [{**NOCK, "response": "xyz", "responseIsBinary": True}],
        "entry 1 is no exchange: non-hexadecimal",
    ),
    "an entry without its answer": ({"Entries": [PROXY, {}]}, "entry 2 is no exchange: it has no 'ResponseBody'"),
    "a list of something else": ([{"a": 1}], "holds no exchanges"),
    "no entries": ({"Entries": []}, "holds no exchanges"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_stub_is_named(tmp_path: Path, name: str) -> None:
    document, message = BAD[name]
    with pytest.raises(FileError, match=message):
        read(tmp_path, document)
