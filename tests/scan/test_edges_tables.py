"""Tables that lack columns or constraints, or have columns of other types: rules are judged as far as they can be."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from order_audit.scenario.load import TRUTH
from tests.scan.edges import (
    PHONE,
    RULES,
    SAMPLE,
    SECRET,
    audit,
    counts,
    errors,
    execute,
    joined,
    keys,
    order,
    results,
    rule,
    suite,
)


def test_a_missing_column_concerns_the_rules_that_use_it(data: str, tmp_path: Path) -> None:
    """They cannot be judged, and say why; all others are."""
    execute(data, "alter table customers drop column customer_phone")
    document = audit(data, tmp_path)
    assert errors(document).keys() == {id for id, found in RULES.items() if "customer_phone" in found.sql}
    assert all("customer_phone does not exist" in message for message in errors(document).values())
    assert counts(document) == {id: number for id, number in SAMPLE.items() if id != PHONE}


def test_impact_is_left_out_where_the_amounts_are_missing(data: str, tmp_path: Path) -> None:
    """A rule that does not need the column is judged without it."""
    execute(data, "alter table orders drop column order_amount")
    mine = suite(
        tmp_path / "mine", {"hold": rule("select o.order_id from orders as o where o.order_ref <> o.order_id")}
    )
    found = results(audit(data, tmp_path / "out", "current", mine, rules=("hold", PHONE)))
    assert (found["hold"]["status"], found["hold"]["violations"], found["hold"]["impact"]) == ("failed", 2, None)
    assert (found[PHONE]["status"], found[PHONE]["violations"], found[PHONE]["impact"]) == ("failed", 5, None)


def test_nulls_without_constraints(data: str, tmp_path: Path) -> None:
    """A NULL violates the expected rules, and no rule raises an error."""
    execute(
        data,
        *(
            f"alter table {table} drop constraint {name}"
            for table, name in (
                ("orders", "orders_customer_id_fkey"),
                ("orders", "chk_status"),
                ("orders", "orders_pkey"),
                ("customers", "customers_pkey"),
            )
        ),
        """
        do $$
        declare found record;
        begin
          for found in
            select attrelid::regclass as tbl, attname as col from pg_attribute
            where attrelid in ('orders'::regclass, 'customers'::regclass) and attnum > 0 and attnotnull
          loop
            execute format('alter table %1$s alter %2$I drop not null, alter %2$I drop default', found.tbl, found.col);
          end loop;
        end $$
        """,
        "insert into orders (order_id) values (null), (3001)",
        "insert into customers (customer_id) values (null), (301)",
    )
    document = audit(data, tmp_path)
    assert errors(document) == {}
    expected = {
        "customers.required_text_is_present": ["", "301"],
        "customers.balance_is_finite": ["", "301"],
        "lineage.order_ref_exists": ["", "3001"],
        "orders.status_is_known": ["", "3001"],
        "orders.customer_exists": ["", "3001"],
    }
    assert {id: keys(tmp_path, id) for id in expected} == expected
    assert counts(document) == SAMPLE | dict.fromkeys(expected, 2)


def test_customers_that_do_not_exist_are_not_reached(data: str, tmp_path: Path) -> None:
    """The impact of orders with a missing customer; other findings on orders reach their customers."""
    execute(
        data,
        "alter table orders drop constraint orders_customer_id_fkey",
        "update orders set customer_id = 9 where order_id in (1003, 1004)",
    )
    found = results(audit(data, tmp_path, rules=("orders.customer_exists", SECRET)))
    impact = found["orders.customer_exists"]["impact"]
    assert (impact["customers"], impact["orders"]) == (0, 2)
    assert found[SECRET]["impact"]["customers"] == 2


def test_rows_of_one_key_count_once(data: str, tmp_path: Path) -> None:
    """Without a primary key, violations are still distinct keys, in counts, files, evidence and impact."""
    execute(
        data,
        "alter table orders drop constraint orders_customer_id_fkey, drop constraint orders_pkey",
        "alter table customers drop constraint customers_pkey",
        "insert into orders select * from orders where order_id in (1003, 1004)",
        "insert into customers select * from customers where customer_id in (4, 5)",
    )
    document = audit(data, tmp_path, rules=(PHONE, SECRET))
    assert counts(document) == {PHONE: 5, SECRET: 2}
    assert keys(tmp_path, SECRET) == ["1002", "1008"]
    assert keys(tmp_path, PHONE) == ["1", "2", "3", "4", "5"]
    found = results(document)
    assert [row["order_id"] for row in found[SECRET]["examples"]] == [1002, 1008]
    assert found[SECRET]["impact"] == {"customers": 2, "orders": 2, "amount": 300}
    assert found[SECRET]["checked"] == 12
    assert document["violations"]["rows"] == 7


@pytest.mark.both_versions
def test_other_types_of_columns(sample: str, tmp_path: Path) -> None:
    """numeric, bigint, jsonb, varchar and char columns give what the schema's own types give."""
    execute(
        sample,
        """
        alter table customers
          alter customer_id type bigint, alter customer_balance type numeric(20, 4), alter address_state type char(2),
          alter customer_name type varchar(200), alter customer_email type char(60)
        """,
        "alter table orders drop constraint chk_status",
        """
        alter table orders
          alter order_id type bigint, alter order_ref type bigint, alter customer_id type bigint,
          alter order_amount type numeric(12, 2), alter order_status type varchar(20),
          alter delivery_script_name type varchar(50), alter delivery_script_args type jsonb
        """,
    )
    document = audit(sample, tmp_path)
    assert errors(document) == {}
    assert counts(document) == SAMPLE
    assert keys(tmp_path, SECRET) == ["1002", "1008"]
    assert results(document)[SECRET]["impact"] == {"customers": 2, "orders": 2, "amount": 300}
    assert results(document)[PHONE]["impact"] == {"customers": 5, "orders": 8, "amount": 1900}


