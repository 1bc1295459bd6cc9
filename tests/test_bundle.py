"""
A bundle says what its recording shows and nothing else: the same bytes twice, and refused when one of them differs.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance import certify, measured
from conformance.cli import main
from conformance.contract import cases, contracts, sets
from conformance.errors import Refused, UsageError
from conformance.model import Level, Outcome, State
from conformance.report import bundle
from tests.report_fixture import case, contract, finding, requirement, result

STANDARDS = Path(__file__).parent / "standards"
SET = sets.names("openai-models")[-1]
MEMBER = f"sets/{SET.replace('/', '-')}.yaml"

Files = dict[str, bytes]
Output = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    A whole run of the smallest contract against the reference provider.
    """
    folder = tmp_path_factory.mktemp("run") / "run"
    assert main(["run", "-q", "-c", "openai-models", "-o", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def made(finished: Path) -> bytes:
    return certify.make(finished)


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """
    A copy of the run's recording, to be changed.
    """
    (tmp_path / "recording.jsonl").write_bytes((finished / "recording.jsonl").read_bytes())
    return tmp_path


def resealed(files: Mapping[str, bytes]) -> bytes:
    """
    The archive of changed files whose checksums were made again, as somebody who means harm would.
    """
    changed = dict(files)
    changed[bundle.SUMS] = bundle.sums(changed)
    attestation = json.loads(changed[bundle.ATTESTATION])
    for row in attestation["subject"]:
        row["digest"]["sha256"] = bundle.digest(changed[row["name"]])
    changed[bundle.ATTESTATION] = json.dumps(attestation, indent=1).encode() + b"\n"
    return bundle.pack(changed)


def recording(files: Files, edit: Callable[[list[Any]], None]) -> Files:
    """
    The files with an edited recording.
    """
    rows = [json.loads(row) for row in files[bundle.RECORDING].splitlines()]
    edit(rows)
    return {**files, bundle.RECORDING: "".join(json.dumps(row) + "\n" for row in rows).encode()}


def test_a_bundle_is_the_same_twice_and_is_verified(finished: Path, made: bytes) -> None:
    assert certify.make(finished) == made
    verified = certify.verify(made)
    assert (verified.card.verdict, verified.sets, verified.sha256) == ("conforms", (SET,), bundle.digest(made))


def test_a_bundle_holds_statement_recording_results_report_sets_and_checksums(made: bytes, finished: Path) -> None:
    files = bundle.unpack(made)
    assert set(files) == {
        "SHA256SUMS",
        "attestation.intoto.json",
        "statement.yaml",
        "recording.jsonl",
        "results.json",
        "report.html",
        "junit.xml",
        "summary.md",
        MEMBER,
    }
    assert files["recording.jsonl"] == (finished / "recording.jsonl").read_bytes()
    assert files[MEMBER] == sets.raw(SET)
    assert b"self-tested" in files["statement.yaml"]
    assert b"certified" not in files["statement.yaml"]


def test_the_checksums_are_those_that_sha256sum_reads(made: bytes) -> None:
    rows = bundle.unpack(made)["SHA256SUMS"].decode().splitlines()
    assert [row.split("  ")[1] for row in rows] == sorted({*bundle.unpack(made)} - {bundle.SUMS, bundle.ATTESTATION})


def test_the_attestation_keeps_the_shape_of_an_in_toto_test_result(made: bytes) -> None:
    files = bundle.unpack(made)
    document = json.loads(files[bundle.ATTESTATION])
    jsonschema.Draft202012Validator(json.loads((STANDARDS / "in-toto.json").read_text())).validate(document)
    assert document["predicate"]["result"] == "PASSED"
    assert len(document["predicate"]["passedTests"]) == 5
    assert {row["name"]: row["digest"]["sha256"] for row in document["subject"]} == {
        name: bundle.digest(files[name]) for name in ("SHA256SUMS", "recording.jsonl", "results.json", "statement.yaml")
    }


def test_the_attestation_is_read_by_the_library_of_in_toto(made: bytes) -> None:
    statement = pytest.importorskip("in_toto_attestation.v1.statement")
    statement_pb2 = pytest.importorskip("in_toto_attestation.v1.statement_pb2")
    test_result_pb2 = pytest.importorskip("in_toto_attestation.predicates.test_result.v0.test_result_pb2")
    json_format = pytest.importorskip("google.protobuf.json_format")
    text = bundle.unpack(made)[bundle.ATTESTATION].decode()
    read = json_format.Parse(text, statement_pb2.Statement())
    statement.Statement.copy_from_pb(read).validate()
    json_format.ParseDict(json.loads(text)["predicate"], test_result_pb2.TestResult())


@pytest.mark.parametrize(
    "name", ["recording.jsonl", "results.json", MEMBER, "report.html", "statement.yaml", "junit.xml"]
)
def test_one_changed_byte_is_refused_with_the_name_of_the_file(name: str, made: bytes) -> None:
    files = bundle.unpack(made)
    middle = len(files[name]) // 2
    files[name] = files[name][:middle] + bytes([files[name][middle] ^ 1]) + files[name][middle + 1 :]
    with pytest.raises(Refused) as caught:
        certify.verify(bundle.pack(files))
    assert caught.value.reason.startswith(f"{name} is not what SHA256SUMS says")


def test_every_single_byte_of_the_archive_counts(made: bytes) -> None:
    places = [*range(0, len(made), len(made) // 150), 100, 136, 257, 265, len(made) - 1]
    for place in places:
        with pytest.raises(Refused):
            certify.verify(made[:place] + bytes([made[place] ^ 1]) + made[place + 1 :])


def _less_id(rows: list[Any]) -> None:
    rows[1]["exchange"]["chunks"][0]["text"] = '{"object":"list","data":[{"object":"model"}]}'


def _lenient(rows: list[Any]) -> None:
    rows[2]["case"]["expect"]["status"] = [200, 404]


def _unfinished(rows: list[Any]) -> None:
    rows[-1]["complete"] = False


def _narrowed(rows: list[Any]) -> None:
    rows[0]["run"]["settings"]["expression"] = "list"


def _renamed(rows: list[Any]) -> None:
    rows[0]["run"]["model"] = "another"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_less_id, "the statement says conforms, judging the recording again says does-not-conform"),
        (_lenient, "the case openai-models.list.tested asked something else than the suite's"),
        (lambda rows: rows.pop(2), "the case openai-models.list.tested was not asked"),
        (_unfinished, "the run was not finished"),
        (lambda rows: rows.pop(), "the run was not finished (no footer)"),
        (_narrowed, "the run was narrowed: expression list"),
        (_renamed, "the statement's target does not follow from the recording"),
        (lambda rows: rows[1]["exchange"].update(seconds=9.5), "results.json does not follow from the recording"),
    ],
)
def test_a_changed_recording_is_refused_though_its_checksums_fit(edit: Any, reason: str, made: bytes) -> None:
    with pytest.raises(Refused) as caught:
        certify.verify(resealed(recording(bundle.unpack(made), edit)))
    assert reason in caught.value.reason


def _in(name: str, before: bytes, after: bytes) -> Callable[[Files], Files]:
    def edit(files: Files) -> Files:
        assert before in files[name]
        return {**files, name: files[name].replace(before, after, 1)}

    return edit


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (_in("results.json", b'"outcome": "pass"', b'"outcome": "info"'), "results.json does not follow"),
        (_in(MEMBER, b"level: MUST", b"level: SHOULD"), f"{MEMBER} is not the set that was frozen as {SET}"),
        (_in("statement.yaml", b"verdict: conforms", b"verdict: does-not-conform"), "the statement says does-not"),
        (_in("statement.yaml", b"standing: self-tested", b"standing: certified"), "statement.yaml is no statement"),
        (_in("statement.yaml", b"nobody else", b"everybody else"), "the statement's words does not follow"),
        (_in("statement.yaml", b"valid_until: '20", b"valid_until: '29"), "366 are the most"),
        (_in("statement.yaml", b"requests: 5", b"requests: 500"), "the statement's requests does not follow"),
        (_in("statement.yaml", b"format:", b"form:"), "statement.yaml is no statement"),
        (_in("attestation.intoto.json", b"PASSED", b"WARNED"), "attestation.intoto.json does not follow"),
        (lambda files: {**files, "extra.txt": b"x"}, ""),
        (lambda files: {name: data for name, data in files.items() if name != MEMBER}, f"{MEMBER} is missing"),
        (
            lambda files: {name: data for name, data in files.items() if name != "results.json"},
            "results.json is missing",
        ),
    ],
)
def test_a_changed_file_is_refused_though_its_checksums_fit(edit: Any, reason: str, made: bytes) -> None:
    files = edit(bundle.unpack(made))
    if "results.json" not in files:
        with pytest.raises(Refused, match=reason):
            certify.verify(bundle.pack(files))
        return
    if not reason:  # what else lies in the archive harms nobody once it is in the sums
        assert certify.verify(resealed(files)).card.verdict == "conforms"
        with pytest.raises(Refused, match=r"extra\.txt is not listed in SHA256SUMS"):
            certify.verify(bundle.pack(files))
        return
    with pytest.raises(Refused) as caught:
        certify.verify(resealed(files))
    assert reason in caught.value.reason


