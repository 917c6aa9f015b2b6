"""The pages in a browser: what the script adds, what is there without it, on paper, on a phone, for everybody."""

from __future__ import annotations

import io
import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from pypdf import PdfReader

from order_audit.reports import compare, html, results_file
from tests.reports.test_html import HOSTILE, UNSEEN, compared, comparison, document, every_comparison, everything, found
from tests.reports.test_schema import fault, made
from tests.support.browser import browsing, opened
from tests.support.results import comparison_page, report_page

#: Everything that axe-core knows, best practices too.
_AXE: dict[str, Any] = {"resultTypes": ["violations"]}
_FINDINGS = "article.finding[data-kind=finding]"


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
    scope="module", params=["report", "clean", "comparison", "hostile", "hostile comparison", "unseen", "many"]
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
            return _written(folder, report_page(document(found("orders.a", "passed"))))
        case "comparison":
            sides = (results_file.read(audits[name] / "results.json") for name in ("issues", "sample"))
            return _written(folder, html.comparison(compare.compare(*sides)))
        case "hostile":
            return _written(folder, report_page(everything(HOSTILE)))
        case "hostile comparison":
            return _written(folder, comparison_page(every_comparison(HOSTILE)))
        case "many":
            long = "a_table_with_a_name_as_long_as_names_are"
            faults = (fault("reference_has_foreign_key", f"{long}_{n}.another_reference_id") for n in range(30))
            return _written(folder, report_page(made(*faults)))
    return _written(folder, report_page(everything(UNSEEN)))


def _written(folder: Path, source: str) -> Path:
    file = folder / "page.html"
    file.write_text(source, encoding="utf-8")
    return file


def _squeezed(text: str) -> str:
    """A text as paper gives it back: spaces may be ends of lines there, and two letters one glyph."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def _titles(page: Page, selector: str = f"{_FINDINGS} h4") -> list[str]:
    """The texts of those of these elements that can be seen."""
    shown: list[str] = page.locator(selector).evaluate_all(
        "all => all.filter(one => one.checkVisibility()).map(one => one.textContent.trim())"
    )
    return shown


def _of(audit: dict[str, Any], **wanted: str) -> set[str]:
    return {
        it["title"]
        for it in audit["results"]
        if it["status"] == "failed" and all(it[name] == value for name, value in wanted.items())
    }


def test_severity_and_area_leave_what_was_asked_for(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """In the order of work and in the findings alike; the page says how much is shown, and how to see all again."""
    audit = audited
    with opened(browser, report) as page:
        assert set(_titles(page)) == _of(audit)
        page.get_by_role("checkbox", name="warning").uncheck()
        page.get_by_role("checkbox", name="info").uncheck()
        assert set(_titles(page)) == _of(audit, severity="critical")
        assert set(_titles(page, "#first table:first-of-type th[scope=row]")) >= _of(audit, severity="critical")
        assert not page.locator("#warning").is_visible()
        page.get_by_label("Area").select_option("lineage")
        wanted = {
            it["title"]
            for it in audit["results"]
            if it["severity"] == "critical" and it["rule"].startswith("lineage.") and it["status"] == "failed"
        }
        assert set(_titles(page)) == wanted
        assert re.fullmatch(r"\d+ of \d+ shown", page.locator(".tools [role=status]").inner_text())
        page.get_by_role("button", name="Show all").click()
        assert set(_titles(page)) == _of(audit)
        assert page.locator(".tools [role=status]").inner_text() == ""


def test_search_looks_at_the_whole_finding(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """Every word, in any case, anywhere in a finding: its rule's id, its prose, its SQL; also from the keyboard."""
    with opened(browser, report) as page:
        page.get_by_role("searchbox").fill("ORDER_REF_EXISTS")
        assert "Order references a missing ancestor" in _titles(page)
        assert len(_titles(page)) < len(_of(audited)) / 4
        page.get_by_role("searchbox").fill("cycle ancestor")
        assert "Order belongs to a reference cycle" in _titles(page)
        page.get_by_role("searchbox").fill("xyzzy")
        assert _titles(page) == []
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        assert set(_titles(page)) == _of(audited)


