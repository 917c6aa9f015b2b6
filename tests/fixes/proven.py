"""Fixes on a small table, with whatever happens meanwhile, and what their proof says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from order_audit.audit.database.server import Server
from order_audit.fixes.applied import Applied
from order_audit.fixes.apply import apply
from order_audit.fixes.engine.throttle import Throttle
from tests.fixes.own import LIGHTER, own
from tests.support import servers

#: Rows with the ids 0, 50,000 and so on: two in a range of keys. Each third weighs too much.
TABLE = """
create table parcels (id bigint primary key, weight integer, note text);
insert into parcels
select g * 50000, case when g % 3 = 0 then 200 + g else 50 end, 'n' from generate_series(0, 39) as g;
"""
HEAVY = "select p.id, p.weight from parcels as p where p.weight > 100"
BEFORE, AFTER = "counting rows to change", "reading the tables again"


@contextmanager
def parcels(server: Server) -> Iterator[str]:
    """A database with the table."""
    with servers.database(server) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(TABLE)
        yield dsn


def run(
    connection: psycopg.Connection,
    folder: Path,
    meanwhile: Callable[[str], None] = lambda _note: None,
    fix: str = LIGHTER,
    *,
    by_checksums: bool = False,
) -> Applied:
    """Apply the fix in batches of four rows; `meanwhile` is called with each note of the progress."""
    rules, wanted = own(folder, HEAVY, fix)
    return apply(
        connection, rules, wanted, {}, None, Throttle(batch_size=4), by_checksums=by_checksums,
        on_progress=lambda _done, _of, note: meanwhile(note),
    )  # fmt: skip


def ranges(done: Applied) -> list[int]:
    """The first keys of the ranges in which others changed rows."""
    assert done.verification is not None
    assert {*done.verification.others} <= {"parcels"}
    return done.verification.others.get("parcels", [])


def method(done: Applied) -> tuple[str, str]:
    assert done.verification is not None
    return done.verification.method, done.verification.reason
