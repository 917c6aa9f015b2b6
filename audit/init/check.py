"""Run candidates on the snapshot: how many rows break each."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from order_audit.audit import mask
from order_audit.audit.init.candidate import REFUSED, Candidate, Omitted

#: Conditions of one statement. A row of a result has 1,664 columns at most.
_AT_ONCE = 200


def checked(connection: psycopg.Connection, candidates: Sequence[Candidate]) -> list[Candidate | Omitted]:
    """Return a table's candidates with the number of rows that break them; what fails is omitted."""
    found: list[Candidate | Omitted] = []
    # where a condition stands alone, the server makes a join of it
    conditions = [it for it in candidates if it.condition and it.kind != "reference"]
    for start in range(0, len(conditions), _AT_ONCE):
        part = conditions[start : start + _AT_ONCE]
        counts = ", ".join(f"count(*) filter (where {it.condition})" for it in part)
        found += _counted(connection, part, f"select {counts} from {part[0].table.sql} as t")
    for it in candidates:
        if it.kind == "reference":
            found += _counted(connection, [it], _alone(it))
        elif not it.condition:
            found += _counted(connection, [it], f"select count(*) from ({it.query}) as v")
    return found


def refused(connection: psycopg.Connection, queries: Sequence[str]) -> list[str]:
    """Return why the server does not run each finished query, in words; empty if it does. No row is read.

    Rows need no second count: a query has the conditions, or is the query, that `checked` counted.
    """
    together = " union all ".join(f"(select from ({query}) as v)" for query in queries)
    if isinstance(_guarded(connection, f"{together} limit 0"), tuple):
        return [""] * len(queries)
    alone = (_guarded(connection, f"select from ({query}) as v limit 0") for query in queries)
    return [row if isinstance(row, str) else "" for row in alone]


def _alone(it: Candidate) -> str:
    return f"select count(*) from {it.table.sql} as t where {it.condition}"


def _counted(connection: psycopg.Connection, candidates: Sequence[Candidate], query: str) -> list[Candidate | Omitted]:
    """The candidates with the counts of a query; one by one, if it fails together."""
    row = _guarded(connection, query)
    if isinstance(row, tuple):
        # a measured value is no violation
        return [it.with_broken(0 if it.measure else count) for it, count in zip(candidates, row, strict=True)]
    if len(candidates) == 1:
        return [Omitted(candidates[0].subject, candidates[0].kind.replace("_", " "), f"{REFUSED}{row}")]
    return [found for it in candidates for found in _counted(connection, [it], _alone(it))]


def _guarded(connection: psycopg.Connection, query: str) -> tuple[int, ...] | str:
    """The one row of a query, or its error in words."""
    try:
        with connection.transaction(force_rollback=True):
            row = connection.execute(query.encode()).fetchone()
    except psycopg.Error as error:
        if connection.closed:
            raise
        return mask.error(error)
    return row or ()
