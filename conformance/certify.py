"""
A finished run as a bundle that somebody else can verify: nothing is believed that the recording does not show again.

Making and verifying go the same way: the recording is judged, counted by the frozen sets, and everything else in the
bundle must follow from it.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from conformance import runs
from conformance.capture import recording
from conformance.contract import sets, shape, strictyaml
from conformance.contract.sets import RequirementSet
from conformance.errors import FileError, Refused, UsageError
from conformance.measured import measured
from conformance.model import Scorecard
from conformance.read.reply import Reply
from conformance.report import bundle, exits, results, statement
from conformance.report.statement import Issuer, Observation, Traces

#: Nothing that was seen of a hosted endpoint is worth anything for longer.
MOST_DAYS = 366

_NOBODY = Issuer()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """
    A bundle that is what it says it is.
    """

    card: Scorecard
    valid_until: str
    sha256: str
    sets: tuple[str, ...]


def make(folder: Path, *, names: Sequence[str] = (), issuer: Issuer = _NOBODY, valid_days: int = 90) -> bytes:
    """
    The bundle of a finished run, measured by the newest sets or by those of the given names.

    Raises ``Refused`` for a run that certifies nothing: filtered, incomplete, held against a baseline, or flaky.
    """
    path = folder / runs.RECORDING if folder.is_dir() else folder
    kept = _kept(path.read_bytes() if path.is_file() else b"", str(path))
    frozen = _sets(kept, names)
    _refuse_baseline(path.with_name(bundle.RESULTS))
    card = measured(kept, frozen)
    seen = Observation(card=card, sets=frozen, issuer=issuer, traces=_traces(kept), valid_days=valid_days)
    files = {
        bundle.RECORDING: path.read_bytes(),
        bundle.STATEMENT: statement.render(seen),
        **{_member(each): sets.raw(each.name) for each in frozen},
        **_reports(runs.judged(kept)),
    }
    files[bundle.SUMS] = bundle.sums(files)
    files[bundle.ATTESTATION] = _attestation(seen, files)
    return bundle.pack(files)


def verify(data: bytes) -> Verified:
    """
    Verify a bundle: every file is what was written, and judging the recording again gives the same verdict.

    Raises ``Refused`` with the first thing that does not hold.
    """
    files = bundle.unpack(data)
    bundle.check(files)
    stated = _statement(files[bundle.STATEMENT])
    frozen = tuple(_frozen(row, files) for row in stated["sets"])
    kept = _kept(files[bundle.RECORDING], bundle.RECORDING)
    card = measured(kept, frozen)
    seen = Observation(
        card=card,
        sets=frozen,
        issuer=Issuer(**stated["issuer"]),
        traces=_traces(kept),
        valid_days=_days(stated, card),
    )
    _hold(files, seen, stated, kept)
    return Verified(
        card=card,
        valid_until=str(stated["valid_until"]),
        sha256=bundle.digest(data),
        sets=tuple(each.name for each in frozen),
    )


def _member(frozen: RequirementSet) -> str:
    return f"{bundle.SETS}{frozen.name.replace('/', '-')}.yaml"


def _attestation(seen: Observation, files: Mapping[str, bytes]) -> bytes:
    named = (bundle.SUMS, bundle.RECORDING, bundle.RESULTS, bundle.STATEMENT)
    return statement.attestation(seen, {name: bundle.digest(files[name]) for name in named})


def _kept(data: bytes, path: str) -> recording.Recording:
    if not data:
        raise UsageError(f"there is no recording at {path}\n  Name the folder of a finished run.")
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / runs.RECORDING
        copy.write_bytes(data)
        return recording.read(copy)


def _sets(kept: recording.Recording, names: Sequence[str]) -> tuple[RequirementSet, ...]:
    known = {contract for contract, _, _ in kept.header.contracts}
    chosen = {frozen.contract: frozen for frozen in map(sets.load, names)}
    if not set(chosen) <= known:
        raise UsageError(f"the run was not held to {min(set(chosen) - known)}")
    return tuple(chosen.get(name) or sets.current(name) for name, _, _ in kept.header.contracts)


def _refuse_baseline(path: Path) -> None:
    try:
        held = json.loads(path.read_text(encoding="utf-8")).get("baseline")
    except (OSError, ValueError, AttributeError):
        held = None
    if held:
        raise Refused(
            f"the run was held against the baseline {held.get('file')}, which counts for no certificate",
            "Run again without --baseline.",
        )


def _traces(kept: recording.Recording) -> Traces:
    """
    What the target said of itself: its server headers and system fingerprints.
    """
    servers: set[str] = set()
    prints: set[str] = set()
    for _, exchange in kept.pairs:
        servers |= {value for name, value in exchange.headers if name.lower() == "server"}
        prints |= set(_fingerprints(Reply(exchange)))
    return Traces(servers=tuple(sorted(servers)[:20]), fingerprints=tuple(sorted(prints)[:20]))


def _fingerprints(reply: Reply) -> Iterator[str]:
    values = [packet.value for packet in reply.chunks[:1]] if reply.is_stream else [reply.value]
    for value in values:
        found = value.get("system_fingerprint") if isinstance(value, dict) else None
        if isinstance(found, str):
            yield found


def _reports(card: Scorecard) -> dict[str, bytes]:
    """
    The run's reports, written anew from its recording.
    """
    ended = exits.decide(card)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runs.write(folder, card, exit_code=ended.code, reason=ended.reason, formats=("html", "junit", "md"))
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def _statement(data: bytes) -> dict[str, Any]:
    try:
        document = strictyaml.read(data.decode(), bundle.STATEMENT)
        shape.check(document, "statement.json")
    except (UnicodeDecodeError, FileError) as problem:
        raise Refused(f"{bundle.STATEMENT} is no statement: {problem}") from None
    return dict(document.value) if isinstance(document.value, dict) else {}


def _frozen(row: Mapping[str, Any], files: Mapping[str, bytes]) -> RequirementSet:
    name = str(row["name"])
    ours = sets.load(name)
    inside = files.get(_member(ours))
    if inside is None:
        raise Refused(f"{_member(ours)} is missing")
    if bundle.digest(inside) != ours.sha256 or row["sha256"] != ours.sha256:
        raise Refused(f"{_member(ours)} is not the set that was frozen as {name}")
    return ours


def _days(stated: Mapping[str, Any], card: Scorecard) -> int:
    try:
        days = (date.fromisoformat(stated["valid_until"]) - datetime.fromisoformat(card.run.ended).date()).days
    except ValueError as problem:
        raise Refused(f"the statement's days cannot be read: {problem}") from None
    if not 0 < days <= MOST_DAYS:
        raise Refused(f"the statement says that it is valid for {days} days; {MOST_DAYS} are the most")
    return days


def _hold(files: Mapping[str, bytes], seen: Observation, stated: Mapping[str, Any], kept: recording.Recording) -> None:
    """
    What the bundle says must be what follows from its recording.
    """
    again = statement.document(seen)
    if stated["verdict"] != again["verdict"]:
        raise Refused(f"the statement says {stated['verdict']}, judging the recording again says {again['verdict']}")
    for key, value in again.items():
        if stated[key] != value:
            raise Refused(f"the statement's {key} does not follow from the recording")
    if files[bundle.ATTESTATION] != _attestation(seen, files):
        raise Refused(f"{bundle.ATTESTATION} does not follow from the recording and the checksums")
    card = runs.judged(kept)
    ended = exits.decide(card)
    if files[bundle.RESULTS] != results.render(card, exit_code=ended.code, reason=ended.reason):
        raise Refused(
            f"{bundle.RESULTS} does not follow from the recording", f"Verify with conformance {kept.header.suite}."
        )
