"""Databases and suites that are not as they should be: each is judged as far as it can be, and nothing is hidden."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest
from psycopg import sql

from order_audit import expectations, scenario, session
from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.errors import RunError
from order_audit.expectations import SuiteError
from order_audit.progress import ProgressCallback
from order_audit.scenario.load import SCHEMA, TRUTH
from tests.rules import CHECKABLE
from tests.support import servers
from tests.support.results import run

RULES = {rule.id: rule for rule in expectations.load("current").rules}
READS = {id: {name.relation for name in parsed_query.parse(rule).relations} for id, rule in RULES.items()}
LACKING = {"recreation.happens_daily", "recreation.was_covered_at_the_time", "recreation.follows_latest_state"}
#: What the sample data is known to violate.
SAMPLE = {
    "customers.phone_is_dialable": 5,
    "lineage.one_live_order": 2,
    "orders.delivery_args_hold_no_secret": 2,
    "orders.schedule_repeats_by_day": 3,
}
PHONE = "customers.phone_is_dialable"
SECRET = "orders.delivery_args_hold_no_secret"
_numbers = itertools.count(1)


# Tools --------------------------------------------------------------------------------------------


def audit(dsn: str, out: Path, *suites: Path | str, **options: Any) -> dict[str, Any]:
    """Audit with these suites, or the shipped one, and write everything but the HTML."""
    options.setdefault("formats", ("json", "junit", "markdown", "violations"))
    return run(dsn, out, Options(suites=tuple(map(str, suites)) or ("current",), **options))


def rule(body: str, key: str = "order_id", *, severity: str = "warning", title: str = "A rule", more: str = "") -> str:
    """A rule file of four lines of header and then the statement; `more` are further header lines."""
    return f"-- title: {title}\n-- severity: {severity}\n-- key: {key}\n-- why: It matters.\n{more}{body}\n"


def suite(folder: Path, rules: dict[str, str]) -> Path:
    """A folder of rules by id."""
    for id, text in rules.items():
        path = folder.joinpath(*id.split(".")).with_suffix(".sql")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def results(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The results by rule."""
    return {found["rule"]: found for found in document["results"]}


def statuses(document: dict[str, Any]) -> dict[str, str]:
    """The statuses by rule."""
    return {found["rule"]: found["status"] for found in document["results"]}


def counts(document: dict[str, Any]) -> dict[str, int]:
    """The numbers of violations of the failed rules."""
    return {found["rule"]: found["violations"] for found in document["results"] if found["status"] == "failed"}


def errors(document: dict[str, Any]) -> dict[str, str]:
    """The messages of the errored rules."""
    return {found["rule"]: found["error"] for found in document["results"] if found["status"] == "errored"}


def keys(out: Path, id: str) -> list[str]:
    """A rule's keys in the violations file, in its order."""
    with (out / "violations.csv").open(encoding="utf-8", newline="") as lines:
        return [key for found, key in csv.reader(lines) if found == id]


def written(out: Path) -> str:
    """All that an audit has written."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(out.iterdir()))


def execute(dsn: str, *statements: str) -> None:
    """Run statements and commit them."""
    with psycopg.connect(dsn) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def fetch(dsn: str, query: str) -> list[Any]:
    """The first column of a query."""
    with psycopg.connect(dsn) as connection:
        return [row[0] for row in connection.execute(query.encode())]


def customer(customer_id: int, **columns: str) -> str:
    """An insert of a customer in order, but for what is said of it."""
    row = {
        "customer_id": str(customer_id),
        "customer_name": f"'Customer {customer_id}'",
        "customer_email": f"'c{customer_id}@example.com'",
        "customer_contact_name": "'Con Tact'",
        "customer_phone": "'+12125550100'",
        "address": f"'{customer_id} Street'",
        "address_state": "'CA'",
        "customer_balance": "1000",
        **columns,
    }
    return f"insert into customers ({', '.join(row)}) values ({', '.join(row.values())})"


def order(order_id: int, **columns: str) -> str:
    """An insert of a cancelled order of customer 1, but for what is said of it."""
    row = {
        "order_id": str(order_id),
        "order_ref": str(order_id),
        "customer_id": "1",
        "order_amount": str(order_id),
        "order_status": "'cancelled'",
        **columns,
    }
    return f"insert into orders ({', '.join(row)}) values ({', '.join(row.values())})"


def joined(dsn: str, **words: str) -> str:
    """The DSN with other words."""
    return psycopg.conninfo.make_conninfo(dsn, **words)


def reader(dsn: str, *grants: str) -> str:
    """The DSN of a new role that can do nothing but what is granted; `{}` stands for its name."""
    name = f"reader_{next(_numbers)}"
    (place,) = fetch(dsn, "select format('database %I', current_database())")
    (schema,) = fetch(dsn, "select format('schema %I', current_schema())")
    execute(
        dsn,
        f"create role {name} login",
        f"revoke all on {place} from public",
        f"grant connect on {place} to {name}",
        f"grant usage on {schema} to {name}",
        *(grant.format(name) for grant in grants),
    )
    return joined(dsn, user=name)


@pytest.fixture
def empty(server_18: Server) -> Iterator[str]:
    """An empty database on PostgreSQL 18."""
    dsn = servers.new_database(server_18)
    yield dsn
    servers.drop_database(server_18, dsn)


@pytest.fixture(scope="module")
def house(servers_by_major: dict[int, Server]) -> Iterator[str]:
    """A database on PostgreSQL 18 in which each test has a schema of its own, which is made sooner than a database."""
    server = servers_by_major[18]
    dsn = servers.new_database(server)
    yield dsn
    servers.drop_database(server, dsn)


@pytest.fixture
def blank(house: str) -> Iterator[str]:
    """An empty schema on PostgreSQL 18, to which the search path leads."""
    name = f"room_{next(_numbers)}"
    execute(house, f"create schema {name}")
    yield joined(house, options=f"-c search_path={name}")
    execute(house, f"drop schema {name} cascade")


@pytest.fixture
def data(blank: str) -> str:
    """A schema with the sample data on PostgreSQL 18."""
    with psycopg.connect(blank) as connection:
        scenario.load(connection)
    return blank


# Where the tables are -----------------------------------------------------------------------------

#: Tables of these names that are not the ones to be judged: all of it is bad, and it lacks columns.
DECOY = """
    create table public.customers (customer_id int, customer_phone text);
    create table public.orders (order_id int, order_ref int, customer_id int, order_amount int, order_status text);
    insert into public.orders select g, g, -1, -1, 'decoy' from generate_series(1, 50) as g;
    insert into public.customers select g, 'x' from generate_series(1, 50) as g;
"""


@pytest.mark.parametrize("name", ["Sales Data", '100% {odd} o\'clock "x"; --'])
def test_tables_in_a_schema_of_any_name(empty: str, tmp_path: Path, name: str) -> None:
    """`--schema` takes the name as it is, and tables of the same names elsewhere are not read."""
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
    """The connection's own, whoever set it."""
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
    """The rest is judged, impact as far as it is known."""
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
    with pytest.raises(RunError, match="nothing to judge") as raised:
        audit(blank, tmp_path)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_no_schema_of_that_name_cannot_be_judged(data: str, tmp_path: Path) -> None:
    """Neither is another schema's table."""
    with pytest.raises(RunError, match="there is no schema 'pubic'"):
        audit(data, tmp_path, schema="pubic")
    assert list(tmp_path.iterdir()) == []


def test_views_and_partitions_are_tables_too(data: str, tmp_path: Path) -> None:
    """What counts is what a query gives."""
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


# What the tables look like ------------------------------------------------------------------------


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
    """A NULL violates what it is said to violate, and no rule stumbles over it."""
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
    """Those of orders whose customer is missing; of what else is wrong with orders, their customers are reached."""
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
    """An order and what it refers to may be of two types: they are compared as PostgreSQL compares them."""
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
    """A role, a database or a DSN can set what it likes: the audit finds the same."""
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


