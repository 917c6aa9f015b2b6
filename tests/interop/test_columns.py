"""The query of wrong columns: missing, of another type, not expected, in another order."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.interop import odcs, soda
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
        Column("a", ("integer",), "int"),
        Column("b", ("numeric",), "numeric", digits=5, scale=2),
        Column("c", ("timestamp with time zone",), "timestamptz", fraction=3),
        Column("e", ("character varying",), "varchar"),
        Column("d", ("text",), "text"),
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
        Table("trip", "ops"), [Column("a", ("integer",), "INT4"), Column("b")], extra=False, order=True
    )
    assert isinstance(only.body, Faults)
    assert "-- key: fault, column_name\n" in rule_text(only, (), "Soda")


def test_a_data_contract_names_its_columns() -> None:
    """A type that is not compared is listed, and its column must be there."""
    properties = [
        {"name": "a", "physicalName": "A", "physicalType": "Decimal(9)", "logicalType": "string"},
        {"name": "b", "logicalType": "boolean"},
        {"name": "c", "logicalType": "array"},
        {"name": "d", "physicalType": "timestamp(3)"},
        {"name": "e", "physicalType": "nvarchar(5)"},
        {"name": "f"},
    ]
    found = Found()
    contract = {"kind": "DataContract", "apiVersion": "v3.1.0", "schema": [{"name": "t", "properties": properties}]}
    odcs.read([("c.yaml", contract)], found)
    (only,) = found.checks
    columns = [Column("A", ("numeric",), "Decimal(9)", digits=9, scale=0), Column("b", ("boolean",), "boolean")]
    assert only.body == wrong(Table("t"), [*columns, *map(Column, "cdef")], folded=True)
    assert [(it.origin.split()[2], it.reason) for it in found.left_out] == [
        ("t.c", "the logical type array is not compared"),
        ("t.d", "the parameter of the physical type timestamp(3) is not compared"),
        ("t.e", "the physical type nvarchar(5) is not compared"),
    ]
