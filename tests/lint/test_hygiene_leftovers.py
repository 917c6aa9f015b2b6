"""Rules on constraints, indexes and triggers that are off: where each speaks, and where it must keep silent."""

from __future__ import annotations

import pytest

from order_audit.audit.database.server import Server
from tests.lint.hygiene import Case, check_all

CASES: dict[str, list[Case]] = {
    "constraint_is_validated": [
        Case(
            "check and reference",
            "create table t (id int primary key, parent_id int, n int);"
            " alter table t add constraint c check (n > 0) not valid;"
            ' alter table t add constraint "F k" foreign key (parent_id) references t not valid',
            {"t.c": "warning", "t.F k": "warning"},
            mends=True,
        ),
        Case(
            "domain",
            "create domain d as int; create table t (a d, b d); alter domain d add constraint c check (value > 0)"
            " not valid",
            {"d.c": "warning"},
            mends=True,
        ),
        Case(
            "parent",
            "create table t (n int) partition by list (n); create table t1 partition of t default;"
            " alter table t add constraint c check (n > 0) not valid",
            {"t.c": "warning"},
            mends=True,
        ),
        Case(
            "partition",
            "create table t (n int) partition by list (n); create table t1 partition of t default;"
            " alter table t1 add constraint c check (n > 0) not valid",
            {"t.c": "warning"},
            mends=True,
        ),
        Case(
            "not null",
            "create table t (n int); alter table t add constraint c not null n not valid",
            {"t.c": "warning"},
            mends=True,
            since=18,
        ),
        Case("validated", "create table t (id int primary key, n int check (n > 0), p int references t)"),
        Case("not enforced", "create table t (n int check (n > 0) not enforced)", since=18),
    ],
    "index_is_valid": [
        Case(
            "left over",
            "create table t (n int); insert into t values (1)",
            {"i": "critical"},
            mends=True,
            then=("insert into t values (1)", "create unique index concurrently i on t (n)", "delete from t"),
        ),
        Case(
            "left beside",
            "create table t (n int); insert into t values (1), (1)",
            {"i_ccnew": "critical"},
            mends=True,
            then=("create unique index concurrently i_ccnew on t (n)",),
        ),
        Case(
            "in a partition",
            "create table t (n int) partition by list (n); create table t1 partition of t default;"
            " insert into t values (1), (1)",
            {"i_ccnew": "critical"},
            mends=True,
            then=("create unique index concurrently i_ccnew on t1 (n)",),
        ),
        Case(
            "of a parent alone",
            "create table t (n int, m int) partition by list (n); create table t1 partition of t default;"
            " create table t2 partition of t for values in (1); create index i on only t (n desc, m) where m > 1;"
            " create index j on t1 (n desc, m) where m > 1; alter index i attach partition j",
            {"i": "critical"},
            mends=True,
        ),
        Case("valid", "create table t (n int primary key); create index on t (n)"),
    ],
    "trigger_is_enabled": [
        Case(
            "trigger",
            "create function f() returns trigger language plpgsql as 'begin return new; end';"
            ' create table t (n int); create trigger "A b" before insert on t for each row execute function f();'
            ' alter table t disable trigger "A b"',
            {"t.A b": "warning"},
            mends=True,
        ),
        Case(
            "reference",
            "create table t (id int primary key, p int constraint fk references t); alter table t disable trigger all",
            {"t.fk": "warning"},
            mends=True,
        ),
        Case(
            "partition",
            "create function f() returns trigger language plpgsql as 'begin return new; end';"
            " create table t (n int) partition by list (n); create table t1 partition of t default;"
            " create trigger g before insert on t for each row execute function f(); alter table t1 disable trigger g",
            {"t.g": "warning"},
            mends=True,
        ),
        Case(
            "enabled",
            "create function f() returns trigger language plpgsql as 'begin return new; end';"
            " create table t (n int); create trigger g before insert on t for each row execute function f();"
            " create trigger h before insert on t for each row execute function f();"
            " alter table t enable always trigger h",
        ),
    ],
}


@pytest.mark.parametrize("rule", CASES)
def test_speaks_and_keeps_silent(rule: str, server: Server) -> None:
    check_all(server, rule, CASES[rule])
