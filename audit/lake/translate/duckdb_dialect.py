"""DuckDB's dialect."""

from __future__ import annotations

from functools import cache
from typing import Final

from order_audit.audit.lake.translate.dialect import Dialect, signatures
from order_audit.audit.lake.translate.duckdb_casts import EXPLICIT, IMPLICIT
from order_audit.audit.lake.translate.duckdb_functions import FUNCTIONS, LISTS, OPERATORS

_TYPES: Final = {
    "boolean": "boolean",
    "smallint": "smallint",
    "integer": "integer",
    "bigint": "bigint",
    "real": "float",
    "double precision": "double",
    "date": "date",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
    "": "varchar",
}


@cache
def duckdb_dialect() -> Dialect:
    """Return the tables of DuckDB 2."""
    return Dialect(
        name="duckdb",
        types=_TYPES,
        functions=signatures(FUNCTIONS),
        operators=signatures(OPERATORS),
        implicit=_full(IMPLICIT),
        explicit=_full(EXPLICIT),
        lists=signatures(LISTS),
    )


def _full(table: dict[str, str]) -> dict[str, str]:
    return dict(table)