@pytest.mark.parametrize(
    ("key", "ref"),
    [("int", "bigint"), ("bigint", "int"), ("numeric", "numeric"), ("numeric(10, 2)", "bigint")],
)
def test_keys_of_any_numeric_types(data: str, tmp_path: Path, key: str, ref: str) -> None:
    """An order and its reference may have two types: they are compared as by PostgreSQL."""
    execute(
        data,
        f"alter table orders alter order_id type {key}, alter order_ref type {ref}",
        *(order(id, order_ref=str(ref)) for id, ref in ((2001, 2002), (2002, 2001), (2003, 2002), (2004, 9999))),
    )
    document = audit(data, tmp_path, rules=("lineage.*",))
    assert errors(document) == {}
    expected = {
        "lineage.one_live_order": ["1004", "1005"],
        "lineage.is_acyclic": ["2001", "2002"],
        "lineage.order_ref_is_first_ancestor": ["2003"],
        "lineage.order_ref_exists": ["2004"],
        "lineage.ancestor_is_older": ["2001"],
    }
    assert {id: keys(tmp_path, id) for id in counts(document)} == expected


def test_session_defaults_change_nothing(empty: str, tmp_path: Path) -> None:
    """Settings of a role, a database or a DSN do not change the results."""
    with psycopg.connect(empty) as connection:
        scenario.load(connection, issues=True)
    settings = {
        "standard_conforming_strings": "off", "extra_float_digits": "-10", "datestyle": "German", "timezone": "Japan",
        "bytea_output": "escape", "intervalstyle": "sql_standard", "default_transaction_isolation": "serializable",
        "client_encoding": "latin1", "quote_all_identifiers": "on", "default_transaction_deferrable": "on",
    }  # fmt: skip
    there = joined(empty, options=" ".join(f"-c {name}={value}" for name, value in settings.items()))
    audit(there, tmp_path)
    assert (tmp_path / "violations.csv").read_bytes() == TRUTH.read_bytes()
