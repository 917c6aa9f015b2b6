"""Statements that are no rule, and statements that cannot be parsed."""

from __future__ import annotations

import pytest

from order_audit.audit.analysis.relation_name import RelationName
from order_audit.expectations import SuiteError
from tests.scan.parsed import read, relations

#: Valid in PostgreSQL, unknown to the parser.
UNPARSEABLE = "select order_id from orders where delivery_script_name ~<~ 'm'"


@pytest.mark.parametrize(
    "sql",
    [
        "select a from x; select b from y",
        "select a from x; drop table x",
        "explain select a from x",
        "table x",
        "values (1)",
        "copy x to stdout",
        "delete from x",
        "with y as (delete from x returning a) select a from y",
        "with y as (select 1) update x set a = 1",
        "with y as (merge into x using z on true when matched then delete returning a) select a from y",
        "select a from x for update",
        "select a from x for share of x nowait",
        "select a into y from x",
        "create table y as select a from x",
        "select a from (delete from x returning a) as y",
        "!",
        "-- nothing",
        "$$",
        "'",
    ],
)
def test_only_one_reading_statement_is_a_rule(sql: str) -> None:
    """By a line that names the file."""
    with pytest.raises(SuiteError, match=r"^r\.sql: [^\n]+$"):
        read(sql)


def test_a_statement_that_cannot_be_parsed_is_run_as_it_stands() -> None:
    """The server may support syntax that the parser does not; only the tables' names are then known."""
    found = read(f"{UNPARSEABLE} order by order_id")
    assert found.body == f"{UNPARSEABLE} order by order_id"
    assert found.relations == (RelationName("", "orders"),)
    assert not found.column_lineage
    assert found.clauses is None


def test_a_statement_that_cannot_be_parsed_is_refused_if_it_writes() -> None:
    """Its words say so."""
    for sql in (
        f"with x as (delete from customers returning 1) {UNPARSEABLE}",
        f"with x as (insert into customers default values returning 1) {UNPARSEABLE}",
        f"with x as (update customers set a = 1 returning 1) {UNPARSEABLE}",
        UNPARSEABLE.replace("from orders", "into copied from orders"),
        f"{UNPARSEABLE} for update",
        f"{UNPARSEABLE}; drop table orders",
    ):
        with pytest.raises(SuiteError, match=r"^r\.sql: "):
            read(sql)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("select a from (", []),
        ("select a frm x whre", []),
        (f"with c as (select 1 from y) {UNPARSEABLE} and exists (select from c)", ["orders", "y"]),
        (f'{UNPARSEABLE} and exists (select from "Sales Data".x join Y on true)', ["Sales Data.x", "orders", "y"]),
        (f"{UNPARSEABLE} and exists (select from generate_series(1, 2))", ["orders"]),
    ],
)
def test_relations_of_what_cannot_be_parsed(sql: str, names: list[str]) -> None:
    """The names after FROM and JOIN."""
    assert sorted(relations(sql)) == names
