"""The history of an earlier version: a line of JSON for each run, with its counts and measured values."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from order_audit.reports.document import encode

_FORMAT: Final = "order-audit-history/1"
_BEGIN: Final = f'{{"format":"{_FORMAT}"'.encode()


@dataclass(frozen=True)
class _Entry:
    """A run: when, on which database and schema, and what became of its rules, as the file has it."""

    run: str
    at: datetime
    database: str
    schema: str
    rules: dict[str, dict[str, Any]]


def is_history(path: Path) -> bool:
    """Return whether a file has such lines, be they damaged but for the first one's beginning."""
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"")
        return first.startswith(_BEGIN) or (bool(first) and _BEGIN.startswith(first)) or _entry(first) is not None


def read(path: Path) -> list[_Entry]:
    """Read the runs in a file, by time, without half-written lines."""
    with path.open("rb") as file:
        found = [entry for line in file if (entry := _entry(line)) is not None]
    return sorted(found, key=lambda it: it.at)


def add(connection: sqlite3.Connection, entries: list[_Entry]) -> None:
    """Add runs to an empty history."""
    for it in entries:
        connection.execute("insert or ignore into series (database, schema) values (?, ?)", (it.database, it.schema))
        statuses = [rule["status"] for rule in it.rules.values()]
        added = connection.execute(
            "insert or ignore into runs (series, run, at, passed, failed, errored, gate_passed)"
            " select id, ?, ?, ?, ?, 0, null from series where (database, schema) = (?, ?)",
            (it.run, encode(it.at), statuses.count("passed"), statuses.count("failed"), it.database, it.schema),
        )
        if added.rowcount:
            _add_rules(connection, it, added.lastrowid)


def _add_rules(connection: sqlite3.Connection, it: _Entry, run: int | None) -> None:
    for name, rule in it.rules.items():
        connection.execute(
            "insert or ignore into rules (series, kind, rule, title, severity)"
            " select series, 'rule', ?, ?, ? from runs where id = ?",
            (name, name, rule["severity"], run),
        )
        (number,) = connection.execute(
            "select id from rules where kind = 'rule' and rule = ? and series = (select series from runs where id = ?)",
            (name, run),
        ).fetchone()
        measured = f"{rule['unit']} {rule['column']}" if "unit" in rule else None
        connection.execute(
            "insert into figures (rule, run, status, severity, checked, violations, measured)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (number, run, rule["status"], rule["severity"], rule.get("checked"), rule["violations"], measured),
        )
        values = ((number, run, place, *value) for place, value in enumerate(rule.get("values", ())))
        connection.executemany("insert into measured values (?, ?, ?, ?, ?, ?)", values)


def _entry(line: bytes) -> _Entry | None:
    """Return the run of a line; None if it is damaged."""
    try:
        made = json.loads(line)
        if made["format"] != _FORMAT:
            return None
        at = datetime.fromisoformat(made["at"])
        entry = _Entry(str(made["run"]), at, str(made["database"]), str(made["schema"]), made["rules"])
        for rule in entry.rules.values():
            if not isinstance(rule["violations"], int) or not {"status", "severity"} <= rule.keys():
                return None
            for group, value, number in rule.get("values", ()):
                if not (isinstance(group, str | None) and isinstance(value, str | None)):
                    return None
                float(number or 0)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return entry if entry.at.tzinfo else None
