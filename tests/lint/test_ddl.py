"""The DDL of tables: run in an empty database, it makes the same, whatever they have and however they are named."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema import ddl
from order_audit.reports.document import DdlLine, JsonObject, encode
from tests.lint.test_samples import FOLDER
from tests.support import servers

pytestmark = pytest.mark.both_versions

SAMPLES: Final = sorted(path.stem for path in FOLDER.glob("*.sql"))

#: What tables are made of, told by other means than the lines are.
_FACTS: Final = {
    "columns": """
        select c.oid::regclass::text, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
          a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attcollation::regcollation::text,
          row_number() over (partition by c.oid order by a.attnum), col_description(c.oid, a.attnum), a.attislocal
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
        where c.relkind in ('r', 'p') and c.oid = any(%s)""",
    "constraints": """
        select c.oid::regclass::text, k.conname, k.contype, pg_get_constraintdef(k.oid), k.convalidated, k.conislocal,
          obj_description(k.oid, 'pg_constraint')
        from pg_constraint as k join pg_class as c on c.oid = k.conrelid
        where k.contype in ('p', 'u', 'x', 'c', 'f', 'n') and c.oid = any(%s)""",
    "indexes": """
        select pg_get_indexdef(i.indexrelid), i.indisprimary, i.indisunique, obj_description(i.indexrelid, 'pg_class')
        from pg_index as i where i.indrelid = any(%s)""",
    "triggers": """
        select pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger')
        from pg_trigger as t where not t.tgisinternal and t.tgrelid = any(%s)""",
    "tables": """
        select c.oid::regclass::text, c.relkind, c.relpersistence, pg_get_partkeydef(c.oid),
          pg_get_expr(c.relpartbound, c.oid), c.reloptions::text, obj_description(c.oid, 'pg_class'),
          array(select i.inhparent::regclass::text from pg_inherits as i where i.inhrelid = c.oid order by i.inhseqno)
        from pg_class as c where c.oid = any(%s)""",
    "sequences": """
        select s.seqrelid::regclass::text, s.seqtypid::regtype::text, s.seqstart, s.seqincrement, s.seqmin, s.seqmax,
          s.seqcache, s.seqcycle, d.refobjid::regclass::text, d.refobjsubid > 0, d.deptype
        from pg_sequence as s
        join pg_depend as d on d.objid = s.seqrelid and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
        where d.refobjid = any(%s)""",
    "types": """
        select t.oid::regtype::text, format_type(t.typbasetype, t.typtypmod), t.typnotnull, t.typdefault,
          array(select e.enumlabel::text from pg_enum as e where e.enumtypid = t.oid order by e.enumsortorder),
          array(select pg_get_constraintdef(k.oid) from pg_constraint as k
            where k.contypid = t.oid and k.contype = 'c' order by k.conname)
        from pg_type as t where t.typtype in ('d', 'e') and t.oid in (
          select a.atttypid from pg_attribute as a where a.attrelid = any(%s) and a.attnum > 0)""",
    "policies": """
        select p.polrelid::regclass::text, p.polname, p.polcmd, p.polpermissive, p.polroles::regrole[]::text,
          pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid), c.relrowsecurity,
          c.relforcerowsecurity, obj_description(p.oid, 'pg_policy')
        from pg_policy as p join pg_class as c on c.oid = p.polrelid where c.oid = any(%s)""",
    "rights": """
        select c.oid::regclass::text, e.grantee::regrole::text, e.privilege_type, e.is_grantable, null::text
        from pg_class as c cross join lateral aclexplode(c.relacl) as e
        where e.grantee <> c.relowner and c.oid = any(%s)
        """,
    "rights to columns": """
        select c.oid::regclass::text, e.grantee::regrole::text, e.privilege_type, e.is_grantable, a.attname
        from pg_class as c join pg_attribute as a on a.attrelid = c.oid cross join lateral aclexplode(a.attacl) as e
        where c.oid = any(%s)""",
}


def tables(connection: psycopg.Connection) -> list[int]:
    """All tables, partitions too."""
    rows = connection.execute(
        "select c.oid from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema' order by 1 desc"
    )
    return [row[0] for row in rows]


def facts(dsn: str) -> dict[str, list[str]]:
    """Everything about the tables that the lines are to bring."""
    with psycopg.connect(dsn) as connection:
        oids = tables(connection)
        connection.execute("set search_path = ''")
        return {
            name: sorted(map(repr, connection.execute(query.encode(), [oids]).fetchall()))
            for name, query in _FACTS.items()
        }


def document(connection: psycopg.Connection, judged: Iterable[int], objects: Iterable[str]) -> JsonObject:
    """The part of a result that holds the DDL."""
    made: JsonObject = encode(ddl.document(connection, judged, objects))
    return made


def written(dsn: str) -> dict[str, list[DdlLine]]:
    """The DDL of all tables, read as an audit reads it."""
    with Snapshot(dsn) as snapshot:
        return ddl.ddl(snapshot.connection, tables(snapshot.connection))


def prepare(source: str, target: str) -> None:
    """Bring to another database what tables need and is none: schemas, extensions, functions."""
    with psycopg.connect(source) as one, psycopg.connect(target, autocommit=True) as other:
        for (name,) in one.execute("select quote_ident(nspname) from pg_namespace where nspname !~ '^pg_'"):
            other.execute(f"create schema if not exists {name}".encode())
        for (name,) in one.execute("select quote_ident(extname) from pg_extension"):
            other.execute(f"create extension if not exists {name}".encode())
        other.execute("set check_function_bodies = off")
        functions = one.execute(
            "select pg_get_functiondef(p.oid) from pg_proc as p join pg_namespace as n on n.oid = p.pronamespace"
            " where n.nspname !~ '^pg_' and n.nspname <> 'information_schema' and p.prokind in ('f', 'p')"
            " and not exists (select from pg_depend as d where d.objid = p.oid and d.deptype = 'e')"
        )
        for (body,) in functions:
            with suppress(psycopg.ProgrammingError):  # those that take tables are none that tables need
                other.execute(body.encode())


def run(dsn: str, lines: Iterable[DdlLine]) -> None:
    """All lines as one script."""
    with psycopg.connect(dsn) as connection:
        connection.execute("\n".join(line.sql for line in lines).encode())


def same_again(server: Server, source: str) -> dict[str, list[DdlLine]]:
    """Hold what the lines make against what they were read from."""
    lines = written(source)
    target = servers.new_database(server)
    try:
        prepare(source, target)
        run(target, (line for table in lines.values() for line in table))
        expected, got = facts(source), facts(target)
        for name in expected:
            assert got[name] == expected[name], name
    finally:
        servers.drop_database(server, target)
    return lines


def test_the_scenario(server: Server, sample: str) -> None:
    """As its author wrote it: serial is serial, and the table that others refer to comes first."""
    lines = same_again(server, sample)
    assert list(lines) == ["customers", "orders"]
    shown = {line.about: line.sql for line in lines["orders"] if line.about}
    assert shown["orders"] == "CREATE TABLE orders ("
    assert shown["orders.order_id"] == "  order_id serial NOT NULL,"
    assert shown["orders.order_schedule"].startswith("  order_schedule bit(336) DEFAULT repeat('0'::text, 336)")
    assert shown["orders.orders_customer_id_fkey"].startswith(
        "  CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer"
    )
    assert lines["orders"][-1].sql.startswith("COMMENT ON COLUMN orders.order_ref IS 'Reference to the parent order")


@pytest.mark.parametrize("name", SAMPLES)
def test_schemas_of_others(server: Server, dsn: str, name: str) -> None:
    """What people who never heard of this have made."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((FOLDER / f"{name}.sql").read_bytes())
    same_again(server, dsn)