def archive(*entries: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as made:
        for entry, data in entries:
            entry.size = len(data)
            made.addfile(entry, io.BytesIO(data))
    return buffer.getvalue()


def _link() -> tarfile.TarInfo:
    entry = tarfile.TarInfo("statement.yaml")
    entry.type, entry.linkname = tarfile.SYMTYPE, "/etc/passwd"
    return entry


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "statement|missing|readable"),
        (b"PK\x03\x04 no tar at all", "no readable archive"),
        (archive((tarfile.TarInfo("../x"), b"y")), "'../x' is no plain file"),
        (archive((tarfile.TarInfo("/etc/x"), b"y")), "is no plain file"),
        (archive((_link(), b"")), "is no plain file"),
        (archive((tarfile.TarInfo("a"), b"1"), (tarfile.TarInfo("a"), b"2")), "a is there twice"),
        (archive((tarfile.TarInfo("a"), b"1")), "is missing"),
    ],
)
def test_what_is_no_bundle_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        certify.verify(data)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["-k", "list"], "the run was narrowed: expression list"),
        (["--case", "openai-models.list"], "the run was narrowed: cases openai-models.list"),
        (["-p", "core"], "the run was narrowed: profiles core"),
        (["--max-requests", "2"], "the run was not finished"),
        (["--baseline", "b.yaml"], "the run was held against the baseline b.yaml"),
    ],
)
def test_a_run_that_certifies_nothing_is_not_bundled(
    arguments: list[str], reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("b.yaml").write_text("version: 1\nentries: []\n")
    main(["run", "-q", "-c", "openai-models", "-o", "r", *arguments])
    assert main(["bundle", "r"]) == 1
    assert f"refused: {reason}" in capsys.readouterr().err
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.yaml", "r"]


def _edited(folder: Path, edit: Callable[[list[Any]], None]) -> None:
    path = folder / "recording.jsonl"
    path.write_bytes(recording({bundle.RECORDING: path.read_bytes()}, edit)[bundle.RECORDING])


def test_a_must_that_held_only_sometimes_is_not_bundled(copied: Path) -> None:
    def twice(rows: list[Any]) -> None:
        second = json.loads(json.dumps(rows[1]))
        second["exchange"].update(attempt=2, reason="reachability")
        rows.insert(2, second)
        _less_id(rows)

    _edited(copied, twice)
    with pytest.raises(
        Refused, match=r"openai-models\.\S+ is flaky: in openai-models\.list\.all it held in one attempt"
    ):
        certify.make(copied)


def test_generated_cases_are_not_bundled(copied: Path) -> None:
    _edited(copied, lambda rows: rows[0]["run"]["settings"].update(generate="fixed"))
    with pytest.raises(Refused, match="the run holds generated cases"):
        certify.make(copied)


def test_a_target_that_does_not_conform_is_bundled_and_says_so(copied: Path, capsys: Output) -> None:
    _edited(copied, _less_id)
    assert main(["bundle", str(copied), "-o", f"{copied}/b.tar"]) == 0
    assert "does not conform" in capsys.readouterr().out
    predicate = json.loads(bundle.unpack((copied / "b.tar").read_bytes())[bundle.ATTESTATION])["predicate"]
    assert (predicate["result"], predicate["failedTests"]) == ("FAILED", ["openai-models.list.all"])
    assert main(["verify", f"{copied}/b.tar"]) == 1
    assert "verified: the bundled reference provider does not conform" in capsys.readouterr().out


def test_the_command_line_bundles_and_verifies(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Output
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["bundle", str(finished), "--organization", "Acme", "--product-version", "3.1"]) == 0
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("bundle-reference-20")
    assert main(["bundle", str(finished)]) == 2
    assert main(["verify", path.name]) == 0
    assert "self-tested" in capsys.readouterr().out
    assert main(["verify", path.name, "--at", "2099-01-01"]) == 3
    assert "the observation was valid until" in capsys.readouterr().err
    assert main(["verify", path.name, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["standing"] == "self-tested"
    path.write_bytes(path.read_bytes().replace(b"reference-embed", b"reference-embad", 1))
    assert main(["verify", path.name]) == 1
    assert "refused: recording.jsonl is not what SHA256SUMS says" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["verify", "nowhere.tar"], 2, "cannot be read"),
        (["bundle", "nowhere"], 2, "there is no recording"),
        (["bundle", "nowhere", "--product-version", "main"], 2, "'main' is a branch"),
        (["verify", "nowhere.tar", "--at", "soon"], 2, "'soon' is no day"),
    ],
)
def test_a_mistake_ends_in_words(arguments: list[str], code: int, said: str, capsys: Output) -> None:
    assert main(arguments) == code
    assert said in capsys.readouterr().err