def test_links_lead_into_what_is_folded_or_filtered_out(browser: Browser, report: Path) -> None:
    """From outside as from inside the page, once and again."""
    with opened(browser, report, "#times") as page:
        assert page.locator("#times table").is_visible()
        page.get_by_role("checkbox", name="critical").uncheck()
        target = page.locator(f"#critical {_FINDINGS}").first
        assert not target.is_visible()
        page.evaluate("id => { location.hash = id }", target.get_attribute("id"))
        target.wait_for(state="visible")
        assert page.get_by_role("checkbox", name="critical").is_checked()
        page.locator("#times > summary").click()
        assert not page.locator("#times table").is_visible()
        link = page.locator("a[href='#times']").first
        link.click()
        page.locator("#times table").wait_for(state="visible")
        page.locator("#times > summary").click()
        link.click()
        page.locator("#times table").wait_for(state="visible")


def test_every_fold_opens_at_once(browser: Browser, report: Path) -> None:
    """And closes again."""
    with opened(browser, report) as page:
        button = page.locator("button.expand")
        button.click()
        assert page.locator("details:not([open])").count() == 0
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert page.locator("details[open]").count() == 0


def test_copied_sql_is_the_rule_s(browser: Browser, tmp_path: Path) -> None:
    """Characters that are spelled out on the page are themselves again, and it is said that they were copied."""
    sql = "select o.order_id -- \u202e\u200b <b>&amp;</b> 'it''s'\n\tfrom orders as o  "
    file = _written(tmp_path, report_page(document(found(sql=sql))))
    with opened(browser, file, permissions=["clipboard-read", "clipboard-write"]) as page:
        finding = page.locator(_FINDINGS)
        for fold in finding.locator("details").all():
            fold.evaluate("fold => { fold.open = true }")
        rows = finding.locator("details").filter(has=page.get_by_text("SQL of th", exact=False))
        rows.get_by_role("button").click()
        page.wait_for_function("document.querySelector('.tools [role=status]').textContent === 'Copied'")
        assert page.evaluate("navigator.clipboard.readText()") == sql