# Awkward values -----------------------------------------------------------------------------------


@pytest.mark.both_versions
def test_json_that_other_programs_choke_on(sample: str, tmp_path: Path) -> None:
    """Numbers out of range, escapes that are no character, and a secret below a thousand brackets."""
    deep = '{"a":' * 900 + '{"password": "made-up-deep"}' + "}" * 900
    documents = {
        2001: '{"big": 1e400000, "small": -1e-400000, "long": ' + "9" * 400 + "}",
        2002: r'{"a": "\u0000", "token": "made-up-2002"}',
        2003: r'{"\ud83d": "\ude00", "secret": "\ud83d made-up-2003"}',
        2004: deep,
        2005: "[" * 500 + '{"pwd": "made-up-2005"}' + "]" * 500,
        2006: '{"a": 1e400000, "a": NaN}'.replace("NaN", '"NaN"'),
    }
    with psycopg.connect(sample) as connection:
        for order_id, text in documents.items():
            connection.execute(order(order_id, delivery_script_name="'bulk_delivery'").encode())
            connection.execute(
                "update orders set delivery_script_args = %s::json where order_id = %s", [text, order_id]
            )
    document = audit(sample, tmp_path)
    assert errors(document) == {}
    assert keys(tmp_path, SECRET) == ["1002", "1008", "2002", "2003", "2004", "2005"]
    assert keys(tmp_path, "orders.delivery_args_convert_to_jsonb") == ["2002", "2003"]
    assert keys(tmp_path, "orders.delivery_args_keys_are_unique") == ["2006"]
    assert keys(tmp_path, "orders.delivery_args_are_object") == ["2005"]
    assert "made-up" not in written(tmp_path)


def test_long_chains_and_cycles(data: str, tmp_path: Path) -> None:
    """3,000 orders that each name the one before, and 3,000 in a circle."""
    execute(
        data,
        "insert into orders (order_id, order_ref, customer_id, order_status)"
        " select 10000 + g, 10000 + greatest(g - 1, 1), 5, 'cancelled' from generate_series(1, 3000) as g"
        " union all select 20000 + g, 20000 + case g when 1 then 3000 else g - 1 end, 5, 'cancelled'"
        " from generate_series(1, 3000) as g",
    )
    document = audit(data, tmp_path, rules=("lineage.*",))
    assert counts(document) == {
        "lineage.is_acyclic": 3000,
        "lineage.order_ref_is_first_ancestor": 2998,
        "lineage.ancestor_is_older": 1,
        "lineage.one_live_order": 2,
    }
    assert keys(tmp_path, "lineage.is_acyclic") == [str(20000 + n) for n in range(1, 3001)]


HOSTILE = (
    'O\'Neil "The Quote" `tick`',
    "100% %s %(name)s {} {0} {name} :name $1 ${HOME} $PARAMETER",
    "<script>alert(1)</script> & &amp; ]]> <!-- -->",
    "line one\nline two\r\nline three\ttab",
    "emoji \U0001f600 \U0001f469\u200d\U0001f680 ünïcödé \u202eevil\u202c \ufeff",
    r"back\slash \n \u0000 \x00 \\ \N \.",
    "| pipe | *star* _under_ [link](x) # head",
    "=1+1,;comma;\x01\x1f\x7f\x85\u2028\u2029",
    "'; drop table customers; --",
    "",
    " ",
    "\\.",
)


def test_hostile_text_comes_through_every_file(data: str, tmp_path: Path) -> None:
    """Evidence and keys say exactly what the table holds; the files can be read back by their own readers."""
    with psycopg.connect(data) as connection:
        for number, text in enumerate(HOSTILE):
            connection.execute(customer(100 + number).encode())
            connection.execute(
                "update customers set customer_name = %s, customer_contact_name = %s, address = %s, customer_email = %s"
                " where customer_id = %s",
                [text, text, text, text, 100 + number],
            )
    title = '<b>"Bold"</b> & |x| `y` %s {z} $t \\ \U0001f600'
    mine = suite(
        tmp_path / "mine",
        {
            "by_id": rule(
                "select c.customer_id, c.customer_name, c.address from customers as c where c.customer_id >= 100",
                "customer_id", title=title,
            ),
            "by_name": rule(
                "select c.customer_name from customers as c where c.customer_id >= 100", "customer_name", title=title
            ),
        },
    )  # fmt: skip
    document = audit(data, tmp_path / "shown", mine, unmask=True)
    found = results(document)
    assert found["by_id"]["title"] == title
    assert [(row["customer_name"], row["address"]) for row in found["by_id"]["examples"]] == [
        (text, text) for text in HOSTILE
    ]
    assert keys(tmp_path / "shown", "by_name") == sorted(HOSTILE, key=lambda text: text.encode())
    assert [row["customer_name"] for row in found["by_name"]["examples"]] == keys(tmp_path / "shown", "by_name")
    for out, masked in ((tmp_path / "shown", False), (tmp_path / "masked", True)):
        if masked:
            document = audit(data, out, "current", mine)
            assert errors(document) == {}
            assert counts(document)["by_id"] == len(HOSTILE)
        assert json.loads((out / "results.json").read_text(encoding="utf-8")) == document
        root = ElementTree.parse(out / "junit.xml").getroot()
        assert root.attrib["failures"] == str(document["summary"]["failed"])
        table = [line for line in (out / "summary.md").read_text(encoding="utf-8").split("\n") if "`by_id`" in line]
        assert len(table) == 1
        assert len(re.findall(r"(?<!\\)\|", table[0])) == 6
    assert "<script>" not in (tmp_path / "masked" / "summary.md").read_text(encoding="utf-8")


def test_long_hostile_text_is_cut_and_not_stumbled_over(data: str, tmp_path: Path) -> None:
    """A field of any length is evidence of some length."""
    hostile = "repeat(chr(1) || chr(2) || chr(34) || chr(92), 5000)"
    execute(data, customer(100, customer_name=hostile, customer_email=hostile, address=hostile, address_state=hostile))
    document = audit(data, tmp_path, rules=("customers.text_is_clean", "customers.state_is_usps_code"))
    assert counts(document) == {"customers.text_is_clean": 1, "customers.state_is_usps_code": 1}
    (row,) = results(document)["customers.text_is_clean"]["examples"]
    assert {len(row[name]) for name in ("customer_name", "customer_email", "address", "address_state")} == {10_000}


def test_numbers_of_any_size(data: str, tmp_path: Path) -> None:
    """numeric holds what no float does: it is judged and written all the same."""
    execute(
        data,
        "alter table customers alter customer_balance type numeric",
        "alter table orders alter order_amount type numeric",
        customer(100, customer_balance="-(10::numeric ^ 5000)"),
        customer(101, customer_balance="-12345678901234567890.12"),
        order(2001, order_amount="-(10::numeric ^ 400) - 0.5"),
        order(2002, order_amount="'NaN'", order_status="'active'"),
    )
    rules = ("customers.balance_is_not_negative", "orders.amount_is_not_negative", "recreation.customer*")
    document = audit(data, tmp_path, rules=rules)
    assert errors(document) == {}
    assert keys(tmp_path, "customers.balance_is_not_negative") == ["100", "101"]
    assert keys(tmp_path, "orders.amount_is_not_negative") == ["2001"]
    row = results(document)["customers.balance_is_not_negative"]["examples"][1]
    assert str(row["customer_balance"]) == "-12345678901234567890.12"
    json.loads((tmp_path / "results.json").read_text(encoding="utf-8"), parse_constant=pytest.fail)


# Who asks -----------------------------------------------------------------------------------------


