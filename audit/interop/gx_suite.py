"""Suites of Great Expectations 1.x, in JSON. They name no table: `--table` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from order_audit.audit.interop import gx_expectations
from order_audit.audit.interop.check import CannotImportError, Check, Found, Repeats, Rows, Table
from order_audit.audit.interop.names import slug
from order_audit.audit.interop.sql import percent
from order_audit.errors import UsageError
from order_audit.expectations import SEVERITIES


def parse(text: str, path: str) -> Any:
    """Read a file's JSON. Raises UsageError with the place."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: not JSON: {error}") from None


def recognised(document: Any) -> bool:
    """Return whether a document is a suite."""
    return isinstance(document, dict) and isinstance(document.get("expectations"), list)


def read(documents: Sequence[tuple[str, Any]], found: Found, table: Table | None) -> None:
    """Read the expectations of some suites about one table. Raises UsageError without a table."""
    if table is None:
        raise UsageError("a suite of Great Expectations names no table: add --table NAME")
    for path, document in documents:
        for number, written in enumerate(document["expectations"], start=1):
            kind = str(written.get("type") or written.get("expectation_type")) if isinstance(written, dict) else "?"
            origin = f"expectation {number}, {kind}, in {path}"
            try:
                found.checks.append(_check(kind, written, table, origin))
            except CannotImportError as error:
                found.leave_out(origin, error)


def _check(kind: str, written: dict[str, Any], table: Table, origin: str) -> Check:
    kwargs = written.get("kwargs")
    kwargs = dict(kwargs) if isinstance(kwargs, dict) else {}
    if kwargs.get("row_condition"):
        raise CannotImportError("row_condition is in a language of Great Expectations")
    if any(isinstance(it, dict) and "$PARAMETER" in it for it in kwargs.values()):
        raise CannotImportError("a parameter of the suite gets its value at run time")
    check = gx_expectations.check(kind, table, kwargs)
    severity = next((it for it in SEVERITIES if it == (written.get("severity") or "critical")), None)
    if severity is None:
        raise CannotImportError(f"severity '{written['severity']}' is unknown")
    mostly = kwargs.get("mostly", 1)
    if isinstance(mostly, int | float) and mostly < 1 and isinstance(check.body, Rows | Repeats):
        check = gx_expectations.share(check, percent(mostly))
    levels = tuple(replace(it, severity=severity) for it in check.levels)
    meta = written.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    notes = meta.get("notes")
    notes = notes.get("content") if isinstance(notes, dict) else notes
    tags = meta.get("tags")
    return replace(
        check,
        name=slug(*check.columns, kind.removeprefix("expect_").replace("column_", "", 1)),
        origin=origin,
        levels=levels,
        owner=str(meta.get("owner") or ""),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        why=str(written.get("description") or (" ".join(map(str, notes)) if isinstance(notes, list) else notes or "")),
    )
