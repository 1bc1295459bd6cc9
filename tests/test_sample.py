"""
The sample in ``reports/sample``: light, without a path or a key of ours, and the vendors' part without any exchange.
"""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import pytest

from conformance.report import packing

SAMPLE = Path(__file__).parent.parent / "reports/sample"
FILES = sorted(path for path in SAMPLE.rglob("*") if path.is_file() and path.suffix != ".pyc")
#: Keys, and where somebody worked.
_PRIVATE = re.compile(r"\bsk-[A-Za-z0-9_-]{16,}|/home/\w|/root/|/work/|/tmp/\w")


def test_the_sample_is_light() -> None:
    assert sum(path.stat().st_size for path in FILES) < 3 * 1024 * 1024


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SAMPLE)))
def test_nothing_private_is_in_the_sample(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    packed = "".join(block.decode() for block in packing.opened(text))
    assert _PRIVATE.search(text + packed) is None


def test_the_vendors_are_many_and_no_exchange_of_theirs_is_published() -> None:
    text = (SAMPLE / "vendors/compare.html").read_text(encoding="utf-8")
    assert "53 targets side by side" in text and "made without evidence" in text
    assert 'id="block-0"' not in text


def test_every_quotation_has_its_source() -> None:
    text = (SAMPLE / "vendors/compare.html").read_text(encoding="utf-8")
    data = json.loads(next(packing.opened(text)))
    quoted = {sample[1].split("~")[0] for found in data["findings"].values() for sample in found["samples"]}
    with (SAMPLE / "vendors/sources.csv").open(encoding="utf-8") as file:
        known = {row["case"]: row["repository"] for row in csv.DictReader(file)}
    assert len(quoted) > 100 and quoted - known.keys() == set()
    assert all("/" in repository for repository in known.values())


def test_the_reference_sample_shows_everything() -> None:
    text = (SAMPLE / "reference/compare.html").read_text(encoding="utf-8")
    assert "steady, hasty, careless" in text and 'id="block-0"' in text and 'id="pace"' in text
