"""
Faults of authorisation and of the endpoints beside chat completions: models and embeddings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults.edits import GONE, is_chat, put, refusals
from conformance.reference.faults.fault import PLAIN, Answer, Ask, Asked, Edit, Fault, Forgive, Level, answer
from conformance.reference.faults.rows import fault

_M, _E = "openai-models.", "openai-embeddings."
_PAGE = b"<html><h1>404 page not found</h1></html>"


def _of(path: str, change: Callable[[Any], Any]) -> Edit:
    """
    Changes the JSON value of good answers at a path; what a change gives back replaces it.
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        if given.status != 200 or asked.path.partition("?")[0] != path or not isinstance(given.value, dict):
            return given
        value = given.value
        made = change(value)
        return given.saying(value if made is None else made)

    return edit


def _listed(
    level: Level,
    name: str,
    requirement: str,
    title: str,
    change: Callable[[Any], Any],
    entry: str = "models-list-shape",
    also: str = "",
) -> Fault:
    full = " ".join(_M + each for each in also.split())
    return fault(
        name, level, _M + requirement, title, edit=_of("/v1/models", change), paths=(PLAIN,), also=full, entry=entry
    )


def _each(key: str, value: Any) -> Callable[[Any], Any]:
    def change(listed: Any) -> None:
        for model in listed["data"]:
            put(key, value)(model)

    return change


def _embedded(
    level: Level, name: str, requirement: str, title: str, change: Callable[[Any], Any], also: str = ""
) -> Fault:
    full = " ".join(_E + each for each in also.split())
    return fault(name, level, _E + requirement, title, edit=_of("/v1/embeddings", change), paths=(PLAIN,), also=full)


def _each_vector(key: str, value: Any) -> Callable[[Any], Any]:
    def change(made: Any) -> None:
        for entry in made["data"]:
            put(key, value)(entry)

    return change


def _one_lost(made: Any) -> None:
    if len(made["data"]) > 2:
        made["data"].pop()


def _without(*keys: str) -> Ask:
    def ask(asked: Asked) -> dict[str, Any] | None:
        if not asked.path.endswith("/embeddings") or not asked.body.keys() & set(keys):
            return None
        return {key: value for key, value in asked.body.items() if key not in keys}

    return ask


def _let_in(*, keyed: bool) -> Forgive:
    def forgive(given: Answer, asked: Asked) -> bool:
        return is_chat(asked) and given.status == 401 and ("authorization" in asked.headers) is keyed

    return forgive


def _begins_right(given: Answer, asked: Asked) -> bool:
    return given.status == 401 and asked.headers.get("authorization", "").startswith(
        f"Bearer {asked.memory.get('key')}"
    )


def _models_open(given: Answer, asked: Asked) -> bool:
    return given.status == 401 and asked.path == "/v1/models"


def _unrouted(given: Answer, asked: Asked) -> Answer:
    if not asked.path.startswith("/v1/models/"):
        return given
    return replace(given.labelled("content-type", "text/html").saying(_PAGE), status=404)


def _embeddings_forgiven(given: Answer, asked: Asked) -> Answer:
    """
    Wrong requests for embeddings are answered with a vector.
    """
    if not asked.path.endswith("/embeddings") or given.status not in (400, 404) or not asked.body:
        return given
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.5]}
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return answer(200, {"object": "list", "data": [vector], "model": "reference-embed", "usage": usage})