FREEZE = "freeze them in a new file: python -m conformance.contract.sets (an older file that was released stays)"


@pytest.mark.parametrize("name", contracts.names())
def test_the_newest_set_counts_what_the_contract_says(name: str) -> None:
    loaded, frozen = contracts.load(name), sets.current(name)
    assert frozen.rows == sets.counted(loaded), f"requirements changed, {FREEZE}"
    known = {each.id for each in cases.load_contract(name)}
    assert set(frozen.cases) <= known, f"cases of the set are gone, {FREEZE}"
    assert sets.fits(frozen, loaded), f"the contract has another version, {FREEZE}"


@pytest.mark.parametrize("name", contracts.names())
def test_a_set_that_is_frozen_now_fits_and_one_that_lost_or_gained_something_does_not(name: str) -> None:
    loaded = contracts.load(name)
    frozen = sets.parse(sets.text(loaded, "2026-01-01").encode(), "now")
    assert sets.fits(frozen, loaded)
    first, *others = sorted(frozen.rows, key=lambda name: frozen.rows[name].level is not Level.MUST)
    assert not sets.fits(replace(frozen, rows={each: frozen.rows[each] for each in others}), loaded)
    milder = {**frozen.rows, first: replace(frozen.rows[first], level=Level.MAY)}
    assert not sets.fits(replace(frozen, rows=milder), loaded)
    assert not sets.fits(replace(frozen, cases=(*frozen.cases, f"{name}.gone")), loaded)


