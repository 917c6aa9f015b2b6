"""How many violations, on how many rows, from how many causes: on the page, in the terminal and in summaries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import html, markdown
from order_audit.reports.terminal import summary
from order_audit.reports.totals import totals
from tests.reports.documents import document, found
from tests.reports.page import Page, drawn
from tests.support.results import typed

DEFINED = "A cause is a row with a violation that follows from no other row."


def affected(table: str, rows: int, causes: int | None, key: str = "id") -> dict[str, Any]:
    """A table's rows with violations."""
    return {"table": table, "key": key, "rows": rows, "causes": causes}


def counted(*rows: dict[str, Any]) -> dict[str, Any]:
    """A document with violations in these."""
    results = (
        found(f"a.r{number}", table=it["table"], key=it["key"], violations=1234) for number, it in enumerate(rows)
    )
    made = document(*results)
    made["summary"]["rows_affected"] = list(rows)
    return made


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([affected("orders", 900, 1)], "1,234 violations on 900 rows, 1 cause"),
        ([affected("customers", 1, 1), affected("orders", 1000, 200)], "2,468 violations on 1,001 rows, 201 causes"),
        ([affected("customers", 1, 1), affected("orders", 1000, None)], "2,468 violations on 1,001 rows"),
        ([affected("customers", 1, 1), affected("orders", 1000, 1000)], "2,468 violations on 1,001 rows"),
        ([affected("orders", 900, 1), affected("orders", 5, 5, "customer_id")], "2,468 violations"),
    ],
)
def test_totals(rows: list[dict[str, Any]], text: str) -> None:
    """Rows of a table that are known by two keys may be the same; causes are told where there are fewer than rows."""
    assert str(totals(typed(counted(*rows)))) == text


def test_violations_without_a_table_are_in_no_row() -> None:
    """No sum of rows is told then."""
    made = counted(affected("orders", 900, 1))
    made["results"].append(found("b.none", table=None, violations=1))
    assert str(totals(typed(made))) == "1,235 violations"


def test_the_number_of_causes_is_told_with_its_meaning() -> None:
    """On the first screen, on the sheet, in the Markdown and in the terminal."""
    made = counted(affected("customers", 30, 25), affected("orders", 100, 90))
    said = "2,468 violations on 130 rows, 115 causes"
    page = drawn(made)
    assert f"{said}: in 30 of 50 rows of customers and 100 of 200 rows of orders" in page.all("header")[0]
    assert DEFINED in page.all("header")[0]
    assert (
        "30 distinct id, 25 of them causes, among 1,234 violations of 1 finding" in page.all("div", id_="affected-1")[0]
    )
    places = (Page(html.summary(typed(made))).text, markdown.markdown(typed(made)),
              summary.verdict_text(typed(made), Path("out")))  # fmt: skip
    for text in places:
        assert f"{said}. {DEFINED.rstrip('.')}" in text


def test_without_a_violation_there_are_no_totals() -> None:
    """Nor a definition."""
    made = document(found("a.r", "passed"))
    assert "cause" not in drawn(made).all("header")[0]
    assert "violations on" not in summary.verdict_text(typed(made), Path("out")) + markdown.markdown(typed(made))


def test_a_finding_that_follows_from_another_is_marked_in_the_list() -> None:
    """With the cause, and how many of its violations."""
    follows = [{"rule": "x.cause", "rows": 3}, {"rule": "x.gone", "rows": 1}]
    page = drawn(document(found("x.cause", violations=3), found("x.effect", violations=4, follows_from=follows)))
    lines = [line for line in page.all("tr") if "Title of x.cause" in line]
    assert ["follows from Title of x.cause (3 of 4)" in line for line in lines] == [
        "Title of x.effect" in line for line in lines
    ]
    assert len(lines) == 2
    assert "x.gone" not in page.text
