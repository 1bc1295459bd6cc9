"""
Recorded traffic judged without a network: files become judged results, one set an endpoint.

What no contract documents is counted, never dropped in silence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeGuard
from urllib.parse import urlsplit

from conformance import run
from conformance.capture import sniff
from conformance.capture.foreign import Foreign
from conformance.contract import contracts
from conformance.model import JSON, Case, Contract, Exchange, Result, RunInfo

Pair = tuple[Case, Exchange]

#: Calls that look like ours but are the vendor's own API: the host, and how the path begins.
_ELSEWHERE = (
    # https://docs.anthropic.com/en/api/models-list
    ("api.anthropic.com", "/v1/models"),
    # https://docs.cohere.com/reference/get-model
    ("api.cohere.com", "/v1/models"),
    ("api.cohere.ai", "/v1/models"),
    # https://ai.google.dev/api/models
    ("generativelanguage.googleapis.com", "/v1beta/models"),
    # https://developers.deepgram.com/reference/manage/models/list
    ("api.deepgram.com", "/v1/models"),
    # https://elevenlabs.io/docs/api-reference/models/list
    ("api.elevenlabs.io", "/v1/models"),
    # https://replicate.com/docs/reference/http#models.list
    ("api.replicate.com", "/v1/models"),
    # https://docs.voyageai.com/reference/embeddings-api
    ("api.voyageai.com", "/v1/embeddings"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """
    What one endpoint's recorded exchanges came to.
    """

    #: Whose endpoint answered: a vendor by its host, or the target of a recording of our own.
    vendor: str
    #: What was judged, each case with the contract that documents its call.
    pairs: tuple[Pair, ...] = ()
    results: tuple[Result, ...] = ()
    #: The features that a recording of our own says were claimed; None: nothing was said.
    claims: frozenset[str] | None = None
    #: How many exchanges were left out because no chosen contract documents their call, by method, host and path.
    left_out: Mapping[str, int]

    @property
    def contracts(self) -> tuple[Contract, ...]:
        """
        The contracts that judged something.
        """
        return tuple(contracts.load(name) for name in contracts.names() if name in {c.contract for c, _ in self.pairs})


def judge(paths: Iterable[Path], only: Collection[str] = ()) -> dict[str, Judged]:
    """
    Judge every exchange of the files, grouped by who answered, in the order of the files.

    ``only`` names the contracts that may judge, whoever answered; without, all of them judge what they document.
    Raises ``FileError`` for a file that cannot be read and ``UsageError`` for an unknown contract.
    """
    chosen = {name: contracts.load(name) for name in only or contracts.names()}
    vendors: dict[str, _Vendor] = {}
    for path in paths:
        names: dict[str, str] = {}
        for each in sniff.read(path):
            vendor = names.setdefault(each.vendor, _name(each, path, vendors))
            contract = each.case.contract or _documented(each, guess=not only)
            vendors.setdefault(vendor, _Vendor(each.claims)).add(each, chosen.get(contract))
    return {name: vendor.judged(name, chosen) for name, vendor in vendors.items()}


def _name(each: Foreign, path: Path, taken: Mapping[str, object]) -> str:
    """
    The vendor's name; a second run on the same target is a set of its own, for its cases have the same ids.
    """
    ours = bool(each.case.contract)
    return f"{each.vendor} ({path})" if ours and each.vendor in taken else each.vendor


def information(judged: Judged, command: tuple[str, ...] = ()) -> RunInfo:
    """
    What is known of a run that others made: whom it asked, for which model, and when.
    """
    exchanges = [exchange for _, exchange in judged.pairs]
    models = Counter(body["model"] for case, _ in judged.pairs for body in [case.request.body] if _names_model(body))
    origins = Counter(f"{parts.scheme}://{parts.netloc}" for each in exchanges for parts in [urlsplit(each.sent.url)])
    times = sorted(each.started for each in exchanges if each.started is not None)
    return RunInfo(
        target=judged.vendor,
        base_url=next((name for name, _ in origins.most_common(1)), ""),
        model=", ".join(str(name) for name, _ in models.most_common(3)) + (", ..." if len(models) > 3 else ""),
        claims=None if judged.claims is None else tuple(sorted(judged.claims)),
        contracts=tuple((each.id, each.version, each.sha256) for each in judged.contracts),
        started=_iso(times[0]) if times else "",
        ended=_iso(times[-1]) if times else "",
        command=command,
        settings={"source": "recorded by others", "models": str(len(models))},
    )


def _names_model(body: JSON) -> TypeGuard[dict[str, JSON]]:
    return isinstance(body, dict) and isinstance(body.get("model"), str)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class _Vendor:
    """
    One endpoint's exchanges as they are read.
    """

    def __init__(self, claims: frozenset[str] | None) -> None:
        self.claims = claims
        self._pairs: list[Pair] = []
        self._ids: dict[str, int] = {}
        self._left_out: dict[str, int] = {}

    def add(self, each: Foreign, contract: Contract | None) -> None:
        if contract is None:
            url = urlsplit(each.exchange.sent.url)
            call = f"{each.case.request.method} {url.hostname or ''}{url.path or each.case.request.path}"
            self._left_out[call] = self._left_out.get(call, 0) + 1
        elif each.case.contract:
            self._pairs.append((each.case, each.exchange))
        else:
            self._pairs.append((self._placed(each, contract), each.exchange))

    def _placed(self, each: Foreign, contract: Contract) -> Case:
        """
        The case under its contract, with an id of its own: two files may have named theirs alike.
        """
        request = each.case.request
        path = contracts.below(request.method, each.exchange.sent.url, contract)
        count = self._ids[each.case.id] = self._ids.get(each.case.id, 0) + 1
        name = each.case.id if count == 1 else f"{each.case.id}~{count}"
        return replace(each.case, id=name, contract=contract.id, request=replace(request, path=path))

    def judged(self, name: str, chosen: Mapping[str, Contract]) -> Judged:
        circumstances = run.Circumstances(claims=self.claims)
        results = run.judged(self._pairs, chosen, circumstances=circumstances)
        left_out = dict(sorted(self._left_out.items()))
        return Judged(vendor=name, pairs=tuple(self._pairs), results=results, claims=self.claims, left_out=left_out)


def _documented(each: Foreign, *, guess: bool) -> str:
    url = urlsplit(each.exchange.sent.url)
    if guess and any(url.hostname == host and url.path.startswith(path) for host, path in _ELSEWHERE):
        return ""
    contract = contracts.for_url(each.exchange.sent.method, each.exchange.sent.url)
    return contract.id if contract else ""


def left_out(judged: Iterable[Judged]) -> Iterator[tuple[str, int]]:
    """
    The calls that no contract judged, over all vendors, the most frequent first.
    """
    counts: dict[str, int] = {}
    for each in judged:
        for call, count in each.left_out.items():
            counts[call] = counts.get(call, 0) + count
    yield from sorted(counts.items(), key=lambda item: (-item[1], item[0]))
