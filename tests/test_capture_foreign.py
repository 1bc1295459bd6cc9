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
import yaml

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
      Content-Length: ['12']
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
LANGCHAIN = f"""
requests:
- body: !!binary {base64.b64encode(ASKED.encode()).decode()}
  headers: {{authorization: [Bearer sk-left-in]}}
  method: POST
  uri: {URL}
responses:
- body: {{string: !!binary {base64.b64encode(REPLY.encode()).decode()}}}
  headers: {{Content-Type: [application/json], X-Echo: [sk-left-in]}}
  status: {{code: 200, message: OK}}
"""
PHP = f"""

-
    request:
        method: POST
        url: '{URL}'
        headers: {{Authorization: 'Bearer sk-left-in'}}
        body: '{ASKED}'
    response:
        status: {{http_version: '1.1', code: '200', message: OK}}
        headers: {{Content-Type: application/json, X-Echo: sk-left-in}}
        body: '{REPLY}'
    index: 0
"""
HTTPX = f"""
interactions:
- request:
    body: '{ASKED}'
    headers: {{authorization: [Bearer sk-left-in]}}
    method: POST
    uri: {URL}
  response:
    content: '{REPLY}'
    headers: {{Content-Type: [application/json], X-Echo: [sk-left-in]}}
    http_version: HTTP/1.1
    status_code: 200
version: 1
"""
AIOHTTP = VCRPY.replace(
    "authorization: [Bearer sk-left-in]",
    "? !!python/object/apply:multidict._multidict.istr [Authorization]\n      : [Bearer sk-left-in]",
)
SINGLE: JSON = {
    "request": {"method": "POST", "url": URL, "headers": {"Authorization": "Bearer sk-left-in"}, "body": ASKED},
    "response": {
        "status": {"code": 200, "message": "OK"},
        "headers": {"Content-Type": "application/json", "X-Echo": "sk-left-in"},
        "body": REPLY,
    },
}
EXVCR: JSON = [
    {
        "request": {"method": "post", "url": URL, "headers": {"Authorization": "Bearer sk-left-in"}, "body": ASKED},
        "response": {
            "binary": False,
            "body": REPLY,
            "headers": {"Content-Type": "application/json", "X-Echo": "sk-left-in"},
            "status_code": 200,
            "type": "ok",
        },
    }
]
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
    "HAR in YAML": yaml.safe_dump(HAR),
    "vcrpy with httpx, before 6": HTTPX,
    "vcrpy with aiohttp's headers": AIOHTTP,
    "LangChain": LANGCHAIN,
    "PHP-VCR": PHP,
    "ExVCR": json.dumps(EXVCR, indent=2),
    "one interaction": json.dumps(SINGLE, indent=2),
    "interactions as lines": json.dumps(SINGLE) + "\n",
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
        "Content-Length: ['12']", f"Content-Encoding: [{coding}]"
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


CODED = gzip.compress(REPLY.encode(), mtime=0)
POLLY: dict[str, tuple[dict[str, JSON], str]] = {
    "base64, one text a read": (
        {
            "encoding": "base64",
            "text": json.dumps([base64.b64encode(CODED[at:][:9]).decode() for at in (0, 9, 18, 27)]),
        },
        "gzip",
    ),
    "hexadecimal, one text a read": ({"text": json.dumps([CODED[:9].hex(), CODED[9:].hex()])}, "gzip"),
    "hexadecimal": ({"_isBinary": True, "text": REPLY.encode().hex()}, "identity"),
    "base64 in lines": ({"encoding": "base64", "text": base64.encodebytes(REPLY.encode()).decode()}, "identity"),
    "a text of its own": ({"text": REPLY}, "gzip"),
}


@pytest.mark.parametrize("name", POLLY)
def test_a_body_that_polly_kept_as_it_came_is_read(tmp_path: Path, name: str) -> None:
    content, coding = POLLY[name]
    text = (
        json.dumps(HAR)
        .replace(f'"text": {json.dumps(REPLY)}', json.dumps(content)[1:-1])
        .replace('"br"', f'"{coding}"')
    )
    got = only(saved(tmp_path, text))
    assert (b"".join(each.data for each in got.exchange.chunks), got.exchange.ending) == (
        REPLY.encode(),
        Ending.COMPLETE,
    )


