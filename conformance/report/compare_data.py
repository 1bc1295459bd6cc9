"""
``compare.json`` and ``compare.csv``: the comparison as data, in the format ``conformance-comparison/1``.

Everything that the page says of verdicts is here (``schemas/report/comparison.json``); evidence is in the recordings.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence

from conformance import __version__
from conformance.model import JSON, Verdict
from conformance.report import extensions, labels, parameters
from conformance.report.compare import Cell, Column, Comparison, Group, Row
from conformance.report.pacing import quantile
from conformance.report.shared import Shared
from conformance.report.text import line, visible
from conformance.report.views import Pacing

FORMAT = "conformance-comparison/1"

_SHARES = {"min": 0.0, "p25": 0.25, "median": 0.5, "p75": 0.75, "p95": 0.95, "max": 1.0}


def document(made: Comparison) -> dict[str, JSON]:
    """
    The comparison as a JSON object; targets are named as the page names them.
    """
    names = [column.name for column in made.columns]
    sent = extensions.of([(column.name, column.facts) for column in made.columns])
    return {
        "format": FORMAT,
        "suite": {"name": "conformance", "version": __version__},
        "remarks": [{"title": remark.title, "text": remark.text} for remark in made.remarks],
        "targets": [_target(column, number, made) for number, column in enumerate(made.columns)],
        "requirements": [_row(row, group, names) for group in made.groups for row in group.rows],
        "findings": [_finding(each, names) for each in made.findings],
        "extensions": [
            {
                "contract": each.contract,
                "kind": each.kind,
                "place": each.place,
                "types": [*each.types],
                "targets": dict(each.senders),
            }
            for each in sent
        ],
        "parameters": [
            {
                "contract": each.contract,
                "place": each.place,
                "accepted": dict(each.accepted),
                "refused": dict(each.refused),
            }
            for each in parameters.of([(column.name, column.facts) for column in made.columns])
            if each.sent
        ],
        "pace": {column.name: _pace(column.facts.pacing) for column in made.columns},
    }


def render(made: Comparison) -> bytes:
    """
    The file's bytes: the same for the same comparison, not ASCII escaped.
    """
    return json.dumps(_paired(document(made)), indent=1, allow_nan=False).encode() + b"\n"


def table(made: Comparison) -> str:
    """
    The matrix as CSV (RFC 4180): a row for each requirement, a column for each target, with the page's words.
    """
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["requirement", "level", "profile", "text", *(_inert(column.name) for column in made.columns)])
    for group in made.groups:
        for row in group.rows:
            head = [row.requirement.id, row.requirement.level.value, group.title, row.requirement.text]
            writer.writerow([_inert(each) for each in [*head, *(_said(cell) for cell in row.cells)]])
    return out.getvalue()


def _inert(text: str) -> str:
    """
    A cell that no spreadsheet takes for a formula.
    """
    shown = line(text)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown


def _said(cell: Cell) -> str:
    return f"{cell.mark.value} {cell.violated} of {cell.cases}" if cell.violated else cell.mark.value


def _paired(value: JSON) -> JSON:
    # Half a surrogate pair is no Unicode text: most JSON readers refuse the whole file.
    if isinstance(value, str):
        return visible(value, "\n")
    if isinstance(value, list):
        return [_paired(each) for each in value]
    return {str(_paired(key)): _paired(each) for key, each in value.items()} if isinstance(value, dict) else value


def _target(column: Column, number: int, made: Comparison) -> JSON:
    run = column.card.run
    return {
        "name": column.name,
        "base_url": run.base_url,
        "model": run.model,
        "claims": None if run.claims is None else [*sorted(run.claims)],
        "asked_by": run.suite or __version__,
        "contracts": [{"id": c.id, "version": c.version, "sha256": c.sha256} for c in column.card.contracts],
        "started": run.started,
        "ended": run.ended,
        "complete": run.complete,
        "verdict": column.card.verdict.value,
        "requests": column.card.requests,
        "profiles": [*_profiles(made.groups, number)],
    }


def _profiles(groups: Sequence[Group], number: int) -> Iterator[JSON]:
    for group in groups:
        score = group.scores[number]
        if score is not None:
            held, stake = labels.at_stake(score) if score.verdict is not Verdict.NOT_CLAIMED else (0, 0)
            yield {
                "id": group.profile.id,
                "contract": group.contract,
                "verdict": score.verdict.value,
                "must_held": held,
                "must_at_stake": stake,
            }


def _row(row: Row, group: Group, names: Sequence[str]) -> JSON:
    requirement = row.requirement
    cells: dict[str, JSON] = {
        name: {"state": cell.mark.value, "violated": cell.violated, "cases": cell.cases}
        for name, cell in zip(names, row.cells, strict=True)
    }
    return {
        "id": requirement.id,
        "level": requirement.level.value,
        "contract": group.contract,
        "profile": group.profile.id,
        "text": requirement.text,
        "doc": requirement.doc,
        "differs": row.differs,
        "targets": cells,
    }


def _finding(each: Shared, names: Sequence[str]) -> JSON:
    samples: dict[str, JSON] = {
        names[number]: [
            {
                "signature": sample.signature,
                "cases": sample.cases,
                "case": sample.case,
                "expected": sample.finding.expected,
                "observed": sample.finding.observed,
                "where": sample.finding.where,
            }
            for sample in found
        ]
        for number, found in each.samples.items()
    }
    return {
        "requirement": each.requirement.id,
        "level": each.requirement.level.value,
        "breaks": each.requirement.breaks,
        "held_by": [names[number] for number in each.held],
        "violated_by": samples,
    }


def _pace(paces: Sequence[Pacing]) -> JSON:
    return {
        "first_token_seconds": _quantiles([each.first_token for each in paces]),
        "gap_seconds": _quantiles([gap for each in paces for gap in each.gaps]),
        "tokens_per_second": _quantiles([each.rate for each in paces if each.rate is not None]),
    }


def _quantiles(values: list[float]) -> JSON:
    if not values:
        return None
    ordered = sorted(values)
    return {"n": len(ordered), **{name: round(quantile(ordered, share), 6) for name, share in _SHARES.items()}}
