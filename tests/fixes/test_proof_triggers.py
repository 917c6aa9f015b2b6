"""The proof by row versions: what triggers change in the transactions of fixes, and what it cannot prove."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.database.server import Server
from tests.fixes.own import LIGHTER
from tests.fixes.proven import BEFORE, method, parcels, ranges, run


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    with parcels(server) as made:
        yield made


@pytest.fixture
def connection(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as made:
        yield made


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("update", marks=pytest.mark.both_versions),
        "delete", "insert", "savepoint", "same row", "deferred", "other table",
    ],
)  # fmt: skip
def test_triggers(connection: psycopg.Connection, tmp_path: Path, kind: str) -> None:
    """What a trigger does in a transaction of ours is seen; what it rolls back itself is told as nothing."""
    body, touched = {
        "update": ("update parcels set note = 'x' where id = 50000", [0]),
        "delete": ("delete from parcels where id = 50000", [0]),
        "insert": ("insert into parcels values (-1, 1, 'x')", [-100000]),
        "savepoint": ("begin delete from parcels where id = 50000; raise 'no'; exception when others then end", []),
        "same row": ("update parcels set note = 'x' where id = new.id", [900000]),
        "deferred": ("update parcels set note = 'x' where id = 50000", [0]),
        "other table": ("update others set note = 'x'", []),
    }[kind]  # fmt: skip
    connection.execute(
        f"""
        create table others as table parcels;
        create function besides() returns trigger language plpgsql as $$ begin {body}; return null; end $$;
        create constraint trigger besides after update of weight on parcels
          {"initially deferred" if kind == "deferred" else ""} for each row
          when (new.id = 900000) execute function besides();
        """.encode()
    )
    done = run(connection, tmp_path)
    assert (done.changed, ranges(done)) == (14, touched)
    how, why = method(done)
    # the table is none of those that fixes change
    assert how == ("row versions" if kind == "other table" else "checksums")
    assert why.startswith(
        "" if kind == "other table" else "triggers worked as well: a batch of parcels.is_light updated"
    )
    if why:
        assert f"by checksums, because {why}"[:60] in applied_text(done, rehearsed=False)


def test_a_trigger_that_truncates_another_table_of_the_fixes(connection: psycopg.Connection, tmp_path: Path) -> None:
    """Rows that are truncated are not counted as deleted."""
    connection.execute(
        """
        create table extras (id bigint primary key, weight integer);
        insert into extras values (1, 1);
        create function besides() returns trigger language plpgsql as $$ begin truncate extras; return null; end $$;
        create trigger besides after update on parcels for each row
          when (new.id = 900000) execute function besides();
        """
    )
    extras = "\n-- update extras by id:\nselect e.id, 100 as weight from extras as e where e.id > 1;"
    done = run(connection, tmp_path, fix=LIGHTER + extras)
    assert done.verification is not None
    assert done.verification.others == {"extras": [0]}
    assert method(done) == ("checksums", "a table was truncated or rewritten during a batch of parcels.is_light")


def test_others_before_a_trigger_worked(connection: psycopg.Connection, dsn: str, tmp_path: Path) -> None:
    """What row versions showed until then is not lost."""
    connection.execute(
        """
        create function besides() returns trigger language plpgsql as
          $$ begin update parcels set note = 'x' where id = 50000; return null; end $$;
        create trigger besides after update of weight on parcels for each row
          when (new.id = 1950000) execute function besides();
        """
    )

    def meanwhile(note: str) -> None:
        if note == BEFORE:
            with psycopg.connect(dsn, autocommit=True) as other:
                other.execute("update parcels set note = 'x' where id = 1000000")

    done = run(connection, tmp_path, meanwhile)
    assert (done.changed, ranges(done), method(done)[0]) == (14, [0, 1000000], "checksums")


@pytest.mark.parametrize("kind", ["trigger", "rule", "counters"])
def test_what_row_versions_cannot_prove_takes_checksums_from_the_start(
    connection: psycopg.Connection, tmp_path: Path, kind: str
) -> None:
    statement, why = {
        "trigger": (
            "create function besides() returns trigger language plpgsql as $$ begin new.note = 'x'; return new; end $$;"
            "create trigger besides before update on parcels for each row when (new.id = 900000)"
            " execute function besides()",
            "parcels has a trigger that may change rows before they are written (besides)",
        ),
        "rule": (
            "create table seen (id bigint);"
            "create rule besides as on update to parcels do also insert into seen values (new.id)",
            "parcels has rewrite rules",
        ),
        "counters": ("set track_counts = off", "track_counts is off"),
    }[kind]  # fmt: skip
    connection.execute(statement.encode())
    done = run(connection, tmp_path)
    assert (done.changed, ranges(done)) == (14, [900000] if kind == "trigger" else [])
    assert method(done) == ("checksums", why)
