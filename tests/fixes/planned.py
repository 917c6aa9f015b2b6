"""Helpers for the tests of plans."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.fix import fixes
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan
from tests.support import servers

RULES = load("current").rules
FIXES = fixes(RULES)


def rows(connection: psycopg.Connection) -> list[tuple[str]]:
    """All of both tables."""
    return connection.execute(
        "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    ).fetchall()


def decided(connection: psycopg.Connection, folder: Path) -> Path:
    """A decisions file as a plan writes it."""
    path = folder / "decisions.toml"
    path.write_text(decisions_toml(plan(connection, RULES, FIXES, {}), {}), encoding="utf-8")
    return path


def decided_on_issues(server: Server, connection: psycopg.Connection, folder: Path) -> Path:
    """The same for a fresh copy of the labelled issues: all of them have one plan, but for the database's name."""
    path = folder / "decisions.toml"
    path.write_text(_on_issues(server).replace(_DATABASE, f'database = "{connection.info.dbname}"'), encoding="utf-8")
    return path


_DATABASE: Final = 'database = "that of the test"'


@cache
def _on_issues(server: Server) -> str:
    with servers.database(server, "issues") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        text = decisions_toml(plan(connection, RULES, FIXES, {}), {})
    named = f'database = "{servers.name_of(dsn)}"'
    assert named in text
    return text.replace(named, _DATABASE)
