"""The summary: one sheet of paper, whatever the result has, with links that lead to a place in the report."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from order_audit.reports import html
from tests.reports.documents import HOSTILE, UNSEEN, document, everything, found
from tests.reports.faults import fault
from tests.support import program
from tests.support.browser import browsing, opened, sheets
from tests.support.results import report_page, typed

_LONG = "A title of many words that does not fit into any line of any table, " * 4
_FIX = {
    "automatic": _LONG, "options": [{"name": "a", "does": _LONG, "recommended": False}], "leave": "", "assumes": "",
    "after": {},
}  # fmt: skip


def made(kind: str, issues: dict[str, Any]) -> dict[str, Any]:
    """A result of a kind."""
    match kind:
        case "issues":
            return issues
        case "clean":
            return document(found("orders.a", "passed"))
        case "hostile":
            return everything(HOSTILE)
        case "unseen":
            return everything(UNSEEN)
    many = [
        found(f"orders.r{n}", title=_LONG, fix=_FIX, do_now=_LONG if n < 9 else "", table=f"t{n}", violations=10**9)
        for n in range(200)
    ]
    faults = [fault("reference_has_foreign_key", f"{'a_long_name_' * 5}{n}.reference_id") for n in range(50)]
    return document(*many, found("orders.e", "errored")) | {"schema_findings": faults}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for all of them."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def issues(audits: dict[str, Path]) -> dict[str, Any]:
    """The result of the audit of the labelled issues."""
    read: dict[str, Any] = json.loads((audits["issues"] / "results.json").read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("kind", ["issues", "clean", "many", "hostile", "unseen"])
def test_summary_prints_on_one_sheet(browser: Browser, issues: dict[str, Any], tmp_path: Path, kind: str) -> None:
    """In full on A4 and on Letter; each link leads to a place in the report; the page asks for nothing."""
    result = made(kind, issues)
    page_text = html.summary(typed(result))
    file = tmp_path / "summary.html"
    file.write_text(page_text, encoding="utf-8")
    with opened(browser, file) as page:
        papers = [sheets(page.pdf(format=paper)) for paper in ("A4", "Letter")]
        assert page.locator("tbody tr").count() <= 25
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert [len(pages) for pages in papers] == [1, 1]
    report = report_page(result)
    anchors = re.findall(r'href="report\.html#([^"]+)"', page_text)
    assert [anchor for anchor in anchors if f'id="{anchor}"' not in report] == []
    assert bool(anchors) is (kind != "clean")
    text = "".join(unicodedata.normalize("NFKC", papers[0][0]).split())
    assert "run" in text, "the last line is on the paper"
    if kind == "issues":
        assert "notfit:14criticalfindings" in text
        assert "Answer" in text
        assert text.count("critical") >= 14
        assert "18morefindings:13warning,5info." in text


def test_summary_comes_with_the_report(tmp_path: Path) -> None:
    """Its links need it."""
    done = program.order_audit("run", "--dsn", "host=/nowhere", "--out", str(tmp_path), "--format", "json,summary")
    assert (done.returncode, done.stderr) == (
        2, "order-audit: --format summary has links into report.html: add html\n",
    )  # fmt: skip
