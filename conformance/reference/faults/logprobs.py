"""
Faults of log probabilities, plain and streamed.
"""

from __future__ import annotations

import math
import re

from conformance.reference.faults.asks import refusing, without
from conformance.reference.faults.edits import Change, choices, plain, put, text
from conformance.reference.faults.fault import BOTH, PLAIN, STREAM, Asked, Edit, Fault, Object
from conformance.reference.faults.rows import fault, pair, stream
from conformance.reference.faults.streamedits import chunks, deltas, each_chunk, each_event


def _entries(change: Change) -> tuple[Edit, Edit]:
    """
    Changes every entry of logprobs, in either path.
    """

    def each(choice: Object) -> None:
        for entry in (choice.get("logprobs") or {}).get("content") or []:
            change(entry)

    return plain(choices(each)), each_chunk(choices(each))


def _objects(change: Change) -> tuple[Edit, Edit]:
    """
    Changes every logprobs object, in either path.
    """

    def each(choice: Object) -> None:
        if choice.get("logprobs"):
            change(choice["logprobs"])

    return plain(choices(each)), each_chunk(choices(each))


def _all(entry: Object) -> list[Object]:
    return [entry, *entry["top_logprobs"]]


def _linear(entry: Object) -> None:
    for each in _all(entry):
        each["logprob"] = round(math.exp(each["logprob"]), 6)


def _positive(entry: Object) -> None:
    for each in _all(entry):
        each["logprob"] = -each["logprob"]


def _texts(entry: Object) -> None:
    for each in _all(entry):
        each["logprob"] = str(each["logprob"])


def _certain(entry: Object) -> None:
    for each in _all(entry):
        each["logprob"] = 0.0


def _one_more(entry: Object) -> None:
    if entry["top_logprobs"]:
        entry["top_logprobs"].append({"token": "zz", "logprob": -30.0, "bytes": [122, 122]})


def _twice(entry: Object) -> None:
    if len(entry["top_logprobs"]) > 1:
        entry["top_logprobs"][1] = {**entry["top_logprobs"][0], "logprob": entry["top_logprobs"][1]["logprob"]}


def _lossy(entry: Object) -> None:
    if max(entry["bytes"] or [0]) > 127:
        entry["bytes"] = [63]


def _unreadable(entry: Object) -> None:
    if entry["token"].startswith("bytes:"):
        entry |= {"token": "\ufffd", "bytes": None}


def _wrong_bytes(entry: Object) -> None:
    entry["bytes"] = [value + 256 for value in entry["bytes"]]


def _pieces(entry: Object) -> None:
    for each in (entry, *entry["top_logprobs"]):
        each["token"] = each["token"].replace(" ", "\u2581")


def _last_lost(body: Object) -> None:
    for choice in body["choices"]:
        found = (choice.get("logprobs") or {}).get("content")
        if found and len(found) > 2:
            del found[1]


def _one_without(made: list[Object]) -> list[Object]:
    bearing = [choice for choice in deltas(made) if (choice.get("logprobs") or {}).get("content")]
    if len(bearing) > 2:
        bearing[1]["logprobs"] = None
    return made


def _infinite(data: bytes) -> bytes:
    return re.sub(rb'"logprob":-[\d.]+', b'"logprob":-Infinity', data, count=1)


def _not_a_number(data: bytes) -> bytes:
    return re.sub(rb'"logprob":-[\d.]+', b'"logprob":NaN', data, count=1)


def _beyond_latin(asked: Asked) -> bool:
    return asked.body.get("logprobs") is True and not asked.raw.isascii()


def _constrained(asked: Asked) -> bool:
    return asked.body.get("logprobs") is True and "response_format" in asked.body


_ENTRY = "response.logprobs.token|chunk.logprobs.content"

# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("logprobs-ignored", "MUST", "logprobs.given", "logprobs is ignored", ask=without("logprobs", "top_logprobs"), entry="logprobs-ignored"),
    *pair("logprobs-null", "MUST", "logprobs.given", "logprobs are null though asked for", (plain(choices(put("logprobs", None))), each_chunk(choices(put("logprobs", None)))), entry="logprobs-missing-in-stream"),
    *pair("logprobs-linear", "MUST", "logprobs.values", "probabilities instead of their logarithms", _entries(_linear), entry="logprobs-not-sorted-or-positive"),
    *pair("logprobs-positive", "MUST", "logprobs.values", "logarithms without their sign", _entries(_positive), entry="logprobs-not-sorted-or-positive"),
    *pair("logprobs-unsorted", "MUST", "logprobs.order", "top_logprobs in ascending order", _entries(lambda entry: entry["top_logprobs"].reverse()), entry="logprobs-not-sorted-or-positive"),
    *pair("logprobs-all-certain", "MUST", "logprobs.values", "every alternative has the logarithm 0", _entries(_certain), entry="logprobs-not-sorted-or-positive"),
    *pair("logprobs-strings", "MUST", _ENTRY, "log probabilities are strings", _entries(_texts)),
    *pair("logprobs-token-missing", "MUST", _ENTRY, "entries have no token", _entries(lambda entry: entry.pop("token"))),
    *pair("logprobs-top-missing", "MUST", _ENTRY, "entries have no top_logprobs", _entries(lambda entry: entry.pop("top_logprobs")), also="logprobs.top-count"),
    *pair("logprobs-top-null", "MUST", _ENTRY, "top_logprobs is null", _entries(put("top_logprobs", None)), also="logprobs.top-count"),
    *pair("logprobs-one-more", "SHOULD", "logprobs.top-count", "one alternative more than asked for", _entries(_one_more), entry="logprobs-top-count-wrong"),
    *pair("logprobs-one-fewer", "SHOULD", "logprobs.top-count", "one alternative fewer than asked for", _entries(lambda entry: entry["top_logprobs"].pop() if entry["top_logprobs"] else None), entry="logprobs-top-count-wrong"),
    *pair("logprobs-twice", "SHOULD", "logprobs.top-count", "an alternative comes twice", _entries(_twice), entry="logprobs-top-count-wrong"),
    *pair("logprobs-bytes-lossy", "MUST", "logprobs.bytes", "bytes outside ASCII become question marks", _entries(_lossy), entry="logprobs-bytes-in-json-crash"),
    *pair("logprobs-bytes-unknown", "MUST", "logprobs.bytes", "tokens within a character have no bytes", _entries(_unreadable), entry="logprobs-bytes-in-json-crash"),
    *pair("logprobs-bytes-missing", "SHOULD", "response.logprobs.bytes|chunk.logprobs.bytes", "entries have no bytes", _entries(lambda entry: entry.pop("bytes"))),
    *pair("logprobs-bytes-out-of-range", "SHOULD", "response.logprobs.bytes|chunk.logprobs.bytes", "bytes above 255", _entries(_wrong_bytes)),
    *pair("logprobs-refusal-missing", "SHOULD", "response.logprobs.refusal|chunk.choices.logprobs", "logprobs has no refusal", _objects(lambda found: found.pop("refusal"))),
    *pair("logprobs-token-ids", "SHOULD", "logprobs.token", "tokens are numbers of the vocabulary", _entries(lambda entry: entry.update(token=f"token_id:{len(entry['token'])}"))),
    *pair("logprobs-token-pieces", "SHOULD", "logprobs.token", "spaces in tokens are written as the vocabulary has them", _entries(_pieces)),
    fault("logprobs-entry-lost", "MUST", "logprobs.bytes", "a token has no entry", edit=plain(_last_lost), paths=(PLAIN,)),
    stream("logprobs-entry-lost.stream", "MUST", "logprobs.bytes", "a chunk of text has no log probabilities", chunks(_one_without)),
    fault("logprobs-infinite.plain", "MUST", "json.numbers", "-Infinity among the log probabilities (plain)", edit=text(_infinite), paths=(PLAIN,), entry="logprobs-nonfinite-json"),
    fault("logprobs-infinite.stream", "MUST", "json.numbers", "-Infinity among the log probabilities (streamed)", edit=each_event(_infinite), paths=(STREAM,), entry="logprobs-nonfinite-json"),
    fault("logprobs-nan.plain", "MUST", "json.numbers", "NaN among the log probabilities (plain)", edit=text(_not_a_number), paths=(PLAIN,), entry="logprobs-nonfinite-json"),
    fault("logprobs-crash-on-bytes", "MUST", "request.no-server-error", "log probabilities outside ASCII give 500", instead=refusing(_beyond_latin, "token is not serializable", 500), paths=BOTH, entry="logprobs-bytes-in-json-crash"),
    fault("logprobs-crash-on-schema", "MUST", "request.no-server-error", "log probabilities with a schema give 500", instead=refusing(_constrained, "Out of range float values are not JSON compliant", 500), paths=BOTH, entry="logprobs-nonfinite-json"),
)
# fmt: on