def test_a_role_that_may_only_read_is_enough(data: str, tmp_path: Path) -> None:
    """No temporary tables, nothing created, nothing owned."""
    there = reader(data, "grant select on orders, customers to {}")
    with psycopg.connect(there) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("create temp table x ()")
    document = audit(there, tmp_path)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38
    assert document["run"]["database"]["user"].startswith("reader_")


def test_a_denied_table_is_an_error_of_its_rules(data: str, tmp_path: Path) -> None:
    """They are errored, which fails the gate; the others are judged, impact included where it can be known."""
    document = audit(reader(data, "grant select on orders to {}"), tmp_path, fail_on="never")
    denied = {id for id, tables in READS.items() if "customers" in tables}
    assert errors(document).keys() == denied
    assert all("permission denied for table customers" in message for message in errors(document).values())
    assert {found["error_at"]["sqlstate"] for id, found in results(document).items() if id in denied} == {"42501"}
    assert counts(document) == {id: number for id, number in SAMPLE.items() if id not in denied}
    assert results(document)[SECRET]["impact"] == {"customers": 2, "orders": 2, "amount": 300}
    assert document["summary"]["gate"]["passed"] is False


def test_orders_that_may_not_be_read_leave_customers_judged(data: str, tmp_path: Path) -> None:
    """What is at stake is then not known, and that is no error."""
    document = audit(reader(data, "grant select on customers to {}"), tmp_path, rules=("customers.*",))
    assert errors(document) == {}
    assert counts(document) == {PHONE: 5}
    assert results(document)[PHONE]["impact"] is None


@pytest.mark.parametrize("rules", [(), (PHONE, SECRET)])
def test_nothing_readable_cannot_be_judged(data: str, tmp_path: Path, rules: tuple[str, ...]) -> None:
    """Denied on both tables: one line that says so, and no result."""
    with pytest.raises(RunError, match="permission denied") as raised:
        audit(reader(data), tmp_path, rules=rules)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


def test_some_columns_are_enough_for_rules_that_read_no_other(data: str, tmp_path: Path) -> None:
    """Privileges may be per column; the impact, which takes more of them, must not cost a rule its result."""
    there = reader(
        data,
        "grant select (order_id, order_ref, order_status) on orders to {}",
        "grant select (customer_id, customer_phone) on customers to {}",
    )
    mine = suite(
        tmp_path / "mine",
        {
            "hold": rule("select o.order_id from orders as o where o.order_ref <> o.order_id"),
            "phone": rule("select c.customer_id from customers as c where c.customer_phone like '555%'", "customer_id"),
            "denied": rule("select o.order_id from orders as o where o.order_amount > 100"),
        },
    )
    document = audit(there, tmp_path / "out", mine)
    assert "permission denied" in errors(document)["denied"]
    assert counts(document) == {"hold": 2, "phone": 5}
    assert {results(document)[id]["impact"] for id in ("hold", "phone")} == {None}


def test_a_policy_that_would_hide_rows_is_an_error(data: str, tmp_path: Path) -> None:
    """A rule never passes for not having been shown the rows. Rules on other tables are judged."""
    there = reader(data, "grant select on orders, customers to {}")
    execute(
        data,
        "alter table orders enable row level security",
        "create policy few on orders using (order_id = 1003)",
    )
    document = audit(there, tmp_path)
    hidden = {id for id, tables in READS.items() if "orders" in tables} - LACKING
    assert errors(document).keys() == hidden
    assert all("row-level security" in message for message in errors(document).values())
    assert counts(document) == {PHONE: 5}
    assert results(document)[PHONE]["impact"] is None


# One snapshot, no writing -------------------------------------------------------------------------


def test_everything_is_read_in_one_snapshot(data: str, tmp_path: Path) -> None:
    """Rows that others commit while the audit runs are not there, in no rule and no count."""
    mine = suite(
        tmp_path / "mine",
        {
            "all_orders": rule("select o.order_id from orders as o"),
            "more_orders": rule("select o.order_id from orders as o cross join (select pg_sleep(0.1)) as later"),
            "last_orders": rule("select o.order_id from orders as o join customers as c using (customer_id)"),
        },
    )
    added = iter(range(5000, 6000))

    def tell(_done: int, _of: int, _what: str) -> None:
        execute(data, order(next(added)), "delete from orders where order_id = 1010")

    document = audit(data, tmp_path / "out", mine, on_progress=tell, jobs=1)
    assert next(added) == 5004  # told at the start and after each rule
    for found in document["results"]:
        assert (found["violations"], found["checked"]) == (10, 10), found["rule"]
        assert keys(tmp_path / "out", found["rule"]) == [str(id) for id in range(1001, 1011)]


WRITING_FUNCTIONS = {
    "nextval": "select nextval('orders_order_id_seq') as order_id",
    "setval": "select setval('orders_order_id_seq', 7000) as order_id",
    "own_function": "select sneak() as order_id",
    "large_object": "select lo_create(0)::int as order_id",
    "read_write": "select set_config('transaction_read_only', 'off', false) as order_id",
}


def test_an_audit_cannot_write(data: str, tmp_path: Path) -> None:
    """A rule whose functions write is errored, and nothing is written."""
    execute(
        data,
        "create function sneak() returns int language plpgsql as"
        " $$ begin insert into orders (order_id, order_ref, customer_id) values (9999, 9999, 1); return 1; end $$",
    )
    bodies = WRITING_FUNCTIONS | {"harmless": "select o.order_id from orders as o where o.order_id = 1001"}
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", {id: rule(body) for id, body in bodies.items()}))
    assert errors(document).keys() == WRITING_FUNCTIONS.keys()
    assert {results(document)[id]["error_at"]["sqlstate"] for id in ("nextval", "setval", "own_function")} == {"25006"}
    assert counts(document) == {"harmless": 1}
    assert fetch(data, "select count(*) from orders") == [10]
    assert fetch(data, "select is_called from orders_order_id_seq") == [False]
    assert fetch(data, "select count(*) from pg_largeobject_metadata") == [0]


REFUSED = (
    "with gone as (delete from orders returning order_id) select order_id from gone",
    "with changed as (update orders set order_amount = 0 returning order_id) select order_id from changed",
    "with made as (insert into orders default values returning order_id) select order_id from made",
    "with x as (select 1) delete from orders",
    "select 1 as order_id; drop table orders",
    "select 1 as order_id; -- drop\n select 2",
    "select order_id from orders for update",
    "select order_id from orders for no key update nowait",
    "select order_id from orders for share",
    "select order_id from orders for key share skip locked",
    "select order_id into copied from orders",
    "select order_id into temp copied from orders",
    "explain select order_id from orders",
    "explain analyze select order_id from orders",
    "table orders",
    "copy orders to stdout",
    "copy (select order_id from orders) to program 'true'",
    "values (1)",
    "insert into orders default values",
    "update orders set order_amount = 0",
    "delete from orders",
    "merge into orders as o using customers as c on false when matched then delete",
    "truncate orders",
    "drop table orders",
    "create table x as select order_id from orders",
    "do $$ begin null; end $$",
    "call something()",
    "begin",
    "commit",
    "set search_path = x",
    "prepare x as select 1",
    "lock table orders",
    "; drop table orders",
)


@pytest.mark.parametrize("statement", REFUSED)
def test_what_is_no_reading_statement_is_refused(tmp_path: Path, statement: str) -> None:
    """Before any connection is made, and by the name of its file."""
    mine = suite(tmp_path / "mine", {"bad": rule(statement)})
    with pytest.raises(SuiteError, match=r"bad\.sql") as raised:
        audit("host=/nowhere", tmp_path / "out", mine)
    assert "\n" not in str(raised.value)


# Rules that break ---------------------------------------------------------------------------------