HOSTILE: Final = """
create schema "Other ""sch ema";
create function touch() returns trigger language plpgsql as 'begin return new; end';
create type mood as enum ('it''s', 'a\\b', '</script>');
create domain cents as numeric(12, 2) default 0 not null constraint "no ""Na""N" check (value <> 'NaN');
create domain price as cents check (value >= 0);
create sequence "loose seq" increment by -3 minvalue -900 maxvalue -1 cache 7 cycle;
create table "a""b<script>" (
  "select" bigserial primary key, "Mixed Case" text collate "C" default 'it''s' || E'\\n', "order" mood[],
  moods mood default 'it''s', paid price, amounts cents[],
  "x.y" int generated always as identity (start with 5 increment by 5) unique,
  plus int generated always as (1 + 1) stored, number int default nextval('"loose seq"'),
  constraint "c""k" check ("Mixed Case" <> '--' and "order" is not null),
  exclude using btree ("Mixed Case" with =)
) with (fillfactor = 70);
create unlogged table "Other ""sch ema".child (
  one int, other bigint, mother int references "Other ""sch ema".child, t text default '{',
  primary key (one) include (t), unique nulls not distinct (other, mother),
  foreign key (other) references "a""b<script>" on delete cascade deferrable initially deferred
);
alter table "Other ""sch ema".child add column widened serial;
alter table "Other ""sch ema".child alter column widened type bigint;
alter table "Other ""sch ema".child add constraint late check (one > 0) not valid;
create table one (id int primary key generated by default as identity, two int);
create table two (id int primary key, one int references one);
alter table one add constraint both_ways foreign key (two) references two not valid;
create table itself (a int, b int);
create unique index itself_a on itself (a) include (b);
alter table itself add constraint to_itself foreign key (b) references itself (a);
create table heir (own text not null) inherits (one);
create table "part ed" (day date not null, n int check (n > 0), primary key (day, n)) partition by range (day);
create table "part 1" partition of "part ed" for values from ('2026-01-01') to ('2026-02-01') partition by list (n);
create table part_2 partition of "part ed" default;
create index "some ""days" on "part ed" (n desc nulls last) where n > 5;
create index on "a""b<script>" (lower("Mixed Case") text_pattern_ops, ("x.y" + 1)) where "x.y" > 0;
create trigger "t""1" before update of "Mixed Case" on "a""b<script>" for each row when (new."x.y" > 0)
  execute function touch('it''s');
create constraint trigger later after insert on one deferrable initially deferred for each row execute function touch();
alter table "a""b<script>" disable trigger "t""1";
comment on table "a""b<script>" is E'</script> ''quoted'' \\\\ and\nanother line; drop table one;';
comment on column "a""b<script>"."Mixed Case" is 'a -- b';
comment on constraint "c""k" on "a""b<script>" is 'why';
comment on index itself_a is 'an index';
comment on trigger later on one is 'a trigger';
create table nothing ();
do $$ begin create role "oa ""reader"; exception when duplicate_object then null; end $$;
alter table "a""b<script>" enable row level security;
alter table "a""b<script>" force row level security;
create policy "own; rows" on "a""b<script>" for select to "oa ""reader", current_user
  using ("Mixed Case" = current_user);
create policy checked on "a""b<script>" as restrictive using (true) with check ("x.y" > 0);
create policy idle on one for insert with check (id > 0);
comment on policy "own; rows" on "a""b<script>" is 'a policy';
grant select, insert on "a""b<script>" to public;
grant select, update ("Mixed Case", "x.y"), references ("x.y") on "a""b<script>" to "oa ""reader" with grant option;
grant update (two) on one to "oa ""reader";
"""

