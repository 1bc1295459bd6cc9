"""
Faults of authorisation and of the endpoints beside chat completions: models and embeddings.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from conformance.reference.faults.asks import is_chat
from conformance.reference.faults.edits import GONE, error_of, put, refusals, tail
from conformance.reference.faults.fault import PLAIN, Answer, Ask, Asked, Edit, Fault, Forgive, Instead, Level, answer
from conformance.reference.faults.rows import fault

_M, _E = "openai-models.", "openai-embeddings."
_PAGE = b"<html><h1>404 page not found</h1></html>"


def values_at(path: str, change: Callable[[Any], Any]) -> Edit:
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
        name,
        level,
        _M + requirement,
        title,
        edit=values_at("/v1/models", change),
        paths=(PLAIN,),
        also=full,
        entry=entry,
    )


def _each(key: str, value: Any) -> Callable[[Any], Any]:
    def change(listed: Any) -> None:
        for model in listed["data"]:
            put(key, value)(model)

    return change


def embedded(
    level: Level, name: str, requirement: str, title: str, change: Callable[[Any], Any], also: str = ""
) -> Fault:
    """
    A change of the vectors that come.
    """
    full = " ".join(_E + each for each in also.split())
    return fault(
        name, level, _E + requirement, title, edit=values_at("/v1/embeddings", change), paths=(PLAIN,), also=full
    )


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


def _embeddings_forgiven(given: Answer, asked: Asked, param: str = "") -> Answer:
    """
    Wrong requests for embeddings, those with a wrong `param` alone when it is named, are answered with a vector.
    """
    if not asked.path.endswith("/embeddings") or given.status not in (400, 404) or not asked.body:
        return given
    if param and error_of(given).get("param") != param:
        return given
    vector = {"object": "embedding", "index": 0, "embedding": [0.5, 0.5]}
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return answer(200, {"object": "list", "data": [vector], "model": "reference-embed", "usage": usage})


def _accepting(param: str) -> Edit:
    return lambda given, asked: _embeddings_forgiven(given, asked, param)


def _at(path: str, change: Callable[[Answer], Answer], *, refused: bool = False) -> Edit:
    """
    Changes good answers at a path, or refusals there.
    """

    def edit(given: Answer, asked: Asked) -> Answer:
        there = asked.path.partition("?")[0].startswith(path) and asked.method in ("GET", "POST")
        fits = 400 <= given.status < 500 if refused else given.status == 200
        return change(given) if there and fits else given

    return edit


def _field(key: str, value: Any) -> Callable[[Answer], Answer]:
    def change(given: Answer) -> Answer:
        error = dict(error_of(given))
        put(key, value)(error)
        return given.saying({"error": error})

    return change


def _text_plain(given: Answer) -> Answer:
    return given.labelled("content-type", "text/plain; charset=utf-8")


def _not_a_number(given: Answer) -> Answer:
    return given.saying(re.sub(rb'"embedding":\[[^,\]]+', b'"embedding":[NaN', given.body))


def _twice(key: str) -> Callable[[Answer], Answer]:
    return lambda given: given.saying(b'{"%b":"list",' % key.encode() + given.body[1:])


def _input_is(fits: Callable[[Any], bool], said: str) -> Instead:
    refusal = {"error": {"message": said, "type": "invalid_request_error", "param": "input", "code": None}}

    def instead(asked: Asked) -> Answer | None:
        wrong = asked.path.endswith("/embeddings") and "model" in asked.body and fits(asked.body.get("input"))
        return answer(400, refusal) if wrong else None

    return instead


def _texts(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(each, str) and each for each in given)


def _tokens(given: Any) -> bool:
    return isinstance(given, list) and bool(given) and all(isinstance(each, int | list) for each in given)


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
    embedded("MUST", "embeddings-object", "response.object", "embeddings say object: embeddings", put("object", "embeddings")),
    embedded("MUST", "embeddings-data-empty", "response.data", "no vector comes", put("data", []), also="count"),
    embedded("MUST", "embeddings-model-missing", "response.model", "embeddings have no model", put("model", GONE)),
    embedded("MUST", "embeddings-entry-object", "response.data.object", "vectors have no object", _each_vector("object", GONE)),
    embedded("MUST", "embeddings-index-missing", "response.data.index", "vectors have no index", _each_vector("index", GONE), also="count"),
    embedded("MUST", "embeddings-index-zero", "count", "every vector has index 0", _each_vector("index", 0)),
    embedded("MUST", "embeddings-one-lost", "count", "a vector is lost", _one_lost),
    embedded("MUST", "embeddings-nested", "response.data.embedding", "vectors are in an array of their own", _each_vector("embedding", lambda entry: [entry["embedding"]])),
    embedded("MUST", "embeddings-strings", "response.data.embedding", "vectors are texts of numbers", _each_vector("embedding", lambda entry: [str(each) for each in entry["embedding"]])),
    embedded("MUST", "embeddings-usage-missing", "response.usage", "embeddings have no usage", put("usage", GONE)),
    embedded("MUST", "embeddings-usage-string", "response.usage.prompt-tokens", "counts of embeddings are strings", lambda made: put("prompt_tokens", "3")(made["usage"])),
    embedded("MUST", "embeddings-total-missing", "response.usage.total-tokens", "embeddings have no total", lambda made: put("total_tokens", GONE)(made["usage"])),
    fault("embeddings-base64-ignored", "MUST", _E + "base64", "encoding_format base64 is ignored", ask=_without("encoding_format"), paths=(PLAIN,), also=_E + "refuses.encoding-format"),
    fault("embeddings-dimensions-ignored", "SHOULD", _E + "dimensions", "dimensions is ignored", ask=_without("dimensions"), paths=(PLAIN,), also=_E + "refuses.dimensions"),
    fault("embeddings-not-validated", "MUST", _E + "refuses.missing-input", "wrong requests for embeddings are answered", edit=_embeddings_forgiven, paths=(PLAIN,), also=" ".join(_E + "refuses." + each for each in ("missing-model", "unknown-model", "empty-input", "encoding-format", "dimensions"))),
    fault("models-text-plain", "MUST", _M + "http.content-type-json", "the list of models is labelled text/plain", edit=_at("/v1/models", _text_plain)),
    fault("models-500", "MUST", _M + "request.no-server-error", "an unknown model gives 500", edit=_at("/v1/models/", lambda given: replace(given, status=500), refused=True), also=_M + "retrieve.unknown"),
    fault("models-404-html", "MUST", _M + "error.envelope", "an unknown model gives an HTML page", edit=_at("/v1/models/", lambda given: given.saying(_PAGE).labelled("content-type", "text/html"), refused=True), also=_M + "error.content-type"),
    fault("models-error-code-number", "SHOULD", _M + "error.code", "errors about models have a number as code", edit=_at("/v1/models", _field("code", 404), refused=True)),
    fault("models-key-twice", "SHOULD", _M + "json.duplicate-keys", "the list of models has object twice", edit=_at("/v1/models", _twice("object"))),
    fault("embeddings-text-plain", "MUST", _E + "http.content-type-json", "embeddings are labelled text/plain", edit=_at("/v1/embeddings", _text_plain)),
    fault("embeddings-nan", "MUST", _E + "json.numbers", "a number of a vector is NaN", edit=_at("/v1/embeddings", _not_a_number), also=_E + "response.data.embedding " + _E + "input.string"),
    fault("embeddings-key-twice", "SHOULD", _E + "json.duplicate-keys", "embeddings have object twice", edit=_at("/v1/embeddings", _twice("object"))),
    fault("embeddings-cut", "MUST", _E + "http.complete", "the connection ends within the vectors", wire=tail(lambda wire: replace(wire.carrying(wire.bytes[:80]), ending="close"), lambda asked: asked.path.endswith("/embeddings"))),
    fault("embeddings-refusals-500", "MUST", _E + "request.no-server-error", "wrong requests for embeddings give 500", edit=_at("/v1/embeddings", lambda given: replace(given, status=500), refused=True), also=_E + "refuses.missing-input " + _E + "refuses.missing-model " + _E + "refuses.unknown-model " + _E + "refuses.empty-input " + _E + "refuses.encoding-format " + _E + "refuses.dimensions"),
    fault("embeddings-detail", "MUST", _E + "error.envelope", "errors about embeddings are under detail", edit=_at("/v1/embeddings", lambda given: given.saying({"detail": error_of(given).get("message")}), refused=True)),
    fault("embeddings-error-type-missing", "SHOULD", _E + "error.type", "errors about embeddings have no type", edit=_at("/v1/embeddings", _field("type", GONE), refused=True)),
    fault("embeddings-error-param-missing", "SHOULD", _E + "error.param", "errors about embeddings have no param", edit=_at("/v1/embeddings", _field("param", GONE), refused=True)),
    fault("embeddings-error-code-number", "SHOULD", _E + "error.code", "errors about embeddings have a number as code", edit=_at("/v1/embeddings", _field("code", 400), refused=True)),
    fault("embeddings-error-message-object", "MUST", _E + "error.message", "messages of errors about embeddings are objects", edit=_at("/v1/embeddings", _field("message", {"text": "wrong"}), refused=True)),
    fault("embeddings-refuses-texts", "MUST", _E + "input.array", "an array of texts is refused", instead=_input_is(_texts, "input must be a string"), also=_E + "request.answered " + _E + "count"),
    fault("embeddings-refuses-one-text", "MUST", _E + "input.string", "a text that is in no array is refused", instead=_input_is(lambda given: isinstance(given, str) and given != "", "input must be an array"), also=_E + "request.answered " + _E + "base64 " + _E + "dimensions"),
    fault("embeddings-refuses-tokens", "SHOULD", _E + "input.tokens", "arrays of token numbers are refused", instead=_input_is(_tokens, "input must be text")),
    fault("embeddings-accepts-no-model", "SHOULD", _E + "refuses.missing-model", "a request for embeddings without model is answered", edit=_accepting("model"), also=_E + "refuses.unknown-model"),
    fault("embeddings-accepts-no-input", "MUST", _E + "refuses.missing-input", "a request for embeddings without input is answered", edit=_accepting("input"), also=_E + "refuses.empty-input"),
    fault("embeddings-accepts-encodings", "SHOULD", _E + "refuses.encoding-format", "any encoding_format is accepted", edit=_accepting("encoding_format")),
    fault("embeddings-accepts-dimensions", "SHOULD", _E + "refuses.dimensions", "dimensions below 1 are accepted", edit=_accepting("dimensions")),
)
# fmt: on
