"""Objects that read a column block a change of its type. Each outcome is tried on the server."""

from __future__ import annotations

import psycopg
import pytest

from tests.judged.support import found, outcome, run

pytestmark = pytest.mark.both_versions

SCHEMA = """
    create table viewed (id serial primary key, amount numeric, created_at timestamp, document json, price float8);
    create view plain with (security_barrier) as select * from viewed;
    create table computed (id serial primary key, deleted smallint default 0,
        live boolean generated always as (deleted = 0) stored);
    create table indexed (id serial primary key, deleted smallint default 0, at timestamp);
    create index partial on indexed (id) where deleted = 0;
    create index by_day on indexed (date_trunc('day', at));
    create table secured (id serial primary key, deleted smallint default 0);
    alter table secured enable row level security;
    create policy live_only on secured using (deleted = 0);
    create function noop() returns trigger language plpgsql as 'begin return new; end';
    create table watched (id serial primary key, deleted smallint default 0, price float8);
    create trigger when_deleted after update on watched for each row
        when (old.deleted is distinct from new.deleted) execute function noop();
    create trigger of_price after update of price on watched for each row execute function noop();
    create table published (id serial primary key, price float8);
    create publication some_rows for table published (id, price) where (id > 3);
    create table deep (id serial primary key, price float8);
    create view lower_view as select price * 2 as twice from deep;
    create view upper_view as select * from lower_view;
    create materialized view stored_ids as select id from deep;
    create table bill (id serial primary key, price float8 not null,
        total float8 generated always as (price * 2) stored);
    create table holder (id bigint primary key, a_bill bill);
    create table ruled (id serial primary key, price float8);
    create rule no_delete as on delete to ruled do instead update ruled set price = 0 where id = old.id;
    create table checked (id serial primary key, deleted smallint default 0 check (deleted in (0, 1)), other int,
        constraint sum_is_positive check (deleted + other > 0), price float8, at timestamp);
    create statistics by_days on (date_trunc('day', at)) from checked;
    insert into computed (deleted) select n % 2 from generate_series(1, 6) as n;
    insert into indexed (deleted) select n % 2 from generate_series(1, 6) as n;
    insert into secured (deleted) select n % 2 from generate_series(1, 6) as n;
    insert into watched (deleted) select n % 2 from generate_series(1, 6) as n;
    insert into checked (deleted, other) select n % 2, 1 from generate_series(1, 6) as n;
    create function total() returns bigint language sql begin atomic select count(price) from checked; end;
    create table parent (id serial primary key, price float8);
    create table child () inherits (parent);
    create rule of_child as on delete to child do instead update child set price = 0 where id = old.id;
    create table "Odd Name" ("Id" serial primary key, "Price" float8);
    create view "Odd V" as select "Price" + 1 as "p p" from "Odd Name" o;
    create table granted (id serial primary key, price float8);
    create view open_to_all as select price from granted;
    grant select on open_to_all to public;
"""
#: By rule and object: what blocks.
BLOCKED = {
    ("flag_is_boolean", "computed.deleted"): {"generated column computed.live"},
    ("flag_is_boolean", "indexed.deleted"): {"index partial"},
    ("time_has_zone", "public"): {"index by_day", "view plain"},
    ("flag_is_boolean", "secured.deleted"): {"policy live_only on secured"},
    ("flag_is_boolean", "watched.deleted"): {"trigger when_deleted on watched"},
    ("money_is_exact", "watched.price"): {"trigger of_price on watched"},
    ("money_is_exact", "published.price"): {"publication some_rows of published"},
    ("key_is_bigint", "published.id"): {"publication some_rows of published"},
    ("money_is_exact", "deep.price"): {"view lower_view"},
    ("key_is_bigint", "deep.id"): {"materialized view stored_ids"},
    ("money_is_exact", "bill.price"): {"generated column bill.total", "column holder.a_bill"},
    ("key_is_bigint", "bill.id"): {"column holder.a_bill"},
    ("money_is_exact", "bill.total"): {"generated column bill.total", "column holder.a_bill"},
    ("money_is_exact", "ruled.price"): {"rule no_delete on ruled"},
    ("key_is_bigint", "ruled.id"): {"rule no_delete on ruled"},
    ("flag_is_boolean", "checked.deleted"): {"check constraint sum_is_positive on checked"},
    ("money_is_exact", "checked.price"): {"function total()"},
    ("money_is_exact", "parent.price"): {"rule of_child on child"},
    ("key_is_bigint", "parent.id"): {"rule of_child on child"},
    ("money_is_exact", "granted.price"): {"view open_to_all"},
}
#: Those for which a view is dropped and created again.
AROUND = {
    ("money_is_exact", "viewed.price"): "view plain",
    ("key_is_bigint", "viewed.id"): "view plain",
    ("json_is_jsonb", "viewed.document"): "view plain",
    ("money_is_exact", "Odd Name.Price"): 'view "Odd V"',
}


