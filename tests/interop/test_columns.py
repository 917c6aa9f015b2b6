"""The query of wrong columns: missing, of another type, not expected, in another order."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.interop import soda
from order_audit.audit.interop.check import Faults, Found, Table
from order_audit.audit.interop.columns import Column, wrong
from order_audit.audit.interop.rule_text import rule_text

_TABLE = """
create domain short as varchar(9);
create table "it's" (a int, b numeric(5, 1), c timestamptz(3), d text[], e short, "F" char(2), gone int);
alter table "it's" drop column gone;
"""


@pytest.mark.both_versions
def test_wrong_columns(dsn: str) -> None:
    columns = [
        Column("a", "integer", "int"),
        Column("b", "numeric", "numeric", digits=5, scale=2),
        Column("c", "timestamp with time zone", "timestamptz", fraction=3),
        Column("e", "character varying", "varchar"),
        Column("d", "text", "text"),
        Column("f"),
    ]
    with psycopg.connect(dsn) as connection:
        connection.execute(_TABLE.encode())

        def found(table: str, *, extra: bool, order: bool) -> list[tuple[str, ...]]:
            query = wrong(Table(table), columns, extra=extra, order=order).sql
            return sorted(connection.execute(query.encode()).fetchall())

        types = [("another type", "b", "numeric", "numeric(5,1)"), ("another type", "d", "text", "text[]")]
        more = [("another order", "e", None, None), ("not expected", "F", None, "character(2)")]
        assert found("it's", extra=False, order=False) == [*types, ("missing", "f", None, None)]
        assert found("it's", extra=True, order=True) == sorted([*types, *more, ("missing", "f", None, None)], key=str)
        assert [fault for fault, *_ in found("nowhere", extra=True, order=True)] == ["missing"] * 6


def test_a_contract_of_soda_names_its_columns() -> None:
    found = Found()
    check = {"schema": {"allow_extra_columns": True}}
    columns = [{"name": "a", "data_type": "INT4"}, {"name": "b"}]
    soda.read([("c.yml", {"dataset": "s/d/ops/trip", "columns": columns, "checks": [check]})], found)
    (only,) = found.checks
    assert only.body == wrong(
        Table("trip", "ops"), [Column("a", "integer", "INT4"), Column("b")], extra=False, order=True
    )
    assert isinstance(only.body, Faults)
    assert "-- key: fault, column_name\n" in rule_text(only, (), "Soda")
