"""
The pages in a real browser: inert, quiet, usable by keyboard, readable without script, in both schemes and in print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.model import Attempt, Outcome, Result, Scorecard
from conformance.report import compare_html, diff, html
from conformance.report.scorecard import score
from conformance.report.views import Facts, FieldUse, ParameterUse
from tests import browsing, crowd
from tests.browsing import JENKINS, Visit, visiting
from tests.compare_fixture import columns, comparison
from tests.report_fixture import HOSTILE, card, case, contract, finding, result, run, stream
from tests.test_report_compare import _views
from tests.test_report_html import views

pytestmark = pytest.mark.browser

_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SCHEMES = ("light", "dark")


def _retried() -> Result:
    """
    A case that was asked twice and violates something the second time.
    """
    states = {"t.index": "violated"}
    found = finding("index", where="event[3]/choices/0/index")
    attempts = (
        Attempt(exchange=stream(6)),
        Attempt(exchange=stream(8), findings=(found,)),
    )
    asked = case("stream.retried", "streaming", feature="streaming")
    made = result(asked, Outcome.FAIL, states={"index": "violated"})
    return replace(made, attempts=attempts, states={name: made.states[name] for name in states})


def _report() -> Scorecard:
    hostile = card()
    return score([*hostile.results, _retried()], hostile.contracts, hostile.run, tokens=(12, 6))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The pages, with hostile words wherever a target can put some.
    """
    root = tmp_path_factory.mktemp("pages")
    made, before = _report(), score([result(case("plain.good"), states={"id": "held"})], [contract()], run())
    facts = Facts(
        extras=columns()[1].facts.extras,
        pacing=columns()[0].facts.pacing,
        parameters=(ParameterUse(contract="t", place="/seed", accepted=2), ParameterUse(contract="t", place="/n")),
        fields=(FieldUse(contract="t", schema="response", place="/id", exchanges=3),),
    )
    changed = html.pages(made, views(made), facts=facts, changes=diff.between(before, made), earlier=views(before))
    side = comparison()
    for name, text in {**changed, **compare_html.pages(side, _views(side))}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """
    One browser for all pages.
    """
    with browsing.browsing() as opened:
        yield opened


@pytest.fixture
def report(browser: Any, folder: Path) -> Iterator[Visit]:
    """
    The report, open.
    """
    with visiting(browser, _url(folder, "report.html")) as visit:
        yield visit


@pytest.fixture
def compared(browser: Any, folder: Path) -> Iterator[Visit]:
    """
    The comparison, open.
    """
    with visiting(browser, _url(folder, "compare.html")) as visit:
        yield visit


def _url(folder: Path, name: str) -> str:
    return (folder / name).as_uri()


def _follow(visit: Visit, fragment: str) -> None:
    visit.page.evaluate("hash => { location.hash = hash; }", fragment)
    visit.page.wait_for_selector("#view:not([hidden]) h2")


def _headed(visit: Visit, heading: str) -> None:
    """
    Wait for the view of one heading, by its selector: the pages' policy refuses a condition that polls as a script.
    """
    visit.page.wait_for_selector(f"#view h2 :text-is('{heading}')")