def test_what_blocks_a_change_of_type_is_named(dsn: str) -> None:
    """It becomes a redesign. A view without rights, comments and readers is dropped and created again."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
    findings = found(dsn)
    blocked = {
        key: {it.object for it in finding.outcome.obstacles}
        for key, finding in findings.items()
        if finding.outcome and finding.outcome.kind == "blocked"
    }
    assert blocked == BLOCKED
    assert {findings[key].remedy for key in blocked} == {"redesign"}
    for key, name in AROUND.items():
        finding = findings[key]
        assert finding.outcome is not None
        assert finding.outcome.kind == "runs"
        assert [it.object for it in finding.outcome.obstacles] == [name]
        assert finding.suggestion.startswith("drop view ")
    with psycopg.connect(dsn) as connection:
        for key, finding in findings.items():
            if finding.outcome and finding.outcome.kind != "not_judged":
                tried = run(connection, finding.suggestion)
                assert bool(tried.error) == (finding.outcome.kind != "runs"), (key, tried.error, finding.suggestion)


def test_a_view_is_the_same_afterwards(dsn: str) -> None:
    """With its options and its name, whatever the search path of the session."""
    described = "select reloptions, pg_get_viewdef(oid) from pg_class where relname = 'plain'"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.encode())
        before = connection.execute(described).fetchall()
    finding = found(dsn)["key_is_bigint", "viewed.id"]
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set search_path = pg_catalog")
        connection.execute(finding.suggestion.encode())
        connection.execute("reset search_path")
        assert connection.execute(described).fetchall() == before


@pytest.mark.parametrize(
    "child",
    [
        "c (primary key (id)) inherits (p)",
        "c (id int not null) inherits (p)",
        "c () inherits (p); alter table c add primary key (id)",
        "c (id int not null); alter table c inherit p",
        "c () inherits (p)",
        "b () inherits (p); create table c (id int not null) inherits (b)",
    ],
)
def test_a_child_with_its_own_not_null_blocks_where_the_server_cannot_make_it_again(dsn: str, child: str) -> None:
    suggestion = "alter table p alter column id type bigint;"
    with psycopg.connect(dsn) as connection:
        connection.execute(f"create table p (id int not null); create table {child}".encode())
        connection.commit()
        judged, tried = outcome(dsn, suggestion), run(connection, suggestion)
    assert (judged.kind == "blocked") == bool(tried.error), (judged, tried.error)
    assert not judged.obstacles or {it.object for it in judged.obstacles} == {"table public.c"}


PARTITIONED = """
    create table ev (id bigint, at date, status text, kind_id bigint, primary key (id, at)) partition by range (at);
    create table kind (id bigint primary key, name text, code text);
    create table "taken" (id bigint primary key, note text constraint note_ok check (note <> ''));
    create type shape as (a int, b text);
    create table shaped of shape;
"""


@pytest.mark.parametrize(
    ("suggestion", "object_"),
    [
        ("alter table ev alter column at type timestamp", "partitioned table ev"),
        ("alter table shaped alter column a type bigint", "table shaped"),
        ("create index concurrently on ev (status)", "table ev"),
        ("create unique index on ev (status)", "table ev"),
        ("alter table ev add unique (id)", "table ev"),
        ("alter table ev add constraint f foreign key (status) references kind (code)", "table kind"),
        ("create table public.taken (id bigint)", "relation public.taken"),
        ('alter table "taken" add constraint note_ok check (id > 0) not valid', "constraint note_ok on taken"),
        ("alter table kind add column name text", "column kind.name"),
    ],
)
def test_catalog_alone_blocks(dsn: str, suggestion: str, object_: str) -> None:
    """The server refuses each without looking at a row."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(PARTITIONED.encode())
        with pytest.raises(psycopg.Error):
            connection.execute(suggestion.encode())
    judged = outcome(dsn, suggestion)
    assert judged.kind in ("blocked", "changes")
    assert object_ in [it.object for it in judged.obstacles]


def test_not_valid_keys_of_partitioned_tables_depend_on_the_version(dsn: str) -> None:
    """PostgreSQL has them from 18 on."""
    suggestion = "alter table ev add constraint f foreign key (kind_id) references kind (id) not valid"
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(PARTITIONED.encode())
        tried = run(connection, suggestion)
    assert bool(tried.error) == (outcome(dsn, suggestion).kind == "blocked")
