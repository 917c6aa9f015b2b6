"""Rules on primary keys, identities, rights and statistics: where each speaks, and where it must keep silent."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.lint.hygiene import Case, check_all, execute
from tests.lint.support import findings

CASES: dict[str, list[Case]] = {
    "table_has_primary_key": [
        Case("none", "create table t (a int, b text); insert into t values (1, 'x')", {"t": "critical"}, mends=True),
        Case("an id", "create table t (id int, b text); insert into t values (1, 'x')", {"t": "critical"}, mends=True),
        Case(
            "an id of another type",
            "create table t (id text); insert into t values ('x')",
            {"t": "critical"},
            mends=True,
        ),
        Case(
            "junction",
            "create table a (id int primary key); create table b (id int primary key);"
            " create table a_b (a_id int references a, b_id int references b)",
            {"a_b": "critical"},
            mends=True,
        ),
        Case(
            "unique index",
            "create table t (a int not null, b int); create unique index on t (a)",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "ordered unique index",
            "create table t (a int not null, b int); create unique index on t (a desc)",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "unique constraint",
            "create table t (a int not null, b int not null, unique (a, b))",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "unique constraint that is referred to",
            "create table t (a int not null unique); create table u (id int primary key, t_a int references t (a))",
            {"t": "warning"},
            mends=True,
        ),
        Case(
            "nullable, partial or of an expression",
            "create table t (a int unique, b int not null);"
            " create unique index on t (b) where b > 1; create unique index on t ((b + 1))",
            {"t": "critical"},
            mends=True,
        ),
        Case(
            "partitioned",
            "create table t (day date, n int) partition by range (day);"
            " create table t1 partition of t default; insert into t values (now(), 1)",
            {"t": "critical"},
            mends=True,
        ),
        Case(
            "partitioned and unique",
            "create table t (day date not null, n int not null, unique (n, day)) partition by range (day);"
            " create table t1 partition of t default",
            {"t": "warning"},
            mends=True,
        ),
        Case("partitioned by an expression", "create table t (n int) partition by list ((n % 2))", {"t": "critical"}),
        Case(
            "a child by INHERITS is a table of its own",
            "create table t (n int); create table t1 () inherits (t)",
            {"t": "critical", "t1": "critical"},
            mends=True,
        ),
        Case(
            "has one",
            "create table t (id int primary key); create table schema_migrations (version text);"
            " create temporary table x (n int); create view v as select 1 as n",
        ),
    ],
    "key_is_identity": [
        Case(
            "serial",
            "create table t (id serial primary key, n int); insert into t (n) select 1 from generate_series(1, 9);"
            ' create table "T 2" ("Id" bigserial primary key);'
            " create table u (a int, b smallserial, primary key (a, b))",
            {"public": "info"},
            mends=True,
        ),
        Case(
            "a sequence made by hand",
            "create sequence s; create table t (id int primary key default nextval('s'))",
            {"public": "info"},
            mends=True,
        ),
        Case(
            "partitioned",
            "create table t (id serial primary key) partition by range (id); create table t1 partition of t default;"
            " insert into t select from generate_series(1, 3)",
            {"public": "info"},
            mends=True,
            since=17,
        ),
        Case(
            "partitioned, on an older server",
            "create table t (id serial primary key) partition by range (id); create table t1 partition of t default",
            {"public": "info"},
            before=17,
        ),
        Case(
            "inherited",
            "create table t (id serial primary key); create table t1 (primary key (id)) inherits (t)",
        ),
        Case(
            "steps",
            "create sequence s increment 10; create table t (id int primary key default nextval('s'))",
            {"public": "info"},
        ),
        Case("identity", "create table t (id int generated always as identity primary key, n serial)"),
        Case(
            "other defaults",
            "create function f() returns int language sql as 'select 1';"
            " create table t (id int primary key default f());"
            " create table u (id uuid primary key default gen_random_uuid())",
        ),
        Case(
            "shared",
            "create sequence s; create table t (id int primary key default nextval('s'));"
            " create table u (id int primary key default nextval('s'))",
        ),
    ],
    "public_cannot_write": [
        Case("schema", "grant create on schema public to public", {"public": "critical"}, mends=True),
        Case(
            "table",
            "create table t (id int); grant select, insert, delete on t to public; create table u (id int);"
            " grant all on u to public",
            {"t": "critical", "u": "critical"},
            mends=True,
        ),
        Case(
            "column",
            'create table t (id int, "A b" int); grant update ("A b") on t to public',
            {"t": "critical"},
            mends=True,
        ),
        Case(
            "partition",
            "create table t (id int) partition by list (id); create table t1 partition of t default;"
            " grant truncate on t1 to public",
            {"t": "critical"},
            mends=True,
        ),
        Case(
            "reads",
            "create table t (id int); grant select, references on t to public; grant usage on schema public to public;"
            " grant select (id) on t to public",
        ),
        Case(
            "others",
            "create table t (id int); grant all on t to pg_monitor; grant create on schema public to pg_monitor",
        ),
    ],
    # autovacuum would analyse a table between two steps of a case
    "statistics_are_fresh": [
        Case(
            "as many rows again",
            "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 4000) as n",
            {"t": "info"},
            mends=True,
            then=("analyze t", "insert into t select n from generate_series(1, 4000) as n"),
        ),
        Case(
            "never",
            "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 1000) as n",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "changed",
            "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 4000) as n",
            {"t": "info"},
            mends=True,
            then=("analyze t", "update t set n = n + 1 where n <= 1000"),
        ),
        Case(
            "partitions",
            "create table t (n int) partition by hash (n);"
            " create table t1 partition of t for values with (modulus 2, remainder 0)"
            " with (autovacuum_enabled = off);"
            " create table t2 partition of t for values with (modulus 2, remainder 1)"
            " with (autovacuum_enabled = off);"
            " insert into t select n from generate_series(1, 1200) as n",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "the parent of analysed partitions",
            "create table t (n int) partition by list (n); create table t1 partition of t"
            " default with (autovacuum_enabled = off);"
            " insert into t select n from generate_series(1, 1200) as n; analyze t1",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "few rows", "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 999) as n"
        ),
        Case(
            "few changes",
            "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 1000) as n",
            then=("analyze t", "update t set n = n + 1 where n <= 999"),
        ),
        Case(
            "under a fifth",
            "create table t with (autovacuum_enabled = off) as select n from generate_series(1, 6000) as n",
            then=("analyze t", "update t set n = n + 1 where n <= 1100"),
        ),
        Case(
            "fresh",
            "create table t (n int) partition by list (n); create table t1 partition of t default"
            " with (autovacuum_enabled = off);"
            " insert into t select n from generate_series(1, 1200) as n",
            then=("analyze t",),
        ),
        Case("empty", "create table t (n int)"),
    ],
}


@pytest.mark.parametrize("rule", CASES)
def test_speaks_and_keeps_silent(rule: str, server: Server) -> None:
    check_all(server, rule, CASES[rule])


def test_the_sequence_keeps_its_place(dsn: str) -> None:
    """An identity goes on where the SERIAL was, or beyond the data where that is ahead of it."""
    execute(
        dsn,
        "create table t (id serial primary key)",
        "insert into t select from generate_series(1, 7)",
        "delete from t",
        "create table u (id serial primary key)",
        "insert into u values (41)",
        "create table v (id serial primary key)",
    )
    for finding in findings(dsn, "key_is_identity"):
        execute(dsn, finding.suggestion)
    with psycopg.connect(dsn) as connection:
        for table, number in (("t", 8), ("u", 42), ("v", 1)):
            row = connection.execute(f"insert into {table} default values returning id".encode()).fetchone()
            assert row == (number,), table
        row = connection.execute("select pg_get_serial_sequence('t', 'id')").fetchone()
    assert row == ("public.t_id_seq",)
