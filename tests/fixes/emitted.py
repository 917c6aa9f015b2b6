"""Helpers for the tests of emitted projects: projects, and the databases that they were run on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import Emitted, emit
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.fix import fixes
from tests.fixes.test_live import rows
from tests.support import servers
from tests.support.clients import one, words_of

RULES: Final = load("current").rules
FIXES: Final = fixes(RULES)
STATUS: Final = "orders.status_is_known"
#: Every option of every rule is in one of these.
CHOICES: Final = {
    "recommended": {id: fix.recommended for id, fix in FIXES.items()},
    **{
        f"option {number + 1}": {id: fix.options[:number + 1][-1].name for id, fix in FIXES.items() if fix.options}
        for number in range(max(len(fix.options) for fix in FIXES.values()))
    },
}  # fmt: skip


def emit_project(dsn: str, choices: Mapping[str, str], out: Path, schema: str = "") -> Emitted:
    """Write a project for a database, or for a schema of it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        if schema:
            connection.execute(sql.SQL("set search_path = {}").format(sql.Identifier(schema)))
        return emit(connection, FIXES, choices, out)


def rows_of(dsn: str) -> list[tuple[str]]:
    """All of both tables."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        return rows(connection)


def files_of(project: Path, folder: str, emitted: Emitted) -> list[Path]:
    """The files of a folder in the order in which they are run."""
    order = emitted.changes if folder != "revert" else emitted.changes[::-1]
    return [project / folder / f"{name}.sql" for name in order]


def there(dsn: str) -> object:
    """Whether the database has a journal."""
    return one(dsn, "select to_regnamespace('order_audit') is not null")


def applied_to(server: Server, dsn: str, choices: Mapping[str, str]) -> list[tuple[str]]:
    """The result of the program itself on a copy of the database."""
    copy = servers.new_database(server, template=words_of(dsn)["dbname"])
    with psycopg.connect(copy, autocommit=True) as connection:
        apply(connection, RULES, FIXES, choices, None, Throttle())
        found = rows(connection)
    servers.drop_database(server, copy)
    return found