def test_a_slow_rule_costs_no_other_its_result(data: str, tmp_path: Path) -> None:
    """The statement timeout ends it; rules that shared its scan are judged without it."""
    mine = suite(
        tmp_path / "mine",
        {
            "slow": rule("select o.order_id from orders as o where pg_sleep(60) is null"),
            "quick": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "other": rule("select c.customer_id from customers as c", "customer_id"),
        },
    )
    began = time.monotonic()
    document = audit(data, tmp_path / "out", mine, timeout=3)
    assert time.monotonic() - began < 50  # and not the 60 s that it would take
    assert list(errors(document)) == ["slow"]
    assert "statement timeout" in errors(document)["slow"]
    assert results(document)["slow"]["error_at"]["sqlstate"] == "57014"
    assert counts(document) == {"quick": 5, "other": 5}
    assert {found["checked"] for found in document["results"]} == {10, 5}


def test_a_locked_table_is_an_error_and_no_hang(data: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its rules wait for as long as a lock may take, and then say so; other tables' rules are judged."""
    monkeypatch.setattr(session, "READER", (("lock_timeout", "200ms"),))
    mine = suite(
        tmp_path / "mine",
        {
            "locked": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "free": rule("select c.customer_id from customers as c", "customer_id"),
        },
    )
    with psycopg.connect(data) as connection:
        connection.execute("lock table orders in access exclusive mode")
        began = time.monotonic()
        document = audit(data, tmp_path / "out", mine)
        took = time.monotonic() - began
        connection.rollback()
    assert took < 60
    assert "lock timeout" in errors(document)["locked"]
    assert counts(document) == {"free": 5}
    assert results(document)["free"]["impact"] is None


#: Statements that the server refuses, and what stands where it sees the mistake (ä and 😀 are one character each).
MISTAKES = {
    "syntax": ("select o.order_id\nfrom orders as o\nwhere o.order_id = = 1\n", "= 1\n"),
    "unknown_column": ("select o.order_id\nfrom orders as o\nwhere 'ä😀' <> 'x' and o.nothing = 1", "o.nothing"),
    "unknown_function": ("\n\n-- a remark\nselect nothing(o.order_id) as order_id\nfrom orders as o", "nothing("),
    "unknown_type": ("select o.order_id,\n\to.order_id::nothing as x from orders as o", "nothing as"),
    "ordered_by_nothing": ("select o.order_id from orders as o\norder by\n  o.nothing limit 1", "o.nothing"),
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_mistakes_are_shown_where_they_stand_in_the_file(data: str, tmp_path: Path, end: str) -> None:
    """Line and column in the author's own file, in characters."""
    files = {id: rule(body, more="-- requires: orders.order_id\n") for id, (body, _) in MISTAKES.items()}
    mine = suite(tmp_path / "mine", {id: text.replace("\n", end) for id, text in files.items()})
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == MISTAKES.keys()
    for id, text in files.items():
        before = text[: text.rindex(MISTAKES[id][1])]
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        found = results(document)[id]
        assert (found["error_at"]["line"], found["error_at"]["column"]) == (line, column), found["error"]
        assert f"{mine / id}.sql:{line}:{column}" in found["error"]
        assert "\n" not in found["error"]


def test_a_rule_that_fails_midway_harms_no_other(data: str, tmp_path: Path) -> None:
    """Rules that share its scan have exact results, written once."""
    mine = suite(
        tmp_path / "mine",
        {
            "a_before": rule("select o.order_id, o.order_amount from orders as o where o.order_amount > 100"),
            "b_broken": rule("select o.order_id from orders as o where 1 / (o.order_amount - 75) > 5"),
            "c_evidence": rule(
                "select o.order_id, 1 / (o.order_amount - 100) as ratio from orders as o where o.order_id = 1001"
            ),
            "d_after": rule("select o.order_id from orders as o where o.order_ref <> o.order_id"),
            "e_alone": rule("select max(o.order_id) as order_id from orders as o having 1 / (count(*) - 10) > 0"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == {"b_broken", "e_alone"}
    assert {found["error"] for found in document["results"] if found["status"] == "errored"} == {"division by zero"}
    assert counts(document) == {"a_before": 5, "c_evidence": 1, "d_after": 2}
    assert keys(tmp_path / "out", "a_before") == ["1001", "1002", "1004", "1007", "1009"]
    assert keys(tmp_path / "out", "d_after") == ["1005", "1006"]
    assert document["violations"]["rows"] == 8
    assert len(results(document)["a_before"]["examples"]) == 5


def test_a_key_that_the_statement_does_not_give_is_an_error(data: str, tmp_path: Path) -> None:
    """By its name."""
    mine = suite(
        tmp_path / "mine",
        {
            "a": rule("select o.order_id as id from orders as o"),
            "b": rule("select from orders as o where o.order_id = 1001"),
            "c": rule("select o.order_id from orders as o", "order_id, nothing"),
            "d": rule("select o.order_id from orders as o where o.order_id = 1001"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert errors(document).keys() == {"a", "b", "c"}
    assert "order_id" in errors(document)["a"]
    assert "nothing" in errors(document)["c"]
    assert counts(document) == {"d": 1}


@pytest.mark.parametrize(
    "said",
    [
        'invalid input syntax for type integer: "Geheim"',
        "ungültige Eingabesyntax für Typ integer: „Geheim“",
        "syntaxe en entrée invalide pour le type integer : « Geheim »",
        'неверный синтаксис для типа integer: "Geheim"',
        "integer型の入力構文が不正です: 「Geheim」",
    ],
    ids=["en", "de", "fr", "ru", "ja"],
)
def test_messages_in_any_language_are_masked(said: str) -> None:
    """A server speaks the language of its lc_messages, and quotes as that does."""
    assert "Geheim" not in mask.message(said, "22P02")


# Rules in all shapes ------------------------------------------------------------------------------

AWKWARD = """
    create table awkward ("Key" int, "where" text, "odd ""name" int, js jsonb, arr int[], bits bit(8));
    insert into awkward values
      (1, 'a', 1, '{"k": 1}', '{1,2,3}', B'00000001'), (2, 'it''s', 2, '{"k": [0]}', '{2}', B'10000000'),
      (3, E'back\\\\slash', 3, '[]', '{}', B'11111111'), (4, null, null, null, null, null),
      (5, ' from ', 5, '{}', '{1,2}', B'01010101')
"""
BODIES = (
    "where a.\"where\" <> '\\'",
    "where a.\"where\" = E'it\\'s'",
    'where a."where" <> $$;\'$$ and a."where" <> $q$ order by $q$',
    "where a.\"where\" = U&'\\0061'",
    'where /* from /* nested */ where */ a."Key" > 2',
    "where a.js ? 'k' and a.js @> '{\"k\": 1}'",
    "where a.js #>> '{k,0}' is null or (a.js -> 'k') is not null",
    "where a.arr[1:2] = array[1, 2] or (a.arr)[1] is distinct from 1",
    'where a."odd ""name" between 1 and 2 or not a."Key" in (1, 2)',
    "where trim(both ' ' from a.\"where\") = 'from' or substring(a.\"where\" from 1 for 1) = 'a'",
    "where extract(year from date '2020-01-01') = 2020 and a.\"where\" is not distinct from null",
    'where a."Key" = 1 or a."Key" = 2',
    'where a."Key" = 1 -- or a."Key" = 2',
    'where a."Key" > 1 order by a."Key" desc nulls last -- done',
    "where a.\"where\" like '%\\\\%' or a.\"where\" like '%!%' escape '!' or a.\"where\" similar to '(a|b)%'",
    "where now() at time zone 'UTC' - interval '1 day' < now() at time zone 'UTC'",
    'where exists (select from awkward as b where b."Key" > a."Key")',
    'where a."Key" operator(pg_catalog.=) 1 or a."Key" % 2 = 0 or |/ a."Key" > 2.2',
    'where (a."Key", a."where") in ((1, \'a\'), (2, \'x\')) or row(a."Key", 1) < row(2, 0)',
    "where a.bits & B'00000001' = B'00000001' or a.bits::text ~ '^0101'",
    'where a."where" is json or a."Key" = 3',
    'where case when a."Key" = 1 then true when a."where" is null then null end',
    'where a."Key" = any (array(select b."Key" from awkward as b order by b."Key" desc limit 2))',
    'where a."Key" is not null and true is true and not (a."Key" = 1) is unknown',
    "",
    'where a."Key" <> 2 order by "where" collate "C", 1 limit 2',
    'where a."Key" > 1 order by a."Key" fetch first 2 rows only',
    'order by a."Key" offset 3',
    'where a."Key" > 1 group by a."Key" having count(*) > 0 order by count(*)',
)
WHOLE = (
    'select all a."Key" from awkward as a where a."Key" < 3',
    'select distinct on (a."where" is null) a."Key" from awkward as a order by a."where" is null, a."Key" desc',
    'select a."Key" from only awkward as a where a."Key" < 3',
    'select a."Key" from awkward as a tablesample system (100) where a."Key" < 3',
    'select "Key" from awkward where "Key" = 1 union select "Key" from awkward where "Key" = 2 order by 1 desc',
    '(select "Key" from awkward where "Key" = 1) union all (select 1)',
    'with awkward as (select * from awkward where "Key" > 2) select "Key" from awkward',
    'with recursive n (i) as (select 1 union all select i + 1 from n where i < 3) select i as "Key" from n',
    'select a."Key" from awkward as a, unnest(a.arr) with ordinality as u (value, place) where u.place = 2',
    'select a."Key" from awkward as a join lateral (select a."Key" + 1 as more) as l on l.more > 3',
    'select a."Key", case when a."Key" = 1 then \'from\' else \'where\' end flag from awkward as a where a."Key" = 1',
    'select a."Key" "Key", (select count(*) from awkward) n from awkward as a where a."Key" = 5',
    'select a."Key", sum(a."Key") over (order by a."Key") as total from awkward as a where a."Key" > 3',
    'select a."Key", a.* from awkward as a where a."Key" = 1',
    'select * from awkward as a where a."Key" = 2;',
    '/* first */ select a."Key" from awkward as a where a."Key" = 2;;',
)


def test_rules_mean_what_they_say_in_any_shape(blank: str, tmp_path: Path) -> None:
    """Whatever shares a scan with whatever: each rule gives the keys that its own statement gives."""
    execute(blank, AWKWARD)
    bodies = [f'select a."Key", a."where" as "Where {n}" from awkward as a {body}' for n, body in enumerate(BODIES)]
    bodies[28] = f'select a."Key", count(*) from awkward as a {BODIES[28]}'
    files = {f"r{n:02}": rule(body, '"Key"') for n, body in enumerate([*bodies, *WHOLE])}
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    wrong = {}
    for found in document["results"]:
        query = found["sql"].rstrip(";")
        expected = sorted(set(fetch(blank, query)))  # each gives its key first
        if [str(key) for key in expected] != keys(tmp_path / "out", found["rule"]):
            wrong[found["sql"]] = (expected, keys(tmp_path / "out", found["rule"]))
    assert wrong == {}


def test_columns_may_have_any_collations(data: str, tmp_path: Path) -> None:
    """Each another one: what is judged together is judged by the database's."""
    execute(
        data,
        customer(8, customer_name="'Acme'", address="'1 Elm  Street '", customer_contact_name="'N/A'"),
        customer(9, customer_name="'ACME'", address="E'1 elm\\tstreet'"),
    )
    before = audit(data, tmp_path / "before")
    execute(
        data,
        'alter table customers alter customer_name type text collate "C", alter address type text collate "POSIX"',
        "alter table customers alter customer_email type text collate ucs_basic",
        'alter table orders alter delivery_script_name type text collate "C"',
    )
    after = audit(data, tmp_path / "after")
    assert errors(after) == {}
    assert counts(after) == counts(before)
    assert keys(tmp_path / "after", "customers.no_duplicate")[-1] == "9"
    assert keys(tmp_path / "after", "customers.text_is_clean")[-2:] == ["8", "9"]
    assert keys(tmp_path / "after", "customers.text_is_not_placeholder")[-1] == "8"


@pytest.mark.parametrize("shared", [False, True], ids=["alone", "shared"])
def test_columns_may_have_any_name(data: str, tmp_path: Path, shared: bool) -> None:
    """Those that an audit's own SQL uses, too."""
    names = [
        "x",
        "v",
        "h",
        "k",
        "o",
        "hits",
        "live",
        "place",
        "e0",
        "r0",
        "key",
        "rule",
        "a b",
        "select",
        "%",
        "{x}",
        "É",
    ]
    listed = ", ".join(f'{number} as "{name}"' for number, name in enumerate(names))
    files = {"odd": rule(f"select o.order_id, {listed} from orders as o where o.order_id > 1008")}
    if shared:
        files["other"] = rule(
            'select o.order_id as x, o.order_ref as "x" from orders as o where o.order_id > 1009', "x"
        )
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    evidence = {name: number for number, name in enumerate(names)}
    assert results(document)["odd"]["examples"] == [{"order_id": id} | evidence for id in (1009, 1010)]
    if shared:
        assert results(document)["other"]["examples"] == [{"x": 1010, "x_2": 1010}]


def test_tables_may_have_any_name(blank: str, tmp_path: Path) -> None:
    """Those that an audit's own SQL uses, too."""
    names = ["hits", "live", "x", "v", "h", "o", "c", "select", 'odd "name"; --', "Üñï 100% {x}"]
    files = {}
    for number, name in enumerate(names, start=1):
        with psycopg.connect(blank) as connection:
            table = sql.Identifier(name).as_string(connection)
            connection.execute(f"create table {table} as select generate_series(1, {number}) as id".encode())
        files[f"r{number}"] = rule(f"select t.id from {table} as t", "id")
        files[f"s{number}"] = rule(f"select {table}.id from {table} where {table}.id > 0 order by {table}.id", "id")
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert errors(document) == {}
    for number, name in enumerate(names, start=1):
        for id in (f"r{number}", f"s{number}"):
            found = results(document)[id]
            assert (found["violations"], found["checked"], found["table"]) == (number, number, name)


def test_a_function_that_gives_rows_does_not_change_its_neighbours(data: str, tmp_path: Path) -> None:
    """Where a select list multiplies rows, or drops them, that is the rule's own affair."""
    mine = suite(
        tmp_path / "mine",
        {
            "a": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "drops": rule("select o.order_id, generate_series(1, 0) as n from orders as o where o.order_id > 1005"),
            "own": rule("select o.order_id, json_object_keys(o.delivery_script_args) as k from orders as o where true"),
        },
    )
    document = audit(data, tmp_path / "out", mine)
    assert counts(document) == {"a": 5, "own": 4}
    assert results(document)["a"]["impact"] == {"customers": 4, "orders": 5, "amount": 1600}


IMPACTS = {
    "own": "select o.order_id, o.customer_id, o.order_amount from orders as o where o.order_id > 1003",
    "key_alone": "select o.order_id from orders as o where o.order_id > 1003",
    "ancestor_s": "select o.order_id, a.customer_id, a.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "of_ancestors": "select a.order_id, o.customer_id, o.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "unlike_letters": "select O.Order_Id, A.customer_id, A.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref where o.order_ref <> o.order_id",
    "customer_s": "select o.order_id, c.customer_id, c.customer_balance as order_amount from orders as o"
    " join customers as c on c.customer_id = 1",
    "named_so": "select o.order_id, o.order_ref as customer_id, o.order_amount * 2 as order_amount from orders as o",
    "derived": "select s.order_id, s.customer_id, s.order_amount from (select order_id, order_ref as customer_id,"
    " order_id as order_amount from orders) as s",
    "starred": "select * from (select o.order_id, a.customer_id, a.order_amount from orders as o"
    " join orders as a on a.order_id = o.order_ref) as s where s.order_id in (1005, 2001)",
    "with_its_name": "with orders as (select order_id, order_ref, 1 as customer_id, order_amount from orders)"
    " select o.order_id, o.customer_id, o.order_amount from orders as o",
    "grouped": "select max(order_id) as order_id, customer_id, sum(order_amount) as order_amount"
    " from orders group by customer_id",
    "many_rows": "select o.order_id, c.customer_id, o.order_amount from orders as o cross join customers as c",
    "window": "select order_id, first_value(customer_id) over (order by order_id) as customer_id, order_amount"
    " from orders",
}  # fmt: skip


def test_impact_is_that_of_the_violating_orders(data: str, tmp_path: Path) -> None:
    """Each order's own customer and amount, wherever the evidence of these names comes from."""
    execute(data, order(2001, order_ref="1009", customer_id="5", order_amount="7", order_status="'active'"))
    out = tmp_path / "out"
    document = audit(data, out, suite(tmp_path / "mine", {id: rule(body) for id, body in IMPACTS.items()}))
    assert errors(document) == {}
    wrong = {}
    for id, found in results(document).items():
        among = f"from orders where order_id in ({', '.join(keys(out, id))})"
        query = f"select array[count(distinct customer_id), count(*), sum(order_amount)] {among}"
        (expected,) = fetch(data, query)
        if id == "grouped":
            continue  # its key is made up, and belongs to no table
        if list((found["impact"] or {}).values()) != expected:
            wrong[id] = (found["impact"], expected)
    assert wrong == {}
    assert results(document)["grouped"]["impact"] is None


def test_the_author_s_text_is_run_as_it_was_written(blank: str, tmp_path: Path) -> None:
    """Characters that some programs take for a line's end are text like any other."""
    odd = ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029"]
    execute(blank, "create table notes (code text)")
    with psycopg.connect(blank) as connection:
        connection.cursor().executemany("insert into notes values (%s)", [[f"a{letter}b"] for letter in odd])
    files = {f"r{n}": rule(f"select code from notes where code = 'a{letter}b'", "code") for n, letter in enumerate(odd)}
    document = audit(blank, tmp_path / "out", suite(tmp_path / "mine", files))
    assert counts(document) == dict.fromkeys(files, 1)


# Keys ---------------------------------------------------------------------------------------------

TEXTS = (
    "Z",
    "a",
    "ä",
    "\U0001f600",
    "b,c",
    'say "hi"',
    "line\nend",
    "cr\r",
    " lead",
    "trail ",
    "\\.",
    "10",
    "9",
    "a\u0308",
)


@pytest.fixture
def things(blank: str) -> str:
    """A database with keys of many kinds."""
    with psycopg.connect(blank) as connection:
        connection.execute("create table things (code text, part int, exact numeric, id uuid, made date, ok bool)")
        rows = [
            [text, part, exact]
            for text in TEXTS
            for part, exact in ((1, "1"), (2, "1.0"), (10, "1.00"), (2, "10"), (2, "9.50"))
        ]
        connection.cursor().executemany("insert into things (code, part, exact) values (%s, %s, %s)", rows)
        connection.execute("update things set id = md5(code)::uuid, made = date '2020-01-01' + part, ok = part = 1")
    return blank


def test_text_keys_are_sorted_by_their_bytes(things: str, tmp_path: Path) -> None:
    """Whatever the collation, in the file and in the evidence; quotes, commas and line ends come through."""
    out = tmp_path / "out"
    document = audit(things, out, suite(tmp_path / "mine", {"codes": rule("select t.code from things as t", "code")}))
    expected = sorted(TEXTS, key=lambda text: text.encode())
    assert keys(out, "codes") == expected
    assert [row["code"] for row in results(document)["codes"]["examples"]] == expected
    assert results(document)["codes"]["violations"] == len(TEXTS)
    assert results(document)["codes"]["checked"] == 5 * len(TEXTS)
    assert results(document)["codes"]["impact"] is None
    assert document["violations"]["rows"] == len(TEXTS)


def test_keys_of_other_types(things: str, tmp_path: Path) -> None:
    """Numbers as numbers, equal ones once; all else by the bytes of its text."""
    out = tmp_path / "out"
    files = {
        "numbers": rule("select t.exact from things as t", "exact"),
        "negative": rule("select -t.part as n from things as t", "n"),
        "uuids": rule("select t.id from things as t", "id"),
        "dates": rule("select t.made from things as t", "made"),
        "bools": rule("select t.ok from things as t", "ok"),
    }
    document = audit(things, out, suite(tmp_path / "mine", files))
    assert errors(document) == {}
    assert keys(out, "numbers") == ["1", "9.5", "10"]
    assert keys(out, "negative") == ["-10", "-2", "-1"]
    assert keys(out, "uuids") == sorted(fetch(things, "select distinct md5(code)::uuid::text from things"))
    assert keys(out, "dates") == ["2020-01-02", "2020-01-03", "2020-01-11"]
    assert keys(out, "bools") == ["false", "true"]


def test_composite_keys_are_json_arrays(things: str, tmp_path: Path) -> None:
    """Sorted by their bytes; equal numbers in two spellings are one key."""
    out = tmp_path / "out"
    files = {
        "both": rule("select t.part, t.code, t.ok from things as t", "code, part"),
        "exact": rule("select t.code, t.exact from things as t where t.code in ('a', 'Z')", "code, exact"),
    }
    document = audit(things, out, suite(tmp_path / "mine", files))
    found = keys(out, "both")
    assert {tuple(json.loads(key)) for key in found} == {(text, part) for text in TEXTS for part in (1, 2, 10)}
    assert found == sorted(found, key=lambda key: key.encode())
    assert results(document)["both"]["violations"] == len(found) == 3 * len(TEXTS)
    assert results(document)["exact"]["violations"] == 6  # 1, 9.5 and 10 of each
    assert sorted(json.loads(key) for key in keys(out, "exact")) == [
        [code, number] for code in ("Z", "a") for number in (1, 9.5, 10)
    ]


def test_null_keys_count_once_and_have_their_place(things: str, tmp_path: Path) -> None:
    """A NULL is written as nothing, which is where it is sorted."""
    execute(things, "insert into things (part) values (null), (null), (0)")
    out = tmp_path / "out"
    files = {
        "codes": rule("select t.code from things as t where t.code is null or t.code in ('a', 'Z')", "code"),
        "parts": rule("select t.part from things as t", "part"),
        "both": rule("select t.code, t.part from things as t where t.code is null", "code, part"),
    }
    mine = suite(tmp_path / "mine", files)
    document = audit(things, out, mine)
    assert counts(document) == {"codes": 3, "parts": 5, "both": 2}
    assert keys(out, "codes") == ["", "Z", "a"]
    assert sorted(keys(out, "parts")) == ["", "0", "1", "10", "2"]
    assert keys(out, "both") == ["[null, 0]", "[null, null]"]


def test_null_keys_are_known_again(things: str, tmp_path: Path) -> None:
    """Against a baseline, a NULL that was there before is not new."""
    execute(things, "insert into things (part) values (null), (0)")
    files = {
        "codes": rule("select t.code from things as t where t.code is null or t.code in ('a', 'Z')", "code"),
        "parts": rule("select t.part from things as t", "part"),
    }
    mine = suite(tmp_path / "mine", files)
    audit(things, tmp_path / "before", mine)
    execute(things, "delete from things where code = 'a' or part = 10")
    document = audit(things, tmp_path / "after", mine, baseline=tmp_path / "before" / "results.json", fail_on="info")
    assert document["summary"]["gate"]["reasons"] == []


PERSONAL_KEYS = {
    "plain": ("select c.customer_email from customers as c", "customer_email"),
    "renamed": ("select c.customer_email as k from customers as c", "k"),
    "made": ("select lower(c.customer_email) as k from customers as c", "k"),
    "below": ("select s.k from (select btrim(customer_email) as k from customers) as s", "k"),
    "composite": ("select c.customer_id, c.customer_email from customers as c", "customer_id, customer_email"),
    "contact": ("select c.customer_contact_name from customers as c", "customer_contact_name"),
    "shared": ("select c.customer_email, c.customer_id from customers as c where c.customer_id > 1", "customer_email"),
}


def test_personal_keys_are_never_written_in_clear(data: str, tmp_path: Path) -> None:
    """A digest stands for them, in the file as in the evidence; counts stay exact."""
    files = {id: rule(body, key) for id, (body, key) in PERSONAL_KEYS.items()}
    out = tmp_path / "out"
    document = audit(data, out, suite(tmp_path / "mine", files), examples=50)
    assert errors(document) == {}
    assert counts(document) == dict.fromkeys(files, 5) | {"shared": 4}
    held = fetch(data, "select unnest(array[customer_email, customer_contact_name]) from customers")
    text = written(out)
    assert [value for value in held if value in text] == []
    emails = fetch(data, "select customer_email from customers")
    assert keys(out, "plain") == sorted("sha256:" + hashlib.sha256(email.encode()).hexdigest() for email in emails)
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", key) for id in files for key in keys(out, id))


# Suites -------------------------------------------------------------------------------------------


def test_a_single_file_is_a_suite(data: str, tmp_path: Path) -> None:
    """Its id is its stem."""
    mine = suite(
        tmp_path / "mine", {"deep.big_orders": rule("select o.order_id from orders as o where o.order_amount > 400")}
    )
    document = audit(data, tmp_path / "out", mine / "deep" / "big_orders.sql")
    assert counts(document) == {"big_orders": 2}


def test_folders_of_folders_and_several_suites(data: str, tmp_path: Path) -> None:
    """Ids are paths; hidden files and other files are none of it; suites add up."""
    one = suite(
        tmp_path / "one",
        {
            "top": rule("select o.order_id from orders as o where o.order_amount > 400"),
            "a.b.c": rule("select o.order_id from orders as o where o.order_amount > 500"),
        },
    )
    (one / ".hidden.sql").write_text("nonsense")
    (one / "README.md").write_text("nonsense")
    (one / "a,b \"c\" 'd'.sql").write_text(rule("select o.order_id from orders as o where o.order_id = 1001"))
    two = suite(tmp_path / "two", {"top_two": rule("select o.order_id from orders as o where o.order_amount > 300")})
    document = audit(data, tmp_path / "out", "current", one, two, rules=("top*", "a*", PHONE))
    assert counts(document) == {"top": 2, "a,b \"c\" 'd'": 1, "top_two": 2, PHONE: 5}
    assert statuses(document)["a.b.c"] == "passed"
    assert document["summary"]["expectations"] == 49
    assert [found["rule"] for found in document["results"]] == sorted(statuses(document))
    assert keys(tmp_path / "out", "a,b \"c\" 'd'") == ["1001"]


BAD_SUITES: dict[str, tuple[dict[str, bytes], str]] = {
    "nothing": ({}, "no rule"),
    "no sql": ({"a.txt": b"x"}, "no rule"),
    "not UTF-8": ({"a.sql": rule("select 'é' as order_id").encode("latin-1")}, r"a\.sql.*UTF-8"),
    "no title": ({"a.sql": b"-- severity: info\n-- key: id\nselect 1 as id"}, r"a\.sql.*title"),
    "empty title": ({"a.sql": b"-- title:\n-- severity: info\n-- key: id\nselect 1 as id"}, r"a\.sql.*title"),
    "no key": ({"a.sql": b"-- title: x\n-- severity: info\nselect 1 as id"}, r"a\.sql.*key"),
    "no header": ({"a.sql": b"select 1 as id"}, r"a\.sql.*title"),
    "no statement": ({"a.sql": b"-- title: x\n-- severity: info\n-- key: id\n"}, r"a\.sql.*no statement"),
    "no file": ({"a.sql": b""}, r"a\.sql"),
    "severity": ({"a.sql": rule("select 1 as order_id", severity="fatal").encode()}, r"a\.sql.*fatal"),
    "header": ({"a.sql": rule("select 1 as order_id", more="-- sverity: info\n").encode()}, r"a\.sql:5.*sverity"),
    "header twice": ({"a.sql": rule("select 1 as order_id", more="-- key: id\n").encode()}, r"a\.sql:5.*key"),
    "key twice": ({"a.sql": rule("select 1 as id", "id, ID").encode()}, r"a\.sql.*id, ID"),
    "needs": ({"a.sql": rule("select 1 as order_id", more="-- requires: order_ref\n").encode()}, r"a\.sql.*order_ref"),
    "highlight twice": (
        {"a.sql": rule("select 1 as order_id", more="-- highlight: a, A\n").encode()},
        r"a\.sql.*highlight",
    ),
    "weakness": ({"a.sql": rule("select 1 as order_id", more="-- allowed_by: schema.a\n").encode()}, r"a\.sql.*OBJECT"),
    "picture": ({"a.sql": rule("select 1 as order_id", more="-- diagram: of a\n").encode()}, r"a\.sql.*lineage"),
    "comment alone": ({"a.sql": rule("-- nothing\n/* here */").encode()}, r"a\.sql"),
    "two files, one bad": ({"a.sql": rule("select 1 as order_id").encode(), "b.sql": b"x"}, r"b\.sql"),
    "a name that is no text": ({os.fsdecode(b"\xff.sql"): rule("select 1 as order_id").encode()}, "name"),
}


@pytest.mark.parametrize("name", BAD_SUITES)
def test_a_suite_that_cannot_be_used_is_wrong_use(tmp_path: Path, name: str) -> None:
    """One line that names the file, before any connection is made."""
    files, message = BAD_SUITES[name]
    (tmp_path / "mine").mkdir()
    for file, content in files.items():
        (tmp_path / "mine" / file).write_bytes(content)
    with pytest.raises(SuiteError, match=message) as raised:
        audit("host=/nowhere", tmp_path / "out", tmp_path / "mine")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "out").exists()


def test_one_id_twice_is_wrong_use(tmp_path: Path) -> None:
    """Both places are named."""
    one = suite(tmp_path / "one", {"a.b": rule("select 1 as order_id")})
    two = suite(tmp_path / "two", {"a.b": rule("select 2 as order_id")})
    with pytest.raises(SuiteError, match=r"a\.b.*one.*two"):
        audit("host=/nowhere", tmp_path / "out", one, two)
    with pytest.raises(SuiteError, match="twice"):
        audit("host=/nowhere", tmp_path / "out", "current", "current")
    with pytest.raises(SuiteError, match="no suite"):
        audit("host=/nowhere", tmp_path / "out", tmp_path / "three")


def test_needs_that_are_not_met(data: str, tmp_path: Path) -> None:
    """A missing column or another encoding makes a rule not checkable, a missing table skipped."""
    body = "select o.order_id from orders as o where o.order_id = 1001"
    needs = {
        "met": "orders.order_ref, customers.customer_id, encoding UTF8, encoding utf-8",
        "column": "orders.order_ref, orders.created_at",
        "encoding": "encoding latin1",
        "table": "invoices.id",
        "schema": f"{fetch(data, 'select current_schema()')[0]}.orders.created_at",
        "quoted": '"orders"."Order_Ref"',
    }
    files = {id: rule(body, more=f"-- requires: {text}\n") for id, text in needs.items()}
    document = audit(data, tmp_path / "out", suite(tmp_path / "mine", files))
    assert statuses(document) == {
        "met": "failed",
        "column": "not_checkable",
        "encoding": "not_checkable",
        "table": "skipped",
        "schema": "not_checkable",
        "quoted": "not_checkable",
    }
    found = results(document)
    assert "created_at" in found["column"]["reason"]
    assert "utf8" in found["encoding"]["reason"]
    assert "latin1" in found["encoding"]["reason"]
    assert "invoices" in found["table"]["reason"]
    assert document["summary"]["pass_rate"] == 0


# Other databases ----------------------------------------------------------------------------------


def encoded(server: Server, encoding: str) -> str:
    """A database of another encoding, with the sample data."""
    dsn = servers.new_database(
        server, options=f"encoding '{encoding}' lc_collate 'C' lc_ctype 'C' locale_provider libc"
    )
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
    return dsn


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_databases_that_are_not_utf8(server: Server, tmp_path: Path, encoding: str) -> None:
    """Bytes of any kind are judged, and shown as far as they can be; normal forms are not checkable."""
    dsn = encoded(server, encoding)
    with psycopg.connect(dsn) as connection:
        connection.execute(f"set client_encoding = {encoding}")
        row = {"customer_name": "'Crème'", "customer_contact_name": "'Siân'", "address": "'1 Rue de l''Été'"}
        connection.execute(customer(6, **row, customer_phone="'12'").encode("latin-1"))
        connection.execute(customer(7, **row | {"address": "'Caf\x93e'"}).encode("latin-1"))
        connection.execute(
            order(2001, delivery_script_name="'Crème'", delivery_script_args="""'{"né": "à"}'""").encode("latin-1")
        )
    mine = suite(
        tmp_path / "mine",
        {
            "codes": rule(
                "select o.delivery_script_name from orders as o where o.order_id = 2001", "delivery_script_name"
            )
        },
    )
    document = audit(dsn, tmp_path / "out", "current", mine)
    assert statuses(document)["customers.text_is_normalised"] == "not_checkable"
    assert document["run"]["database"]["encoding"] == encoding.lower()
    names = errors(document)
    if encoding == "SQL_ASCII":
        names.pop("codes", None)  # a key that is no text in any encoding has no place among the keys
    assert names == {}
    assert keys(tmp_path / "out", PHONE) == ["1", "2", "3", "4", "5", "6"]
    # what byte 0x93 stands for, nobody knows where the encoding is not known
    assert keys(tmp_path / "out", "customers.text_is_clean") == (["7"] if encoding == "LATIN1" else [])
    assert keys(tmp_path / "out", "orders.script_name_is_identifier") == ["2001"]
    if encoding == "LATIN1":
        assert keys(tmp_path / "out", "codes") == ["Crème"]
        assert results(document)[PHONE]["examples"][-1]["customer_name"] == "Crème"
    assert "Siân" not in written(tmp_path / "out")
    servers.drop_database(server, dsn)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
@pytest.mark.both_versions
def test_escapes_that_the_encoding_cannot_hold(server: Server, tmp_path: Path, encoding: str) -> None:
    """JSON may escape any character, bad ones included, and one such row must not cost a rule its result."""
    dsn = encoded(server, encoding)
    execute(
        dsn,
        order(2001, delivery_script_args=r"""'{"note": "10 \u20ac", "token": "made-up-2001"}'"""),
        order(2002, delivery_script_args=r"""'{"note": "\ud83d", "token": "made-up-2002 \u00e9"}'"""),
        order(2003, delivery_script_args=r"""'{"\u20ac": 1, "\ud83d\ude00": 2, "\u20a0": 1, "a": "\u0000"}'"""),
        order(2004, delivery_script_args=r"""'{"api-key": "made-up \u20ac"}'"""),
        order(2005, delivery_script_args=r"""'{"api-key": "made-up \u20a0"}'""", customer_id="2"),
    )
    document = audit(dsn, tmp_path, rules=("orders.*",))
    assert errors(document) == {}
    assert keys(tmp_path, SECRET) == ["1002", "1008", "2001", "2002", "2004", "2005"]
    # two characters that the database does not have are not one
    assert not {"2004", "2005"} & set(keys(tmp_path, "orders.api_key_belongs_to_one_customer"))
    assert keys(tmp_path, "orders.delivery_args_convert_to_jsonb") == ["2002", "2003"]
    assert keys(tmp_path, "orders.delivery_args_keys_are_unique") == []
    servers.drop_database(server, dsn)


def test_a_hot_standby_is_audited_like_its_primary(standby: tuple[str, Server], tmp_path: Path) -> None:
    """Nothing is written, so nothing needs a primary."""
    dsn, second = standby
    name = str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])
    there = second.dsn(name)
    assert fetch(there, "select pg_is_in_recovery()") == [True]
    document = audit(there, tmp_path)
    assert counts(document) == SAMPLE
    assert document["summary"]["passed"] == 38


# When it goes wrong -------------------------------------------------------------------------------

KILL = (
    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
    " where application_name = 'order-audit' and datname = current_database()"
)


def at_the_start(dsn: str) -> ProgressCallback:
    """Ends the audit's connections once rules are about to be judged."""

    def tell(done: int, _of: int, _what: str) -> None:
        if done == 0:
            assert fetch(dsn, KILL)[0] > 0

    return tell


def midway(dsn: str) -> ProgressCallback:
    """Ends the audit's connections once the first rule is judged."""

    def tell(done: int, _of: int, _what: str) -> None:
        if done == 1:
            assert fetch(dsn, KILL)[0] > 0

    return tell


@pytest.mark.parametrize("when", [at_the_start, midway])
def test_lost_connections_end_the_audit_in_one_line(
    data: str, tmp_path: Path, when: Callable[[str], ProgressCallback]
) -> None:
    """Nothing is half written, and what an earlier audit wrote is as it was."""
    mine = suite(
        tmp_path / "mine",
        {
            "first": rule("select o.order_id from orders as o where o.order_amount > 100"),
            "later": rule("select o.order_id from orders as o cross join (select pg_sleep(0.2)) as s"),
            "last": rule(
                "select c.customer_id from customers as c cross join (select pg_sleep(0.2)) as s", "customer_id"
            ),
        },
    )
    out = tmp_path / "out"
    audit(data, out, mine)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert len(before) == 4
    with pytest.raises(RunError) as raised:
        audit(data, out, mine, on_progress=when(data), jobs=1)
    assert "\n" not in str(raised.value)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_connection_lost_during_a_scan(data: str, tmp_path: Path) -> None:
    """The rule that was being judged is not to blame."""
    mine = suite(tmp_path / "mine", {"killer": rule(f"select o.order_id from orders as o where ({KILL}) is null")})
    with pytest.raises(RunError, match="connection"):
        audit(data, tmp_path / "out", mine)
    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_what_fails_leaves_earlier_results_alone(data: str, tmp_path: Path) -> None:
    """Whatever ends an audit early."""
    mine = suite(tmp_path / "mine", {"orders": rule("select o.order_id from orders as o")})
    out = tmp_path / "out"
    audit(data, out, mine)
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def tell(_done: int, _of: int, _what: str) -> None:
        raise RuntimeError("broken pipe")

    failing: list[tuple[type[Exception], str, dict[str, Any]]] = [
        (RunError, data, {"schema": "nowhere"}),
        (RunError, joined(data, dbname="nowhere"), {}),
        (SuiteError, data, {"rules": ("nothing",)}),
        (RuntimeError, data, {"on_progress": tell}),
    ]
    for kind, dsn, options in failing:
        with pytest.raises(kind):
            audit(dsn, out, mine, **options)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_no_connection_says_where_and_hides_the_password(tmp_path: Path) -> None:
    """One line, with what the server or libpq said."""
    with pytest.raises(RunError, match="cannot connect") as raised:
        audit(f"host={tmp_path} user=ann password=hunter2 dbname=shop", tmp_path / "out", rules=(PHONE,))
    assert "\n" not in str(raised.value)
    assert "shop" in str(raised.value)
    assert "hunter2" not in str(raised.value)
