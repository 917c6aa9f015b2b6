"""The pages in a browser: the additions of the script, and the content without it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.reports.browsing import titles, written
from tests.reports.documents import HOSTILE, compared, comparison, document, every_comparison, everything, found
from tests.support.browser import browsing, opened
from tests.support.results import comparison_page, report_page

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


def data_of(audit: dict[str, Any], **wanted: str) -> set[str]:
    return {
        it["title"]
        for it in audit["results"]
        if it["status"] == "failed" and all(it[name] == value for name, value in wanted.items())
    }


def test_severity_and_area_leave_what_was_asked_for(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """In the order of work and in the findings alike; the page says how much is shown, and how to see all again."""
    audit = audited
    with opened(browser, report) as page:
        assert set(titles(page)) == data_of(audit)
        page.get_by_role("checkbox", name="warning").uncheck()
        page.get_by_role("checkbox", name="info").uncheck()
        assert set(titles(page)) == data_of(audit, severity="critical")
        assert set(titles(page, "#first table:first-of-type th[scope=row] > a")) >= data_of(audit, severity="critical")
        assert not page.locator("#warning").is_visible()
        page.get_by_label("Area").select_option("lineage")
        wanted = {
            it["title"]
            for it in audit["results"]
            if it["severity"] == "critical" and it["rule"].startswith("lineage.") and it["status"] == "failed"
        }
        assert set(titles(page)) == wanted
        assert re.fullmatch(r"\d+ of \d+ shown", page.locator(".tools [role=status]").inner_text())
        page.get_by_role("button", name="Show all").click()
        assert set(titles(page)) == data_of(audit)
        assert page.locator(".tools [role=status]").inner_text() == ""


def test_search_looks_at_the_whole_finding(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """Every word, in any case, anywhere in a finding: its rule's id, its prose, its SQL; also from the keyboard."""
    with opened(browser, report) as page:
        page.get_by_role("searchbox").fill("ORDER_REF_EXISTS")
        assert "Order references a missing ancestor" in titles(page)
        assert len(titles(page)) < len(data_of(audited)) / 4
        page.get_by_role("searchbox").fill("cycle ancestor")
        assert "Order belongs to a reference cycle" in titles(page)
        page.get_by_role("searchbox").fill("xyzzy")
        assert titles(page) == []
        page.keyboard.press("Control+A")
        page.keyboard.press("Delete")
        assert set(titles(page)) == data_of(audited)


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


