"""
What of the catalogue of observed deviations is not among the faults, and why.
"""

from __future__ import annotations

from collections.abc import Mapping

_LEGAL = "Legal: it is among the variants."
_MODEL = "What a model chooses to say is no matter of the contract."
_LOAD = "It shows only in times under load, where it cannot be told from a queue."
_SILENT = "The contract has no sentence about it; the catalogue only notes it."
_UPSTREAM = "It takes a gateway with a failing server behind it."

#: Entries by their id in the catalogue.
NOT_SIMULATED: Mapping[str, str] = {
    "nonstream-leading-whitespace-keepalive": _LEGAL,
    "sse-crlf": _LEGAL,
    "sse-keepalive-comment-stream-start": _LEGAL,
    "delta-content-null-vs-empty": _LEGAL,
    "delta-legacy-text-field": _LEGAL,
    "stream-one-character-per-chunk": _LEGAL,
    "tool-call-empty-content-chunk-first": _LEGAL,
    "retry-after-missing-429": _LEGAL,
    "unknown-field-rejected": _LEGAL,
    "message-content-empty-with-length": "Legal: reasoning may use up the limit.",
    "reasoning-field-names": _LEGAL,
    "sse-first-byte-late-headers": _LEGAL,
    "content-filter-finish": _UPSTREAM,
    "text-tool-parser-error-500": "It takes a model that writes broken markup; a 500 to a valid request is among the faults.",
    "stream-content-after-tool-calls-lost": "It takes a model that speaks and calls in one answer.",
    "vision-image-order-lost": _MODEL,
    "choices-n-identical": _MODEL,
    "logit-bias-ignored": "It takes the numbers of the model's tokens.",
    "sse-keepalive-missing": _SILENT,
    "concurrency-500-or-serial": "Busy servers may say so: 503 once a request is among the variants.",
    "client-disconnect-not-aborted": _LOAD,
    "latency-unbounded-invalid": _LOAD,
    "head-or-options-hang": _SILENT,
    "path-without-v1": _SILENT,
    "cors-stainless-headers": _SILENT,
    "retry-after-not-exposed-cors": _SILENT,
    "expect-100-continue": _SILENT,
}
