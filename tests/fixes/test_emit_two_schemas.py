"""Projects for two schemas of one database: the files of one touch neither the rows nor the records of the other."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import scenario
from tests.fixes.emitted import CHOICES, emit_project, files_of
from tests.support.clients import one, psql, sqitch

SCHEMAS = ("first", "other")
CHOSEN = CHOICES["recommended"]


@pytest.fixture
def database(dsn: str) -> str:
    """Both schemas with the labelled issues."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for schema in SCHEMAS:
            connection.execute(f"create schema {schema}".encode())
            scenario.load(connection, issues=True, schema=schema)
    return dsn


def rows(dsn: str, schema: str) -> list[tuple[str]]:
    """All rows of both tables of a schema."""
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            f"select 'c' || c::text from {schema}.customers as c"
            f" union all select 'o' || o::text from {schema}.orders as o order by 1".encode()
        ).fetchall()


def records(dsn: str, schema: str) -> tuple[object, ...]:
    """What the undo log, the guards and Sqitch know of a schema."""
    return (
        one(dsn, f"select json_agg(j order by id) from order_audit.journal as j where tab like '{schema}.%'"),
        one(dsn, f"select json_agg(d order by change) from order_audit.deployed as d where project = '{schema}'"),
        one(dsn, "select count(*) from pg_constraint where conname like 'order\\_audit%'"
            f" and connamespace = '{schema}'::regnamespace"),
        one(dsn, "select json_agg(c.change order by c.change) from sqitch.changes as c"),
    )  # fmt: skip


def test_a_revert_by_sqitch_refuses_what_another_project_deployed(database: str, tmp_path: Path) -> None:
    projects = {schema: tmp_path / schema / "project" for schema in SCHEMAS}
    emitted = {schema: emit_project(database, CHOSEN, projects[schema], schema) for schema in SCHEMAS}
    assert any(name.startswith("guard.") for name in emitted["first"].changes)
    before = {schema: rows(database, schema) for schema in SCHEMAS}
    done = sqitch(database, projects["first"], "deploy")
    assert done.returncode == 0, done.stdout + done.stderr
    fixed, known = rows(database, "first"), records(database, "first")
    assert fixed != before["first"]
    assert known[2]
    # the projects have one name, so that Sqitch takes the deployed changes for those of this one
    done = sqitch(database, projects["other"], "revert", "-y")
    assert done.returncode != 0
    # each file by itself, too
    for path in files_of(projects["other"], "revert", emitted["other"]):
        done = psql(database, path)
        assert done.returncode != 0, path
        assert "was deployed for schema first, and this file is for schema other" in done.stderr
    assert rows(database, "first") == fixed
    assert records(database, "first") == known
    assert rows(database, "other") == before["other"]
    done = sqitch(database, projects["first"], "revert", "-y")
    assert done.returncode == 0, done.stdout + done.stderr
    assert rows(database, "first") == before["first"]
    assert one(database, "select to_regnamespace('order_audit') is null") is True


def test_files_of_both_are_deployed_and_reverted_apart(database: str, tmp_path: Path) -> None:
    """The last one to go takes the undo log with it."""
    projects = {schema: tmp_path / schema / "project" for schema in SCHEMAS}
    emitted = {}
    before = {schema: rows(database, schema) for schema in SCHEMAS}
    for schema in SCHEMAS:
        emitted[schema] = emit_project(database, CHOSEN, projects[schema], schema)
        changes = [name for name in emitted[schema].changes if not name.startswith("guard.")]
        done = psql(database, *(projects[schema] / "deploy" / f"{name}.sql" for name in changes))
        assert done.returncode == 0, done.stderr
    fixed = {schema: rows(database, schema) for schema in SCHEMAS}
    assert fixed["first"] == fixed["other"] != before["first"]
    for schema, left in (("other", "first"), ("first", "")):
        changes = [name for name in emitted[schema].changes[::-1] if not name.startswith("guard.")]
        done = psql(database, *(projects[schema] / "revert" / f"{name}.sql" for name in changes))
        assert done.returncode == 0, done.stderr
        assert rows(database, schema) == before[schema]
        if left:
            assert "projects for first are deployed" in done.stderr
            assert rows(database, left) == fixed[left]
            open_rows = "select count(*) from order_audit.journal where reverted_at is null and tab like '{}.%'"
            assert one(database, open_rows.format(schema)) == 0
            assert one(database, open_rows.format(left))
    assert one(database, "select to_regnamespace('order_audit') is null") is True