@pytest.mark.parametrize("name", [each for contract in contracts.names() for each in sets.names(contract)])
def test_a_set_can_still_be_judged(name: str) -> None:
    frozen = sets.load(name)
    assert frozen.name == name
    assert set(sets.narrowed(contracts.load(frozen.contract), frozen).requirements) == set(frozen.rows)


def test_a_set_that_the_suite_does_not_have_is_named() -> None:
    with pytest.raises(UsageError, match="has no requirement set 'openai-chat/1999-01-01'"):
        sets.load("openai-chat/1999-01-01")


def _frozen(**rows: Level) -> sets.RequirementSet:
    counted = {f"t.{name}": sets.Row(level=level, profile="core") for name, level in rows.items()}
    return sets.RequirementSet(
        name="t/2026-01-01", contract="t", version="1", rows=counted, not_counted={}, cases=("t.a",), sha256=""
    )


@pytest.mark.parametrize(
    ("frozen", "states", "outcome"),
    [
        (_frozen(body=Level.MUST, id=Level.MUST), {"t.body", "t.id"}, Outcome.FAIL),
        (_frozen(body=Level.MUST), {"t.body"}, Outcome.PASS),
        (_frozen(body=Level.MUST, id=Level.SHOULD), {"t.body", "t.id"}, Outcome.WARN),
    ],
)
def test_a_set_counts_at_its_own_levels_and_nothing_later(frozen: Any, states: set[str], outcome: Outcome) -> None:
    known = contract(requirement("body"), requirement("id"))
    broken = result(case("a"), Outcome.FAIL, finding("id"), states={"body": "held", "id": "violated"})
    counted = measured.narrowed(broken, frozen, known)
    assert (set(counted.states), counted.outcome) == (states, outcome)
    assert set(counted.attempts[0].states) == states


def test_what_says_nothing_of_the_contract_stays_so() -> None:
    known = contract(requirement("body"), requirement("id"))
    lost = replace(
        result(case("a"), Outcome.INCONCLUSIVE, states={"id": "inconclusive"}, cause="5xx"),
        states={"t.id": State.INCONCLUSIVE},
    )
    assert measured.narrowed(lost, _frozen(body=Level.MUST), known).outcome is Outcome.INCONCLUSIVE
