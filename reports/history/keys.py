"""The violating keys of a run against those that stand in the history.

The keys are read as a stream into a temporary table, which SQLite keeps on disk, so that memory does not grow with
their number, whatever their order. What has changed is found without a lock; the lock is for writing it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from order_audit.reports.history.audited import Audited, Compared
from order_audit.reports.history.past import KeyChanges
from order_audit.reports.history.stored_key import StoredKey, keys, stored

#: `judged` has the compared rules by their place; `rule` is null of one that is new or whose keys have become others.
_TABLES: Final = """
    create temp table judged (place integer primary key, number integer, rule integer);
    create temp table seen (place integer, key, primary key (place, key)) without rowid;
    create temp table fresh (place integer, key, returns integer, primary key (place, key)) without rowid;
    create temp table gone (place integer, key, since integer, primary key (place, key)) without rowid;
"""
_FRESH: Final = """
    insert into temp.fresh
    select s.place, s.key, (select count(*) from past as p where (p.rule, p.key) = (j.rule, s.key))
    from temp.judged as j
    join temp.seen as s on s.place = j.place
    where not exists (select 1 from standing as t where t.rule = j.rule and t.key = s.key)
"""
_GONE: Final = """
    insert into temp.gone
    select j.place, t.key, t.since
    from temp.judged as j
    join standing as t on t.rule = j.number
    where j.rule is null or not exists (select 1 from temp.seen as s where s.place = j.place and s.key = t.key)
"""
_STANDING: Final = """
    select t.rule, min(t.since), sum(t.returns > 0)
    from temp.judged as j
    join standing as t on t.rule = j.rule
    where not exists (select 1 from temp.gone as g where g.place = j.place and g.key = t.key)
    group by 1
"""


class Keys:
    """The keys of one run, in temporary tables of a connection."""

    def __init__(self, connection: sqlite3.Connection, audited: Audited) -> None:
        """Read the keys. Raises sqlite3.Error."""
        self._connection = connection
        self.rules: Sequence[Compared] = tuple(audited.compared())
        for statement in _TABLES.split(";"):
            connection.execute(statement)
        connection.execute("begin")
        connection.executemany("insert or ignore into temp.seen values (?, ?)", self._keys(audited))
        connection.execute("commit")

    def _keys(self, audited: Audited) -> Iterator[tuple[int, StoredKey]]:
        places = {(it.kind, it.rule): place for place, it in enumerate(self.rules)}
        for finding in audited.schema_findings:
            if (place := places.get(("schema", finding.rule))) is not None:
                yield place, stored(finding.object.encode("utf-8", "surrogatepass"))
        if audited.violations is not None:
            with audited.violations.open("rb") as file:
                yield from keys(file, {rule: place for (kind, rule), place in places.items() if kind == "rule"})

    def compare(self, series: int | None) -> dict[Compared, KeyChanges]:
        """Find what has changed against the standing keys. Raises sqlite3.Error."""
        execute = self._connection.execute
        for name in ("judged", "fresh", "gone"):
            execute(f"delete from temp.{name}")
        known = {
            (kind, rule): (number, keyed)
            for kind, rule, number, keyed in execute(
                "select kind, rule, id, keyed from rules where series = ?", (series,)
            )
        }
        for place, it in enumerate(self.rules):
            number, keyed = known.get((it.kind, it.rule), (None, None))
            alike = number if keyed == it.keyed else None
            execute("insert into temp.judged values (?, ?, ?)", (place, number, alike))
        execute(_FRESH)
        execute(_GONE)
        old = {rule: (oldest, came_back) for rule, oldest, came_back in execute(_STANDING)}
        fresh = {
            place: (appeared, returned)
            for place, appeared, returned in execute(
                "select place, count(*), sum(returns > 0) from temp.fresh group by 1"
            )
        }
        ended = dict(execute("select place, count(*) from temp.gone group by 1"))
        changes = {}
        for place, it in enumerate(self.rules):
            oldest, came_back = old.get(known.get((it.kind, it.rule), (None, None))[0], (None, 0))
            appeared, returned = fresh.get(place, (0, 0))
            changes[it] = KeyChanges(oldest, appeared, returned, ended.get(place, 0), came_back + returned)
        return changes

    def objects(self, rule: Compared) -> dict[StoredKey, int]:
        """Return the keys of a rule that stood before, each with the run since which it stands."""
        found = self._connection.execute(
            "select t.key, t.since from temp.judged as j join standing as t on t.rule = j.rule where j.place = ?",
            (self.rules.index(rule),),
        )
        return dict(found)

    def write(self, series: int, run: int) -> None:
        """Write what has changed, in the transaction that has added the run and its rules. Raises sqlite3.Error."""
        execute = self._connection.execute
        for place, it in enumerate(self.rules):
            of = (series, it.kind, it.rule)
            execute("update rules set keyed = ? where (series, kind, rule) = (?, ?, ?)", (it.keyed, *of))
            execute(
                "update temp.judged set number = (select id from rules where (series, kind, rule) = (?, ?, ?))"
                " where place = ?",
                (*of, place),
            )
        execute("""
            insert into past
            select j.number, g.key, g.since, r.compared
            from temp.gone as g
            join temp.judged as j on j.place = g.place
            join rules as r on r.id = j.number
        """)
        gone = execute("select j.number, g.key from temp.gone as g join temp.judged as j on j.place = g.place")
        # one by one: a subquery would make SQLite read all standing keys of each rule
        self._connection.executemany("delete from standing where rule = ? and key = ?", gone)
        execute(
            """
            insert into standing
            select j.number, f.key, ?, f.returns
            from temp.judged as j
            join temp.fresh as f on f.place = j.place
            """,
            (run,),
        )
        execute("update rules set compared = ? where id in (select number from temp.judged)", (run,))
