"""
What others recorded is read whatever the file is called, and claims to show no more than its recorder kept.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Callable
from pathlib import Path

import brotli  # type: ignore[import-untyped]
import pytest

from conformance.capture import recording, sniff
from conformance.capture.foreign import REENCODED, STORED, Foreign, vendor_of
from conformance.errors import FileError
from conformance.model import JSON, Case, Chunk, Ending, Evidence, Exchange, Request, RunInfo, Sent

URL = "https://api.openai.com/v1/chat/completions"
ASKED = '{"model": "m"}'
REPLY = '{"id": "é"}'

HAR: JSON = {
    "log": {
        "version": "1.2",
        "entries": [
            {
                "startedDateTime": "2026-08-02T22:38:03.500Z",
                "time": 12,
                "request": {
                    "method": "POST",
                    "url": URL,
                    "headers": [
                        {"name": ":authority", "value": "x"},
                        {"name": "Authorization", "value": "Bearer sk-left-in"},
                    ],
                    "postData": {"mimeType": "application/json", "text": ASKED},
                },
                "response": {
                    "status": 200,
                    "headers": [
                        {"name": "content-type", "value": "application/json"},
                        {"name": "content-encoding", "value": "br"},
                        {"name": "x-echo", "value": "sk-left-in"},
                    ],
                    "content": {"size": 12, "text": REPLY},
                },
            }
        ],
    }
}
VCRPY = f"""
interactions:
- request:
    body: '{ASKED}'
    headers:
      authorization: [Bearer sk-left-in]
    method: POST
    uri: {URL}
  response:
    body:
      string: '{REPLY}'
    headers:
      Content-Type: [application/json]
      Content-Length: ['11']
      X-Echo: [sk-left-in]
    status: {{code: 200, message: OK}}
version: 1
"""
RUBY = f"""---
http_interactions:
- request:
    method: post
    uri: {URL}
    body:
      encoding: UTF-8
      string: '{ASKED}'
    headers:
      Authorization: [Bearer sk-left-in]
  response:
    status: {{code: 200, message: OK}}
    headers:
      Content-Type: [application/json]
      X-Echo: [sk-left-in]
    body:
      encoding: ASCII-8BIT
      string: !binary |-
        {base64.b64encode(REPLY.encode()).decode()}
  recorded_at: Wed, 19 Aug 2026 14:35:17 GMT
recorded_with: VCR 6.2.0
"""
GO = f"""---
version: 2
interactions:
- id: 0
  request:
    body: '{ASKED}'
    headers: {{Authorization: [Bearer sk-left-in]}}
    url: {URL}
    method: POST
  response:
    body: '{REPLY}'
    headers: {{Content-Type: [application/json], X-Echo: [sk-left-in]}}
    status: 200 OK
    code: 200
