"""The guards of one's own that a database may have: a revert removes them without their files.

The table has the text of each file and the search path by which its tables were found. A guard is recorded before it is
installed, so that a killed run leaves none behind that no record names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

import psycopg

from order_audit import session
from order_audit.expectations import Rule
from order_audit.fixes.fix import ordered
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_file import parse

TABLE: Final = "order_audit.own_guard"
_CREATE: Final = f"""
create table if not exists {TABLE} (
  name text not null,
  search_path text not null,
  protects text[] not null,
  path text not null,
  file text not null,
  primary key (name, search_path)
)
"""


class Recorded(NamedTuple):
    """A guard, and the search path that finds its tables."""

    guard: Guard
    search_path: str


def record(connection: psycopg.Connection, guards: Iterable[Guard]) -> None:
    """Record guards of one's own; the schema order_audit exists."""
    rows = [(guard.name, [rule.id for rule in guard.protects], guard.path, guard.text) for guard in guards]
    if not rows:
        return
    with connection.transaction():
        connection.execute(_CREATE.encode())
        connection.execute(f"revoke all on {TABLE} from public".encode())
        for row in rows:
            connection.execute(
                f"insert into {TABLE} values (%s, current_setting('search_path'), %s, %s, %s)"
                " on conflict (name, search_path) do update set"
                " protects = excluded.protects, path = excluded.path, file = excluded.file".encode(),
                row,
            )


def recorded(connection: psycopg.Connection) -> list[Recorded]:
    """Return the recorded guards, each after those that it requires."""
    if not session.is_true(connection, "select to_regclass(%s) is not null", [TABLE]):
        return []
    rows = connection.execute(
        f"select name, search_path, protects, path, file from {TABLE} order by search_path, name".encode()
    ).fetchall()
    found: dict[str, list[Recorded]] = {}
    for name, search_path, protects, path, text in rows:
        # an object is removed by its name alone: the rules may have changed since
        rules = {id: Rule(id, "", "", "info", (), "select") for id in protects}
        found.setdefault(search_path, []).append(Recorded(parse(text, name, rules, path), search_path))
    return [
        one
        for those in found.values()
        for name in ordered({one.guard.name: one.guard.after for one in those})
        for one in those
        if one.guard.name == name
    ]


def forget(connection: psycopg.Connection, one: Recorded) -> None:
    """Remove the record of a guard."""
    connection.execute(
        f"delete from {TABLE} where name = %s and search_path = %s".encode(), [one.guard.name, one.search_path]
    )


@contextmanager
def on_search_path(connection: psycopg.Connection, search_path: str) -> Iterator[None]:
    """Set another search path for a while; the connection is in autocommit mode."""
    before = session.scalar(connection, "select current_setting('search_path')")
    connection.execute("select set_config('search_path', %s, false)", [search_path])
    try:
        yield
    finally:
        if not connection.closed:
            connection.execute("select set_config('search_path', %s, false)", [before])
