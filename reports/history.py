"""The history of audits: a file with a line of JSON for each run, with its counts and measured values.

Lines are appended under a lock, each in one piece, so that parallel runs do not mix. A line that was only half written
is skipped, and the next one begins on its own line.
"""

from __future__ import annotations

import fcntl
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from order_audit.errors import UsageError
from order_audit.reports.document import (
    CountPoint,
    Document,
    Measured,
    MeasuredValue,
    Result,
    ValuePoint,
    encode,
)

FORMAT: Final = "order-audit-history/1"
_BEGIN: Final = f'{{"format":"{FORMAT}"'.encode()
#: The earlier runs that a result shows, and the groups whose values it shows of them.
_RUNS: Final = 30
_GROUPS: Final = 12


@dataclass(frozen=True)
class Entry:
    """An earlier run: when, on which database and schema, and what became of its rules, as the file has it."""

    at: datetime
    database: str
    schema: str
    rules: dict[str, dict[str, Any]]


def read(path: Path) -> list[Entry]:
    """Read the runs in a file, by time; none if it does not exist yet.

    Raises UsageError if the file cannot be written, or has lines and none is of a history.
    """
    try:
        with path.open("ab"):  # before the audit: what follows it must not fail
            pass
        lines = [line for line in path.read_bytes().split(b"\n") if line.strip()]
    except OSError as error:
        raise UsageError(f"--history {path}: {error.strerror}") from None
    entries = [entry for line in lines if (entry := _entry(line)) is not None]
    if lines and not entries and not (lines[0].startswith(_BEGIN) or _BEGIN.startswith(lines[0])):
        raise UsageError(f"--history {path} is no history of audits: name another file")
    return sorted(entries, key=lambda it: it.at)


def append(path: Path, document: Document) -> None:
    """Add a complete run to a file. Raises UsageError if that fails."""
    line = json.dumps(_line(document), ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() + b"\n"
    try:
        with path.open("ab+", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            if file.seek(0, 2) and (file.seek(-1, 2), file.read(1))[1] != b"\n":
                line = b"\n" + line  # another run was killed while it wrote
            file.write(line)
    except OSError as error:
        raise UsageError(f"--history {path}: {error.strerror}") from None


def with_history(document: Document, entries: Iterable[Entry]) -> Document:
    """Return a document with the earlier counts and values of its rules on the same database and schema.

    Without a baseline, the values before are those of the last run.
    """
    database = document.run.database
    of = [it for it in entries if (it.database, it.schema) == (database.name, database.schema)][-_RUNS:]
    return replace(document, results=tuple(_with_history(it, of) for it in document.results)) if of else document


def _with_history(result: Result, entries: Sequence[Entry]) -> Result:
    known = [(it.at, it.rules[result.rule]) for it in entries if result.rule in it.rules]
    points = tuple(CountPoint(at, rule["violations"], rule.get("checked")) for at, rule in known)
    measure = result.measure
    if measure is not None:
        earlier = [(at, _values(rule)) for at, rule in known if _is_alike(rule, measure)]
        values = (_with_values(it, earlier, drawn=place < _GROUPS) for place, it in enumerate(measure.values))
        measure = replace(measure, values=tuple(values))
    return replace(result, history=points, measure=measure)


def _is_alike(rule: dict[str, Any], measure: Measured) -> bool:
    return (rule.get("column"), rule.get("unit")) == (measure.column, measure.unit)


def _values(rule: dict[str, Any]) -> dict[str | None, tuple[str | None, float | None]]:
    return {group: (value, number) for group, value, number in rule.get("values", ())}


def _with_values(
    value: MeasuredValue,
    earlier: Sequence[tuple[datetime, dict[str | None, tuple[str | None, float | None]]]],
    *,
    drawn: bool,
) -> MeasuredValue:
    points = [ValuePoint(at, *of[value.group]) for at, of in earlier if value.group in of]
    if value.previous is None and points and earlier[-1][0] == points[-1].at:
        value = replace(value, previous=points[-1].value, previous_number=points[-1].number)
    return replace(value, history=tuple(points)) if drawn else value


def _line(document: Document) -> dict[str, Any]:
    run = document.run
    return {
        "format": FORMAT,
        "run": run.id,
        "at": encode(run.started_at),
        "database": run.database.name,
        "schema": run.database.schema,
        "rules": {it.rule: _rule(it) for it in document.results if it.status in ("passed", "failed")},
    }


def _rule(result: Result) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "status": result.status, "severity": result.severity, "violations": result.violations, "checked": result.checked
    }  # fmt: skip
    if result.measure is None:
        return entry
    values = [[it.group, it.value, it.number] for it in result.measure.values]
    return entry | {"column": result.measure.column, "unit": result.measure.unit, "values": values}


def _entry(line: bytes) -> Entry | None:
    """Return the run of a line; None if it is damaged."""
    try:
        made = json.loads(line)
        if made["format"] != FORMAT:
            return None
        entry = Entry(datetime.fromisoformat(made["at"]), str(made["database"]), str(made["schema"]), made["rules"])
        for rule in entry.rules.values():
            if not isinstance(rule["violations"], int):
                return None
            _values(rule)
    except (ValueError, LookupError, TypeError, AttributeError):
        return None
    return entry if entry.at.tzinfo else None
