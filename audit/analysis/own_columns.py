"""Which columns of a rule's result belong to the row that its key names: a self-join shows several rows of a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def own_columns(key: Sequence[str], rows: Mapping[str, int], sources: Mapping[str, str]) -> frozenset[str]:
    """Return the result columns that show the row of the key's first column.

    `rows` has a number for each column that is shown unchanged, as a parsed query has it: columns of one row have the
    same. `sources` has the table's column by result column, for the key's table alone. Where the result shows a single
    row of it, all are of that row, known to the parser or not.
    """
    named = [name for name in key if name in sources]
    row = rows.get(named[0]) if named else None
    if len({rows[name] for name in sources if name in rows}) <= 1 and len({*sources.values()}) == len(sources):
        return frozenset(sources)
    if row is None:
        return frozenset(named[:1])
    return frozenset(name for name in sources if rows.get(name) == row)
