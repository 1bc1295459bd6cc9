"""
Ways of writing a JSON body that all mean the same: the order of members, white space, escapes.

Source: RFC 8259, sections 2 (white space), 4 (the order of members) and 7 (escapes),
https://www.rfc-editor.org/rfc/rfc8259
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from conformance.model import JSON

Body = dict[str, JSON]
Spelling = Callable[[Body], bytes]

_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|.)")


def _indented(indent: int | str | None) -> Spelling:
    return lambda body: json.dumps(dict(reversed(body.items())), indent=indent, ensure_ascii=False).encode()


def _tabbed(body: Body) -> bytes:
    return json.dumps(body, indent="\t", ensure_ascii=False).replace("\n", "\r\n").encode()


def _padded(body: Body) -> bytes:
    return b" \r\n\t" + json.dumps(body, ensure_ascii=False).encode() + b"\r\n"


def _in_ascii(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode()


def _letter(body: Body) -> bytes:
    return _in_ascii(body).replace(b"Reply", b"\\u0052eply", 1)


def _upper_case(body: Body) -> bytes:
    text = _in_ascii(body).decode().replace("Reply", "Rep\\u006cy", 1)
    return _ESCAPE.sub(lambda found: f"\\u{found[1].upper()}" if found[1] else found[0], text).encode()


def _solidus(body: Body) -> bytes:
    return json.dumps(body, ensure_ascii=False).replace("/", "\\/").encode()


_SPACE = "The order of members and white space mean nothing."
_ESCAPES = "A character and its escape are the same."

#: By what they show, every way of writing by its name.
KINDS: Mapping[str, Mapping[str, Spelling]] = {
    _SPACE: {"reversed": _indented(None), "indented": _indented(2), "tabbed": _tabbed, "padded": _padded},
    _ESCAPES: {"escaped": _in_ascii, "letter": _letter, "upper-case": _upper_case, "solidus": _solidus},
}


def found(body: Body, raw: bytes) -> Spelling | None:
    """
    The way in which a body is written, if it is one of ours.
    """
    every = (spelling for kind in KINDS.values() for spelling in kind.values())
    return next((spelling for spelling in every if spelling(body) == raw), None)
