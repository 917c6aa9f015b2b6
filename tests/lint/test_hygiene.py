"""Rules on names, types, comments, rights and leftovers: where each speaks, and where it must keep silent."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.lint import lint
from order_audit.reports.document import SchemaFinding
from tests.support import servers

pytestmark = pytest.mark.both_versions

RULES = {rule.id.removeprefix("schema."): rule for rule in expectations.schema_rules()}
#: A table of text with few values, analysed.
FEW = (
    "create table t (id bigint generated always as identity primary key, {0});"
    " insert into t ({1}) select {2} from generate_series(1, {3}) as n; analyze t"
)


@dataclass(frozen=True)
class Case:
    """SQL in an empty schema, and what a rule finds there: severities by object.

    `mends` says that what is suggested can be run, and that nothing is found afterwards.
    """

    name: str
    make: str
    found: dict[str, str] = field(default_factory=dict)
    mends: bool = False
    #: Statements for after it, each in a transaction of its own. They may fail, to leave something behind.
    then: tuple[str, ...] = ()
    #: The servers on which it is so: from this one on, and before that one.
    since: int = 15
    before: int = 99


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
            mends=True,
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
            mends=True,
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
            {
                "user": "info",
                "user.order": "info",
                "user.createdAt": "info",
                "user.left": "info",
                "user.two words": "info",
                "user.1st": "info",
                "user.größe": "info",
            },
        ),
        Case(
            "each can be renamed",
            'create table t ("order" int, "createdAt" int, created_at int, "A" int, "!" int, "?" int,'
            ' "HTTPCode" int, "User" int)',
            {f"t.{name}": "info" for name in ("order", "createdAt", "A", "!", "?", "HTTPCode", "User")},
            mends=True,
        ),
        Case(
            "tables",
            'create table "user" (id int); create table "Order" (id int); create table orders (id int)',
            {"user": "info", "Order": "info"},
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
            {"b": "info", "c": "info", "d": "info"},
            mends=True,
        ),
        Case(
            "columns",
            "create table a (x int, y int); comment on table a is 'A'; comment on column a.x is 'X'",
            {"a": "info"},
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
    "repeated_text_is_a_table": [
        Case("few texts", FEW.format("city text", "city", "'City no. ' || n % 50", 10000), {"t.city": "info"}),
        Case(
            "partitioned",
            "create table t (id int, city text) partition by hash (id);"
            " create table t1 partition of t for values with (modulus 2, remainder 0);"
            " create table t2 partition of t for values with (modulus 2, remainder 1);"
            " insert into t select n, 'City no. ' || n % 9 from generate_series(1, 10000) as n; analyze t",
            {"t.city": "info"},
        ),
        Case(
            "states of an address",
            FEW.format("city text, state text, country text", "city, state", "'x', 'State ' || n % 9", 10000),
            {"t.state": "info"},
        ),
        Case("few rows", FEW.format("city text", "city", "'City no. ' || n % 50", 9999)),
        Case(
            "mostly null", FEW.format("city text", "city", "case when n % 2 = 0 then 'City no. ' || n % 7 end", 12000)
        ),
        Case("one text", FEW.format("city text", "city", "'Springfield'", 10000)),
        Case("many texts", FEW.format("city text", "city", "'City no. ' || n % 51", 10000)),
        Case("short texts", FEW.format("city text", "city", "'C' || n % 50", 10000)),
        Case(
            "states",
            FEW.format(
                "status text, state text, order_type text",
                "status, state, order_type",
                "'state ' || n % 4, 'state ' || n % 4, 'state ' || n % 4",
                10000,
            ),
        ),
        Case(
            "checked",
            FEW.format(
                "grade text check (grade in ('first', 'second', 'third'))",
                "grade",
                "(array['first', 'second', 'third'])[1 + n % 3]",
                10000,
            ),
        ),
        Case(
            "reference",
            "create table l (name text primary key); insert into l values ('first'), ('other'); "
            + FEW.format("l_name text references l", "l_name", "(array['first', 'other'])[1 + n % 2]", 10000),
        ),
        Case("not text", FEW.format("n int", "n", "10000 + n % 5", 10000)),
        Case(
            "never analysed",
            FEW.format("city text", "city", "'City no. ' || n % 50", 10000).removesuffix("; analyze t"),
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
        Case("inherited", "create table t (n int); create table t1 () inherits (t)", {"t": "critical"}, mends=True),
        Case(
            "has one",
            "create table t (id int primary key); create table schema_migrations (version text);"
            " create temporary table x (n int); create view v as select 1 as n",
        ),
    ],
    "money_is_exact": [
        Case(
            "money",
            "create domain sum as real;"
            " create table t (balance float not null default 0, unit_price real, unitprice sum,"
            " freight money, price_cents float, tax_rate float, discount real, commission float, discountpct float);"
            " insert into t values (0.1 + 0.2, 3.3, 1.1, 2, 5, 0.07, 0.25, 1, 0.5)",
            {
                "t.balance": "critical",
                "t.unit_price": "critical",
                "t.unitprice": "critical",
                "t.freight": "critical",
                "t.price_cents": "critical",
                "t.tax_rate": "info",
                "t.discount": "info",
                "t.commission": "info",
                "t.discountpct": "info",
            },
            mends=True,
        ),
        Case("exact", "create table t (balance numeric(14, 2), price numeric, amount int, tax_rate numeric(9, 6))"),
        Case(
            "no money",
            "create table t (score float, latitude float, price_index float, cost_center float, total_count float,"
            " heart_rate real, sample_rate float, cpu_percent float)",
        ),
    ],
    "money_has_one_unit": [
        Case("whole beside fraction", "create table t (price numeric(10, 2), amount int)", {"public": "warning"}),
        Case(
            "three",
            "create schema s; create table s.t (price float, amount numeric(9, 0), fee money)",
            {"s": "warning"},
        ),
        Case("precision", "create table t (price numeric(10, 2), fee numeric(14, 4), cost numeric)"),
        Case("whole numbers", "create table t (price int, fee bigint, cost numeric(12, 0))"),
        Case(
            "a unit in the name",
            "create table t (price numeric(10, 2), amount_cents int, cost_micros bigint, fee_minor int)",
        ),
        Case("counts", "create table t (price numeric(10, 2), total int, credit int, price_id int, amount_count int)"),
        Case("other schema", "create table t (price int); create schema s; create table s.t (price float)"),
    ],
    "key_is_identity": [
        Case(
            "serial",
            "create table t (id serial primary key, n int); insert into t (n) select 1 from generate_series(1, 9);"
            ' create table "T 2" ("Id" bigserial primary key);'
            " create table u (a int, b smallserial, primary key (a, b))",
            {"t.id": "info", "T 2.Id": "info", "u.b": "info"},
            mends=True,
        ),
        Case(
            "a sequence made by hand",
            "create sequence s; create table t (id int primary key default nextval('s'))",
            {"t.id": "info"},
            mends=True,
        ),
        Case(
            "partitioned",
            "create table t (id serial primary key) partition by range (id); create table t1 partition of t default;"
            " insert into t select from generate_series(1, 3)",
            {"t.id": "info"},
            mends=True,
            since=17,
        ),
        Case(
            "partitioned, on an older server",
            "create table t (id serial primary key) partition by range (id); create table t1 partition of t default",
            {"t.id": "info"},
            before=17,
        ),
        Case("inherited", "create table t (id serial primary key); create table t1 () inherits (t)", {"t.id": "info"}),
        Case(
            "steps",
            "create sequence s increment 10; create table t (id int primary key default nextval('s'))",
            {"t.id": "info"},
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
    "bitmap_is_readable": [
        Case(
            "long",
            "create table t (id int primary key, hours bit(168)); insert into t values (1, repeat('1', 168)::bit(168));"
            ' create table u (a int, "B" int, days varbit(366), primary key (a, "B"));'
            " insert into u values (1, 1, '01')",
            {"t.hours": "info", "u.days": "info"},
        ),
        Case("without a key", "create table t (hours bit(65))", {"t.hours": "info"}),
        Case("short", "create table t (flags bit(64), bytes bytea, bits varbit, one bit)"),
    ],
    "time_has_zone": [
        Case(
            "due at a moment, by its values",
            "create table t (a timestamptz, b timestamptz, due_at timestamp, duedate timestamp, due_date timestamp,"
            " done_due_at timestamp); insert into t values (now(), now(), '2024-01-01 12:30', '2024-01-01 12:30',"
            " '2024-01-01', '2024-01-01')",
            {"t.due_at": "warning", "t.duedate": "warning"},
            mends=True,
        ),
        Case(
            "one of few",
            "create table t (a timestamptz, b timestamptz, c timestamp default now()); insert into t values (now())",
            {"t.c": "warning"},
            mends=True,
        ),
        Case(
            "most",
            "create table t (a timestamp, b timestamp, c timestamp, d timestamp, e timestamp, f timestamptz)",
            {"public": "warning"},
            mends=True,
        ),
        Case(
            "a fifth",
            "create table t (a timestamp, b timestamp, c timestamp, d timestamp, f timestamptz)",
            {f"t.{name}": "warning" for name in "abcd"},
            mends=True,
        ),
        Case(
            "days and times of day",
            "create table t (birth_date timestamp, hiredate timestamp, dob timestamp, due_at timestamp, opens time,"
            " closes timetz, day date, at timestamptz)",
        ),
    ],
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


def look(dsn: str, rule: str) -> list[SchemaFinding]:
    """What one rule finds. It has to come to a verdict."""
    with Snapshot(dsn) as snapshot:
        (verdict,) = lint(snapshot.connection, [RULES[rule]])
    assert (verdict.status, verdict.reason) == ("checked", "")
    return list(verdict.findings)


def execute(dsn: str, *statements: str) -> None:
    """Run statements as somebody would who pastes them into a client, one by one."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())
        # what was counted would be told some time after the session has ended
        connection.execute("select pg_stat_force_next_flush()")


