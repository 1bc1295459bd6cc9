"""
Which cases are asked: by profile, by id, by an expression; with everything that they build on.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence

from conformance.errors import UsageError
from conformance.model import Case

#: The profile of the few requests that find the most.
SMOKE = "smoke"


def profiles_of(case: Case) -> tuple[str, ...]:
    """
    The profiles that a case serves: what it needs, or ``core``.
    """
    return case.needs or ("core",)


def select(
    cases: Sequence[Case], *, profiles: Iterable[str] = (), expression: str = "", ids: Iterable[str] = ()
) -> tuple[Case, ...]:
    """
    The chosen cases in their order, with their predecessors, what they are compared with, and their whole groups.

    Everything that is given must hold; raises ``UsageError`` for an expression that cannot be read.
    """
    wanted, named = set(profiles), tuple(ids)
    matches = _expression(expression) if expression else (lambda _: True)
    chosen = {
        case.id
        for case in cases
        if (not wanted or in_profiles(case, wanted))
        and (not named or any(case.id == name or case.id.startswith((f"{name}.", f"{name}[")) for name in named))
        and matches(case)
    }
    complete = with_premises(cases, chosen)
    return tuple(case for case in cases if case.id in complete)


def in_profiles(case: Case, wanted: set[str]) -> bool:
    """
    Whether a case serves one of the wanted profiles and none that is not wanted; core is always welcome.
    """
    if SMOKE in wanted and case.smoke:
        return True
    return set(profiles_of(case)) <= wanted | {"core"} and bool(set(profiles_of(case)) & wanted)


def with_premises(cases: Sequence[Case], chosen: set[str]) -> set[str]:
    """
    The ids of the chosen cases, and of all that they continue or are compared with.
    """
    known = {case.id: case for case in cases}
    groups: dict[str, set[str]] = {}
    for case in cases:
        if case.group:
            groups.setdefault(case.group, set()).add(case.id)
    complete: set[str] = set()
    waiting = list(chosen)
    while waiting:
        name = waiting.pop()
        if name in complete or name not in known:
            continue
        complete.add(name)
        case = known[name]
        waiting += [*case.compare, *([case.after] if case.after else []), *groups.get(case.group or "", ())]
    return complete


def _expression(text: str) -> Callable[[Case], bool]:
    """
    ``and``, ``or``, ``not`` and parentheses over words that are looked for in ids and titles, as pytest's ``-k``.
    """
    words: list[str] = []

    def word(token: str) -> str:
        words.append(token)
        return f"w{len(words) - 1}"

    parts = text.replace("(", " ( ").replace(")", " ) ").split()
    code = " ".join(part if part in ("and", "or", "not", "(", ")") else word(part) for part in parts)
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError:
        raise UsageError(f"-k {text!r} cannot be read\n  Use words with and, or, not and parentheses.") from None
    return lambda case: _holds(tree, [each.lower() for each in words], f"{case.id} {case.title}".lower())


def _holds(node: ast.expr, words: list[str], text: str) -> bool:
    if isinstance(node, ast.BoolOp):
        combine = all if isinstance(node.op, ast.And) else any
        return combine(_holds(each, words, text) for each in node.values)
    if isinstance(node, ast.UnaryOp):
        return not _holds(node.operand, words, text)
    if isinstance(node, ast.Name):
        return words[int(node.id[1:])] in text
    raise UsageError("-k takes words with and, or, not and parentheses")