def test_each_finding_has_an_address(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """Made of its rule's id alone, so that it is the same in every report; the sign beside the title leads there."""
    failed = [it["rule"] for it in audited["results"] if it["status"] == "failed"]
    with opened(browser, report) as page:
        links = page.locator("article.finding[data-kind=finding] .permalink")
        found = links.evaluate_all("all => all.map(one => [one.getAttribute('href'), one.closest('article').id])")
        assert sorted(found) == sorted([f"#rule-{rule}", f"rule-{rule}"] for rule in failed)
        link = page.get_by_role("link", name="Link to this finding: Order amount is negative", exact=True)
        link.click()
        assert page.url.endswith("report.html#rule-orders.amount_is_not_negative")
        assert page.locator("article.finding:target h4").inner_text() == "Order amount is negative"
        page.emulate_media(media="print")
        assert not link.is_visible()


def test_every_fold_opens_at_once(browser: Browser, report: Path) -> None:
    """And closes again."""
    with opened(browser, report) as page:
        button = page.locator("button.expand")
        button.click()
        assert page.locator("details:not([open])").count() == 0
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        assert page.locator("details[open]").count() == 0


def copied(page: Page, part: str) -> str:
    """What the button of a finding's SQL copies."""
    fold = page.locator(_FINDINGS).locator("details").filter(has=page.get_by_text(part, exact=False))
    fold.evaluate("fold => { fold.open = true }")
    fold.get_by_role("button").click()
    expect(page.locator(".tools [role=status]")).to_have_text("Copied")
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_copied_sql_is_a_whole_statement(browser: Browser, tmp_path: Path) -> None:
    """The query stands on the page once; the impact and the guard are copied with it in its place."""
    sql = "select o.order_id -- \u202e\u200b <b>&amp;</b> 'it''s'\n\tfrom orders as o"
    around = f"select count(*)\nfrom (\n{sql}\n  ) as v"
    guard = {"name": "g", "title": "t", "requires": [], "assumes": "", "sql": f"create view a as {sql};\nanalyze;"}
    source = report_page(document(found(sql=sql, impact_sql=around, guard=guard)))
    assert source.count("from orders as o") == 1
    assert source.count("the query above goes here") == 2
    with opened(browser, written(tmp_path, source), permissions=["clipboard-read", "clipboard-write"]) as page:
        assert copied(page, "SQL of this row") == f"{sql};"
        assert copied(page, "SQL of the impact") == f"{around};"
        assert copied(page, "SQL of the guard") == guard["sql"]


def test_a_selected_statement_is_whole(browser: Browser, tmp_path: Path) -> None:
    """Without the right to the clipboard, the button selects the statement, with the query in its place."""
    file = written(
        tmp_path, report_page(document(found(sql="select 1 -- one", impact_sql="select (\nselect 1 -- one\n)")))
    )
    with opened(browser, file) as page:
        page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error()); }")
        fold = page.locator("[id^=impact-]")
        fold.evaluate("fold => { fold.open = true }")
        fold.get_by_role("button").click()
        expect(fold.get_by_role("button")).to_have_text("Selected")
        assert page.evaluate("String(getSelection())").strip() == "select (\nselect 1 -- one\n);"
        assert page.locator("[id^=sql-]").text_content() == "select 1 -- one\n;"


def test_nothing_is_lost_without_the_script(browser: Browser, report: Path, audited: dict[str, Any]) -> None:
    """All findings are there, folds open, and there is no button that would do nothing."""
    with opened(browser, report, java_script_enabled=False) as page:
        for title in data_of(audited):
            assert page.get_by_role("heading", name=title, exact=True).count() == 1
        assert page.locator("button:visible, .tools:visible").count() == 0
        page.locator("#times > summary").click()
        assert page.locator("#times table").is_visible()


@pytest.mark.slow
def test_hostile_text_is_shown_as_text(browser: Browser, tmp_path: Path) -> None:
    """Scripts, ends of elements, drawings, braces and directions: all can be read, and nothing of it works."""
    texts = (HOSTILE, "</script><script>alert(3)</script><svg onload=alert(4)><a xlink:href='javascript:alert(5)'>",
             "{{ cycler.__init__ }}]]></title></textarea><!--")  # fmt: skip
    for number, hostile in enumerate(texts):
        for draw, drawn in ((report_page, everything(hostile)), (comparison_page, every_comparison(hostile))):
            file = written(tmp_path, draw(drawn))
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
    file = written(tmp_path, report_page(document(found(examples=rows, violations=2))))
    with opened(browser, file) as page:
        cells = page.locator(".evidence td").all_inner_texts()
        assert "⟨U+202E⟩gnp.exe" in cells
        assert all(letter not in page.content() for letter in "\u202a\u202b\u202d\u202e\u2066\u2067")
        assert page.locator("td bdi", has_text="שלום").evaluate("it => getComputedStyle(it).unicodeBidi") == "isolate"


def test_a_comparison_filters_too(browser: Browser, tmp_path: Path) -> None:
    """By the same means as a report."""
    keys = {"resolved": [], "remaining": [], "new": ["1"]}
    rules = (compared("orders.a", new=1, examples=keys), compared("customers.b", new=1, examples=keys))
    with opened(browser, written(tmp_path, comparison_page(comparison(*rules)))) as page:
        page.get_by_label("Area").select_option("orders")
        assert titles(page, "#new dt") == ["warning Title of orders.a"]
        assert page.locator(".tools [role=status]").inner_text() == "1 of 2 shown"
