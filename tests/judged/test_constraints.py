"""Rows that a suggested constraint or index refuses; locks and rewrites. Each outcome is tried on the server."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from order_audit.audit.analysis.ddl_tokens import split
from order_audit.audit.database.server import Server
from order_audit.reports.schema_findings import outcome_lines
from tests.judged.support import found, outcome, run
from tests.support import servers

pytestmark = pytest.mark.both_versions

TABLES = """
    create table kind (id int primary key, name text);
    create table thing (id int primary key, kind_id int, size int, name text, part int, tag text not null);
    insert into kind values (1, 'a'), (2, 'b');
    insert into thing values (1, 1, 5, 'x', 1, 'a'), (2, 9, -1, 'x', 2, 'b'), (3, null, null, ' X', null, 'c'),
        (4, 2, -7, '', 1, 'd'), (5, 8, 3, '', 1, 'e');
    alter table thing add constraint old_check check (size > -5) not valid;
    alter table thing add constraint old_key foreign key (kind_id) references kind not valid;
    create table pair (a int, b int, note text, primary key (a, b));
    insert into pair values (1, 1, 'x'), (1, 2, 'x');
    create index thing_size on thing (size);
    create unique index thing_tag on thing (tag);
    create table paper (id bigint primary key, c varchar(20));
    create table large (customer_email text primary key, size int);
    insert into large values ('ada@example.org', -1);
"""
#: A suggestion, the outcome, and the obstacles as text.
CASES = [
    ("alter table thing add constraint c check (size >= 0)", "refused", ["2 rows violate the constraint: id 2, 4"]),
    (
        "alter table thing add constraint c check (size >= 0) not valid",
        "runs",
        ["2 rows violate the constraint: id 2, 4"],
    ),
    ("alter table thing add constraint c check (size >= -9)", "runs", []),
    ("alter table thing validate constraint old_check", "refused", ["1 row violates the constraint: id 4"]),
    ("alter table thing validate constraint old_key", "refused", ["2 rows have no row in public.kind: id 2, 5"]),
    (
        "alter table thing add constraint k foreign key (kind_id) references kind (id)",
        "refused",
        ["2 rows have no row in kind: id 2, 5"],
    ),
    (
        "alter table thing add foreign key (part) references kind not valid",
        "runs",
        [],
    ),
    (
        "create unique index concurrently on thing (name)",
        "refused",
        ["2 rows repeat name of an earlier row: id 1, 2, 4, 5"],
    ),
    (
        "create unique index concurrently on thing (name) where name <> ''",
        "refused",
        ["1 row repeats name of an earlier row: id 1, 2"],
    ),
    (
        "create unique index on thing (lower(btrim(name))) where name <> ''",
        "refused",
        ["2 rows repeat lower(btrim(name)) of an earlier row: id 1, 2, 3"],
    ),
    ("alter table thing add unique (id, name)", "runs", []),
    ("alter table pair add unique (a)", "refused", ["1 row repeats a of an earlier row: (a, b) (1, 1), (1, 2)"]),
    ("alter table thing alter column kind_id set not null", "refused", ["1 row has no kind_id: id 3"]),
    ("alter table thing alter column part set not null", "refused", ["1 row has no part: id 3"]),
    ("alter table thing add constraint c check (1 / (size - 5) < 1)", "not_judged",
     ["the rows of thing were not read: division by zero"]),
    ("alter table large add constraint c check (size >= 0)", "refused",
     ["1 row violates the constraint: customer_email a••@•••••••.•••"]),
    ("alter table thing add constraint c check (size >= 0) not valid;\nalter table thing validate constraint c", "runs",
     ["2 rows violate the constraint: id 2, 4"]),
]  # fmt: skip


@pytest.fixture(scope="module")
def tables(server: Server) -> Iterator[str]:
    """A database with TABLES, of which nothing is changed for good."""
    with servers.database(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute(TABLES.encode())
        yield dsn


@pytest.mark.parametrize(("suggestion", "kind", "obstacles"), CASES, ids=[it[0][:70] for it in CASES])
def test_what_rows_a_constraint_refuses(tables: str, suggestion: str, kind: str, obstacles: list[str]) -> None:
    """With their keys, masked where the key is personal."""
    with psycopg.connect(tables, autocommit=True) as connection:
        tried = run(connection, suggestion)
    judged = outcome(tables, suggestion)
    assert (judged.kind, outcome_lines(judged)[1:]) == (kind, obstacles)
    if "validate" not in suggestion or kind == "refused":
        assert bool(tried.error) == (kind != "runs")


#: Statements that run on TABLES.
RUN = [
    "alter table thing alter column size type bigint",
    "alter table paper alter column c type text",
    "alter table paper alter column c type varchar(30)",
    "alter table paper alter column c type varchar(10)",
    "alter table thing alter column size set default 1",
    "alter table thing alter column id add generated by default as identity",
    "alter table thing add column at timestamptz",
    "alter table thing add column at timestamptz default now()",
    "alter table thing add column code uuid default gen_random_uuid()",
    "alter table thing add column number bigint generated always as identity",
    "alter table thing add constraint c check (size > -9) not valid",
    "alter table thing add constraint c check (size > -9)",
    "alter table thing add constraint k foreign key (kind_id) references kind (id) not valid",
    "alter table thing add unique (id, name)",
    "alter table thing add constraint u unique using index thing_tag",
    "alter table thing drop constraint old_check",
    "alter table thing rename column size to length",
    "create index on thing (part)",
    "drop index thing_size",
    "reindex index thing_size",
    "comment on table thing is 'x'",
    "comment on column thing.size is 'x'",
    "analyze thing",
    "create table other (id int references thing)",
    "create table other (id int)",
    "create sequence other",
    "revoke select on thing from public",
    "grant select on thing to public",
]


@pytest.mark.parametrize("suggestion", RUN)
def test_locks_and_rewrites_are_those_of_the_server(tables: str, suggestion: str) -> None:
    """As pg_locks and pg_class show them. A table without rows is rewritten, too."""
    with psycopg.connect(tables, autocommit=True) as connection:
        tried = run(connection, suggestion)
    judged = outcome(tables, suggestion)
    assert (judged.kind, tried.error) == ("runs", "")
    assert (judged.lock, set(judged.rewrites)) == (tried.lock, tried.rewrites)


@pytest.mark.parametrize(
    ("suggestion", "lock"),
    [
        ("create index concurrently on thing (part)", "SHARE UPDATE EXCLUSIVE"),
        ("drop index concurrently thing_size", "SHARE UPDATE EXCLUSIVE"),
        ("reindex index concurrently thing_size", "SHARE UPDATE EXCLUSIVE"),
        ("alter table thing add constraint c check (size > 0) not valid; alter table thing validate constraint c",
         "ACCESS EXCLUSIVE"),
    ],
)  # fmt: skip
def test_locks_of_what_cannot_be_rolled_back(tables: str, suggestion: str, lock: str) -> None:
    """By the documentation."""
    assert outcome(tables, suggestion).lock == lock


def test_columns_that_point_at_a_key_change_with_it(dsn: str) -> None:
    """With a foreign key, directly or through another, or without one by another finding."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create table customer (id int generated always as identity primary key, name text);
            create table visit (id bigint primary key, customer_id int);
            create table account (id int primary key references customer);
            create table bill (
                id bigint primary key, account int references account, "Customer" int references customer
            );
        """)
    widened = outcome(dsn, "alter table public.customer alter column id type bigint")
    assert outcome_lines(widened)[1:] == [
        "column account.id references customer.id and gets the type bigint too",
        "column bill.Customer references customer.id and gets the type bigint too",
        "column bill.account references account.id and gets the type bigint too",
    ]
    assert set(widened.rewrites) == {"customer", "account", "bill"}
    finding = found(dsn)["key_is_bigint", "customer.id"]
    assert "alter table public.visit alter column customer_id type bigint;" in finding.suggestion.splitlines()


def test_a_validation_that_rows_fail_is_left_out(dsn: str) -> None:
    """A comment has it, for later."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "create table item (id bigint primary key, price_amount numeric(9, 2));"
            "insert into item select n, nullif(n, 5) from generate_series(1, 20) as n;"
            " update item set price_amount = -1 where id = 5"
        )
    suggestion = found(dsn)["number_has_range_check", "item.price_amount"].suggestion
    assert [sql.split()[3] for _, sql in split(suggestion)] == ["add"]
    assert "-- some rows are below zero: if that is wrong, run this after correcting them" in suggestion


