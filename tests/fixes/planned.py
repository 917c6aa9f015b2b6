"""Helpers for the tests of plans."""

from __future__ import annotations

from pathlib import Path

import psycopg

from order_audit.expectations import load
from order_audit.fixes.fix import fixes
from order_audit.fixes.planning.decisions_file import decisions_toml
from order_audit.fixes.planning.planner import plan

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
