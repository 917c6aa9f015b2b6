"""The HTML report: any text is only text, the verdict comes first, and each finding says all of itself."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.reports.documents import HOSTILE, SCHEMA_RULE, UNSEEN, document, every_comparison, everything, found
from tests.reports.page import drawn


@pytest.mark.parametrize("text", [HOSTILE, UNSEEN, "", " ", "x" * 20_000, "a\n\t\r\nb", "%s %(x)s {0}", "\\"])
@pytest.mark.parametrize("make", [everything, every_comparison])
def test_any_text_is_only_text(make: Any, text: str) -> None:
    """Whatever stands in a database, a rule or a name can neither become markup nor hide."""
    page = drawn(make(text))
    if text == HOSTILE:
        assert page.text.count(" ".join(HOSTILE.split())) > 10
    if text == UNSEEN:
        spelled = "a⟨U+202E⟩b⟨U+200B⟩c⟨U+0000⟩d⟨U+D800⟩e⟨U+2028⟩f⟨U+001B⟩[0m⟨U+FEFF⟩<i>&lt;</i>"
        assert page.text.count(spelled) > 10


def test_the_verdict_comes_first() -> None:
    """Passed or failed and why, how many of how many, in which database, when and how."""
    made = document(
        found("orders.a", violations=1234),
        found("orders.b", severity="info", violations=2),
        found("orders.c", "passed"),
        found("orders.d", "errored"),
        found("orders.e", "not_checkable", reason="no history"),
        found("orders.f", "skipped"),
        gate={
            "passed": False,
            "reasons": ["a", "b"],
            "failures": [
                {"kind": "failed", "severity": "critical", "rules": [{"rule": "orders.a", "count": 1234}]},
                {"kind": "pass_rate", "passed": 1, "judged": 4},
            ],
            "fail_on": "warning",
            "min_pass_rate": 95.0,
            "baseline": True,
        },
    )
    page = drawn(made)
    assert page.all("h1") == ["leads: not fit: 1 critical finding"]
    top = page.all("header")[0]
    for said in (
        "1 of 4 judged expectations passed (25.00 %)",
        "2 failed, with 1,236 violations",
        "1 ended in an error",
        "1 is not checkable.",
        "1 was skipped.",
        "1 critical expectation failed: orders.a (1,234 new)",
        "the pass rate is 25.0000 % (1 of 4, counting rules without new violations as passed), below 95 %",
        "critical or warning findings that are new against the baseline, on missing tables, and on errors,",
        "and below a pass rate of 95 %",
        "leads, schema public",
        "PostgreSQL 18.1 on db.internal",
        "auditor, utf8",
        "customers 50, orders 200",
        "2026-03-01 08:00:00 UTC",
        "1 min 05 s, 7 scans",
        "00000002-1",
        "order-audit 0.1.0",
        "masked",
        "Violations 1,234 0 2 1,236",
    ):
        assert said in top, said
    assert "Interrupted" not in page.text
    assert "in clear text" not in page.text


def test_an_interrupted_or_unmasked_audit_says_so_at_the_top() -> None:
    """An incomplete audit and unmasked data are marked at the top."""
    top = drawn(document(found(), complete=False, masked=False)).all("header")[0]
    assert "Interrupted: this audit is not complete." in top
    assert "Personal data and secrets are shown in clear text." in top
    assert "Values not masked" in top


def test_an_audit_without_findings_says_so_and_what_it_looked_at() -> None:
    """A clean result is a sentence, with checked and unchecked expectations."""
    page = drawn(document(found("orders.a", "passed"), found("orders.b", "not_checkable", reason="no times are kept")))
    assert page.all("h1") == ["leads: fit: no expectation found a violation"]
    assert "No expectation found a violation." in page.text
    assert "No finding in the data: the one judged expectation passed." in page.text
    assert "no row" not in page.text
    assert "Expectations that were not checked may have violations." in page.text
    assert "Reason: no times are kept." in page.all("section", id="not-checkable")[0]
    assert "orders, 200 rows Title of orders.a orders.a" in page.all("section", id="passed")[0]


def test_what_passed_stands_by_its_table_or_by_none() -> None:
    """A rule with a computed key has no table, and is listed with those that have one."""
    page = drawn(document(found("orders.a", "passed"), found("both.b", "passed", table=None, checked=None)))
    passed = page.all("section", id="passed")[0]
    assert "Several tables Title of both.b both.b" in passed
    assert "orders, 200 rows Title of orders.a orders.a" in passed


def test_empty_tables_are_no_clean_ones() -> None:
    """What passed for want of rows is told apart from what was looked at."""
    page = drawn(document(found("orders.a", "passed", checked=0), tables={"orders": {"rows": 0}}))
    assert "orders holds no row: an expectation on an empty table passes." in page.all("header")[0]
    assert "Empty: orders." in page.all("section", id="first")[0]
    assert "The table is empty." in page.all("section", id="passed")[0]


def test_impact_has_columns_where_it_is_known() -> None:
    """Findings without an impact need none."""
    known = drawn(document(found())).all("section", id="first")[0]
    unknown = drawn(document(found(impact=None))).all("section", id="first")[0]
    assert "Customers Orders Amount" in known
    assert "then by impact: order amounts, in the table's own unit" in known
    assert "Customers" not in unknown
    assert "then by impact" not in unknown


@pytest.mark.parametrize("results", [[], [found("orders.a", "skipped", reason="no table orders")]])
def test_nothing_judged_is_no_success(results: list[dict[str, Any]]) -> None:
    """An audit that judged nothing does not read as a clean one."""
    page = drawn(document(*results, tables={}))
    said = "Nothing was judged" if results else "No rules were run."
    reason = ". The reason of each expectation is below." * bool(results)
    assert said in page.all("header")[0]
    assert said + reason in page.all("section", id="first")[0]
    assert "No expectation found a violation" not in page.text
    assert "None passed." in page.text


def test_the_worst_is_first() -> None:
    """By severity, then by the share of rows; a share that is not known is reckoned on the largest table."""
    made = document(
        found("x.info", severity="info", violations=200),
        found("x.few", violations=2, checked=200),
        found("x.unknown", violations=30, checked=None, table=None, impact=None),
        found("x.share", violations=10, checked=20, highlight=["order_amount"]),
        found("x.warning", severity="warning", violations=150),
    )
    rows = drawn(made).all("section", id="first")[0]
    order = re.findall(r"Title of x\.(\w+)", rows)
    assert order == ["share", "unknown", "few", "warning", "info"]
    assert "critical Title of x.share 10 20 50.00 % 3 5 1,250" in rows
    assert "critical Title of x.unknown 30 – – – – –" in rows


def test_a_finding_tells_all_of_itself() -> None:
    """What, how much, why, whom it concerns, which rows, by which SQL, from which file, in what time."""
    made = document(
        found(
            "orders.a",
            violations=1200,
            checked=53_000,
            requires=["orders.x", "encoding utf8"],
            impact={"customers": 1, "orders": 1200, "amount": -12.5},
            highlight=["order_amount"],
        )
    )
    page = drawn(made)
    said = page.all("article", id="rule-orders.a")[0]
    for part in (
        "Title of orders.a",
        "critical",
        "1,200 of 53,000 rows of orders (2.26 %)",
        "It costs money.",
        "Impact: 1 customer, 1,200 orders, −12.50 (order amounts, in the table's own unit).",
        "Requires orders.x, encoding utf8",
        "File current/orders/a.sql",
        "First 1 of 1,200 by order_id; every key is in violations.csv",
        "order_id key order_amount",
        "17 ▸-5",
        "select o.order_id from orders as o",
    ):
        assert part in said, part


def test_many_tables_are_not_all_named_in_a_sentence() -> None:
    """The six with the most rows are, in the verdict; each of the others is where its number leads."""
    results = [found(f"t.r{n}", table=f"t{n}", key="id", impact=None) for n in range(30)]
    given = document(*results)
    given["run"]["tables"] = {f"t{n}": {"rows": 0 if n < 10 else n} for n in range(30)}
    given["summary"]["rows_affected"] = [{"table": f"t{n}", "key": "id", "rows": n} for n in range(30)]
    page = drawn(given)
    verdict = page.all("header")[0]
    assert ": in 29 of 29 rows of t29, 28 of 28 rows of t28," in verdict
    assert "24 of 24 rows of t24 and rows of 24 more tables, each row counted once." in verdict
    assert "t29 29, t28 28, t27 27, t26 26, t25 25, t24 24 and 24 more tables" in verdict
    assert "t0, t1, t2, t3, t4, t5 and 4 more hold no row" in verdict
    assert "t23: 23, by" in page.text


def test_rules_on_the_schema_that_were_not_judged_are_told_by_reason() -> None:
    """One reason is told once; where no rule was judged, none is said to have found nothing."""
    given = document(found("orders.a", "passed"))
    given["schema_rules"] = [
        SCHEMA_RULE | {"rule": f"schema.r{n}", "status": "errored", "reason": "interrupted before it was judged"}
        for n in range(3)
    ]
    said = drawn(given).text
    assert "3 rules ended in an error: interrupted before it was judged" in said
    assert said.count("interrupted before it was judged") == 1
    assert "found a fault" not in said


def test_impact_in_words() -> None:
    """Each number with its noun; findings without an impact are counted once."""
    of = {
        "customers": found("c.a", table="customers", key="customer_id", highlight=["customer_balance"]),
        "none": found(
            "c.b", table="customers", highlight=["order_amount"], impact={"customers": 2, "orders": 0, "amount": 0}
        ),
        # amounts are not what is wrong there
        "no money": found(
            "c.e", table="customers", highlight=["customer_email"], impact={"customers": 4, "orders": 9, "amount": 8}
        ),
        "unknown": found("c.c", table="parts", impact=None, checked=None),
        "nor this": found("c.d", table="parts", impact=None),
    }
    of["lost"] = found("o.a", highlight=["order_amount"], impact={"customers": 0, "orders": 2, "amount": 7})
    page = drawn(document(*of.values()))
    unit = "(order amounts, in the table's own unit)."
    assert f"Impact: no customer, 2 orders, 7 {unit}" in page.text
    assert f"Impact: 3 customers, 5 live orders, 1,250 {unit}" in page.text
    assert f"Impact: 2 customers, no live order, 0 {unit}" in page.text
    assert "Impact: 4 customers, 9 live orders." in page.text
    listed = page.all("section", id="first")[0]
    assert re.search(r"Title of c\.b \S+ \S+ \S+ %? ?2 0 0", listed)
    assert re.search(r"Title of c\.e \S+ \S+ \S+ %? ?4 9 –", listed)
    assert page.text.count("2 findings have no impact: no installed domain defines it") == 1
    assert "1 violation; the number of checked rows is unknown" in page.text