VIEWS: Final = """
create view "see ""all" with (security_barrier = true) as select "x.y", "Mixed Case" || '
-- ;' as said from "a""b<script>" where plus > 0;
create materialized view kept as select said, count(*) as n from "see ""all" group by said;
create unique index kept_said on kept (said);
create view above as select n from kept union all select id from one with no data;
comment on view "see ""all" is 'all; of it';
comment on column kept.n is 'how many';
comment on materialized view kept is 'kept';
grant select on "see ""all" to "oa ""reader";
""".replace(" with no data", "")

#: What PostgreSQL 18 has and 15 has not.
NEW: Final = """
create table fresh (a int, b int, c int constraint "must be" not null, v int generated always as (a + 1));
alter table fresh add constraint a_late not null a not valid;
alter table fresh add constraint loosely check (b > 0) not enforced;
"""


def hostile(dsn: str) -> None:
    """Make tables with all there is, under names that are hard to quote."""
    with psycopg.connect(dsn) as connection:
        connection.execute(HOSTILE.encode())
        if connection.info.server_version >= 180000:
            connection.execute(NEW.encode())


def test_all_there_is_under_hard_names(server: Server, dsn: str) -> None:
    """Every clause comes again, and each line is about the thing that findings name so."""
    hostile(dsn)
    lines = same_again(server, dsn)
    about = {line.about: line.sql for table in lines.values() for line in table if line.about}
    assert about['a"b<script>.select'] == '  "select" bigserial NOT NULL,'
    assert about['Other "sch ema.child.widened'].startswith("  widened bigint DEFAULT nextval(")
    assert about['Other "sch ema.child.late'].endswith("CHECK (one > 0) NOT VALID;")
    assert about["itself_a"].startswith("CREATE UNIQUE INDEX itself_a")
    assert about["one.both_ways"].startswith("ALTER TABLE one ADD CONSTRAINT both_ways")
    assert about['a"b<script>.t"1'] == 'ALTER TABLE "a""b<script>" DISABLE TRIGGER "t""1";'


def test_tables_with_findings_come_along(server_18: Server) -> None:
    """By the names of tables, columns, constraints and indexes; those that rules judge are there in any case."""
    dsn = servers.new_database(server_18)
    hostile(dsn)
    with Snapshot(dsn) as snapshot:
        judged = snapshot.connection.execute("select 'two'::regclass::oid").fetchall()[0]
        made: dict[str, Any] = document(
            snapshot.connection, judged, ['Other "sch ema.child.late', "itself_a", "one.(id, two)", "public", "x.y"]
        )
    assert made["reason"] == ""
    assert sorted(table["table"] for table in made["tables"]) == ['Other "sch ema.child', "itself", "one", "two"]
    some = made["tables"][0]["lines"][0]
    assert some.keys() == {"sql", "about"}
    servers.drop_database(server_18, dsn)