@pytest.mark.parametrize(
    "kept", [{"size": -1}, {"size": 12, "_file": "1.json"}], ids=["omitted", "in a file of its own"]
)
def test_a_har_of_a_recorder_that_left_the_body_out_is_cut(tmp_path: Path, kept: dict[str, JSON]) -> None:
    text = json.dumps(HAR).replace(f'{{"size": 12, "text": {json.dumps(REPLY)}}}', json.dumps(kept))
    assert only(saved(tmp_path, text)).exchange.ending is Ending.CUT


def test_a_body_kept_as_a_value_shows_no_bytes(tmp_path: Path) -> None:
    text = json.dumps(SINGLE).replace(json.dumps(REPLY), json.dumps({"id": "é"})).replace(json.dumps(ASKED), ASKED)
    got = only(saved(tmp_path, text))
    assert (got.exchange.shows, got.case.request.body) == (REENCODED, {"model": "m"})
    assert json.loads(got.exchange.chunks[0].data) == {"id": "é"}


LENGTHS: dict[str, tuple[str, str, int, str, Evidence]] = {
    # The request, its stated length, and what the exchange does not show.
    "as it was sent": (ASKED, "14", 12, REPLY, Evidence.NONE),
    "without the white space": (ASKED, "13", 12, REPLY, Evidence.NONE),
    "a placeholder": (ASKED, "REDACTED", 12, REPLY, Evidence.NONE),
    "another request": (ASKED, "54", 12, REPLY, Evidence.REQUEST),
    "an answer in other white space": (ASKED, "14", 11, REPLY, Evidence.BYTES),
    "an answer without its line end": (ASKED, "14", 13, REPLY, Evidence.BYTES),
    "an answer with another name in it": (ASKED, "14", 40, REPLY, Evidence.BYTES | Evidence.IDENTITY),
    "a stream that was edited": (ASKED, "14", 400, "data: {}\n\n", Evidence.BYTES | Evidence.IDENTITY),
    "no answer": (ASKED, "14", 40, "", Evidence.NONE),
}


@pytest.mark.parametrize("name", LENGTHS)
def test_a_body_without_the_length_that_was_sent_shows_less(tmp_path: Path, name: str) -> None:
    asked, sent, answered, reply, lost = LENGTHS[name]
    row = json.loads(json.dumps(SINGLE))
    row["request"] |= {"headers": {"Content-Length": sent}, "body": asked}
    row["response"] |= {"headers": {"Content-Type": "application/json", "Content-Length": str(answered)}, "body": reply}
    assert only(saved(tmp_path, json.dumps(row))).exchange.shows == STORED & ~lost


def test_the_length_of_a_coded_body_says_nothing_of_the_decoded_one(tmp_path: Path) -> None:
    row = json.loads(json.dumps(SINGLE))
    row["response"]["headers"] |= {"Content-Encoding": "gzip", "Content-Length": "400"}
    assert only(saved(tmp_path, json.dumps(row))).exchange.shows == STORED


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
    "an entry whose URL is a number": (json.dumps(HAR).replace(f'"{URL}"', "7"), 0),
    "an entry whose URL is an object": (json.dumps(HAR).replace(f'"{URL}"', "{}"), 0),
    "an entry with an endless status": (json.dumps(HAR).replace('"status": 200', '"status": 1e999'), 0),
    "half a character in a URL": (json.dumps(HAR).replace(URL, URL + "/\\ud800"), 0),
    "a line whose status is a text": (line(response={"status": "200", "headers": {}, "body_text": "x"}), 1),
    "a status of nothing": (json.dumps(EXVCR).replace('"status_code": 200', '"status_code": ""'), 0),
    "a body that is no base64": (RUBY.replace("!binary |-\n        ", "!binary |-\n        A"), 3),
    "an interaction without a status": (json.dumps(SINGLE).replace('"status"', '"state"'), 1),
    "lines of something else": ('{"a": 1}\n{"a": 2}\n', 1),
    "requests without their responses": ("requests:\n- method: GET\nresponses: []\n", 1),
    "a cassette with a status of words": (VCRPY.replace("code: 200", "code: fine"), 3),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, name: str) -> None:
    content, number = BAD[name]
    with pytest.raises(FileError) as error:
        list(sniff.read(saved(tmp_path, content)))
    assert (error.value.line, "Some File.txt" in error.value.path) == (number, True)


def test_what_is_wrong_with_an_interaction_is_said_in_words(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="interaction some-file-1 is no exchange: it has no 'response'"):
        list(sniff.read(saved(tmp_path, BAD["an interaction without a response"][0])))


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
