"""Checksum verification: only the values in the undo log have changed.

Before fixes are applied, the hashes of the rows are summed by table and range of keys. Afterwards the sums are computed
again with the old values of the undo log in place of the new ones. A range with an equal sum has no other change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg import sql

from order_audit.fixes.engine.altered_columns import altered_columns
from order_audit.fixes.names import parts

#: Keys in a range, where keys are numbers.
RANGE: Final = 100_000


@dataclass(frozen=True)
class Checksums:
    """By table: types of the columns; by table and range: rows, and the sum of their hashes."""

    columns: dict[str, dict[str, str]]
    sums: dict[str, dict[int, tuple[int, str]]]


@dataclass(frozen=True)
class Verification:
    """The number of compared ranges and rows; by table, the first key of each range with other changes.

    `altered` says which columns were added, dropped or got another type meanwhile.
    """

    ranges: int
    rows: int
    others: dict[str, list[int]]
    altered: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the verification as JSON."""
        found = {"ranges": self.ranges, "rows": self.rows, "changed_by_others": self.others}
        return found | ({"changed_columns": list(self.altered)} if self.altered else {})


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
        columns = connection.execute(
            """
            select a.attname, a.atttypid in (20, 21, 23, 1700),
              format_type(a.atttypid, a.atttypmod), format('%%I.%%I', n.nspname, c.relname)
            from pg_attribute as a
            join pg_class as c on c.oid = a.attrelid
            join pg_namespace as n on n.oid = c.relnamespace
            where a.attrelid = to_regclass(%s) and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
            order by a.attnum
            """,
            [table],
        ).fetchall()
        found.columns[table] = {name: kind for name, _, kind, _ in columns}
        names = [name for name, *_ in columns if before is None or name in before.columns[table]]
        # as numbers, or as text: the undo log has the text of a value
        kinds = {name: kind if number else "text" for name, number, kind, _ in columns if name in key}
        is_number = kinds[key[0]] != "text"
        rows = (
            _before(names, columns[0][3], table, {name: kinds[name] for name in key}, since)
            if since is not None
            else _now(names, table, key[0], kinds[key[0]])
        )
        bucket = (
            sql.SQL("floor(r.key::numeric / {})::bigint").format(RANGE)
            if is_number
            else sql.SQL("hashtext(r.key) & 63")
        )
        # column by column, which is several times faster than the text of a whole row
        query = sql.SQL(
            "select {}, count(*), sum(hash_array_extended(r.vals, 0))::text from ({}) as r (key, vals) group by 1"
        ).format(bucket, rows)
        found.sums[table] = {int(row[0]): (int(row[1]), row[2]) for row in connection.execute(query)}
    return found


def _now(names: Sequence[str], table: str, key: str, kind: str) -> sql.Composable:
    return sql.SQL("select t.{}::{}, array[{}] from {} as t").format(
        sql.Identifier(key),
        sql.SQL(kind),
        sql.SQL(", ").join(sql.SQL("t.{}::text").format(sql.Identifier(name)) for name in names),
        sql.Identifier(*parts(table)),
    )


def _before(names: Sequence[str], qualified: str, table: str, key: Mapping[str, str], since: int) -> sql.Composable:
    """Return the query of the rows with their first old values, and of deleted rows; `key` has columns with types.

    A value that differs from the undo log's new value was changed by another session, and is not replaced.
    """
    put_back = sql.SQL(", ").join(
        sql.SQL(
            "case when f.before ? {name} and t.{column}::text is not distinct from f.after ->> {name}"
            " then f.before ->> {name} else t.{column}::text end"
        ).format(name=name, column=sql.Identifier(name))
        for name in names
    )
    first, kind = next(iter(key.items()))
    same = sql.SQL(" and ").join(
        sql.SQL("(f.key ->> {name})::{kind} = t.{column}::{kind}").format(
            name=name, kind=sql.SQL(its), column=sql.Identifier(name)
        )
        for name, its in key.items()
    )
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
        select t.{key}::{kind}, array[{put_back}]
        from {table} as t
        left join first as f on {same}
        union all
        select (d.key ->> {name})::{kind}, array[{deleted}]
        from ours as d
        left join first as f on f.key = d.key
        where d.op = 'delete'
        """
    ).format(
        since=since, tab=qualified, key=sql.Identifier(first), kind=sql.SQL(kind), put_back=put_back,
        table=sql.Identifier(*parts(table)), name=first, deleted=deleted, same=same,
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
    altered = [
        f"{table}.{name} {how}{' (not compared)' if name not in columns else ''}"
        for table, columns in before.columns.items()
        for name, how in altered_columns(columns, after.columns.get(table, {}))
    ]
    return Verification(ranges, rows, others, tuple(altered))
