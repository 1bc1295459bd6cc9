"""
A certificate's files as one archive, the same bytes for the same files, and back again without trusting anything.

The archive is a plain tar: names sorted, no times, no owners.  ``SHA256SUMS`` covers every file but itself and the
attestation, whose subject it is.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Mapping

from conformance.errors import Refused

SUMS = "SHA256SUMS"
STATEMENT = "statement.yaml"
ATTESTATION = "attestation.intoto.json"
RECORDING = "recording.jsonl"
RESULTS = "results.json"
SETS = "sets/"

_NEEDED = (ATTESTATION, SUMS, RECORDING, RESULTS, STATEMENT)
_NAME = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9._-]*/)*[A-Za-z0-9][A-Za-z0-9._-]*")
_SUM = re.compile(r"([0-9a-f]{64})  (.+)")


def pack(files: Mapping[str, bytes]) -> bytes:
    """
    The archive of some files.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o644
            archive.addfile(entry, io.BytesIO(files[name]))
    return buffer.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """
    The files of an archive.

    Raises ``Refused`` unless packing them again gives the same bytes, so that nothing can hide between the files.
    """
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
            for entry in archive:
                content = archive.extractfile(entry) if entry.isreg() else None
                if content is None or not _NAME.fullmatch(entry.name):
                    raise Refused(f"{entry.name!r} is no plain file of a bundle")
                if entry.name in files:
                    raise Refused(f"{entry.name} is there twice")
                files[entry.name] = content.read()
    except (tarfile.TarError, EOFError, OSError, ValueError) as problem:
        raise Refused(f"this is no readable archive: {problem}") from None
    for name in _NEEDED:
        if name not in files:
            raise Refused(f"{name} is missing")
    if pack(files) != data:
        raise Refused("the archive is not in the form in which it was written")
    return files


def sums(files: Mapping[str, bytes]) -> bytes:
    """
    ``SHA256SUMS`` of some files, as ``sha256sum --check`` reads it.
    """
    rows = [f"{digest(files[name])}  {name}\n" for name in sorted(files) if name not in (SUMS, ATTESTATION)]
    return "".join(rows).encode()


def check(files: Mapping[str, bytes]) -> None:
    """
    Hold every file against ``SHA256SUMS``; raises ``Refused`` naming the first that differs.
    """
    found = [_SUM.fullmatch(row) for row in files[SUMS].decode("ascii", "replace").splitlines()]
    stated = {match[2]: match[1] for match in found if match is not None}
    for name in sorted({*files, *stated} - {SUMS, ATTESTATION}):
        if name not in stated:
            raise Refused(f"{name} is not listed in {SUMS}")
        if name not in files:
            raise Refused(f"{name} is missing")
        if digest(files[name]) != stated[name]:
            raise Refused(f"{name} is not what {SUMS} says: it was changed after the bundle was made")
    if sums(files) != files[SUMS]:
        raise Refused(f"{SUMS} is not in the form in which it was written")


def digest(data: bytes) -> str:
    """
    SHA-256 as hexadecimal digits.
    """
    return hashlib.sha256(data).hexdigest()
