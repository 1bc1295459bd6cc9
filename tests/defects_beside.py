"""
One defect for every check that belongs to embeddings or models alone: judging it finds exactly its requirement.
"""

from __future__ import annotations

import base64
import json
import struct
from dataclasses import replace
from typing import Any

from conformance.model import Case, Request
from conformance.read.reply import Reply
from tests.specimens import Specimen, an_exchange

_FOX, _DOG = [0.6, -0.8, 0.0], [0.0, 0.6, 0.8]


def _packed(vector: list[float], form: str = "<f") -> str:
    return base64.b64encode(b"".join(struct.pack(form, each) for each in vector)).decode()


def _usage(prompt: int, total: int | None = None) -> dict[str, int]:
    return {"prompt_tokens": prompt, "total_tokens": prompt if total is None else total}


def embedded(given: Any, *vectors: Any, usage: Any = None, peers: Any = (), **more: Any) -> Specimen:
    """
    A request for embeddings with the vectors that came.
    """
    asked = {"model": "m", "input": given, **more}
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    body = {"object": "list", "data": data, "model": "m", "usage": usage or _usage(5 * len(vectors))}
    return Specimen(
        case=_case("openai-embeddings", Request(path="/embeddings", body=asked)),
        exchange=an_exchange(json.dumps(body).encode(), asked=asked),
        peers={f"peer-{number}": Reply(each.exchange) for number, each in enumerate(peers)},
    )


def _case(contract: str, request: Request) -> Case:
    return Case(
        id=f"{contract}.specimen",
        contract=contract,
        feature="specimen",
        title="A specimen",
        file="specimen.yaml",
        request=request,
    )


def _numbered(made: Specimen, *indexes: Any) -> Specimen:
    body = json.loads(made.exchange.chunks[0].data)
    for entry, index in zip(body["data"], indexes, strict=True):
        entry["index"] = index
    exchange = an_exchange(json.dumps(body).encode(), asked=json.loads(made.exchange.sent.body))
    return replace(made, exchange=exchange)


def retrieved(identity: str, path: str) -> Specimen:
    """
    A model that was retrieved.
    """
    body = {"id": identity, "object": "model", "created": 1790000000, "owned_by": "o"}
    made = an_exchange(json.dumps(body).encode(), asked=b"", method="GET")
    sent = replace(made.sent, url=f"http://host/v1{path}", body=b"")
    return Specimen(
        case=_case("openai-models", Request(method="GET", path=path)),
        exchange=replace(made, sent=sent),
    )


_ONE = embedded("fox", _FOX)
_NUMBERS = embedded("fox", _FOX, encoding_format="float")

#: Silent: what is legal, or another requirement's finding.
SOUND: dict[str, Specimen] = {
    "one text": _ONE,
    "several texts, one of them known": embedded(["dog", "fox"], _DOG, [0.61, -0.79, 0.01], peers=[_ONE]),
    "vectors in another order, by their indexes": _numbered(embedded(["fox", "dog"], _DOG, _FOX, peers=[_ONE]), 1, 0),
    "base64": embedded("fox", _packed(_FOX), peers=[_NUMBERS], encoding_format="base64"),
    "base64 of nothing known": embedded("fox", _packed(_FOX), encoding_format="base64"),
    "other dimensions than its twin": embedded("fox", [1.0], peers=[_ONE], dimensions=1),
    "the same text twice": embedded(["fox", "fox"], _FOX, _FOX),
    "a text by the numbers of its tokens": embedded([791, 4062], _FOX),
    "two texts by the numbers of their tokens": embedded([[791, 4062], [7]], _FOX, _FOX),
    "numbers too large to reckon with": embedded(["fox", "dog"], [1e200, 1, 0], [1, 1, 0], peers=[_ONE]),
    "no length one": embedded(["fox", "dog"], [3, -4, 0], [0, 30, 40], peers=[_ONE]),
    "a model": retrieved("m", "/models/m"),
    "a model with a slash": retrieved("org/m:free", "/models/org%2Fm%3Afree"),
}

DEFECTS: dict[str, list[Specimen]] = {
    "openai-embeddings.count": [
        embedded(["fox", "dog"], _FOX),
        embedded("fox", _FOX, _DOG),
        embedded([791, 4062], _FOX, _DOG),
        embedded([[791, 4062], [7]], _FOX),
        _numbered(embedded(["fox", "dog"], _FOX, _DOG), 0, 0),
        _numbered(embedded(["fox", "dog"], _FOX, _DOG), 1, 2),
    ],
    "openai-embeddings.numbers": [
        embedded("fox", _packed(_FOX)),
        embedded("fox", _packed(_FOX), encoding_format="float"),
    ],
    "openai-embeddings.length": [embedded(["fox", "dog"], _FOX, _DOG[:2])],
    "openai-embeddings.same-vector": [
        embedded(["fox", "dog"], _DOG, _FOX, peers=[_ONE]),
        embedded("fox", [-0.6, 0.8, 0.0], peers=[_NUMBERS]),
        embedded("fox", [0.6, -0.8], peers=[_ONE]),
    ],
    "openai-embeddings.distinct": [
        embedded(["fox", "dog"], _FOX, _FOX),
        embedded("fox", [0, 0.0, 0]),
    ],
    "openai-embeddings.base64-floats": [
        embedded("fox", _packed(_FOX, form), peers=[_NUMBERS], encoding_format="base64") for form in (">f", "<d", "<e")
    ]
    + [
        embedded("fox", base64.b64encode(b"[0.6, -0.8, 0.0]").decode(), peers=[_NUMBERS], encoding_format="base64"),
        embedded("fox", _packed(_FOX)[:8], encoding_format="base64"),
        embedded("fox", _packed([float("nan")]), encoding_format="base64"),
    ],
    "openai-embeddings.usage.total": [embedded("fox", _FOX, usage=_usage(5, 6))],
    "openai-embeddings.usage.counts": [
        embedded("fox", _FOX, usage=_usage(0)),
        embedded([791, 4062, 7], _FOX, usage=_usage(1)),
        embedded(["fox", "dog"], _FOX, _DOG, usage=_usage(5), peers=[_ONE]),
    ],
    "openai-models.retrieve.same-id": [retrieved("other", "/models/m"), retrieved("m", "/models/org%2Fm")],
}
