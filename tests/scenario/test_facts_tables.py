"""The scenario's files, schema and sample data against the facts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from tests.scenario.facts import ISSUE_FILES, SAMPLE, SCHEMA, load, rows

SQL_FILES: Final = [SCHEMA, SAMPLE, *ISSUE_FILES]

OFFICE_HOURS: Final = ("0" * 10 + "1" * 10 + "0" * 16 + "1" * 10 + "0" * 8) * 6 + "0" * 10 + "1" * 2
ALWAYS: Final = "1" * 336
NEVER: Final = "0" * 336

Connection = psycopg.Connection[tuple[Any, ...]]


class TestFiles:
    """The conditions under which any client can load a file."""

    @pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.name)
    def test_is_plain_sql(self, file: Path) -> None:
        text = file.read_bytes().decode("ascii")
        statements = re.sub(r"--.*", "", text)
        assert not re.search(r"^\s*\\", statements, re.MULTILINE), "a command of psql's own"
        assert not re.search(r"^\s*(begin|commit|rollback|copy|set)\b", statements, re.MULTILINE)
        assert not re.search(r"\b(public|pg_catalog)\.", statements)
        assert text.endswith("\n")

    @pytest.mark.parametrize("file", SQL_FILES, ids=lambda file: file.name)
    def test_holds_only_made_up_addresses(self, file: Path) -> None:
        domains = re.findall(r"\w@([A-Za-z0-9.-]+)", file.read_text(encoding="ascii"))
        assert all(re.search(r"(^|\.)example(\.(com|org|net))?$", domain.lower()) for domain in domains)

    @pytest.mark.both_versions
    def test_load_into_the_schema_that_search_path_names(self, empty: Connection) -> None:
        empty.execute("create schema elsewhere")
        empty.execute("set search_path to elsewhere")
        load(empty, *SQL_FILES)
        found = rows(
            empty,
            "select schemaname, tablename from pg_tables where tablename in ('customers', 'orders') order by tablename",
        )
        assert found == [("elsewhere", "customers"), ("elsewhere", "orders")]


class TestSchema:
    """current/schema.sql."""

    @pytest.mark.parametrize(
        ("table", "columns"),
        [
            (
                "customers",
                [
                    ("customer_id", "integer", True, "nextval('customers_customer_id_seq'::regclass)"),
                    ("customer_name", "text", True, None),
                    ("customer_email", "text", True, None),
                    ("customer_contact_name", "character varying(100)", True, None),
                    ("customer_phone", "character varying(20)", False, None),
                    ("address", "text", True, None),
                    ("address_state", "text", True, None),
                    ("customer_balance", "double precision", True, "0.0"),
                ],
            ),
            (
                "orders",
                [
                    ("order_id", "integer", True, "nextval('orders_order_id_seq'::regclass)"),
                    ("order_ref", "integer", True, None),
                    ("customer_id", "integer", True, None),
                    ("order_schedule", "bit(336)", True, "(repeat('0'::text, 336))::bit(336)"),
                    ("delivery_script_name", "text", False, None),
                    ("delivery_script_args", "json", False, None),
                    ("order_amount", "integer", True, "0"),
                    ("order_status", "text", True, "'pending'::text"),
                ],
            ),
        ],
    )
    def test_columns(self, current: Connection, table: str, columns: list[tuple[Any, ...]]) -> None:
        found = rows(
            current,
            f"""
            select a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
                   pg_get_expr(d.adbin, d.adrelid)
            from pg_attribute as a
            left join pg_attrdef as d on d.adrelid = a.attrelid and d.adnum = a.attnum
            where a.attrelid = '{table}'::regclass and a.attnum > 0
            order by a.attnum
            """,
        )
        assert found == columns

    @pytest.mark.both_versions
    def test_constraints(self, current: Connection) -> None:
        # PostgreSQL 18 lists NOT NULL among the constraints ("n"), 15 does not.
        found = dict(
            rows(
                current,
                "select conname, pg_get_constraintdef(oid) from pg_constraint"
                " where conrelid in ('customers'::regclass, 'orders'::regclass) and contype <> 'n'",
            )
        )
        check = found.pop("chk_status")
        statuses = {"pending", "active", "paused", "cancelled", "expired", "recreated"}
        assert set(re.findall(r"'(\w+)'", check)) == statuses
        assert found == {
            "customers_pkey": "PRIMARY KEY (customer_id)",
            "orders_pkey": "PRIMARY KEY (order_id)",
            "orders_customer_id_fkey": "FOREIGN KEY (customer_id) REFERENCES customers(customer_id)",
        }

    def test_no_index_but_the_keys(self, current: Connection) -> None:
        found = rows(current, "select indexname from pg_indexes where tablename in ('customers', 'orders')")
        assert sorted(found) == [("customers_pkey",), ("orders_pkey",)]

    def test_order_ref_is_called_a_parent(self, current: Connection) -> None:
        [[comment]] = rows(
            current,
            "select col_description(attrelid, attnum) from pg_attribute"
            " where attrelid = 'orders'::regclass and attname = 'order_ref'",
        )
        assert "parent order" in comment
        assert "performance tracking" in comment

    def test_a_new_order_never_runs(self, current: Connection) -> None:
        load(current, SAMPLE)
        found = rows(
            current,
            "insert into orders (order_ref, customer_id) values (1, 1)"
            " returning order_schedule::text, order_amount, order_status",
        )
        assert found == [(NEVER, 0, "pending")]


class TestSampleData:
    """sample-data.sql."""

    def test_customers(self, handed_out: Connection) -> None:
        found = rows(
            handed_out,
            "select customer_id, customer_balance, address_state from customers order by customer_id",
        )
        assert found == [(1, 1000, "CA"), (2, 2500, "NY"), (3, 500, "TX"), (4, 3000, "FL"), (5, 750, "WA")]

    def test_phones_have_seven_digits(self, handed_out: Connection) -> None:
        phones = [phone for (phone,) in rows(handed_out, "select customer_phone from customers")]
        assert all(re.fullmatch(r"555-\d{4}", phone) for phone in phones)
        assert len(set(phones)) == 5

    def test_orders(self, handed_out: Connection) -> None:
        found = rows(
            handed_out,
            "select order_id, order_ref, customer_id, order_schedule::text, delivery_script_name,"
            " order_amount, order_status from orders order by order_id",
        )
        assert found == [
            (1001, 1001, 1, OFFICE_HOURS, "email_delivery", 150, "active"),
            (1002, 1002, 2, ALWAYS, "custom_crm", 300, "active"),
            (1003, 1003, 3, NEVER, None, 100, "pending"),
            (1004, 1004, 4, ALWAYS, "bulk_delivery", 500, "active"),
            (1005, 1004, 4, ALWAYS, "bulk_delivery", 100, "active"),
            (1006, 1004, 4, ALWAYS, "bulk_delivery", 100, "active"),
            (1007, 1007, 5, OFFICE_HOURS, None, 200, "paused"),
            (1008, 1008, 1, NEVER, "custom_crm", 0, "cancelled"),
            (1009, 1009, 2, ALWAYS, "bulk_delivery", 450, "active"),
            (1010, 1010, 3, OFFICE_HOURS, "email_delivery", 75, "expired"),
        ]

    def test_office_hours_turn_in_54_half_hours(self) -> None:
        assert len(OFFICE_HOURS) == 336
        periods = [p for p in range(1, 168) if OFFICE_HOURS[p:] == OFFICE_HOURS[:-p]]
        assert periods == [54, 108, 162]

    def test_arguments(self, handed_out: Connection) -> None:
        found = dict(rows(handed_out, "select order_id, delivery_script_args from orders"))
        assert sorted(order for order, args in found.items() if args is not None) == [1001, 1002, 1008, 1010]
        for order in (1001, 1010):
            assert list(found[order]) == ["email_address"]
            assert re.fullmatch(r"[a-z]+@[a-z.]+\.example\.(com|org)", found[order]["email_address"])
        keys = [found[order].pop("api-key") for order in (1002, 1008)]
        assert found[1002] == found[1008] == {}
        assert len(set(keys)) == 2, "two customers, two keys"
        assert all(key.startswith("not-a-real-key-") for key in keys)

    def test_sequences_are_left_behind(self, handed_out: Connection) -> None:
        for sequence in ("customers_customer_id_seq", "orders_order_id_seq"):
            assert rows(handed_out, f"select last_value, is_called from {sequence}") == [(1, False)]
        with pytest.raises(psycopg.errors.UniqueViolation, match="customers_pkey"):
            handed_out.execute(
                "insert into customers"
                " (customer_name, customer_email, customer_contact_name, address, address_state)"
                " values ('New', 'new@example.com', 'New', 'New', 'CA')"
            )
