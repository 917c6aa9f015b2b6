"""Checksum verification: only the values in the undo log have changed.

Before fixes are applied, the hashes of the rows are summed by table and range of keys. Afterwards the sums are computed
again with the old values of the undo log in place of the new ones. A range with an equal sum has no other change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import psycopg
from psycopg import sql

from order_audit.fixes.engine.key_ranges import RANGE, KeyColumn, columns_of, key_columns, qualified
from order_audit.fixes.engine.verification import Verification, altered
from order_audit.fixes.names import parts


@dataclass(frozen=True)
class Checksums:
    """By table: types of the columns; by table and range: rows, and the sum of their hashes."""

    columns: dict[str, dict[str, str]]
    sums: dict[str, dict[int, tuple[int, str]]]


def checksums(
    connection: psycopg.Connection,
    tables: Mapping[str, tuple[str, ...]],
    since: int | None = None,
    before: Checksums | None = None,
) -> Checksums:
    """Return the checksums of tables (given with their keys).

    With `since`, old values replace those of later entries in the undo log. Columns that `before` lacks are left out:
    an added one would change each row's hash. Scans each table once. Values are compared as text, as in the undo log.
    """
    found = Checksums({}, {})
    for table, key in tables.items():
        found.columns[table] = columns_of(connection, table)
        names = [name for name in found.columns[table] if before is None or name in before.columns[table]]
        # as numbers, or as text: the undo log has the text of a value
        named = key_columns(connection, table, key)
        rows = (
            _before(names, str(qualified(connection, table)), table, named, since)
            if since is not None
            else _now(names, table, named[0])
        )
        # column by column, which is several times faster than the text of a whole row
        query = sql.SQL(
            "select {}, count(*), sum(hash_array_extended(r.vals, 0))::text from ({}) as r (key, vals) group by 1"
        ).format(named[0].number(sql.SQL("r.key")), rows)
        found.sums[table] = {int(row[0]): (int(row[1]), row[2]) for row in connection.execute(query)}
    return found


def _now(names: Sequence[str], table: str, key: KeyColumn) -> sql.Composable:
    return sql.SQL("select {}, array[{}] from {} as t").format(
        key.value("t"),
        sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in names),
        sql.Identifier(*parts(table)),
    )


def _before(names: Sequence[str], qualified: str, table: str, key: Sequence[KeyColumn], since: int) -> sql.Composable:
    """Return the query of the rows with their first old values, and of deleted rows.

    A value that differs from the undo log's new value was changed by another session, and is not replaced.
    """
    put_back = sql.SQL(", ").join(
        sql.SQL(
            "case when f.before ? {name} and t.{column}::text is not distinct from f.after ->> {name}"
            " then f.before ->> {name} else t.{column}::text end"
        ).format(name=name, column=sql.Identifier(name))
        for name in names
    )
    same = sql.SQL(" and ").join(column.same("t", "f") for column in key)
    deleted = sql.SQL(", ").join(
        sql.SQL("(d.before || coalesce(f.before, '{{}}')) ->> {name}").format(name=name) for name in names
    )
    return sql.SQL(
        """
        with ours as (
          select j.* from order_audit.journal as j where j.id > {since} and j.tab = {tab} and j.reverted_at is null
        ), first as (
          select v.key, jsonb_object_agg(v.col, v.before) as before, jsonb_object_agg(v.col, v.after) as after
          from (
            select o.key, e.col, (array_agg(e.value order by o.id))[1] as before,
              (array_agg(o.after -> e.col order by o.id desc))[1] as after
            from ours as o
            cross join jsonb_each(o.before) as e (col, value)
            where o.op = 'update'
            group by o.key, e.col
          ) as v
          group by v.key
        )
        select {key}, array[{put_back}]
        from {table} as t
        left join first as f on {same}
        union all
        select {logged}, array[{deleted}]
        from ours as d
        left join first as f on f.key = d.key
        where d.op = 'delete'
        """
    ).format(
        since=since, tab=qualified, key=key[0].value("t"), put_back=put_back, same=same,
        table=sql.Identifier(*parts(table)), logged=key[0].logged("d"), deleted=deleted,
    )  # fmt: skip


def verify(before: Checksums, after: Checksums) -> Verification:
    """Compare the checksums before with those of the reverted values."""
    others: dict[str, list[int]] = {}
    ranges = rows = 0
    for table, by_range in before.sums.items():
        now = after.sums.get(table, {})
        for number in sorted(by_range.keys() | now.keys()):
            ranges += 1
            rows += by_range.get(number, (0, ""))[0]
            if by_range.get(number) != now.get(number):
                others.setdefault(table, []).append(number * RANGE)
    return Verification(ranges, rows, others, altered(before.columns, after.columns, compared=False))