@pytest.mark.parametrize("rule", CASES)
def test_speaks_and_keeps_silent(rule: str, server: Server) -> None:
    dsn = servers.new_database(server)
    try:
        with psycopg.connect(dsn) as connection:
            major = connection.info.server_version // 10000
        for case in CASES[rule]:
            if case.since <= major < case.before:
                check(dsn, rule, case)
    finally:
        servers.drop_database(server, dsn)


def check(dsn: str, rule: str, case: Case) -> None:
    """Make a case, look at it, do what is suggested, look again, and clear it away."""
    execute(dsn, case.make)
    for statement in case.then:
        with contextlib.suppress(psycopg.errors.UniqueViolation):
            execute(dsn, statement)
    found = look(dsn, rule)
    assert {finding.object: finding.severity for finding in found} == case.found, case.name
    assert len(found) == len(case.found), case.name
    assert all(finding.suggestion for finding in found), case.name
    # what can be run as it is, is run
    assert case.mends or all(finding.remedy != "statement" for finding in found), case.name
    if case.mends:
        for finding in found:
            execute(dsn, *finding.suggestion.split(";\n"))
        assert look(dsn, rule) == [], case.name
    with psycopg.connect(dsn, autocommit=True) as connection:
        for (schema,) in connection.execute(
            "select format('%I', nspname) from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'"
        ).fetchall():
            connection.execute(f"drop schema {schema} cascade".encode())
        connection.execute("create schema public")


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
    for finding in look(dsn, "key_is_identity"):
        execute(dsn, finding.suggestion)
    with psycopg.connect(dsn) as connection:
        for table, number in (("t", 8), ("u", 42), ("v", 1)):
            row = connection.execute(f"insert into {table} default values returning id".encode()).fetchone()
            assert row == (number,), table
        row = connection.execute("select pg_get_serial_sequence('t', 'id')").fetchone()
    assert row == ("public.t_id_seq",)


