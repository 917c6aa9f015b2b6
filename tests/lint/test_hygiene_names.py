"""Rules on names and comments: where each speaks, and where it must keep silent."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.audit.database.server import Server
from tests.lint.hygiene import Case, check_all, execute
from tests.lint.support import findings

CASES: dict[str, list[Case]] = {
    "text_types_are_consistent": [
        Case(
            "same last word",
            "create table t (id bigint, first_name text default 'x',"
            " last_name varchar(40) default 'y' check (last_name <> ''));"
            " insert into t values (1)",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "two words, two columns",
            "create table t (a_name text, b_name varchar(4), a_note text, b_note varchar(9));"
            " create index on t (b_name); create table u (name varchar(9))",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "partitioned",
            "create table t (a_name text, b_name varchar(4)) partition by list (a_name);"
            " create table t1 partition of t default",
            {"t": "info"},
            mends=True,
        ),
        Case(
            "a view reads it",
            "create table t (a_name text, b_name varchar(4)); create view v as select b_name from t",
            {"t": "info"},
        ),
        Case("other word", "create table t (name text, phone varchar(20))"),
        Case("no limit", "create table t (a_name text, b_name varchar, c_name char(3))"),
        Case("other tables", "create table t (name text); create table u (name varchar(20))"),
        Case("all limited", "create table t (a_name varchar(10), b_name varchar(20))"),
        Case("domain", "create domain short as varchar(10); create table t (a_name text, b_name short)"),
        Case(
            "reference",
            "create table l (code varchar(3) primary key, name text);"
            " create table t (id int, own_code text, l_code varchar(3) references l)",
        ),
    ],
    "same_name_same_type": [
        Case(
            "two against one",
            "create table a (weight numeric(6, 2)); create table b (weight numeric(6, 2));"
            " create table c (id int, weight float default 1.5); insert into c values (1)",
            {"c.weight": "info"},
        ),
        Case(
            "three against two is enough",
            "create table a (x int); create table b (x int); create table c (x bigint);"
            " create table d (x text); create table e (x text)",
            {"d.x": "info", "e.x": "info"},
        ),
        Case(
            "to text",
            "create table a (x text); create table b (x varchar(3)); create table c (x int default 3)",
            {"c.x": "info"},
        ),
        Case(
            "a cast that keeps each value",
            "create table a (x numeric); create table b (x numeric); create table c (x int default 3);"
            " create table d (y timestamp); create table e (y timestamp); create table f (y date)",
            {"c.x": "info", "f.y": "info"},
            mends=True,
        ),
        Case(
            "casts that lose something",
            "create type mood as enum ('a', 'b');"
            " create table a (x int, y date, z boolean, s varchar, w text, v int, u boolean);"
            " create table b (x int, y date, z boolean, s varchar, w text, v int, u boolean);"
            " create table c (x float, y timestamptz, z mood, s jsonb, w bytea, v numeric(8, 3), u int)",
            {f"c.{name}": "info" for name in "xyzswvu"},
        ),
        Case(
            "one general word means another thing in each table",
            "create table a (type int, value int); create table b (type int, value int);"
            " create table c (type text, value text)",
        ),
        Case("no cast", "create table a (x uuid); create table b (x uuid); create table c (x int)", {"c.x": "info"}),
        Case("half and half", "create table a (x int); create table b (x text)"),
        Case("no majority", "create table a (x int); create table b (x text); create table c (x date)"),
        Case(
            "one family",
            "create table a (x int); create table b (x bigint); create table c (x smallint);"
            " create table d (y text); create table e (y varchar(3)); create table f (y char(3));"
            " create table g (z json); create table h (z jsonb); create table i (z jsonb)",
        ),
        Case(
            "arrays of one family", "create table a (x text[]); create table b (x text[]); create table c (x varchar[])"
        ),
        Case(
            "other schema",
            "create table a (x int); create table b (x int); create schema other; create table other.c (x text)",
        ),
        Case(
            "a domain is what it is made of",
            "create domain d as int; create table a (x int); create table b (x int); create table c (x d)",
        ),
        Case(
            "partitions count once",
            "create table a (x int); create table b (x text) partition by list (x);"
            " create table b1 partition of b default",
        ),
    ],
    "names_are_consistent": [
        Case(
            "two and two",
            "create table products (id int primary key, product_name text, product_size int,"
            " color text, weight int, height int)",
            {"products": "info"},
            mends=True,
        ),
        Case(
            "more with the name",
            "create table categories (category_name text, category_note text, category_rank int,"
            " color text, depth int)",
            {"categories": "info"},
            mends=True,
        ),
        Case(
            "more words",
            "create table order_items (order_item_size int, order_item_note text, color text, depth int)",
            {"order_items": "info"},
            mends=True,
        ),
        Case(
            "a name is taken",
            "create table boxes (box_name text, name text, box_size int, depth int, height int)",
            {"boxes": "info"},
        ),
        Case(
            "camel case, fewer with the name",
            'create table "parkVisits" ("parkVisitName" text, "parkVisitSize" int, "groundColor" text, depth int,'
            " height int)",
            {"parkVisits": "info"},
            mends=True,
        ),
        Case(
            "Pascal case, more with the name",
            'create table "Park" ("ParkName" text, "ParkNote" text, "ParkSize" int, "Color" text, "Depth" int)',
            {"Park": "info"},
            mends=True,
        ),
        Case(
            "quotes where none were",
            'create table park ("parkName" text, "parkNote" text, "parkSize" int, color text, depth int)',
            {"park": "info"},
        ),
        Case(
            "dots",
            'create table park ("park.name" text, "park.2B" text, color text, depth int, height int)',
            {"park": "info"},
            mends=True,
        ),
        Case(
            "written in two ways",
            'create table park ("park.name" text, "parkName" text, color text, depth int, height int)',
            {"park": "info"},
        ),
        Case(
            "not ASCII",
            'create table "größe" ("größe_name" text, "größe_ärger" text, color text, depth int, height int)',
            {"größe": "info"},
            mends=True,
        ),
        Case("one without", "create table products (product_name text, product_size int, color text)"),
        Case("one with", "create table products (product_name text, color text, size int)"),
        Case(
            "keys, references and audit columns",
            "create table colors (id int primary key);"
            " create table products (product_id int primary key, color_id int references colors, made_id int,"
            " product_name text,"
            " product_size int, created_at timestamptz, updated_at timestamptz)",
        ),
        Case(
            "a group of its own",
            "create table products (product_name text, product_size int, box_label_name text, box_label_args text)",
        ),
        Case("part of a word", "create table car (carpet text, cargo text, color text, depth int)"),
        Case(
            "the name itself, and questions",
            "create table comments (comment text, comment_size int, comment_kind text,"
            " is_read boolean, has_links boolean)",
        ),
    ],
    "names_need_no_quotes": [
        Case(
            "reserved words and capitals",
            'create table "user" (id int, "order" int, "createdAt" int, "left" int, "two words" int, "1st" int,'
            ' "größe" int)',
            {"user": "info"},
        ),
        Case(
            "each can be renamed",
            'create table t ("order" int, "createdAt" int, created_at int, "A" int, "!" int, "?" int,'
            ' "HTTPCode" int, "User" int)',
            {"t": "info"},
            mends=True,
        ),
        Case(
            "tables",
            'create table "user" (id int); create table "Order" (id int); create table orders (id int)',
            {"user": "info", "Order": "info"},
            mends=True,
        ),
        Case(
            "a habit of a schema is one finding",
            'create schema "S"; create table "S".a ("X" int, "Y" int); create table "S"."B" ("X" int);'
            ' create table "S".c ("X" int); create table "S".d ("X" int); create table t ("X" int)',
            {"S": "info", "t": "info"},
            mends=True,
        ),
        Case("schema", 'create schema "My Schema"', {"My Schema": "info"}, mends=True),
        Case(
            "not reserved",
            "create table users (name text, position int, year int, value int, _x int, a$1 int, type text,"
            " timestamp text, text text, key text)",
        ),
    ],
    "objects_have_comments": [
        Case("none", "create table a (x int); create table b (x int)", {"public": "info"}),
        Case(
            "under a quarter",
            "create table a (x int); create table b (x int); create table c (x int); create table d (x int);"
            " create table e (x int); comment on table a is 'A'; comment on column a.x is 'X'",
            {"public": "info"},
        ),
        Case(
            "a quarter",
            "create table a (x int); create table b (x int); create table c (x int); create table d (x int);"
            " comment on table a is 'A'; comment on column a.x is 'X'; comment on column b.x is 'X'",
            {"public": "info"},
        ),
        Case(
            "columns",
            "create table a (x int, y int); comment on table a is 'A'; comment on column a.x is 'X'",
            {"public": "info"},
            mends=True,
        ),
        Case(
            "blank",
            "create table a (x int); comment on table a is ' '; comment on column a.x is 'X'",
            {"public": "info"},
        ),
        Case("all", "create table a (x int); comment on table a is 'A'; comment on column a.x is 'X'"),
        Case("no tables", "create view v as select 1 as x"),
        Case(
            "partitions",
            "create table a (x int) partition by list (x); create table a1 partition of a default;"
            " comment on table a is 'A'; comment on column a.x is 'X'",
        ),
    ],
}


@pytest.mark.parametrize("rule", CASES)
def test_speaks_and_keeps_silent(rule: str, server: Server) -> None:
    check_all(server, rule, CASES[rule])


def test_a_limit_stays_a_limit(dsn: str) -> None:
    execute(dsn, "create table t (a_name text, b_name varchar(4))")
    (finding,) = findings(dsn, "text_types_are_consistent")
    execute(dsn, *finding.suggestion.split(";\n"))
    execute(dsn, "insert into t values ('longer', 'four')")
    with pytest.raises(psycopg.errors.CheckViolation):
        execute(dsn, "insert into t values ('longer', 'fiver')")
