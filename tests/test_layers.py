"""
The layers hold: who may import whom is a table here, and every import in the package is compared with it.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

#: What each layer may import besides itself and the package's version; a layer is a package or a module of that name.
MAY = {
    "model": set(),
    "errors": set(),
    # How bodies are coded is known once: what reads them and what takes secrets out of them must agree.
    "coding": set(),
    "read": {"model", "coding"},
    "contract": {"model", "errors"},
    "checks": {"model", "read", "contract"},
    "judge": {"model", "errors", "read", "checks"},
    "capture": {"model", "errors", "coding"},
    "generate": {"model", "errors", "contract", "judge"},
    "report": {"model", "errors", "contract"},
    # Shares no code with what judges it.
    "reference": set(),
    # The one runner: what is planned, asked, judged, kept and looked at again, for every entry point.  It is every
    # module at the top that is no layer of its own.
    "runner": {"model", "errors", "read", "contract", "checks", "judge", "capture", "generate", "report", "reference"},
    "cli": {
        "model", "errors", "read", "contract", "checks", "judge", "capture", "generate", "report", "reference", "runner",
    },
    "pytest_plugin": {
        "model", "errors", "read", "contract", "checks", "judge", "capture", "generate", "report", "reference", "runner",
    },
    "__main__": {"cli"},
}  # fmt: skip
#: Who may import a library that few places should know, or that takes long to import.
ALONE = {"httpx": {"conformance.capture.live", "conformance.capture.response"}}


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


FILES = {name_of(path): path for path in sorted((ROOT / "conformance").rglob("*.py"))}


def layer(module: str) -> str:
    """
    The layer of a module of ours; the package itself is none.
    """
    second = [*module.split("."), ""][1]
    at_the_top = f"conformance.{second}" in FILES and FILES[f"conformance.{second}"].name != "__init__.py"
    return "runner" if at_the_top and second not in MAY else second


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse(FILES[module].read_text(encoding="utf-8"))


def imports(module: str, *, at_start: bool = False) -> Iterator[str]:
    """
    Every module that a module imports, with the names that it takes from packages; of ours and of others.

    ``at_start`` leaves out what functions import when they are called.
    """
    tree = parsed(module)
    for node in _outside_functions(tree) if at_start else ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively"
            for alias in node.names:
                taken = f"{node.module}.{alias.name}"
                yield taken if taken in FILES else str(node.module)


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    for below in ast.iter_child_nodes(node):
        if not isinstance(below, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield below
            yield from _outside_functions(below)


def test_a_module_imports_only_what_its_layer_may() -> None:
    assert {layer(module) for module in FILES} - set(MAY) == {""}, "the table of layers lacks some"
    wrong = {module: _strange(module) for module in FILES if layer(module) and _strange(module)}
    assert wrong == {}


def _strange(module: str) -> set[str]:
    """
    The layers that a module imports and may not.
    """
    mine = layer(module)
    others = {layer(name) for name in imports(module) if name.split(".")[0] == "conformance"}
    return others - {mine, ""} - MAY[mine]


def test_every_layer_of_the_table_exists() -> None:
    assert set(MAY) - {layer(module) for module in FILES} <= {"pytest_plugin"}


@pytest.mark.parametrize("library", ALONE)
def test_a_library_is_known_to_one_place_alone(library: str) -> None:
    assert {module for module in FILES if library in {name.split(".")[0] for name in imports(module)}} == ALONE[library]


def test_no_module_imports_itself_by_a_detour() -> None:
    graph = {module: {name for name in imports(module, at_start=True) if name in FILES} for module in FILES}
    TopologicalSorter(graph).prepare()


@pytest.mark.parametrize("module", ["conformance.cli", "conformance.model", "conformance.report.scorecard"])
def test_what_takes_long_to_import_is_not_imported_at_the_start(module: str) -> None:
    heavy = {
        "httpx",
        "hypothesis",
        "pytest",
        "jinja2",
        "starlette",
        "uvicorn",
        "jsonschema",
        "jsonschema_rs",
        "yaml",
        "rich",
    }
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {name.split(".")[0] for name in done.stdout.split()} & heavy == set()
