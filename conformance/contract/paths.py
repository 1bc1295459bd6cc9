"""
Where schemas/ and cases/ are: inside the wheel, else in the checkout beside the package.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """
    The folder ``schemas`` or ``cases``.
    """
    packed = _PACKAGE / "_data" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def shown(path: Path) -> str:
    """
    A path as a message names it: from the folder of the contract on.
    """
    for name in ("schemas", "cases"):
        root = folder(name)
        if path.is_relative_to(root):
            return f"{name}/{path.relative_to(root).as_posix()}"
    return str(path)