def test_an_amount_is_as_wide_as_its_rows(dsn: str) -> None:
    """Digits by the largest finite one, with room; decimals by most rows. What stays out is counted."""
    cases = (
        ("1.5, 'NaN'", "numeric(14, 2)", "runs"),
        ("12345678901234.56, 1", "numeric(18, 2)", "runs"),
        ("0.1234, 1.125, 2", "numeric(16, 4)", "runs"),
        ("0.1234, 1, 2", "numeric(14, 2)", "changes"),
        ("'infinity', 1, 2", "numeric(14, 2)", "refused"),
    )
    with psycopg.connect(dsn, autocommit=True) as connection:
        for number, (values, _, _) in enumerate(cases):
            connection.execute(
                f"create table item_{number} (id int generated always as identity primary key, price float8);"
                f"insert into item_{number} (price) select unnest(array[{values}]::float8[])".encode()
            )
    findings = found(dsn)
    for number, (_, said, kind) in enumerate(cases):
        finding = findings["money_is_exact", f"item_{number}.price"]
        assert finding.outcome is not None
        assert finding.outcome.kind == kind
        assert f"type {said}" in finding.suggestion
        assert finding.remedy == ("rewrite" if kind == "runs" else "redesign")


def test_a_large_table_is_judged_by_a_sample(dsn: str) -> None:
    """And that is told."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table big (id int primary key, size int)")
        connection.execute("insert into big select n, -n from generate_series(1, 20000) as n")
        connection.execute("analyze big")
        connection.execute("set allow_system_table_mods to on")
        connection.execute("update pg_class set reltuples = 2000000 where relname = 'big'")
    judged = outcome(dsn, "alter table big add constraint c check (size >= 0) not valid")
    (obstacle,) = judged.obstacles
    assert judged.sampled
    assert obstacle.rows is not None
    assert 0 < obstacle.rows < 20000
    assert "judged by a sample of the rows" in outcome_lines(judged)[0]
