"""The lines of a batch's statement with the first violating rows of a rule."""

from __future__ import annotations

from typing import Final

from order_audit.audit.database.catalog import Column
from order_audit.audit.database.quoting import quoted, unique_names
from order_audit.audit.scans.prepared_rule import PreparedRule

#: Longer evidence is cut to limit memory.
EVIDENCE_LENGTH: Final = 10_000
#: The examples whose last place is looked for in ten times as many rows.
_FEW: Final = 1_000
_TEXTUAL: Final = {25, 1042, 1043, 705}
_PLAIN: Final = {16, 20, 21, 23, 26, 700, 701, 1700, 1082, 1083, 1114, 1184, 1266}


def examples_sql(
    prepared: PreparedRule, values: tuple[str, ...], hits: str, flag: str, place: int, examples: int
) -> str:
    """Return the query of a rule's first rows in the order of their keys, one of each key; they meet `flag`.

    A sort of all rows would write them to disk with their evidence. So it is of the rows up to a place, which a sort
    that keeps only the first rows has found: NULL, and no limit, where these have too few places.
    """
    row = ", ".join(
        f"{_shown(value, column)} as {quoted(name)}"
        for value, column, name in zip(values, prepared.columns, evidence_names(prepared), strict=True)
    )
    first = f"select h.place from {hits} as h where {flag} and h.place is not null order by 1 limit {10 * examples}"
    last = f"select distinct f.place from ({first}) as f order by 1 offset {examples - 1} limit 1"
    up_to = f" and coalesce(h.place operator(pg_catalog.<=) ({last}), true)" if examples <= _FEW else ""
    return (
        f"(select 'e', {place}, null::text, pg_catalog.row_to_json(x.*)::text from (\n"
        f"  select distinct on (h.place) {row}\n  from {hits} as h\n"
        f"  where {flag}{up_to}\n"
        f"  order by h.place nulls first\n  limit {examples}\n) as x)"
    )


def evidence_names(prepared: PreparedRule) -> list[str]:
    """The names of a rule's evidence, each different."""
    return unique_names([column.name for column in prepared.columns])


def _shown(value: str, column: Column) -> str:
    if column.type in _PLAIN:
        return value
    text = value if column.type in _TEXTUAL else f"{value}::text"
    return f"pg_catalog.left({text}, {EVIDENCE_LENGTH})"
