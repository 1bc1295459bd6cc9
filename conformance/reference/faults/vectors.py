"""
Faults of embeddings that only their values show: other numbers, other places, other counts.
"""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults.asks import replaced
from conformance.reference.faults.endpoints import embedded
from conformance.reference.faults.fault import PLAIN, Answer, Ask, Asked, Fault
from conformance.reference.faults.rows import fault

_E = "openai-embeddings."
Vector = list[float]


def _packed(pack: Callable[[Vector], bytes]) -> Callable[[Any], None]:
    """
    Packs anew what was packed as base64.
    """

    def change(made: Any) -> None:
        for entry in made["data"]:
            if isinstance(entry["embedding"], str):
                data = base64.b64decode(entry["embedding"])
                vector = [number for (number,) in struct.iter_unpack("<f", data)]
                entry["embedding"] = base64.b64encode(pack(vector)).decode()

    return change


def _as(form: str) -> Callable[[Vector], bytes]:
    return lambda vector: struct.pack(form.format(len(vector)), *vector)


def _vectors(change: Callable[[Vector, int], Any]) -> Callable[[Any], None]:
    """
    Changes the vectors that are lists of numbers, given the place of each.
    """

    def each(made: Any) -> None:
        for place, entry in enumerate(made["data"]):
            if isinstance(entry["embedding"], list):
                entry["embedding"] = change(entry["embedding"], place)

    return each


def _backwards(made: Any) -> None:
    for entry, vector in zip(made["data"], [entry["embedding"] for entry in made["data"]][::-1], strict=True):
        entry["embedding"] = vector


def _moved(made: Any) -> None:
    if len(made["data"]) > 1:
        _vectors(lambda vector, _: vector[::-1])(made)


def _as_texts(asked: Asked) -> dict[str, Any] | None:
    given = asked.body.get("input")
    if not isinstance(given, list) or not given or not all(isinstance(each, int) for each in given):
        return None
    return {**asked.body, "input": [str(each) for each in given]}


def _joined(value: Any) -> Any:
    apart = isinstance(value, list) and bool(value) and all(isinstance(each, list) for each in value)
    return [number for each in value for number in each] if apart else value


def _of_any_type(asked: Asked) -> dict[str, Any] | None:
    given = asked.body.get("input")
    odd = "input" in asked.body and not isinstance(given, str | list)
    return {**asked.body, "input": str(given)} if odd and asked.path.endswith("/embeddings") else None


def _open(given: Answer, asked: Asked) -> bool:
    return given.status == 401 and asked.path.endswith("/embeddings") and "authorization" not in asked.headers


def _counted(prompt: int | None, more: int = 0) -> Callable[[Any], None]:
    def change(made: Any) -> None:
        counted = made["usage"]["prompt_tokens"] if prompt is None else prompt
        made["usage"] = {"prompt_tokens": counted, "total_tokens": counted + more}

    return change


def _asked(name: str, level: Any, requirement: str, title: str, ask: Ask, also: str = "") -> Fault:
    full = " ".join(_E + each for each in also.split())
    return fault(name, level, _E + requirement, title, ask=ask, paths=(PLAIN,), also=full)


def _created(given: Answer, asked: Asked) -> Answer:
    return replace(given, status=201) if given.status == 200 and asked.path.endswith("/embeddings") else given


# fmt: off
FAULTS: tuple[Fault, ...] = (
    embedded("SHOULD", "embeddings-big-endian", "base64-floats", "base64 holds floats with the big end first", _packed(_as(">{}f"))),
    embedded("SHOULD", "embeddings-doubles", "base64-floats", "base64 holds doubles", _packed(_as("<{}d"))),
    embedded("SHOULD", "embeddings-halves", "base64-floats", "base64 holds floats of 16 bits", _packed(_as("<{}e"))),
    embedded("SHOULD", "embeddings-json-in-base64", "base64-floats", "base64 holds the vector as JSON", _packed(lambda vector: json.dumps(vector).encode())),
    embedded("SHOULD", "embeddings-base64-cut", "base64-floats", "base64 ends within a float", _packed(lambda vector: _as("<{}f")(vector)[:-2])),
    embedded("MUST", "embeddings-always-base64", "numbers", "vectors are base64 whatever is asked for", _vectors(lambda vector, _: base64.b64encode(_as("<{}f")(vector)).decode()), also="input.string dimensions"),
    embedded("SHOULD", "embeddings-out-of-order", "same-vector", "the vectors come in the order in which they were ready", _backwards),
    embedded("SHOULD", "embeddings-of-one-alone", "same-vector", "a text among others has another vector than alone", _moved),
    embedded("SHOULD", "embeddings-all-alike", "distinct", "every text has the same vector", _vectors(lambda vector, _: [1 / len(vector) ** 0.5] * len(vector)), also="base64-floats"),
    embedded("SHOULD", "embeddings-zeros", "distinct", "vectors are nothing but zeros", _vectors(lambda vector, _: [0.0] * len(vector))),
    embedded("MUST", "embeddings-lengths-differ", "length", "the vectors of later texts are shorter", _vectors(lambda vector, place: vector[: len(vector) - place])),
    embedded("SHOULD", "embeddings-count-zero", "usage.counts", "no tokens are counted", _counted(0)),
    embedded("SHOULD", "embeddings-count-one", "usage.counts", "only the first text is counted", _counted(1)),
    embedded("SHOULD", "embeddings-total-more", "usage.total", "the total is more than the prompt", _counted(None, 5)),
    _asked("embeddings-tokens-as-texts", "MUST", "count", "the numbers of tokens are embedded one by one", _as_texts),
    _asked("embeddings-tokens-joined", "MUST", "count", "two arrays of tokens are embedded as one", replaced("input", _joined)),
    _asked("embeddings-any-type", "SHOULD", "refuses.input-type", "a number or an object is embedded as its notation", _of_any_type),
    fault("embeddings-open", "MUST", _E + "auth.missing-key", "embeddings need no key", forgive=_open),
    fault("embeddings-201", "SHOULD", _E + "http.status", "embeddings come with 201", edit=_created, paths=(PLAIN,)),
    fault("models-202", "SHOULD", "openai-models.http.status", "the list of models comes with 202", edit=lambda given, asked: replace(given, status=202) if given.status == 200 and asked.path == "/v1/models" else given, paths=(PLAIN,)),
    fault("models-other-id", "SHOULD", "openai-models.retrieve.same-id", "a model is retrieved under the name of the one behind it", edit=lambda given, asked: given.saying({**given.value, "id": "upstream/model"}) if given.status == 200 and asked.path.startswith("/v1/models/") else given, paths=(PLAIN,)),
)
# fmt: on
