"""
The page: complete without script, inert whatever the target said, bounded, the same every time, readable.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from conformance.model import Chunk, Finding, Outcome, Result, Scorecard
from conformance.report import evidence, html, links, packing
from conformance.report.scorecard import score
from conformance.report.views import AttemptView, CaseView, EventView
from tests.report_fixture import HOSTILE, card, case, contract, exchange, finding, result, run, stream
from tests.test_report_formats import RAW

TEMPLATES = Path(html.__file__).parent / "templates"
_VOID = {"meta", "br", "input", "line", "img", "link"}


class _Page(HTMLParser):
    """
    The elements of a page with their attributes, its text outside of script and style, and what is left open.
    """

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, (tag, self.open)
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += data


def views(made: Scorecard) -> dict[str, CaseView]:
    """
    What the read layer would say of the fixture, whose every read is one event.
    """
    return {
        each.case.id: CaseView(attempts=tuple(_view(a.exchange.chunks) for a in each.attempts)) for each in made.results
    }


def _view(chunks: tuple[Chunk, ...]) -> AttemptView:
    texts = [chunk.data.decode(errors="backslashreplace") for chunk in chunks]
    if len(chunks) < 2:
        return AttemptView(body="".join(texts))
    ends = [sum(len(each.data) for each in chunks[: number + 1]) for number in range(len(chunks))]
    return AttemptView(
        events=tuple(
            EventView(
                index=n, at=chunk.at, text=texts[n].rstrip("\n"), start=ends[n] - len(chunk.data), end=ends[n], read=n
            )
            for n, chunk in enumerate(chunks)
        )
    )


MADE = card(command=("conformance", "run", HOSTILE), settings={HOSTILE: HOSTILE}, model=HOSTILE, base_url=HOSTILE)
TEXT = html.render(MADE, views(MADE))
PAGE = _Page(TEXT)


def test_the_page_says_the_verdict_first() -> None:
    page = _Page(html.render(card("x", target="globex")))
    words = " ".join(page.text.split())
    assert words.startswith("globex does not conform: Core, Streaming Skip to the verdict")
    assert "✗ globex does not conform: Core, Streaming 2 of 5 MUST requirements at stake are violated." in words


@pytest.mark.parametrize(
    "words",
    [
        "1/2",
        "Clients that read the index stop.",
        "event[30]/choices/0/index",
        "the model chose otherwise",
        "curl -N",
        "No request can show it.",
        "12 345 prompt",
        "sha256:abab",
        "conformance explain t.index",
        "held",
        "excluded",
    ],
)
def test_everything_is_there_without_script(words: str) -> None:
    assert words in PAGE.text


def test_no_character_hides_and_two_renderings_are_equal() -> None:
    assert RAW.search(TEXT) is None
    assert html.render(MADE, views(MADE)) == TEXT


def test_what_a_target_says_becomes_no_element() -> None:
    assert PAGE.open == []
    tags = Counter(tag for tag, _ in PAGE.elements)
    assert (tags["style"], tags["h1"], tags["main"], tags["img"], tags["link"]) == (1, 1, 1, 0, 0)
    scripts = [attributes for tag, attributes in PAGE.elements if tag == "script"]
    assert scripts == [{"type": "text/plain", "id": "data"}, {"type": "text/plain", "id": "block-0"}, {}]
    names = {name for _, attributes in PAGE.elements for name in attributes}
    assert not [name for name in names if name.startswith("on") or name in ("style", "src", "srcdoc", "action")]


def test_links_stay_on_the_page_or_go_to_the_documentation() -> None:
    ids = Counter(attributes["id"] for _, attributes in PAGE.elements if "id" in attributes)
    links_to = {attributes["href"] or "" for tag, attributes in PAGE.elements if tag == "a"}
    assert {link for link in links_to if not link.startswith("#")} == {
        "https://platform.openai.com/docs/api-reference/chat/create"
    }
    cases = {links.case(each.case.id) for each in MADE.results if each.attempts}
    assert {link[1:] for link in links_to if link.startswith("#") and link not in cases} <= set(ids)
    assert max(ids.values()) == 1


def test_a_documentation_address_that_is_no_plain_https_is_not_linked() -> None:
    row = replace(contract().requirements["t.id"], doc='javascript:alert(1)"')
    odd = replace(contract(), requirements={"t.id": row})
    made = score([result(case("a"), Outcome.FAIL, finding("id"), states={"id": "violated"})], [odd], run())
    assert not [a for _, a in _Page(html.render(made)).elements if str(a.get("href", "")).startswith("javascript")]


def test_the_policy_allows_our_own_style_and_script_and_nothing_else() -> None:
    policy = next(a["content"] for _, a in PAGE.elements if a.get("http-equiv") == "Content-Security-Policy") or ""
    for name in ("style", "script"):
        content = re.search(rf"<{name}>(.*?)</{name}>", TEXT, re.DOTALL)
        assert content is not None
        digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("require-trusted-types-for 'script'; trusted-types 'none'")


def test_fields_have_labels_and_tables_have_scopes() -> None:
    labelled = {attributes.get("for") for tag, attributes in PAGE.elements if tag == "label"}
    assert {a.get("id") for tag, a in PAGE.elements if tag in ("input", "select")} == labelled
    assert {a.get("scope") for tag, a in PAGE.elements if tag == "th"} == {"row", "col"}
    assert dict(PAGE.elements)["html"] == {"lang": "en"}


def _shown(events: int, *where: str) -> list[int | str]:
    found = tuple(Finding(requirement="t.index", expected="x", observed="y", where=each) for each in where)
    attempt = result(case("s"), Outcome.FAIL, *found, exchange=stream(events)).attempts[0]
    rows = evidence.show(attempt, 1, _view(attempt.exchange.chunks)).rows
    said = [f"{row.skipped} more" if row.skipped else "hidden" if row.hidden else row.number for row in rows]
    return [f"{len([*group])} hidden" if name == "hidden" else name for name, group in groupby(said)]


@pytest.mark.parametrize(
    ("events", "where", "rows"),
    [
        (25, (), [*range(25)]),
        (100, (), [*range(20), "75 hidden", *range(95, 100)]),
        (100, ("event[50]/x",), [*range(20), "27 hidden", *range(47, 54), "41 hidden", *range(95, 100)]),
        (100, ("event[96]", "/x"), [*range(20), "73 hidden", *range(93, 100)]),
        (100, ("event[4000]",), [*range(20), "75 hidden", *range(95, 100)]),
        (400, (), [*range(20), "184 hidden", "191 more", *range(395, 400)]),
    ],
)
def test_a_long_stream_is_shown_at_its_ends_and_around_violations(
    events: int, where: tuple[str, ...], rows: list[int | str]
) -> None:
    assert _shown(events, *where) == rows


def test_violated_events_are_marked_on_the_time_line() -> None:
    attempt = card("x").results[2].attempts[0]
    shown = evidence.show(attempt, 1, _view(attempt.exchange.chunks))
    assert (shown.total, shown.violated, [tick.violated for tick in shown.ticks].count(True)) == (90, (30, 31), 2)
    assert [row.number for row in shown.rows if row.findings] == [30, 31]


def test_without_a_view_reads_are_shown_and_no_event_is_claimed() -> None:
    attempt = card("x").results[2].attempts[0]
    shown = evidence.show(attempt, 1, None)
    assert (shown.unit, shown.total, shown.violated) == ("read", 90, ())


def _large(outcome: Outcome, name: str, size: int) -> Result:
    found = (finding("id"),) if outcome is Outcome.FAIL else ()
    state = "violated" if found else "held"
    return result(case(name), outcome, *found, states={"id": state}, exchange=exchange(_noise(size)))


def _noise(size: int) -> bytes:
    return hashlib.shake_256(str(size).encode()).hexdigest(size // 2).encode()


def test_what_does_not_fit_goes_beside_the_page_and_what_passed_first() -> None:
    results = [_large(Outcome.PASS, f"p{n:02}", 16_000 + 2 * n) for n in range(60)] + [_large(Outcome.FAIL, "f", 9_000)]
    pages = html.pages(score(results, [contract()], run()), soft_cap=200_000)
    assert list(pages) == ["report.html", *(f"evidence/{n}.html" for n in range(1, len(pages)))]
    assert len(pages["report.html"]) <= 200_000 and len(pages) > 1
    assert "is in 1 file beside it" in pages["report.html"]
    places = {row[1]: row[7][0] for row in _opened(pages["report.html"], "data")["rows"]}
    assert places["t.f"] == 0 and set(places.values()) == {0, 1}
    beside = _opened(pages["evidence/1.html"], "data")
    assert {row[1] for row in beside["rows"]} == {name for name, page in places.items() if page == 1}


def test_a_case_is_found_where_the_data_says() -> None:
    rows = {row[1]: row for row in _opened(TEXT, "data")["rows"]}
    page, block = rows["t.stream.index"][7]
    attempt = _opened(TEXT, f"block-{block}")["t.stream.index"]["attempts"][0]
    assert (page, attempt["total"], attempt["bad"], attempt["unit"]) == (0, 90, [30, 31], "event")
    assert attempt["rows"][0][4].startswith('data: {"choices"') and attempt["rows"][20][-1] == 1
    assert rows["t.vision.image"][7] == []


def test_no_character_hides_in_the_data() -> None:
    everything = json.dumps([_opened(TEXT, name) for name in ("data", "block-0")], ensure_ascii=False)
    assert RAW.search(everything) is None


def _opened(text: str, name: str) -> Any:
    block = re.search(rf'<script type="text/plain" id="{name}">[^<]*</script>', text)
    assert block is not None
    return json.loads(next(packing.opened(block[0])))


def test_a_body_is_shown_up_to_its_cap() -> None:
    attempt = result(case("f"), Outcome.FAIL, finding("id"), exchange=exchange(b"x" * 20_000)).attempts[0]
    shown = evidence.show(attempt, 1, None)
    assert shown.body.endswith("x\n[3616 more bytes]")
    title, dump = shown.dumps[0]
    assert (title, dump.splitlines()[-1][:12]) == ("the first 256 of 20 000 bytes", "00f0  78 78 ")


def test_the_bytes_of_a_violated_event_are_shown_where_they_stand() -> None:
    attempt = card("x").results[2].attempts[0]
    shown = evidence.show(attempt, 1, _view(attempt.exchange.chunks))
    assert [title for title, _ in shown.dumps] == [
        "the first 256 of 6 056 bytes",
        "event 30, from byte 2 030",
        "event 31, from byte 2 098",
    ]
    assert shown.dumps[1][1].startswith("07ee  64 61 74 61 3a 20")


def _palettes() -> list[dict[str, str]]:
    css = (TEMPLATES / "report.css").read_text()
    blocks = re.findall(r":root \{([^}]*--page: #[0-9a-f]{6}[^}]*)\}", css)
    return [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in blocks]


def _luminance(colour: str) -> float:
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_stands_out_from_what_is_behind_it(scheme: int) -> None:
    palette = _palettes()[scheme]
    behind = ("page", "card", "code", "fail-soft", "warn-soft")
    pairs = [(text, back) for text in ("text", "soft", "link") for back in behind[:3]]
    pairs += [("text", back) for back in behind] + [(name, f"{name}-soft") for name in ("fail", "warn", "good", "open")]
    pairs += [("soft", "none-soft"), ("fail", "card"), ("warn", "card"), ("good", "card"), ("open", "card")]
    low = {}
    for text, back in pairs:
        light, dark = sorted((_luminance(palette[text]), _luminance(palette[back])), reverse=True)
        if (ratio := (light + 0.05) / (dark + 0.05)) < 4.5:
            low[text, back] = ratio
    assert low == {}


def test_the_template_engine_is_loaded_only_to_render() -> None:
    code = "import sys, conformance.report.html; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_request_too_long_to_show_is_sent_again_by_its_name() -> None:
    long = exchange(sent=replace(exchange().sent, body=b"y" * 20_000))
    held = result(case("a"), Outcome.FAIL, finding("id"), exchange=long, states={"id": "violated"})
    text = html.render(score([held], [contract()], run()))
    assert _opened(text, "block-0")["t.a"]["attempts"][0]["curl"] == ""
    assert "yyyyyyyyyyyyyyyy" not in text and "conformance replay t.a" in text


def test_what_a_contract_leaves_open_is_noted_and_not_called_violated() -> None:
    made = score([result(case("a"), Outcome.INFO, finding("extra"), states={"extra": "violated"})], [contract()], run())
    words = " ".join(_Page(html.render(made)).text.split())
    assert "No MUST and no SHOULD that was at stake is violated." in words and "i notedMAYt.extra" in words
