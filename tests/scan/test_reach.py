"""Texts of a suite read tables: they reach nothing outside of the database, and leave nothing in the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.analysis.reach import reach
from order_audit.audit.database.privileges import beyond_reading
from order_audit.audit.database.server import Server
from tests.scan.edges import audit, counts, errors, rule, suite
from tests.support import servers
from tests.support.program import order_audit


@pytest.fixture(scope="module", params=[pytest.param(18), pytest.param(15)])
def things(request: pytest.FixtureRequest) -> Iterator[str]:
    """A database with a table."""
    server: Server = request.getfixturevalue(f"server_{request.param}")
    with servers.database(server) as dsn:
        with psycopg.connect(dsn) as connection:
            connection.execute("create table thing (id int primary key, name text); insert into thing values (1, 'a')")
        yield dsn


@pytest.mark.parametrize(
    ("text", "function"),
    [
        ("select id from thing where pg_stat_file('base') is not null", "pg_stat_file"),
        ("select id from thing where pg_catalog . Pg_Ls_Dir /* of the server */ ('base') = 'x'", "pg_ls_dir"),
        ('select id from thing where "lo_get"(1) is null', "lo_get"),
        ("select id from thing, dblink('service=x', 'select 1') as t (n int)", "dblink"),
        ("select id from thing where query_to_xml('select 1', true, true, '') is null", "query_to_xml"),
        ("select pg_drop_replication_slot (slot_name) from pg_replication_slots", "pg_drop_replication_slot"),
        ("select id from thing where pg_reload_conf()", "pg_reload_conf"),
        ('select id from thing where U&"\\0069d" = 1', 'U&"…"'),
        ("select id from thing where name = 'pg_ls_dir' or lower(name) = 'lo_get(1)'", None),
        ("select slot_name from pg_replication_slots -- pg_drop_replication_slot()", None),
        ("select loan.id from loan join lo on lo_id = loan.id", None),
        ("select 'unfinished, pg_ls_dir", "pg_ls_dir"),
    ],
)
def test_functions_that_reach_outside_are_found(text: str, function: str | None) -> None:
    """By the names that a text calls; in a text that is no SQL, by any word."""
    found = reach(text)
    assert (found.function if found else None) == function


@pytest.mark.parametrize(
    "header",
    [
        "-- highlight: name where value = pg_current_logfile()\nselect id, name from thing",
        "-- for_each: select coalesce(pg_current_logfile(), 'none') as value\nselect id from thing where name = :value",
        "select id from thing where name = pg_current_logfile()",
    ],
)
def test_a_run_refuses_them_unless_the_configuration_trusts_the_suite(
    things: str, tmp_path: Path, header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In any text of the file, before the database is asked; with trust, the server decides."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "far.sql").write_text(f"-- title: far\n-- severity: info\n-- key: id\n{header}\n", encoding="utf-8")
    words = ("run", "--dsn", things, "--suite", "mine", "--out", "out", "--no-lint", "--no-profile")
    seen = order_audit(*words)
    assert seen.returncode == 2
    assert "calls pg_current_logfile, which reads or writes files of the server" in seen.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "order-audit.toml").write_text("[run]\ntrust_suite = true\n", encoding="utf-8")
    seen = order_audit(*words)
    assert seen.returncode == 0, seen.stderr


def test_fixes_and_guards_reach_nothing_either(things: str, tmp_path: Path) -> None:
    """Nor do the words of a guard's function, which is a string to the parser."""
    for name, text in {
        "mine/thing.sql": "-- title: t\n-- severity: info\n-- key: id\nselect id from thing where name = 'a'",
        "fixes/thing.sql": "-- automatic: by a file\n-- update thing by id:\n"
        "select v.id, pg_read_file('name') as name from violation as v",
        "guards/named.sql": "-- title: t\n-- protects: thing\n\n-- function:\n"
        "create or replace function order_audit.named() returns trigger language plpgsql as $$\n"
        "begin perform pg_reload_conf(); return new; end $$",
    }.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text + "\n", encoding="utf-8")
    suites = ("--suite", str(tmp_path / "mine"))
    plan = ("fixes", "plan", "--dsn", things, *suites)
    seen = order_audit(*plan, "--fixes", str(tmp_path / "fixes"))
    assert (seen.returncode, "calls pg_read_file" in seen.stderr) == (2, True), seen.stderr
    seen = order_audit(*plan, "--guards", str(tmp_path / "guards"))
    assert (seen.returncode, "calls pg_reload_conf" in seen.stderr) == (2, True), seen.stderr
    run = ("run", "--dsn", things, *suites, "--out", str(tmp_path / "out"))
    seen = order_audit(*run, "--fixes", str(tmp_path / "fixes"))
    assert (seen.returncode, "calls pg_read_file" in seen.stderr) == (2, True), seen.stderr


def test_a_rule_leaves_nothing_for_the_next_one(things: str, tmp_path: Path) -> None:
    """Neither a setting nor a lock of the session."""
    mine = suite(
        tmp_path / "mine",
        {
            "a_sets": rule("select id from thing where set_config('search_path', 'nowhere', false) is null", "id"),
            "b_locks": rule("select id from thing where pg_advisory_lock(77) is null", "id"),
            "c_reads": rule(
                "select id from thing where current_setting('search_path') = 'nowhere'"
                " or exists (select from pg_locks where locktype = 'advisory' and objid = 77)",
                "id",
            ),
        },
    )
    document = audit(things, tmp_path / "out", mine, jobs=1)
    assert errors(document) == {}
    assert counts(document) == {}


def test_rights_beyond_reading_are_named(things: str, tmp_path: Path) -> None:
    """On the terminal and in the report; a reader hears nothing."""
    mine = suite(tmp_path / "mine", {"one": rule("select id from thing", "id")})
    words = ("run", "--suite", str(mine), "--out", str(tmp_path / "out"), "--no-lint", "--no-profile", "--dsn")
    seen = order_audit(*words, things)
    assert "note: role postgres is a superuser; for an audit, SELECT is enough\n" in seen.stderr
    assert "the role is a superuser; for an audit, SELECT is enough" in (tmp_path / "out/report.html").read_text()
    with psycopg.connect(things) as connection:
        connection.execute("create role beyond_reader; grant select on thing to beyond_reader")
        connection.execute("set local role beyond_reader")
        assert beyond_reading(connection, ["public"]) == ()
        connection.execute(
            "reset role; grant update on thing to beyond_reader; grant create on schema public to beyond_reader;"
            " alter role beyond_reader createdb; grant pg_signal_backend to beyond_reader; set local role beyond_reader"
        )
        assert beyond_reading(connection, ["public"]) == (
            "may create databases",
            "is a member of pg_signal_backend",
            "may change 1 table",
            "may create objects in schema public",
        )
        connection.rollback()