def test_a_limit_stays_a_limit(dsn: str) -> None:
    execute(dsn, "create table t (a_name text, b_name varchar(4))")
    (finding,) = look(dsn, "text_types_are_consistent")
    execute(dsn, *finding.suggestion.split(";\n"))
    execute(dsn, "insert into t values ('longer', 'four')")
    with pytest.raises(psycopg.errors.CheckViolation):
        execute(dsn, "insert into t values ('longer', 'fiver')")


def test_a_bitmap_becomes_rows(dsn: str) -> None:
    execute(
        dsn,
        "create table t (id int primary key, hours bit(72))",
        "insert into t values (1, (b'101' || repeat('0', 69)::bit(69))::bit(72)), (2, repeat('0', 72)::bit(72))",
    )
    (finding,) = look(dsn, "bitmap_is_readable")
    execute(dsn, *finding.suggestion.split(";\n"))
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select * from t_hours order by 1, 2").fetchall() == [(1, 0), (1, 2)]


def test_a_repeated_text_becomes_a_table(dsn: str) -> None:
    execute(dsn, FEW.format("city text", "city", "'City no. ' || n % 5", 10000))
    (finding,) = look(dsn, "repeated_text_is_a_table")
    assert "City" not in str(finding.evidence) + finding.message
    execute(dsn, *finding.suggestion.split(";\n"))
    with psycopg.connect(dsn) as connection:
        row = connection.execute("select count(*) from t join t_city using (city_key) where name = city").fetchone()
    assert row == (10000,)


def test_the_scenario(sample: str) -> None:
    """What the rules say of the current schema with its sample data."""
    found = {rule: [finding.object for finding in look(sample, rule)] for rule in CASES}
    assert {rule: objects for rule, objects in found.items() if objects} == {
        "bitmap_is_readable": ["orders.order_schedule"],
        "key_is_identity": ["customers.customer_id", "orders.order_id"],
        "money_has_one_unit": ["public"],
        "money_is_exact": ["customers.customer_balance"],
        "names_are_consistent": ["customers"],
        "objects_have_comments": ["public"],
        "text_types_are_consistent": ["customers"],
    }