# fmt: off
FAULTS: tuple[Fault, ...] = (
    fault("auth-not-demanded", "MUST", "auth.missing-key", "requests without a key are answered", forgive=_let_in(keyed=False)),
    fault("auth-any-key", "MUST", "auth.bad-key", "any key is taken", forgive=_let_in(keyed=True), also="auth.exact-key"),
    fault("auth-500", "MUST", "request.no-server-error", "a wrong key gives 500", edit=refusals(lambda given: replace(given, status=500), lambda given, _: given.status == 401), also=_M + "request.no-server-error"),
    fault("auth-html", "MUST", "error.envelope", "a wrong key gives an HTML page", edit=refusals(lambda given: given.saying(_PAGE).labelled("content-type", "text/html"), lambda given, _: given.status == 401), also="error.content-type " + _M + "error.envelope"),
    fault("auth-404", "MUST", "auth.bad-key", "a wrong key gives 404", edit=refusals(lambda given: replace(given, status=404), lambda given, _: given.status == 401), also="auth.missing-key"),
    fault("auth-key-prefix", "SHOULD", "auth.exact-key", "a key with something behind it is taken", forgive=_begins_right, steady=False, entry="auth-scheme-case"),
    fault("auth-models-open", "MAY", _M + "auth.missing-key", "the list of models needs no key", forgive=_models_open, entry="auth-models-unprotected"),
    _listed("MUST", "models-bare-list", "json.syntax", "the list of models is a bare array", lambda listed: listed["data"], also="list.object list.data"),
    _listed("MUST", "models-object-missing", "list.object", "the list of models has no object", put("object", GONE)),
    _listed("MUST", "models-data-missing", "list.data", "the models are under models", lambda listed: {"object": "list", "models": listed["data"]}),
    _listed("MUST", "models-ollama", "list.data", "the list has another server's shape", lambda listed: {"models": [{"name": each["id"]} for each in listed["data"]]}, also="list.object"),
    _listed("MUST", "models-id-missing", "model.id", "models have no id", _each("id", GONE)),
    _listed("MUST", "models-id-empty", "model.id", "the id of models is empty", _each("id", "")),
    _listed("MUST", "models-entry-object-missing", "model.object", "models have no object", _each("object", GONE)),
    _listed("MUST", "models-created-missing", "model.created", "models have no created", _each("created", GONE)),
    _listed("MUST", "models-created-string", "model.created", "created of models is a date", _each("created", "2026-01-01")),
    _listed("MUST", "models-owner-missing", "model.owned-by", "models have no owned_by", _each("owned_by", GONE)),
    fault("models-not-listed", "MAY", _M + "list.holds-model", "the model that is served is not found", edit=lambda given, asked: answer(404, {"error": {"message": "no such model", "type": "invalid_request_error", "param": None, "code": "model_not_found"}}) if asked.path == "/v1/models/reference-1" else given, paths=(PLAIN,), also=_M + "retrieve.listed", entry="models-list-hardcoded"),
    fault("models-not-retrieved", "SHOULD", _M + "retrieve.listed", "single models are not routed", edit=_unrouted, also=_M + "error.envelope " + _M + "error.content-type", entry="models-retrieve-404"),
    fault("models-unknown-200", "SHOULD", _M + "retrieve.unknown", "an unknown model is found", edit=lambda given, asked: answer(200, {"id": "x", "object": "model", "created": 1, "owned_by": "x"}) if asked.path.startswith("/v1/models/") and given.status == 404 else given),
    _embedded("MUST", "embeddings-object", "response.object", "embeddings say object: embeddings", put("object", "embeddings")),
    _embedded("MUST", "embeddings-data-empty", "response.data", "no vector comes", put("data", []), also="count"),
    _embedded("MUST", "embeddings-model-missing", "response.model", "embeddings have no model", put("model", GONE)),
    _embedded("MUST", "embeddings-entry-object", "response.data.object", "vectors have no object", _each_vector("object", GONE)),
    _embedded("MUST", "embeddings-index-missing", "response.data.index", "vectors have no index", _each_vector("index", GONE), also="count"),
    _embedded("MUST", "embeddings-index-zero", "count", "every vector has index 0", _each_vector("index", 0)),
    _embedded("MUST", "embeddings-one-lost", "count", "a vector is lost", _one_lost),
    _embedded("MUST", "embeddings-nested", "response.data.embedding", "vectors are in an array of their own", _each_vector("embedding", lambda entry: [entry["embedding"]])),
    _embedded("MUST", "embeddings-strings", "response.data.embedding", "vectors are texts of numbers", _each_vector("embedding", lambda entry: [str(each) for each in entry["embedding"]])),
    _embedded("MUST", "embeddings-usage-missing", "response.usage", "embeddings have no usage", put("usage", GONE)),
    _embedded("MUST", "embeddings-usage-string", "response.usage.prompt-tokens", "counts of embeddings are strings", lambda made: put("prompt_tokens", "3")(made["usage"])),
    _embedded("MUST", "embeddings-total-missing", "response.usage.total-tokens", "embeddings have no total", lambda made: put("total_tokens", GONE)(made["usage"])),
    fault("embeddings-base64-ignored", "MUST", _E + "base64", "encoding_format base64 is ignored", ask=_without("encoding_format"), paths=(PLAIN,), also=_E + "refuses.encoding-format"),
    fault("embeddings-dimensions-ignored", "SHOULD", _E + "dimensions", "dimensions is ignored", ask=_without("dimensions"), paths=(PLAIN,), also=_E + "refuses.dimensions"),
    fault("embeddings-not-validated", "MUST", _E + "refuses.missing-input", "wrong requests for embeddings are answered", edit=_embeddings_forgiven, paths=(PLAIN,), also=" ".join(_E + "refuses." + each for each in ("missing-model", "unknown-model", "empty-input", "encoding-format", "dimensions"))),
)
# fmt: on
