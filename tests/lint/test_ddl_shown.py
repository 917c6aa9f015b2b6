"""The DDL of tables: which are shown with findings and views, and which are omitted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema import ddl
from order_audit.reports.document import JsonObject, encode
from tests.lint.ddl import VIEWS, hostile, prepare, run, tables, written
from tests.support import servers

pytestmark = pytest.mark.both_versions


def document(connection: psycopg.Connection, judged: Iterable[int], objects: Iterable[str]) -> JsonObject:
    """The part of a result that holds the DDL."""
    made: JsonObject = encode(ddl.document(connection, judged, objects))
    return made


def test_tables_with_findings_come_along(dsn: str) -> None:
    """By the names of tables, columns, constraints and indexes; those that rules judge are there in any case."""
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


def test_views_that_read_them_come_along(server: Server, dsn: str) -> None:
    """Views of views, too: those first that others read, with comments and privileges."""
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


def test_what_is_left_out_is_counted(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables with findings and others, and views; a long view is cut, and says by how much."""
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


def test_what_is_never_shown_is_counted(dsn: str) -> None:
    """Functions, rules and foreign tables; and the roles that rights and policies name."""
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
