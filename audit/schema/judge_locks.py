"""The locks of statements, and whether they rewrite the table: facts of PostgreSQL's documentation.

"Explicit Locking", and the pages of ALTER TABLE, CREATE INDEX, DROP INDEX, REINDEX, COMMENT, ANALYZE and CREATE
TRIGGER. The same in 15 to 18.
"""

from __future__ import annotations

import re
from typing import Final

from order_audit.audit.analysis.ddl_statement import Change, Kind

#: From the weakest to the strongest.
LOCKS: Final = ("", "SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE")
_EXCLUSIVE: Final = "ACCESS EXCLUSIVE"
_LOCKS: Final[dict[Kind, str]] = {
    "type": _EXCLUSIVE,
    "default": _EXCLUSIVE,
    "not_null": _EXCLUSIVE,
    "identity": _EXCLUSIVE,
    "add_column": _EXCLUSIVE,
    "check": _EXCLUSIVE,
    "unique": _EXCLUSIVE,
    "primary_key": _EXCLUSIVE,
    "using_index": _EXCLUSIVE,
    "drop_constraint": _EXCLUSIVE,
    "rename": _EXCLUSIVE,
    "drop_view": _EXCLUSIVE,
    "foreign_key": "SHARE ROW EXCLUSIVE",
    "trigger": "SHARE ROW EXCLUSIVE",
    "create_trigger": "SHARE ROW EXCLUSIVE",
    "index": "SHARE",
    "reindex": "SHARE",
    "drop_index": _EXCLUSIVE,
    "validate": "SHARE UPDATE EXCLUSIVE",
    "comment": "SHARE UPDATE EXCLUSIVE",
    "analyze": "SHARE UPDATE EXCLUSIVE",
}
#: Calls in a new column's default that are computed for each row.
_VOLATILE: Final = re.compile(r"\b(nextval|random|gen_random_uuid|clock_timestamp|uuidv7)\s*\(", re.IGNORECASE)


def lock(change: Change) -> str:
    """The strongest lock that a change takes on a table that exists; empty for none that holds up reads or writes."""
    if change.kind in ("index", "drop_index", "reindex") and change.is_concurrent:
        return "SHARE UPDATE EXCLUSIVE"
    if change.kind == "create_table" and re.search(r"\breferences\b", change.expression, re.IGNORECASE):
        return "SHARE ROW EXCLUSIVE"
    return _LOCKS.get(change.kind, "")


def fills_column(change: Change) -> bool:
    """Whether a new column has another value in each row, so that the table is rewritten."""
    if change.kind != "add_column":
        return False
    words = change.expression.lower()
    return "generated " in words or "serial" in words.split() or bool(_VOLATILE.search(words))


def strongest(locks: list[str]) -> str:
    """The strongest of some locks."""
    return max(locks, key=LOCKS.index, default="")
