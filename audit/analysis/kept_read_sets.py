"""Which rows the program's own selects need, kept from an earlier start where nothing has changed."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib.metadata import version
from pathlib import Path

from order_audit import compiled
from order_audit.audit.analysis.filters import ReadSet
from order_audit.audit.analysis.parsed_query import analysis


@cache
def read_sets_of(sql: str) -> dict[str, ReadSet]:
    """Return what a select that the parser understands needs of each table, as parse_read_sets() does."""
    digest = hashlib.sha256(sql.encode()).hexdigest()[:16]
    key = compiled.key(sql, version("sqlglot"), analysis())
    return compiled.computed(Path(__file__).with_name(f"read_sets_{digest}"), key, lambda: _read(sql))


def _read(sql: str) -> dict[str, ReadSet]:
    """Read the select with the parser, whose import takes longer than all else here."""
    from order_audit.audit.analysis.predicates import parse_read_sets

    return parse_read_sets(sql)
