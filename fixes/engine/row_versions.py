"""Verification by row versions: which transaction wrote each row since the first change.

A row carries the id of the transaction that wrote it (xmin). Rows that are written after the snapshot of `state` carry
ids that are not older than the oldest transaction of that snapshot. Each of them has to be in the undo log of a
transaction of ours, and the version that a change of ours replaced has to be from before, or ours. Deleted rows are
counted by range of keys. What triggers write in our transactions is seen by `Watch`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.fixes.engine.key_ranges import RANGE, columns_of, key_columns, qualified
from order_audit.fixes.engine.verification import ROW_VERSIONS, Verification, altered
from order_audit.fixes.names import parts

#: Transaction ids between which ages can be compared.
_HALF: Final = 2**31
#: The tables below a table: itself, its partitions and its inheritance children.
TREE: Final = """
with recursive tree (root, relid) as (
  select n.name, to_regclass(n.name)::oid from unnest(%s::text[]) as n (name)
  union
  select t.root, i.inhrelid from tree as t join pg_inherits as i on i.inhparent = t.relid
)
"""


@dataclass(frozen=True)
class State:
    """The tables before the first change.

    By table: types of the columns; rows by range; the tables below it. `horizon` is the oldest transaction that may
    write after the snapshot, `finished` are newer ones that had ended before it, as the rows carry them.
    """

    columns: dict[str, dict[str, str]]
    rows: dict[str, dict[int, int]]
    trees: dict[str, frozenset[int]]
    horizon: int
    finished: frozenset[str]


def obstacle(connection: psycopg.Connection, tables: Iterable[str]) -> str:
    """Return why row versions prove nothing about these tables; empty if they do."""
    if not session.is_true(connection, "select current_setting('track_counts')::bool"):
        return "track_counts is off"
    found = connection.execute(
        TREE
        + """
        select c.oid::regclass::text,
          case
            when c.relkind not in ('r', 'p') or (c.relkind = 'r' and am.amname <> 'heap') then 'is no ordinary table'
            when c.relhasrules then 'has rewrite rules'
            else 'has a trigger that may change rows before they are written (' || g.tgname || ')'
          end
        from tree as t
        join pg_class as c on c.oid = t.relid
        left join pg_am as am on am.oid = c.relam
        -- before each row, of an update
        left join pg_trigger as g on g.tgrelid = c.oid and g.tgtype & 19 = 19 and g.tgenabled <> 'D'
        where c.relkind not in ('r', 'p') or (c.relkind = 'r' and am.amname <> 'heap') or c.relhasrules
          or g.oid is not null
        order by 1, 2
        limit 1
        """,
        [list(tables)],
    ).fetchone()
    return f"{found[0]} {found[1]}" if found else ""


def state(connection: psycopg.Connection, tables: Mapping[str, tuple[str, ...]]) -> State | str:
    """Return the state of tables, given with their keys, or why row versions cannot be compared with it.

    Scans each table once, in a snapshot of its own.
    """
    oldest, end = session.row(
        connection,
        "select pg_snapshot_xmin(s)::text::bigint, pg_snapshot_xmax(s)::text::bigint from pg_current_snapshot() as s",
    )
    # without transactions that run, and before the first wraparound, no row carries an id that is not older
    quiet = oldest == end < 2**32
    words = {"age": sql.Literal(_age(connection, oldest))}
    recent = sql.SQL("null" if quiet else "case when age(r.xmin) <= {age} then r.xmin::text end").format(**words)
    ahead = sql.SQL("0" if quiet else "count(*) filter (where age(r.xmin) < 0)")
    rows: dict[str, dict[int, int]] = {}
    columns: dict[str, dict[str, str]] = {}
    late: set[str] = set()
    for table, key in tables.items():
        columns[table] = columns_of(connection, table)
        first = key_columns(connection, table, key)[0]
        query = sql.SQL("select {number}, {recent}, count(*), {ahead} from {table} as r group by 1, 2").format(
            number=first.number(first.value("r")), recent=recent, ahead=ahead, table=sql.Identifier(*parts(table))
        )
        by_range = rows[table] = {}
        for number, xid, count, ahead_of_all in connection.execute(query).fetchall():
            if ahead_of_all:
                return f"rows of {table} carry transaction ids from before the last wraparound"
            by_range[int(number)] = by_range.get(int(number), 0) + int(count)
            if xid is not None:
                late.add(xid)
    # of a row that froze long ago, the same id may belong to a transaction that still runs
    full = [str(oldest + (int(xid) - oldest) % 2**32) for xid in late]
    finished = connection.execute(
        "select x.id from unnest(%s::text[]) as x (id) where pg_xact_status(x.id::xid8) = 'committed'", [full]
    ).fetchall()
    known = frozenset(str(int(row[0]) % 2**32) for row in finished)
    return State(columns, rows, _trees(connection, tables), oldest, known)


def verify(
    connection: psycopg.Connection, tables: Mapping[str, tuple[str, ...]], before: State, since: int
) -> Verification:
    """Compare the tables with their state before the first change; `since` is the last entry of the undo log then.

    Scans each table once, in a snapshot of its own.
    """
    now = int(session.scalar(connection, "select pg_snapshot_xmax(pg_current_snapshot())::text"))
    ours = {
        str(int(row[0]) % 2**32)
        for row in connection.execute(
            "select distinct j.changed_in::text from order_audit.journal as j where j.id > %s", [since]
        ).fetchall()
    }
    trees = _trees(connection, tables)
    others: dict[str, list[int]] = {}
    counted: set[tuple[str, int]] = set()
    for table, key in tables.items():
        found = set(before.rows[table])
        if now - before.horizon < _HALF and table in trees and set(key) <= columns_of(connection, table).keys():
            found = _changed(connection, table, key, before, trees[table], ours, since, counted)
        if found:
            others[table] = [number * RANGE for number in sorted(found)]
        counted |= {(table, number) for number in before.rows[table]}
    became = {table: columns_of(connection, table) for table in tables}
    total = sum(sum(by_range.values()) for by_range in before.rows.values())
    return Verification(len(counted), total, others, altered(before.columns, became, compared=True), ROW_VERSIONS)


def _changed(
    connection: psycopg.Connection,
    table: str,
    key: Sequence[str],
    before: State,
    tree: frozenset[int],
    ours: set[str],
    since: int,
    counted: set[tuple[str, int]],
) -> set[int]:
    """Return the ranges of a table with rows that are not explained by the undo log."""
    named = key_columns(connection, table, key)[0]
    new = tree - before.trees[table]
    words = {
        "number": named.number(named.value("r")),
        "logged": named.number(named.logged("k")),
        "age": sql.Literal(_age(connection, before.horizon)),
        "ours": _xids(ours),
        "finished": _xids(before.finished),
        "known": _xids(ours | before.finished),
        "table": sql.Identifier(*parts(table)),
        # rows of a partition that was attached are as old as they were
        "is_new": sql.SQL("r.tableoid = any({}::oid[])").format(sorted(new)) if new else sql.SQL("false"),
        "since": sql.Literal(since),
        "tab": sql.Literal(qualified(connection, table)),
    }
    rows = connection.execute(
        sql.SQL(
            """
            select k.number, sum(k.rows), coalesce(sum(k.rows) filter (where k.writer = 1), 0),
              coalesce(sum(k.rows) filter (where k.writer = 2), 0)
            from (
              select {number}, case
                  when {is_new} then 2
                  when age(r.xmin) > {age} or r.xmin = any({finished}) then 0
                  when r.xmin = any({ours}) then 1
                  else 2
                end, count(*)
              from {table} as r
              group by 1, 2
            ) as k (number, writer, rows)
            group by 1
            """
        ).format(**words)
    ).fetchall()
    logged = connection.execute(
        sql.SQL(
            """
            select {logged}, sum(k.deletions), count(*) filter (where k.deletions = 0), sum(k.others)
            from (
              select j.key, count(*) filter (where j.op = 'delete') as deletions,
                count(*) filter (where age(j.was_in) <= {age} and not j.was_in = any({known})) as others
              from order_audit.journal as j
              where j.id > {since} and j.tab = {tab}
              group by j.key
            ) as k
            group by 1
            """
        ).format(**words)
    ).fetchall()
    was = before.rows[table]
    now = {int(number): (int(count), int(mine)) for number, count, mine, _ in rows}
    done = {int(number): (int(deletions), int(changed)) for number, deletions, changed, _ in logged}
    counted |= {(table, number) for number in now}
    # Without writes of other sessions, as many rows are there as before, less the deleted ones, and as many carry our
    # ids as the undo log has: another row that a transaction of ours wrote would be one more.
    return {int(number) for number, *_, others in [*rows, *logged] if others} | {
        number
        for number in was.keys() | now.keys() | done.keys()
        if now.get(number, (0, 0)) != (was.get(number, 0) - done.get(number, (0, 0))[0], done.get(number, (0, 0))[1])
    }


def _trees(connection: psycopg.Connection, tables: Iterable[str]) -> dict[str, frozenset[int]]:
    rows = connection.execute(
        TREE + "select t.root, array_agg(t.relid) from tree as t where t.relid is not null group by t.root",
        [list(tables)],
    ).fetchall()
    return {root: frozenset(relids) for root, relids in rows}


def _age(connection: psycopg.Connection, xid: int) -> int:
    return int(session.scalar(connection, "select age(%s::text::xid)", [str(xid % 2**32)]))


def _xids(numbers: Iterable[str]) -> sql.Composable:
    # a constant, so that the server looks ids up by hash
    return sql.SQL("{}::xid[]").format("{" + ",".join(sorted(numbers)) + "}")