def test_nothing_is_lost_without_the_script(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """All findings are there, folds open, and there is no button that would do nothing."""
    with opened(browser, report, java_script_enabled=False) as page:
        for title in _of(audited):
            assert page.get_by_role("heading", name=title, exact=True).count() == 1
        assert page.locator("button:visible, .tools:visible").count() == 0
        page.locator("#times > summary").click()
        assert page.locator("#times table").is_visible()


@pytest.mark.parametrize(("paper", "script"), [("A4", True), ("Letter", False)], ids=["A4", "Letter without script"])
def test_paper_has_every_finding_in_full(
    browser: Browser, report: Path, audited: dict[str, Any], paper: str, script: bool
) -> None:
    """What is folded or filtered out on the screen is printed nevertheless, SQL and times too, within the margins."""
    with opened(browser, report, java_script_enabled=script) as page:
        opened_before = page.locator("details[open]").count()
        if script:
            page.get_by_role("searchbox").fill("xyzzy")
        printed = page.pdf(format=paper, prefer_css_page_size=False)
        assert page.locator("details[open]").count() == opened_before, "the screen is as it was"
    reader = PdfReader(io.BytesIO(printed))
    pages = [_squeezed(sheet.extract_text()) for sheet in reader.pages]
    for number, page_text in enumerate(pages, 1):
        assert f"{number}/{len(pages)}" in page_text
    said = "".join(text.replace(f"{number}/{len(pages)}", "") for number, text in enumerate(pages, 1))
    for it in audited["results"]:
        assert _squeezed(it["title"]) in said
        if it["status"] == "failed":
            for sql in (it["sql"], it["guard"]["sql"] if it["guard"] else ""):
                lost = [line for line in sql.splitlines() if _squeezed(line) not in said]
                assert len(lost) <= 2, (it["rule"], lost)  # where one page ends and another begins
    assert "Findcritical" not in said
    assert len(reader.pages) < 110


def test_no_page_ends_with_the_head_of_a_table(browser: Browser, tmp_path: Path) -> None:
    """Wherever the table begins on the page, its first row follows."""
    file = _written(tmp_path, report_page(document(*(found(f"orders.r{n}") for n in range(8)))))
    with opened(browser, file) as page:
        for down in range(260, 310, 10):
            page.evaluate("down => document.body.style.paddingTop = `${down}px`", down)
            first = _squeezed(PdfReader(io.BytesIO(page.pdf(format="A4"))).pages[0].extract_text())
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
        page.locator("button.expand").click()
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
    file = _written(tmp_path, report_page(document(found(checked=None), found("orders.b"))))
    with opened(browser, file, viewport={"width": 1280, "height": 800}) as page:
        row = page.locator("#first tbody tr").filter(has_text="Title of orders.amount_is_positive")
        assert row.locator("td").filter(has_text="–").first.is_visible()
        page.set_viewport_size({"width": 360, "height": 800})
        said = " ".join(row.inner_text().split())
        assert "amount_is_positive 1 3 5 1,250" in said, "no rows, and no share of them"


def test_evidence_breaks_no_word_on_a_phone(browser: Browser, tmp_path: Path) -> None:
    """Wide rows scroll; where which value is wrong is not known, the other columns leave room too."""
    row = {f"status_{n}": "recreated" for n in range(9)} | {"args": "word " * 20}
    file = _written(tmp_path, report_page(document(found(examples=[{"order_id": 1} | row], highlight=[]))))
    with opened(browser, file, viewport={"width": 360, "height": 800}) as page:
        cell = page.locator(".evidence bdi").filter(has_text="recreated").first
        assert cell.evaluate("it => it.getClientRects().length") == 1


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_finds_nothing(browser: Browser, page_file: Path, scheme: str, width: int) -> None:
    """In both colour schemes, narrow and wide, with every fold open."""
    size = {"width": width, "height": 800}
    with opened(browser, page_file, color_scheme=scheme, viewport=size, bypass_csp=True) as page:
        page.locator("button.expand").click()
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


def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    """Scripts, ends of elements, drawings, braces and directions: all can be read, and nothing of it works."""
    texts = (HOSTILE, "</script><script>alert(3)</script>", "<svg onload=alert(4)><a xlink:href='javascript:alert(5)'>",
             "{{ cycler.__init__ }}", "]]></title></textarea><!--")  # fmt: skip
    for number, hostile in enumerate(texts):
        for draw, drawn in ((report_page, everything(hostile)), (comparison_page, every_comparison(hostile))):
            file = _written(tmp_path, draw(drawn))
            with opened(browser, file) as page:
                page.locator("button.expand").click()
                page.get_by_role("searchbox").fill(hostile)
                shown = page.evaluate("document.body.textContent.replace(/\\s+/g, ' ')")
                assert shown.count(" ".join(hostile.split())) > 5, number
                assert page.locator("script").count() == 1
                assert page.locator("img, iframe, form, textarea, svg[onload]").count() == 0


def test_directions_do_not_leave_their_value(browser: Browser, tmp_path: Path) -> None:
    """A right-to-left override turns nothing around; letters of such a script stay in their cell."""
    rows = [{"order_id": 1, "v": "\u202egnp.exe"}, {"order_id": 2, "v": "שלום 12"}]
    file = _written(tmp_path, report_page(document(found(examples=rows, violations=2))))
    with opened(browser, file) as page:
        cells = page.locator(".evidence td").all_inner_texts()
        assert "⟨U+202E⟩gnp.exe" in cells
        assert all(letter not in page.content() for letter in "\u202a\u202b\u202d\u202e\u2066\u2067")
        assert page.locator("td bdi", has_text="שלום").evaluate("it => getComputedStyle(it).unicodeBidi") == "isolate"


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
    with opened(browser, _written(tmp_path, source)) as page:
        assert page.locator(_FINDINGS).count() == 42
        assert page.locator("#first").get_by_text("25,041").count() == 1
        assert page.get_by_text("1,050,861").count() >= 1
        page.get_by_role("searchbox").fill("rule_07")
        assert _titles(page) == ["Title of orders.rule_07"]


def test_a_comparison_filters_too(browser: Browser, tmp_path: Path) -> None:
    """By the same means as a report."""
    keys = {"resolved": [], "remaining": [], "new": ["1"]}
    rules = (compared("orders.a", new=1, examples=keys), compared("customers.b", new=1, examples=keys))
    with opened(browser, _written(tmp_path, comparison_page(comparison(*rules)))) as page:
        page.get_by_label("Area").select_option("orders")
        assert _titles(page, "#new dt") == ["warning Title of orders.a"]
        assert page.locator(".tools [role=status]").inner_text() == "1 of 2 shown"
