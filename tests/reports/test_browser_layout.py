"""The pages on paper, on a phone, in two colour schemes, for everybody, and with a million violations."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from order_audit.reports import compare, html, results_file
from order_audit.reports.history import file as history_file
from order_audit.reports.history.overview import overview
from order_audit.reports.history.trend import series
from tests.reports.browsing import titles, written
from tests.reports.documents import HOSTILE, UNSEEN, document, every_comparison, everything, found
from tests.reports.faults import fault, made
from tests.reports.histories import Audit, add, audit
from tests.reports.test_history_page import hostile
from tests.reports.test_trend import run
from tests.support.browser import browsing, opened, sheets
from tests.support.results import comparison_page, report_page

#: Everything that axe-core knows, best practices too.
_AXE: dict[str, Any] = {"resultTypes": ["violations"]}
_FINDINGS = "article.finding[data-kind=finding]"
#: Removes what holds no element of a new kind, as by its tags, classes and attributes: axe-core takes long.
_LEAVE_EACH_KIND = """() => {
  const kinds = new Map(), seen = new Set();
  const kind = (it) => {
    if (!it) return "";
    if (!kinds.has(it)) {
      kinds.set(it, `${kind(it.parentElement)} ${it.tagName}.${it.className} ${it.getAttributeNames()}`);
    }
    return kinds.get(it);
  };
  for (const it of document.querySelectorAll("body, body *")) {
    if (!it.isConnected) continue;
    const isNew = [it, ...it.querySelectorAll("*")].some((part) => !seen.has(kind(part)));
    if (!isNew && it.matches("tr, li, article, details, section")) it.remove();
    else seen.add(kind(it));
  }
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all of them."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def audited(audits: dict[str, Path]) -> dict[str, Any]:
    """The result of the audit of the labelled issues."""
    document: dict[str, Any] = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return document


@pytest.fixture(scope="module")
def report(audits: dict[str, Path]) -> Path:
    """The report on the labelled issues."""
    return audits["issues"] / "report.html"


@pytest.fixture(
    scope="module",
    params=["report", "clean", "comparison", "hostile", "hostile comparison", "unseen", "many", "history"],
)
def page_file(
    request: pytest.FixtureRequest,
    report: Path,
    audits: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Each kind of page."""
    folder = tmp_path_factory.mktemp("page")
    match request.param:
        case "report":
            return report
        case "clean":
            return written(folder, report_page(document(found("orders.a", "passed"))))
        case "comparison":
            sides = (results_file.read(audits[name] / "results.json") for name in ("issues", "sample"))
            return written(folder, html.comparison(compare.compare(*sides)))
        case "hostile":
            return written(folder, report_page(everything(HOSTILE)))
        case "hostile comparison":
            return written(folder, comparison_page(every_comparison(HOSTILE)))
        case "history":
            return written(folder, _history(folder / "audits.db"))
        case "many":
            long = "a_table_with_a_name_as_long_as_names_are"
            faults = (fault("reference_has_foreign_key", f"{long}_{n}.another_reference_id") for n in range(30))
            return written(folder, report_page(made(*faults)))
    return written(folder, report_page(everything(UNSEEN)))


def _history(file: Path) -> str:
    """The page of a history: usual rules, long names and keys, texts that are markup, two schemas."""
    long = f"orders.{'a_rule_with_a_long_name_' * 5}"
    for number in range(6):
        made = run(number)
        failing = found(long, violations=2, title=f"Title of {long}")
        results = (*made.document.results, *audit("2026-01-01", {}, failing).document.results)
        keys = {**made.keys, long: ["x" * 10_000, HOSTILE]}
        add(file, Audit(replace(made.document, results=results), keys))
    add(file, hostile(7, "other"), hostile(8, "other"))
    with closing(history_file.readable(file)) as connection:
        return html.history([overview(connection, it) for it in series(connection)])


def _expanded(page: Page) -> None:
    """Open all folds of a page that has some."""
    if page.locator("button.expand").count():
        page.locator("button.expand").click()


def squeezed(text: str) -> str:
    """A text as paper gives it back: spaces may be ends of lines there, and two letters one glyph."""
    return "".join(unicodedata.normalize("NFKC", text).split())


@pytest.mark.parametrize(("paper", "script"), [("A4", True), ("Letter", False)], ids=["A4", "Letter without script"])
def test_paper_has_every_finding_in_full(
    browser: Browser, report: Path, audited: dict[str, Any], paper: str, script: bool
) -> None:
    """Folded and filtered parts are printed within the margins; SQL only on request, which takes the script."""
    with opened(browser, report, java_script_enabled=script) as page:
        opened_before = page.locator("details[open]").count()
        if script:
            page.get_by_role("searchbox").fill("xyzzy")
            assert len(sheets(page.pdf(format=paper))) <= 30
            page.locator("#print-sql").evaluate("box => { box.checked = true }")
        printed = page.pdf(format=paper, prefer_css_page_size=False)
        assert page.locator("details[open]").count() == opened_before, "the screen is as it was"
    pages = [squeezed(text) for text in sheets(printed)]
    for number, page_text in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in page_text
    said = "".join(text.replace(f"{number}/{len(pages)}", "") for number, text in enumerate(pages, 1))
    for it in audited["results"]:
        assert squeezed(it["title"]) in said
        if it["status"] == "failed" and script:
            for sql in (it["sql"], it["guard"]["sql"] if it["guard"] else ""):
                lost = [line for line in sql.splitlines() if squeezed(line) not in said]
                assert len(lost) <= 2, (it["rule"], lost)  # where one page ends and another begins
    assert "Findcritical" not in said


@pytest.mark.slow
def test_no_page_ends_with_the_head_of_a_table(browser: Browser, tmp_path: Path) -> None:
    """Wherever the table begins on the page, its first row follows."""
    file = written(tmp_path, report_page(document(*(found(f"orders.r{n}") for n in range(8)))))
    with opened(browser, file) as page:
        for down in range(260, 310, 10):
            page.evaluate("down => document.body.style.paddingTop = `${down}px`", down)
            first = squeezed(sheets(page.pdf(format="A4"))[0])
            assert ("AmountFix" in first) == ("Titleoforders" in first), down


def test_two_colour_schemes(browser: Browser, report: Path) -> None:
    """Light by day, dark by night, by what the reader's system says."""
    light = {}
    for scheme in ("light", "dark"):
        with opened(browser, report, color_scheme=scheme) as page:
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            light[scheme] = sum(map(int, re.findall(r"\d+", colour)[:3])) / 765
    assert light["light"] > 0.9
    assert light["dark"] < 0.2


def test_no_width_scrolls_sideways(browser: Browser, page_file: Path) -> None:
    """A phone shows all of it, with every fold open; tables that are wider scroll inside their own box."""
    with opened(browser, page_file, viewport={"width": 1280, "height": 800}) as page:
        _expanded(page)
        for width in (1280, 768, 360, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            lost = page.evaluate("""() => [...document.querySelectorAll("main *, header *")]
              .filter(it => it.checkVisibility() && !it.closest(".box, pre, svg, .unseen"))
              .filter(it => it.getBoundingClientRect().right > innerWidth + 1 || it.getBoundingClientRect().left < -1)
              .map(it => it.outerHTML.slice(0, 200))""")
            assert lost == [], width


def test_a_phone_says_nothing_of_what_is_not_known(browser: Browser, tmp_path: Path) -> None:
    """Beside a wide table's other rows there is a dash; in a list there would be a dash of what."""
    file = written(tmp_path, report_page(document(found(checked=None), found("orders.b"))))
    with opened(browser, file, viewport={"width": 1280, "height": 800}) as page:
        row = page.locator("#first tbody tr").filter(has_text="Title of orders.amount_is_positive")
        assert row.locator("td").filter(has_text="–").first.is_visible()
        page.set_viewport_size({"width": 360, "height": 800})
        said = " ".join(row.inner_text().split())
        assert "amount_is_positive 1 3 5 –" in said, "no rows, and no share of them"


def test_evidence_breaks_no_word_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Wide rows scroll; where which value is wrong is not known, the other columns leave room too."""
    row = {f"status_{n}": "recreated" for n in range(9)} | {"args": "word " * 20}
    file = written(tmp_path, report_page(document(found(examples=[{"order_id": 1} | row], highlight=[]))))
    with opened(browser, file, viewport={"width": 360, "height": 800}) as page:
        cell = page.locator(".evidence bdi").filter(has_text="recreated").first
        assert cell.evaluate("it => it.getClientRects().length") == 1


def test_a_narrow_table_does_not_break_its_caption(browser: Browser, tmp_path: Path) -> None:
    """One column of numbers of one digit: the caption stays one line, and the column as narrow as it was."""
    rows = [{"id": number} for number in range(5)]
    file = written(tmp_path, report_page(document(found(violations=5, examples=rows, highlight=[], key="id"))))
    with opened(browser, file, viewport={"width": 1280, "height": 800}) as page:
        for width in (1280, 400):
            page.set_viewport_size({"width": width, "height": 800})
            caption = page.locator("table.evidence caption > span").first
            assert caption.evaluate("it => it.getBoundingClientRect().height") < 30, "one line"
            assert page.locator("table.evidence").first.evaluate("it => it.getBoundingClientRect().width") < 100


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(browser: Browser, page_file: Path, scheme: str, width: int) -> None:
    """In both colour schemes, narrow and wide, with every fold open."""
    size = {"width": width, "height": 800}
    with opened(browser, page_file, color_scheme=scheme, viewport=size, bypass_csp=True) as page:
        page.evaluate(_LEAVE_EACH_KIND)
        _expanded(page)
        done = Axe().run(page, options=_AXE)
        assert done.violations_count == 0, done.generate_report()
        assert len(done.response["passes"]) > 15, "it looked at something"


def test_the_keyboard_reaches_everything(browser: Browser, report: Path) -> None:
    """The first stop leads past the head; each that has the focus can be seen to have it, and not behind another."""
    with opened(browser, report) as page:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main"
        for _ in range(60):
            page.keyboard.press("Tab")
            hidden = page.evaluate("""() => {
              const it = document.activeElement, box = it.getBoundingClientRect(), style = getComputedStyle(it);
              if (style.outlineStyle === "none") return it.outerHTML.slice(0, 200);
              const seen = [0.1, 0.5, 0.9].some((part) => {
                const across = box.left + Math.min(box.width / 2, 40);
                const top = document.elementFromPoint(across, box.top + part * box.height);
                return top && (it.contains(top) || top.contains(it));
              });
              return seen ? "" : it.outerHTML.slice(0, 200);
            }""")
            assert hidden == ""


@pytest.mark.slow
def test_a_million_violations_open_at_once(browser: Browser, tmp_path: Path) -> None:
    """Counts are whole and evidence is not: the file stays small even where each value is a megabyte."""
    long = "<&\u200b>" * 260_000
    results = [
        found(
            f"orders.rule_{number:02}",
            violations=25_000 + number,
            checked=2_000_000,
            severity=("critical", "warning", "info")[number % 3],
            examples=[{"order_id": row, **{f"column_{at}": long for at in range(8)}} for row in range(20)],
        )
        for number in range(42)
    ]
    source = report_page(document(*results))
    assert len(source.encode()) < 3_000_000
    with opened(browser, written(tmp_path, source)) as page:
        assert page.locator(_FINDINGS).count() == 42
        assert page.locator("#first").get_by_text("25,041").count() == 1
        assert page.get_by_text("1,050,861").count() >= 1
        page.get_by_role("searchbox").fill("rule_07")
        assert titles(page) == ["Title of orders.rule_07"]
