"""The scenario's files, and what the tests read of them."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import psycopg

ROOT: Final = Path(__file__).parents[2]
SCENARIO: Final = ROOT / "order_audit" / "scenario"
SCHEMA: Final = SCENARIO / "current" / "schema.sql"
SAMPLE: Final = SCENARIO / "sample-data.sql"
ISSUES: Final = SCENARIO / "data-issues"
ISSUE_FILES: Final = sorted(ISSUES.glob("*.sql"))

Connection = psycopg.Connection[tuple[Any, ...]]


def load(connection: Connection, *files: Path) -> None:
    """Run each file as one batch, as a client does that knows nothing of psql."""
    for file in files:
        connection.execute(file.read_bytes())


def rows(connection: Connection, query: str) -> list[tuple[Any, ...]]:
    """All rows of a query."""
    return connection.execute(query.encode()).fetchall()


def read_truth() -> list[tuple[str, int]]:
    """The lines of truth.csv below its header."""
    with (ISSUES / "truth.csv").open(encoding="ascii", newline="") as lines:
        header, *body = csv.reader(lines)
    assert header == ["rule", "key"]
    return [(rule, int(key)) for rule, key in body]