def test_views_that_read_them_come_along(server: Server, dsn: str) -> None:
    """Views of views too, those first that others read, with what is said of them and who may read them."""
    hostile(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute(VIEWS.encode())
    with Snapshot(dsn) as snapshot:
        oids = snapshot.connection.execute("""select '"a""b<script>"'::regclass::oid""").fetchall()[0]
        found = ddl.views(snapshot.connection, oids)
        lines = [line for table in written(dsn).values() for line in table]
    assert list(found) == ['see "all', "kept", "above"]
    target = servers.new_database(server)
    prepare(dsn, target)
    run(target, [*lines, *(line for view in found.values() for line in view)])
    facts_of_views = """
        select c.oid::regclass::text, c.relkind, c.reloptions::text, pg_get_viewdef(c.oid), c.relacl::text,
          obj_description(c.oid, 'pg_class'), array(select pg_get_indexdef(i.indexrelid) from pg_index as i
          where i.indrelid = c.oid), array(select col_description(c.oid, n) from generate_series(1, 3) as n)
        from pg_class as c where c.relkind in ('v', 'm') and c.relnamespace = 'public'::regnamespace order by 1"""
    told = []
    for made in (dsn, target):
        with psycopg.connect(made) as connection:
            told.append(connection.execute(facts_of_views.encode()).fetchall())
    assert len(told[0]) == 3
    assert told[0] == told[1]
    servers.drop_database(server, target)


def test_what_is_left_out_is_counted(server_18: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables with findings and others, and views; a long view is cut, and says by how much."""
    dsn = servers.new_database(server_18)
    hostile(dsn)
    with psycopg.connect(dsn) as connection:
        connection.execute(VIEWS.encode())
    monkeypatch.setattr(ddl, "_MOST", 2)
    monkeypatch.setattr(ddl, "_LONGEST", 60)
    with Snapshot(dsn) as snapshot:
        judged = [
            row[0] for row in snapshot.connection.execute("""select '"a""b<script>"'::regclass::oid""").fetchall()
        ]
        of_all = len(tables(snapshot.connection))
        made: dict[str, Any] = document(snapshot.connection, judged, ["one.id", "two", "itself_a", "x.y"])
    assert [(it["kind"], it["table"]) for it in made["tables"]] == [
        ("table", 'a"b<script>'), ("table", "one"), ("view", 'see "all'), ("view", "kept")
    ]  # fmt: skip
    counts = made["left_out"]
    assert {name: counts[name] for name in ("tables", "with_findings", "views")} == {
        "tables": of_all - 2, "with_findings": 2, "views": 1
    }  # fmt: skip
    cut = [line["sql"] for line in made["tables"][2]["lines"] if "more characters" in line["sql"]]
    assert len(cut) == 1
    assert """pg_get_viewdef('"see ""all"'::regclass, true)""" in cut[0]
    servers.drop_database(server_18, dsn)


def test_what_is_never_shown_is_counted(server_18: Server) -> None:
    """Functions, rules and foreign tables; and the roles that rights and policies name."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn) as connection:
        connection.execute("create table t (a int); create view v as select a from t")
        of_none = document(connection, tables(connection), [])["left_out"]
        connection.execute("""
            create function f() returns int language sql return 1;
            create rule kept as on delete to t do instead nothing;
            create foreign data wrapper w;
            create server s foreign data wrapper w;
            create foreign table far (a int) server s;
            grant select on t to pg_monitor, public;
            create policy p on t to pg_monitor, pg_read_all_stats using (true);
        """)
        of_all = document(connection, tables(connection), [])["left_out"]
    names = ("functions", "rules", "foreign_tables", "roles")
    assert not of_none.keys() & {*names}
    assert [of_all[name] for name in names] == [1, 1, 1, 2]
    servers.drop_database(server_18, dsn)


def test_a_failure_is_told(sample: str) -> None:
    """Where the catalogs cannot be read, the document says why, and the snapshot goes on."""
    with Snapshot(sample) as snapshot:
        judged = [row[0] for row in snapshot.connection.execute("select oid from pg_class").fetchall()] * 50
        snapshot.connection.execute("set local statement_timeout = '1ms'")
        made: dict[str, Any] = document(snapshot.connection, judged, [])
        snapshot.connection.execute("set local statement_timeout = 0")
        assert snapshot.connection.execute("select 1").fetchone() == (1,)
    assert made["tables"] == []
    assert "statement timeout" in made["reason"]
