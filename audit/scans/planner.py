"""Which rules share a scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import psycopg

from order_audit.audit.analysis.query_facts import RowLocalPredicate
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Calls
from order_audit.audit.database.sampling import ValueColumn
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.expectations import Prefilter


@dataclass(frozen=True)
class Scan:
    """Rules that are judged in one pass. A single one is run as its author wrote it.

    With `value`, the columns that decide, each different value of them is judged once, however many rows have it. With
    `prefilter`, rows that cannot violate are left out beforehand.
    """

    rules: tuple[PreparedRule, ...]
    value: tuple[ValueColumn, ...] = ()
    prefilter: Prefilter | None = None

    @property
    def shared(self) -> bool:
        """Whether its hits have a flag for each rule; else all of them are its one rule's."""
        return len(self.rules) > 1 or bool(self.value)


def plan(
    connection: psycopg.Connection, prepared_rules: Iterable[PreparedRule], *, few_rows: bool = False
) -> list[Scan]:
    """Put rules that read the same into one scan, and judge once what repeats; the largest scans come first.

    Of `few_rows`, each is judged.

    Rules share a scan where their keys and their FROM clauses are the same, or differ only by LATERAL subqueries that
    add columns and leave the rows alone.
    """
    prepared_rules = list(prepared_rules)
    calls = catalog.functions(
        connection, {call for prepared in prepared_rules if (predicate := _local(prepared)) for call in predicate.calls}
    )
    groups: defaultdict[tuple[str, ...], list[PreparedRule]] = defaultdict(list)
    for prepared in prepared_rules:
        groups[_reads(prepared, calls)].append(prepared)
    scans: list[Scan] = []
    for group in groups.values():
        for value in [] if few_rows else _repeating(connection, group, calls):
            columns = {part.column for part in value}
            once = [prepared for prepared in group if _judged_by(prepared, columns, calls)]
            group = [prepared for prepared in group if prepared not in once]
            scans.extend(Scan(tuple(some), value) for some in by_lateral_joins(once))
        scans.extend(Scan(tuple(some)) for some in by_lateral_joins(group))
    return sorted(scans, key=lambda scan: (-len(scan.rules), scan.rules[0].rule.id))


def _local(prepared: PreparedRule) -> RowLocalPredicate | None:
    return prepared.query.clauses.row_local if prepared.query.clauses else None


def _reads(prepared: PreparedRule, calls: Calls) -> tuple[str, ...]:
    """The grouping key of rules that can share a scan."""
    clauses, local = prepared.query.clauses, _local(prepared)
    if clauses is None or prepared.may_steer:
        return ("", prepared.rule.id)
    key = (clauses.columns[place] for place in prepared.key)
    return (local.table if local is not None and _keeps_rows(local, calls) else clauses.source, *key)


def _keeps_rows(local: RowLocalPredicate, calls: Calls) -> bool:
    """Whether there is one row for each row of the table: LATERAL subqueries add columns and nothing else."""
    return local.single and not any(calls[call].gives_sets for call in local.lateral_calls & calls.keys())


def by_lateral_joins(group: list[PreparedRule]) -> list[list[PreparedRule]]:
    """Divide rules that read one table, so that LATERAL subqueries of one name are the same in each part."""
    divided: list[tuple[dict[str, str], list[PreparedRule]]] = []
    # those without any go with the first
    for prepared in sorted(group, key=lambda prepared: not ((local := _local(prepared)) and local.lateral_joins)):
        local = _local(prepared)
        names = dict.fromkeys(local.aliases, local.lateral_joins) if local is not None else {}
        for known, members in divided:
            if all(known.get(name, rest) == rest for name, rest in names.items()):
                known.update(names)
                members.append(prepared)
                break
        else:
            divided.append((names, [prepared]))
    return [members for _, members in divided]


def _repeating(
    connection: psycopg.Connection, group: list[PreparedRule], calls: Calls
) -> list[tuple[ValueColumn, ...]]:
    """Return the columns of a group's table for distinct-value evaluation."""
    table = group[0].table
    if table is None or table.is_view:
        return []
    sets = {
        local.reads
        for prepared in group
        if (local := _local(prepared)) and local.is_expensive and _judged_by(prepared, table.readable, calls)
    }
    if not sets:
        return []
    return [
        sampling.value_columns(connection, table, columns)
        for columns in sampling.low_cardinality_sets(connection, table, sets)
    ]


def _judged_by(prepared: PreparedRule, columns: Collection[str], calls: Calls) -> bool:
    """Whether some columns of its key's table are all that it takes to judge a rule."""
    local = _local(prepared)
    return (
        local is not None
        and not prepared.may_steer
        and bool(local.reads)
        and local.reads <= set(columns)
        and _keeps_rows(local, calls)
        and all(prepared.table and prepared.columns[place].relation == prepared.table.oid for place in prepared.key)
    )