"""
VCR_JSON: JSON = {
    "interactions": [
        {
            "request": {
                "method": "POST",
                "uri": URL,
                "body": ASKED,
                "headers": {"Authorization": ["Bearer sk-left-in"]},
            },
            "response": {
                "status": {"code": 200},
                "headers": {"Content-Type": ["application/json"], "X-Echo": ["sk-left-in"]},
                "body": {"base64_string": base64.b64encode(REPLY.encode()).decode()},
            },
        }
    ]
}
LINE: dict[str, JSON] = {
    "id": "one",
    "vendor": "openai",
    "fidelity": "raw",
    "request": {
        "method": "POST",
        "url": URL,
        "headers": {"Authorization": "Bearer sk-left-in"},
        "body": {"model": "m"},
    },
    "response": {
        "status": 200,
        "headers": {"content-type": "application/json", "transfer-encoding": "chunked", "x-echo": "sk-left-in"},
        "body_text": REPLY,
    },
}

FILES: dict[str, str] = {
    "HAR": json.dumps(HAR),
    "HAR, indented": json.dumps(HAR, indent=2),
    "vcrpy": VCRPY,
    "Ruby VCR": RUBY,
    "go-vcr": GO,
    "vcrpy JSON": json.dumps(VCR_JSON),
    "JSON lines": json.dumps(LINE) + "\n",
}


def only(path: Path) -> Foreign:
    (one,) = sniff.read(path)
    return one


def saved(folder: Path, text: str | bytes) -> Path:
    path = folder / "Some File.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize("zipped", [False, True], ids=["plain", "gzipped"])
@pytest.mark.parametrize("name", FILES)
def test_every_format_is_told_by_its_content(tmp_path: Path, name: str, zipped: bool) -> None:
    content = FILES[name].encode()
    got = only(saved(tmp_path, gzip.compress(content) if zipped else content))
    assert (got.vendor, got.case.id) == ("openai", f"recorded.{got.id}")
    assert got.case.request == Request(method="POST", path="/v1/chat/completions", body={"model": "m"})
    assert (got.exchange.status, got.exchange.ending, got.exchange.shows) == (200, Ending.COMPLETE, STORED)
    assert got.exchange.chunks == (Chunk(0.0, REPLY.encode()),)
    assert [(key.lower(), value) for key, value in got.exchange.headers] == [
        ("content-type", "application/json"),
        ("x-echo", "[redacted]"),
    ]
    assert [(key.lower(), value) for key, value in got.exchange.sent.headers] == [("authorization", "[redacted]")]


def line(**changes: JSON) -> str:
    return json.dumps({**LINE, **changes})


SHOWS: dict[str, tuple[str, Evidence, Ending]] = {
    "raw": (line(), STORED, Ending.COMPLETE),
    "canonical": (line(fidelity="canonical"), REENCODED, Ending.COMPLETE),
    "rebuilt": (line(fidelity="rebuilt"), Evidence.VALUES | Evidence.REQUEST, Ending.COMPLETE),
    "request elided": (line(request_elided=True), STORED & ~Evidence.REQUEST, Ending.COMPLETE),
    "no request body": (line(request={"method": "POST", "url": URL}), STORED & ~Evidence.REQUEST, Ending.COMPLETE),
    "a GET needs none": (line(request={"method": "GET", "url": URL}), STORED, Ending.COMPLETE),
    "no headers": (
        line(response={"status": 200, "headers": {}, "body_text": "x"}),
        STORED & ~Evidence.HEADERS,
        Ending.COMPLETE,
    ),
    "a placeholder for the type": (
        line(response={"status": 200, "headers": {"Content-Type": "REDACTED"}, "body_text": "x"}),
        STORED & ~Evidence.HEADERS,
        Ending.COMPLETE,
    ),
    "scrubbed": (line(scrubbed=True), STORED & ~Evidence.IDENTITY, Ending.COMPLETE),
    "truncated": (line(truncated=True), STORED, Ending.CUT),
}


@pytest.mark.parametrize("name", SHOWS)
def test_fidelity_says_what_may_be_concluded(tmp_path: Path, name: str) -> None:
    text, shows, ending = SHOWS[name]
    got = only(saved(tmp_path, text))
    assert (got.exchange.shows, got.exchange.ending) == (shows, ending)


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "brotli": ("br", brotli.compress),
    "deflate": ("deflate", zlib.compress),
    "gzip said, already taken off": ("gzip", bytes),
    "brotli said, already taken off": ("br", bytes),
}


@pytest.mark.parametrize("name", CODINGS)
def test_coded_bodies_of_cassettes_are_decoded(tmp_path: Path, name: str) -> None:
    coding, encode = CODINGS[name]
    stored = base64.b64encode(encode(REPLY.encode())).decode()
    text = VCRPY.replace(f"string: '{REPLY}'", f"string: !!binary {stored}").replace(
        "Content-Length: ['11']", f"Content-Encoding: [{coding}]"
    )
    got = only(saved(tmp_path, text))
    assert (got.exchange.chunks, got.exchange.ending) == ((Chunk(0.0, REPLY.encode()),), Ending.COMPLETE)


def test_a_body_that_cannot_be_decoded_shows_only_headers(tmp_path: Path) -> None:
    stored = base64.b64encode(b"\x28\xb5\x2f\xfd....").decode()
    got = only(saved(tmp_path, VCRPY.replace(f"string: '{REPLY}'", f"string: !!binary {stored}")))
    assert (got.exchange.ending, got.exchange.shows) == (Ending.CUT, Evidence.HEADERS)


def test_a_har_without_the_body_is_cut(tmp_path: Path) -> None:
    text = json.dumps(HAR).replace(f', "text": {json.dumps(REPLY)}', "")
    assert only(saved(tmp_path, text)).exchange.ending is Ending.CUT


def test_a_har_s_request_that_was_given_up_is_cut(tmp_path: Path) -> None:
    text = json.dumps(HAR).replace('"status": 200', '"status": 200, "_error": "net::ERR_ABORTED"')
    assert only(saved(tmp_path, text)).exchange.ending is Ending.CUT


def test_base64_content_of_a_har_is_read(tmp_path: Path) -> None:
    coded = json.dumps(base64.b64encode(REPLY.encode()).decode())
    text = json.dumps(HAR).replace(f'"text": {json.dumps(REPLY)}', f'"encoding": "base64", "text": {coded}')
    assert only(saved(tmp_path, text)).exchange.chunks == (Chunk(0.0, REPLY.encode()),)


def test_tags_of_other_languages_are_looked_through(tmp_path: Path) -> None:
    text = VCRPY.replace(f"body: '{ASKED}'", f"body: !!python/unicode '{ASKED}'")
    assert only(saved(tmp_path, text)).case.request.body == {"model": "m"}


def test_a_recording_of_ours_is_read_as_it_is(tmp_path: Path) -> None:
    case = Case(id="a", contract="c", feature="f", title="t", request=Request(path="/x"))
    exchange = Exchange(sent=Sent(method="POST", url="u"), ending=Ending.COMPLETE, chunks=(Chunk(0.1, b"a"),))
    recording.write(tmp_path / "a", RunInfo(target="acme", base_url="u", model="m"), [(case, exchange)])
    assert only(tmp_path / "a") == Foreign(vendor="acme", id="a", case=case, exchange=exchange)


BAD: dict[str, tuple[str | bytes, int]] = {
    "nothing": ("", 1),
    "prose": ("hello\nworld\n", 1),
    "broken JSON": ('{\n "log": {\n', 3),
    "a JSON of something else": ('{"a": 1}', 1),
    "an archive without entries": ('{"log": {}}', 1),
    "a broken line": (line() + "\n{\n", 2),
    "a line that is no exchange": (line() + '\n{"request": 1, "response": 2}\n', 2),
    "broken YAML": ("interactions:\n- request: [\n", 3),
    "an interaction without a response": (VCRPY.split("  response:", maxsplit=1)[0], 3),
    "cut gzip": (gzip.compress(b"x" * 100)[:-4], 0),
    "a cassette with a status of words": (VCRPY.replace("code: 200", "code: fine"), 3),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    content, number = BAD[name]
    with pytest.raises(FileError) as error:
        list(sniff.read(saved(tmp_path, content)))
    assert (error.value.line, "Some File.txt" in error.value.path) == (number, True)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"nothing\.har"):
        list(sniff.read(tmp_path / "nothing.har"))


VENDORS = {
    "api.openai.com": "openai",
    "generativelanguage.googleapis.com": "google",
    "x.openai.azure.com": "azure",
    "api.x.ai": "xai",
    "api.vendor.co.uk": "vendor",
    "127.0.0.1": "127.0.0.1",
    "localhost": "localhost",
    "": "unknown",
}


@pytest.mark.parametrize("host", VENDORS)
def test_a_vendor_is_told_by_its_host(host: str) -> None:
    assert vendor_of(host) == VENDORS[host]
