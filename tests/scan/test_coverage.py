"""Which rules read which columns: by the parsed query, in the result and on the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlglot
from sqlglot import exp

from order_audit.audit.analysis.columns_read import columns_read
from order_audit.audit.run import Options
from tests.support.browser import browsing, opened
from tests.support.results import run

HEADER = "-- title: A\n-- severity: info\n-- key: id\n"


@pytest.mark.parametrize(
    ("query", "read"),
    [
        ("select a.id, a.shown, a.named as other from a where a.tested > 1", {"a.tested"}),
        ("select a.id from a join b on b.a_id = a.id where b.x is null", {"a.id", "b.a_id", "b.x"}),
        ("select id, shown from a where tested is null order by shown", {"*.tested"}),
        ("select a.id, max(a.x) as x from a group by a.id having count(a.y) > 1", {"a.id", "a.x", "a.y"}),
        ("select a.id from a as b join c as a using (key) where a.x = b.y", {"c.x", "a.y", "*.key"}),
        ("select v.id from (select a.id, a.x as y, a.shown from a) as v where v.y = 1", {"*.y", "*.x"}),
        ("with v as (select lower(a.x) as x from a) select v.x from v where v.x <> ''", {"a.x", "*.x"}),
        ("select a.id from s.a where exists (select from b where b.id = a.ref)", {"b.id", "s.a.ref"}),
        ('select a.id from a where a."Odd" = A.Even', {"a.Odd", "a.even"}),
        ("select a.id from a order by a.x limit 3", {"a.x"}),
    ],
)
def test_a_query_reads_what_decides(query: str, read: set[str]) -> None:
    """Not what it shows, and not the order of the whole result; `*` where it may be of any table."""
    tree = sqlglot.parse_one(query, dialect="postgres")
    assert isinstance(tree, exp.Query)
    assert {f"{relation or '*'}.{column}" for relation, column in columns_read(tree)} == read


@pytest.fixture
def audited(dsn: str, tmp_path: Path) -> tuple[dict[str, Any], Path]:
    """An audit of two tables, of which some columns are read by no rule."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table a (id int primary key, x int, shown text, b_id int)")
        connection.execute("create schema s; create table s.b (id int, note text)")
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "of_x.sql").write_text(HEADER + "select a.id, a.shown from a where a.x > 0\n")
    (folder / "of_b.sql").write_text(
        HEADER + "select a.id from a left join s.b as b on b.id = a.b_id where b.id is null\n"
    )
    options = Options(suites=(str(folder),), lint=False, profile=False, formats=("json", "html"))
    return run(dsn, tmp_path / "out", options), tmp_path / "out"


@pytest.mark.both_versions
def test_a_result_has_the_rules_of_each_column(audited: tuple[dict[str, Any], Path]) -> None:
    """In the order of the table's columns; with an empty list where no rule reads one."""
    assert audited[0]["coverage"]["tables"] == [
        {"table": "a", "columns": {"id": [], "x": ["of_x"], "shown": [], "b_id": ["of_b"]}},
        {"table": "s.b", "columns": {"id": ["of_b"], "note": []}},
    ]


def test_the_page_names_columns_that_no_rule_reads(audited: tuple[dict[str, Any], Path]) -> None:
    """And, folded, the rules of the others, as links."""
    with browsing() as browser, opened(browser, audited[1] / "report.html") as page:
        section = page.locator("#coverage")
        assert section.locator("dd").all_inner_texts() == ["No rule reads id, shown.", "No rule reads note."]
        section.get_by_text("a: the rules of each column", exact=True).click()
        rows = section.locator("details").first.locator("tbody tr").all_inner_texts()
        assert [row.split() for row in rows] == [["id", "none"], ["x", "of_x"], ["shown", "none"], ["b_id", "of_b"]]
        section.get_by_role("link", name="of_x").first.click()
        assert page.url.endswith("#rule-of_x")


def test_every_column_of_the_scenario_is_read(issues: str, tmp_path: Path) -> None:
    """And no rule's query is one that the parser cannot read."""
    document = run(issues, tmp_path / "out", Options(lint=False, profile=False, formats=("json",)))
    tables = {it["table"]: it["columns"] for it in document["coverage"]["tables"]}
    assert [f"{table}.{name}" for table, of in tables.items() for name, rules in of.items() if not rules] == []
    assert tables["customers"]["customer_phone"] == [
        "customers.phone_is_dialable", "customers.text_is_clean", "customers.text_is_normalised",
    ]  # fmt: skip
    assert not document["coverage"].get("unknown")