def _everything(visit: Visit) -> None:
    """
    Open what can be opened: every fold, every case and every requirement.
    """
    page = visit.page
    for each in page.locator("main details:not([open]) > summary").all():
        if each.is_visible():
            each.click()
    found = page.evaluate(
        "[...new Set([...document.querySelectorAll('a[href^=\"#case=\"],a[href^=\"#requirement-\"]')].map(a => a.getAttribute('href')))]"
    )
    assert found
    for link in found:
        _follow(visit, link)
        page.evaluate("for (const each of document.querySelectorAll('#view details')) each.open = true")
        page.evaluate("for (const each of document.querySelectorAll('#view .gap button')) each.click()")


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
def test_hostile_words_run_nothing_and_ask_for_nothing(browser: Any, folder: Path, name: str) -> None:
    with visiting(browser, _url(folder, name)) as visit:
        _everything(visit)
        assert visit.noise == ([], [], [])
        assert visit.page.evaluate("typeof window.PWNED") == "undefined"
        assert "<script>window.PWNED=1</script>" in visit.page.content().replace("&lt;", "<").replace("&gt;", ">")


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
@pytest.mark.parametrize(
    ("attack", "refused"),
    [
        ("document.body.innerHTML = '<img src=x onerror=window.PWNED=6>'", "TypeError"),
        ("document.createElement('script').textContent = 'window.PWNED = 4'", "TypeError"),
        ("document.body.setAttribute('onclick', 'window.PWNED = 3')", "TypeError"),
        ("new DOMParser().parseFromString('<p>x</p>', 'text/html')", "TypeError"),
    ],
)
def test_the_policy_refuses_what_our_script_does_not_need(
    browser: Any, folder: Path, name: str, attack: str, refused: str
) -> None:
    with visiting(browser, _url(folder, name)) as visit:
        said = visit.page.evaluate(f"() => {{ try {{ {attack}; return 'done'; }} catch (e) {{ return e.name; }} }}")
        assert (said, visit.page.evaluate("typeof window.PWNED")) == (refused, "undefined")


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize(
    ("name", "fragment"),
    [
        ("report.html", ""),
        ("report.html", "#case=t.stream.index"),
        ("report.html", "#case=t.stream.retried"),
        ("compare.html", ""),
        ("compare.html", "#requirement-t.index"),
        ("compare.html", "#case=t.stream.index&target=acme"),
    ],
)
def test_nobody_is_shut_out(browser: Any, folder: Path, name: str, fragment: str, width: int, scheme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="the extra `browser` is not installed")
    window = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    with visiting(browser, _url(folder, name) + fragment, **window) as visit:
        if fragment:
            visit.page.wait_for_selector("#view:not([hidden]) h2")
        visit.page.evaluate("for (const each of document.querySelectorAll('details')) each.open = true")
        found = axe.Axe().run(visit.page, options=_RULES).response["violations"]
        assert {each["id"]: [node["html"][:160] for node in each["nodes"][:3]] for each in found} == {}


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
def test_the_page_fits_a_telephone(browser: Any, folder: Path, name: str) -> None:
    with visiting(browser, _url(folder, name), viewport={"width": 400, "height": 800}) as visit:
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 400


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
def test_both_schemes_have_their_own_colours(browser: Any, folder: Path, name: str) -> None:
    seen = set()
    for scheme in SCHEMES:
        with visiting(browser, _url(folder, name), color_scheme=scheme) as visit:
            seen.add(visit.page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert len(seen) == 2


_REPORT = """\
does not conform
Clients that read the index stop.
event[30]/choices/0/index
t.plain.good
The images is as documented.
No request can show it.
not seen before"""
_COMPARISON = """\
3 targets side by side
✗ violated 1/2
t.arguments
Clients that read the index stop.
Held by
Different models
t.strict"""
WORDS = {"report.html": _REPORT.splitlines(), "compare.html": _COMPARISON.splitlines()}


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
def test_without_script_verdict_matrix_and_findings_are_there(browser: Any, folder: Path, name: str) -> None:
    with visiting(browser, _url(folder, name), scripted=False) as visit:
        text = " ".join(visit.page.text_content("body").split())
        assert [word for word in WORDS[name] if word not in text] == []
        assert visit.count("button:visible") == 0


@pytest.mark.parametrize("name", ["report.html", "compare.html"])
def test_under_the_policy_of_jenkins_they_are_there_as_well(browser: Any, folder: Path, name: str) -> None:
    with browsing.served(folder, JENKINS) as url, visiting(browser, f"{url}/{name}", scripted=False) as visit:
        text = " ".join(visit.page.inner_text("body").split())
        assert [word for word in WORDS[name][:4] if word not in text] == []
        assert [each for each in visit.requests if each != f"{url}/{name}"] == []


def test_a_filter_keeps_what_fits_and_says_how_many(report: Visit) -> None:
    report.page.fill("#filter-text", "stream")
    assert report.text("#filter-count") == "2 of 11 cases"
    report.page.select_option("#filter-outcome", "trouble")
    report.page.fill("#filter-text", "")
    assert report.text("#filter-count") == "10 of 11 cases"
    assert report.count("#results-table tbody tr") == 10


def test_a_permanent_link_opens_its_case_and_takes_the_focus(browser: Any, folder: Path) -> None:
    with visiting(browser, _url(folder, "report.html") + "#case=t.stream.index") as visit:
        visit.page.wait_for_selector("#view:not([hidden]) h2")
        assert visit.text("#view h2") == "t.stream.index"
        assert visit.page.evaluate("document.activeElement.tagName") == "H2"
        assert not visit.page.is_visible("main")


def test_a_permanent_link_with_strange_characters_is_found_again(report: Visit) -> None:
    link = report.page.evaluate(
        "[...document.querySelectorAll('#results-table a')].map(a => a.getAttribute('href')).find(h => h.includes('%22'))"
    )
    _follow(report, link)
    assert "window.PWNED" in report.text("#view h2")


def test_a_finding_is_reached_by_its_link(browser: Any, folder: Path) -> None:
    with visiting(browser, _url(folder, "report.html")) as visit:
        link = visit.page.get_attribute(".finding header a", "href")
    with visiting(browser, _url(folder, "report.html") + link) as visit:
        assert visit.page.evaluate("document.activeElement.id") == link[1:]
        assert visit.page.evaluate("document.activeElement.getBoundingClientRect().top") < 200


def test_a_timeline_has_a_stroke_for_every_violation(report: Visit) -> None:
    _follow(report, "#case=t.stream.index")
    assert (
        report.page.get_attribute("#view svg.time", "aria-label")
        == "90 events over 2100 ms; violations at event 30, 31"
    )
    assert report.page.get_attribute("#view svg.time path.bad", "d").count("M") == 2
    assert report.count("#view .events tr.bad") == 2
    shown = report.count("#view .events tbody tr")
    report.page.locator("#view tr.gap button").first.click()
    assert report.count("#view .events tbody tr") > shown


def test_attempts_are_tabs_that_arrows_move_between(report: Visit) -> None:
    _follow(report, "#case=t.stream.retried")
    assert report.count("#view [role=tab]") == 2
    assert report.page.get_attribute("#view [role=tab] >> nth=1", "aria-selected") == "true"
    report.page.focus("#view [role=tab] >> nth=1")
    report.page.keyboard.press("ArrowRight")
    assert report.page.get_attribute("#view [role=tab] >> nth=0", "aria-selected") == "true"
    assert [each.is_visible() for each in report.page.locator("#view [role=tabpanel]").all()] == [True, False]


def test_everything_can_be_reached_by_keyboard(report: Visit) -> None:
    page = report.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "filter-text"
    page.keyboard.type("stream.index")
    for _ in range(12):
        page.keyboard.press("Tab")
        if page.evaluate("(document.activeElement.getAttribute('href') || '').startsWith('#case=')"):
            break
    page.keyboard.press("Enter")
    page.wait_for_selector("#view:not([hidden]) h2")
    assert report.text("#view h2") == "t.stream.index"
    page.keyboard.press("Escape")
    page.wait_for_selector("#view", state="hidden")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#case=t.stream.index"


def test_a_case_leads_to_its_neighbours_and_back(report: Visit) -> None:
    report.page.fill("#filter-text", "stream")
    _follow(report, "#case=t.stream.index")
    report.page.click("#view .paths >> text=next")
    _headed(report, "t.stream.retried")
    report.page.click("#view .paths >> text=previous")
    _headed(report, "t.stream.index")


def test_coverage_is_made_when_it_is_opened(report: Visit) -> None:
    before = report.page.evaluate("document.querySelectorAll('*').length")
    report.page.click("details[data-list=covered] > summary")
    report.page.wait_for_selector("details[data-list=covered] tbody tr")
    assert report.count("details[data-list=covered] tbody tr") == 10
    report.page.fill("details[data-list=covered] input", "untested")
    assert report.count("details[data-list=covered] tbody tr") == 2
    assert report.page.evaluate("document.querySelectorAll('*').length") > before


def test_differences_and_violations_are_told_apart(compared: Visit) -> None:
    def rows() -> int:
        return compared.count("#matrix-table tbody tr:not(.group)")

    assert rows() == 4
    compared.page.check("input[value=failures]")
    assert rows() == 3
    compared.page.check("input[value=differences]")
    assert (rows(), compared.text("#matrix-count")) == (4, "4 of 9 requirements")
    compared.page.check("input[value=all]")
    compared.page.fill("#matrix-text", "framing")
    assert rows() == 1


def test_columns_can_be_left_out_and_differences_follow(compared: Visit) -> None:
    compared.page.click("#matrix-columns > summary")
    compared.page.locator("#matrix-columns input").nth(1).uncheck()
    assert compared.count("#matrix-table thead th") == 3
    assert compared.count("#matrix-table tbody tr:not(.group)") == 1
    assert "arguments" in compared.text("#matrix-table tbody tr:not(.group)")


def test_the_matrix_folds_to_its_profiles(compared: Visit) -> None:
    compared.page.click("#matrix-fold")
    assert compared.count("#matrix-table tbody tr") == compared.count("#matrix-table tbody tr.group") == 5
    compared.page.click("#matrix-table .group button >> nth=0")
    assert compared.count("#matrix-table tbody tr:not(.group)") == 2


def test_heads_stay_while_the_matrix_scrolls(compared: Visit) -> None:
    compared.page.check("input[value=all]")
    compared.page.evaluate(
        "const m = document.querySelector('.matrix'); m.style.maxHeight = '200px'; m.scrollTop = 150"
    )
    top = "document.querySelector('{}').getBoundingClientRect().top"
    assert compared.page.evaluate(f"{top.format('.matrix thead th')} - {top.format('.matrix')}") < 4


def test_a_cell_leads_to_the_exchanges_of_all_targets_side_by_side(compared: Visit) -> None:
    compared.page.click("#matrix-table a[href='#requirement-t.index'] >> nth=1")
    compared.page.wait_for_selector("#view .side svg.time")
    states = [visit.inner_text() for visit in compared.page.locator("#view .side h3 .status").all()]
    assert states == ["✓ holds it here", "✗ violates it here", "· not decided here"]
    assert compared.count("#view .side svg.time") == 3
    marks = [each.get_attribute("d").count("M") for each in compared.page.locator("#view .side path.bad").all()]
    assert marks == [0, 1, 0]
    assert "✗ violates" in compared.text("#view .side >> nth=1")
    compared.page.locator("#view .who input").nth(0).uncheck()
    compared.page.locator("#view .side >> nth=2").wait_for(state="detached")
    assert compared.count("#view .side") == 2


def test_a_case_of_one_target_leads_to_the_same_case_of_the_others(compared: Visit) -> None:
    _follow(compared, "#case=t.stream.index&target=acme")
    assert compared.text("#view h2") == "acme: t.stream.index"
    assert "Other targets: globex" in compared.text("#view")


def test_a_printed_page_shows_everything_and_no_controls(report: Visit, tmp_path: Path) -> None:
    report.page.emulate_media(media="print")
    assert report.count(".top:visible") == report.count(".filters:visible") == report.count("button:visible") == 0
    assert report.page.is_visible(".verdict")
    report.page.pdf(path=str(tmp_path / "page.pdf"))
    assert (tmp_path / "page.pdf").stat().st_size > 20_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    The comparison of 10,000 results over 40 targets.
    """
    from conformance.report import compare
    from conformance.views import Views

    root = tmp_path_factory.mktemp("large")
    side = list(crowd.columns())
    known = [Views(each.card) for each in side]
    for name, text in compare_html.pages(compare.compare(side), lambda target, case: known[target][case]).items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def test_ten_thousand_results_over_forty_targets_stay_light(browser: Any, large: Path) -> None:
    assert (large / "compare.html").stat().st_size <= 5 * 1024 * 1024
    with visiting(browser, _url(large, "compare.html")) as visit:
        assert visit.page.evaluate("document.querySelectorAll('*').length") <= 5000
        visit.page.check("input[value=all]")
        assert visit.page.evaluate("document.querySelectorAll('*').length") <= 5000
        visit.page.fill("#matrix-text", "rule-17 ")
        assert visit.text("#matrix-count").endswith("of 250 requirements")
        assert visit.noise == ([], [], [])


def test_thousands_of_results_of_one_target_stay_light(browser: Any, tmp_path: Path) -> None:
    shared = crowd.contract()
    cards = [crowd.card(f"v{number}", shared) for number in range(8)]
    results = [
        replace(each, case=replace(each.case, id=f"{each.case.id}-{number}"))
        for number, made in enumerate(cards)
        for each in made.results
    ]
    made = score(results, [shared], cards[0].run)
    for name, text in html.pages(made).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert (tmp_path / "report.html").stat().st_size <= 5 * 1024 * 1024
    with visiting(browser, _url(tmp_path, "report.html")) as visit:
        assert visit.page.evaluate("document.querySelectorAll('*').length") <= 5000
        assert visit.text("#filter-count") == "2000 of 2000 cases"
        visit.page.click("#results-more")
        assert visit.count("#results-table tbody tr") == 560
        assert visit.noise == ([], [], [])


def _narrow() -> dict[str, dict[str, str]]:
    side, alone = comparison("x"), card("x")
    return {
        "compare.html": compare_html.pages(side, _views(side), soft_cap=60_000),
        "report.html": html.pages(alone, views(alone), soft_cap=60_000),
    }


@pytest.mark.parametrize(
    ("name", "link", "head"),
    [
        ("report.html", "#case=t.stream.index", "t.stream.index"),
        ("compare.html", "#case=t.stream.index&target=acme", "acme: t.stream.index"),
    ],
)
def test_what_is_beside_the_page_is_found_from_its_link(
    browser: Any, tmp_path: Path, name: str, link: str, head: str
) -> None:
    for path, text in _narrow()[name].items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    with visiting(browser, _url(tmp_path, name) + link) as visit:
        visit.page.wait_for_url(f"**/evidence/1.html{link}")
        visit.page.wait_for_selector("#view:not([hidden]) svg.time")
        assert visit.text("#view h2") == head


def test_hostile_words_are_what_was_tested() -> None:
    assert "<script>" in HOSTILE and "\u202e" in HOSTILE and "onerror" in HOSTILE
