"""Where tables are: in which schema, by which search path, as views or partitions, or nowhere."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from order_audit import scenario
from order_audit.errors import RunError
from order_audit.scenario.load import SCHEMA
from tests.rules import CHECKABLE
from tests.scan.edges import (
    PHONE,
    READS,
    SAMPLE,
    SECRET,
    audit,
    counts,
    errors,
    execute,
    joined,
    results,
    rule,
    statuses,
    suite,
)

#: Tables of these names that are not the ones to be judged: all of it is bad, and it lacks columns.
DECOY = """
    create table public.customers (customer_id int, customer_phone text);
    create table public.orders (order_id int, order_ref int, customer_id int, order_amount int, order_status text);
    insert into public.orders select g, g, -1, -1, 'decoy' from generate_series(1, 50) as g;
    insert into public.customers select g, 'x' from generate_series(1, 50) as g;
"""


@pytest.mark.parametrize("name", ["Sales Data", '100% {odd} o\'clock "x"; --'])
def test_tables_in_a_schema_of_any_name(empty: str, tmp_path: Path, name: str) -> None:
    """`--schema` uses the exact name, and tables with the same names elsewhere are not read."""
    with psycopg.connect(empty) as connection:
        connection.execute(sql.SQL("create schema {}").format(sql.Identifier(name)))
        scenario.load(connection, schema=name)
    with pytest.raises(RunError, match="--schema"):
        audit(empty, tmp_path / "none", rules=(PHONE, SECRET))
    execute(empty, DECOY)
    document = audit(empty, tmp_path, schema=name)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38
    assert document["run"]["database"]["schema"] == name
    assert document["run"]["tables"] == {"customers": {"rows": 5}, "orders": {"rows": 10}}
    assert results(document)[PHONE]["impact"] == {"customers": 5, "orders": 8, "amount": 1900}
    with pytest.raises(RunError, match="there is no schema"):
        audit(empty, tmp_path, schema=name.upper())


def test_the_search_path_decides_where_no_schema_is_named(empty: str, tmp_path: Path) -> None:
    """The connection's setting, wherever it was set."""
    execute(empty, 'create schema "Sales Data"', DECOY)
    with psycopg.connect(empty) as connection:
        scenario.load(connection, schema="Sales Data")
    there = joined(empty, options=r'-c search_path="Sales\ Data",public')
    document = audit(there, tmp_path, rules=(PHONE, SECRET))
    assert counts(document) == {PHONE: 5, SECRET: 2}
    assert document["run"]["database"]["schema"] == "Sales Data"
    assert results(document)[PHONE]["impact"] == {"customers": 5, "orders": 8, "amount": 1900}


def test_tables_without_rows_pass(blank: str, tmp_path: Path) -> None:
    """Nothing is there that could violate anything; no rule stumbles over it."""
    execute(blank, SCHEMA[0].read_text(encoding="utf-8"))
    document = audit(blank, tmp_path)
    assert document["summary"]["passed"] == len(CHECKABLE)
    assert document["summary"]["pass_rate"] == 100
    assert document["summary"]["gate"]["passed"] is True
    assert document["run"]["tables"] == {"customers": {"rows": 0}, "orders": {"rows": 0}}
    assert {found["checked"] for found in document["results"] if found["status"] == "passed"} == {0}
    assert (tmp_path / "violations.csv").read_text() == "rule,key\n"


@pytest.mark.parametrize("table", ["customers", "orders"])
def test_rules_of_a_missing_table_are_skipped(data: str, tmp_path: Path, table: str) -> None:
    """The other rules are judged, with the known impact."""
    execute(data, f"drop table {table} cascade")
    document = audit(data, tmp_path)
    skipped = {id for id, status in statuses(document).items() if status == "skipped"}
    assert skipped == {id for id, tables in READS.items() if table in tables}
    assert {results(document)[id]["reason"] for id in skipped} == {f"no table {table}"}
    (reason,) = [it for it in document["summary"]["gate"]["reasons"] if "skipped" in it]
    assert reason.endswith(f" (no table {table})")
    assert errors(document) == {}
    assert counts(document) == {id: number for id, number in SAMPLE.items() if id not in skipped}
    other = "orders" if table == "customers" else "customers"
    assert document["run"]["tables"].keys() == {other}
    if table == "orders":
        assert results(document)[PHONE]["impact"] is None


def test_no_table_at_all_cannot_be_judged(blank: str, tmp_path: Path) -> None:
    """A database that is the wrong one is no pass."""
    with pytest.raises(RunError, match="no rule can be judged") as raised:
        audit(blank, tmp_path)
    assert "\n" not in str(raised.value)
    assert (tmp_path / "results.json").exists()


def test_no_schema_of_that_name_cannot_be_judged(data: str, tmp_path: Path) -> None:
    """Neither is another schema's table."""
    with pytest.raises(RunError, match="there is no schema 'pubic'"):
        audit(data, tmp_path, schema="pubic")
    assert list(tmp_path.iterdir()) == []


def test_views_and_partitions_are_tables_too(data: str, tmp_path: Path) -> None:
    """Only the rows of the query count."""
    execute(
        data,
        "alter table customers rename to people",
        "create view customers as select * from people",
        "alter table orders rename to orders_then",
        "create table orders (like orders_then) partition by range (order_id)",
        "create table orders_1 partition of orders for values from (1) to (1005)",
        "create table orders_2 partition of orders default",
        "insert into orders select * from orders_then",
    )
    document = audit(data, tmp_path)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38
    assert document["run"]["tables"] == {"customers": {"rows": 5}, "orders": {"rows": 10}}
    assert results(document)[PHONE]["impact"] == {"customers": 5, "orders": 8, "amount": 1900}
    assert results(document)[SECRET]["impact"] == {"customers": 2, "orders": 2, "amount": 300}


def test_tables_of_one_name_in_two_schemas_are_told_apart(empty: str, tmp_path: Path) -> None:
    """A rule may name a schema; rows and impact are those of its table."""
    with psycopg.connect(empty) as connection:
        scenario.load(connection)
    execute(
        empty,
        "create schema archive",
        "create table archive.orders as select * from orders where order_id < 1004",
    )
    mine = suite(
        tmp_path / "mine",
        {
            "here": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "there": rule("select o.order_id from archive.orders as o where o.order_amount > 100"),
        },
    )
    found = results(audit(empty, tmp_path / "out", mine))
    assert (found["here"]["checked"], found["here"]["violations"]) == (10, 5)
    assert (found["there"]["checked"], found["there"]["violations"]) == (3, 2)
    assert found["here"]["impact"] == {"customers": 4, "orders": 5, "amount": 1600}
    assert found["there"]["impact"] == {"customers": 2, "orders": 2, "amount": 450}
