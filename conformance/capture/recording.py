"""
A run's exchanges as JSON lines: the one source of truth, written as they complete, redacted before they get here.

A header, one line an exchange, a footer.  Without its footer a recording is shorter than its run, and says so.
"""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import conformance
from conformance.capture.redaction import Redactor
from conformance.capture.secret import Secret
from conformance.capture.values import (
    case_from_json,
    case_to_json,
    exchange_from_json,
    exchange_to_json,
    run_from_json,
    run_to_json,
)
from conformance.errors import FileError, SecretLeak
from conformance.model import Case, Exchange, Outcome, RunInfo

FORMAT = "conformance-recording/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """
    A recording read back: the run's circumstances and its exchanges in the order in which they completed.
    """

    header: RunInfo
    pairs: tuple[tuple[Case, Exchange], ...]
    #: The run came to its end and wrote its footer.
    complete: bool
    #: Planned, but nothing was sent: what became of each case, and why.
    unasked: tuple[tuple[Case, Outcome, str], ...] = ()


class Recorder:
    """
    A recording being written; ``append`` may be called from any thread, and each line is flushed.
    """

    def __init__(self, file: BinaryIO, path: str, secrets: Iterable[Secret], count: int = 0) -> None:
        """
        Use ``create`` or ``resume``; ``count`` exchanges are in the file already.
        """
        self._file, self._path, self._redactor = file, path, Redactor(secrets)
        self._count = count
        self._lock = threading.Lock()

    def append(self, case: Case, exchange: Exchange) -> None:
        """
        Write one exchange; raises ``SecretLeak`` and writes nothing when the line would hold a secret.
        """
        line = {"case": case_to_json(case), "exchange": exchange_to_json(exchange)}
        with self._lock:
            self._write(line)
            self._count += 1

    def skip(self, case: Case, outcome: Outcome, cause: str) -> None:
        """
        Write that nothing was sent for a case; raises ``SecretLeak`` as ``append`` does.
        """
        with self._lock:
            self._write({"unasked": case_to_json(case), "outcome": outcome.value, "cause": cause})

    def close(self, *, complete: bool = True, ended: str = "", trouble: str = "") -> None:
        """
        Write the footer and close the file; nothing happens the second time.
        """
        with self._lock:
            if self._file.closed:
                return
            footer = {
                "footer": True,
                "complete": complete,
                "exchanges": self._count,
                "ended": ended,
                "trouble": trouble,
            }
            self._write(footer)
            self._file.close()

    def abandon(self) -> None:
        """
        Close the file without a footer, as a run that was killed would.
        """
        with self._lock:
            self._file.close()

    def __enter__(self) -> Self:
        """
        Itself, closed at the end of the block.
        """
        return self

    def __exit__(self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """
        Complete unless an exception ended the block.
        """
        self.close(complete=kind is None)

    def _write(self, value: Mapping[str, Any]) -> None:
        line = _line(value)
        if self._redactor.holds(line):
            raise SecretLeak(self._path)
        self._file.write(line)
        self._file.flush()


def create(path: Path, run: RunInfo, secrets: Iterable[Secret] = ()) -> Recorder:
    """
    Begin a recording at ``path``; raises FileExistsError when there is one, for a run is never written over.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    recorder = Recorder(path.open("xb"), str(path), secrets)
    header = {"format": FORMAT, "suite": {"name": "conformance", "version": conformance.__version__}}
    recorder._write({**header, "run": run_to_json(run)})
    return recorder


def resume(path: Path, secrets: Iterable[Secret] = ()) -> tuple[Recorder, Recording]:
    """
    Continue a recording: what it holds, and a recorder behind its last whole exchange; what ended it is taken away.
    """
    recording = read(path)
    kept = 0
    file = path.open("r+b")
    for line in file:
        if not line.endswith(b"\n") or line.startswith((b'{"footer":', b'{"unasked":')):
            break
        kept += len(line)
    file.truncate(kept)
    file.seek(kept)
    return Recorder(file, str(path), secrets, len(recording.pairs)), recording


def write(path: Path, run: RunInfo, pairs: Iterable[tuple[Case, Exchange]], secrets: Iterable[Secret] = ()) -> None:
    """
    Write a whole recording.
    """
    with create(path, run, secrets) as recorder:
        for case, exchange in pairs:
            recorder.append(case, exchange)


def read(path: Path) -> Recording:
    """
    Read a recording, gzipped or not.

    A last line that was cut is left out; raises ``FileError`` for any other line that is no exchange.
    """
    lines = _Lines(path)
    header = lines.first()
    pairs: list[tuple[Case, Exchange]] = []
    unasked: list[tuple[Case, Outcome, str]] = []
    footer: Mapping[str, Any] = {}
    for number, value in lines.rest():
        if value.get("footer") is True:
            footer = value
        elif "unasked" in value:
            unasked.append(_unasked(value, str(path), number))
        else:
            pairs.append(_pair(value, str(path), number))
    run = replace(
        header[0],
        ended=footer.get("ended") or header[0].ended,
        trouble=footer.get("trouble") or header[0].trouble,
        complete=footer.get("complete") is True,
        suite=header[1],
    )
    return Recording(header=run, pairs=tuple(pairs), complete=run.complete, unasked=tuple(unasked))


def is_one(path: Path) -> bool:
    """
    Whether a file is a recording of ours, by its first line; raises ``FileError`` when it cannot be read.
    """
    return contents(path)[:200].startswith(f'{{"format":"{FORMAT}"'.encode())


class _Lines:
    """
    The JSON objects of a file, with their line numbers.
    """

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._lines = contents(path).split(b"\n")

    def first(self) -> tuple[RunInfo, str]:
        value = self._object(1, self._lines[0])
        if value is None or value.get("format") != FORMAT:
            raise FileError(self.path, 1, f"not a recording: the first line has no format {FORMAT}")
        try:
            return run_from_json(value["run"]), str(value.get("suite", {}).get("version", ""))
        except (KeyError, TypeError, ValueError, AttributeError) as problem:
            raise FileError(self.path, 1, f"the header is no run: {problem!r}") from None

    def rest(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, line in enumerate(self._lines[1:], start=2):
            if not line:
                continue
            value = self._object(number, line)
            if value is None:
                if number == len(self._lines):
                    return
                raise FileError(
                    self.path, number, "not a JSON object", "The file was damaged; restore it or run again."
                )
            yield number, value

    def _object(self, number: int, line: bytes) -> Mapping[str, Any] | None:
        del number
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            return None
        return value if isinstance(value, dict) else None


def contents(path: Path) -> bytes:
    """
    The bytes of a file, unzipped when they are gzip; raises ``FileError`` when it cannot be read.
    """
    try:
        raw = path.read_bytes()
        return gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    except (OSError, EOFError) as problem:
        raise FileError(str(path), 0, f"cannot be read: {problem}") from None


def _pair(value: Mapping[str, Any], path: str, number: int) -> tuple[Case, Exchange]:
    try:
        return case_from_json(value["case"]), exchange_from_json(value["exchange"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise FileError(path, number, f"not an exchange: {problem!r}") from None


def _unasked(value: Mapping[str, Any], path: str, number: int) -> tuple[Case, Outcome, str]:
    try:
        return case_from_json(value["unasked"]), Outcome(value["outcome"]), str(value["cause"])
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        raise FileError(path, number, f"not a case: {problem!r}") from None


def _line(value: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
    except UnicodeEncodeError:
        # A lone surrogate (a request that is wrong on purpose) has no UTF-8.
        return json.dumps(value, separators=(",", ":")).encode() + b"\n"
