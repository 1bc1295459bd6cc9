"""
Make the sample again: ``python reports/sample/make.py`` from the root, with the package installed (``pip install -e .``).

``vendors/`` needs recorded traffic (the folder that CONFORMANCE_TRAFFIC names), ``reference/`` nothing but loopback.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent

#: One exchange for each distinct shape that any vendor's chat completions have.
SHAPES = "shapes-chat-completions.jsonl.gz"
#: Three providers: what each breaks on purpose.  The first breaks nothing.
PROVIDERS = {
    "steady": (),
    "hasty": ("sse-done-missing", "usage-null", "sse-ping-event"),
    "careless": ("tool-index-missing", "usage-total-wrong.stream", "tool-finish-stop.stream", "refusal-missing"),
}
_WRITTEN = ("compare.html", "compare.json", "compare.csv", "compare.md")


def conformance(folder: Path, *words: str) -> None:
    """
    Run a command in a folder; violations are no failure of the sample.
    """
    command = [sys.executable, "-m", "conformance", *words]
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)


def vendors(traffic: Path) -> None:
    """
    What was recorded of every vendor, side by side: figures and short quotations, no exchange, and their sources.
    """
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        conformance(folder, "check", str(traffic / SHAPES), "--contract", "openai-chat", "-o", "runs", "--report", "md")
        conformance(folder, "compare", "runs", "-o", "out", "--no-evidence")
        made = json.loads((folder / "out/compare.json").read_text(encoding="utf-8"))
        # Two megabytes that the command writes again: left out here.
        keep(folder / "out", HERE / "vendors", [name for name in _WRITTEN if not name.endswith(".json")])
    with (HERE / "vendors/sources.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["case", "vendor", "recorded", "repository", "commit", "path"])
        writer.writerows(sources(traffic / SHAPES, quoted(made)))


def quoted(made: Any) -> set[str]:
    """
    The cases of which the comparison quotes something.
    """
    samples = [each for found in made["findings"] for rows in found["violated_by"].values() for each in rows]
    return {each["case"].split("~")[0] for each in samples}


def sources(path: Path, cases: set[str]) -> Iterator[Sequence[str]]:
    """
    Where each quoted exchange was recorded.
    """
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for text in lines:
            value = json.loads(text)
            case = f"recorded.{value['id']}"
            if case in cases:
                source = value["source"]
                when = (value["recorded_at"] or "")[:10]
                yield case, value["vendor"], when, source["repo"], source["commit"][:12], source["path"]


def reference() -> None:
    """
    Three bundled providers asked at the same time, two of them with faults: everything that a comparison can show.
    """
    from conformance.reference import server

    with ExitStack() as running, tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        lines = ["version: 1", "targets:"]
        for name, faults in PROVIDERS.items():
            provider = running.enter_context(server.running(faults=faults))
            lines.append(f'  {name}: {{base_url: "{provider.url}", model: {provider.model}, claims: [tools]}}')
        (folder / "targets.yaml").write_text("\n".join(lines) + "\n")
        conformance(folder, "run", "--targets", "targets.yaml", "--group", "all", "-o", "out")
        keep(folder / "out", HERE / "reference", (*_WRITTEN, "careless/report.html"))


def keep(made: Path, place: Path, names: Sequence[str]) -> None:
    """
    Put the files that are published in their place.
    """
    shutil.rmtree(place, ignore_errors=True)
    for name in names:
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(made / name, place / name)


def main() -> None:
    """
    Both samples; the first only where there is traffic.
    """
    traffic = Path(os.environ.get("CONFORMANCE_TRAFFIC") or ROOT.parent / "shared/traffic")
    if (traffic / SHAPES).is_file():
        vendors(traffic)
    else:
        print(f"vendors/ stays as it is: there is no {SHAPES} in {traffic}; name its folder in CONFORMANCE_TRAFFIC")
    reference()


if __name__ == "__main__":
    main()
