"""Which rules share a scan."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass

import psycopg

from order_audit.audit.analysis.row_local import Local
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Calls
from order_audit.audit.database.sampling import Part
from order_audit.audit.scans.prepared_rule import Task
from order_audit.expectations import Prefilter


@dataclass(frozen=True)
class Scan:
    """Rules that are judged in one pass. A single one is run as its author wrote it.

    With `value`, the columns that decide, each different value of them is judged once, however many rows have it. With
    `prefilter`, rows that cannot violate are left out beforehand.
    """

    tasks: tuple[Task, ...]
    value: tuple[Part, ...] = ()
    prefilter: Prefilter | None = None

    @property
    def shared(self) -> bool:
        """Whether its hits have a flag for each rule; else all of them are its one rule's."""
        return len(self.tasks) > 1 or bool(self.value)


def plan(connection: psycopg.Connection, tasks: Iterable[Task]) -> list[Scan]:
    """Put rules that read the same into one scan, and judge once what repeats; the largest scans come first.

    Rules share a scan where their keys and their FROM clauses are the same, or differ only by LATERAL subqueries that
    add columns and leave the rows alone.
    """
    tasks = list(tasks)
    calls = catalog.functions(connection, {call for task in tasks if (found := _local(task)) for call in found.calls})
    groups: defaultdict[tuple[str, ...], list[Task]] = defaultdict(list)
    for task in tasks:
        groups[_reads(task, calls)].append(task)
    scans: list[Scan] = []
    for group in groups.values():
        for value in _repeating(connection, group, calls):
            columns = {part.column for part in value}
            once = [task for task in group if _judged_by(task, columns, calls)]
            group = [task for task in group if task not in once]
            scans.extend(Scan(tuple(some), value) for some in by_rest(once))
        scans.extend(Scan(tuple(some)) for some in by_rest(group))
    return sorted(scans, key=lambda scan: (-len(scan.tasks), scan.tasks[0].rule.id))


def _local(task: Task) -> Local | None:
    return task.shape.slices.local if task.shape.slices else None


def _reads(task: Task, calls: Calls) -> tuple[str, ...]:
    """What rules of one scan have in common."""
    slices, local = task.shape.slices, _local(task)
    if slices is None or task.may_steer:
        return ("", task.rule.id)
    key = (slices.columns[place] for place in task.key)
    return (local.table if local is not None and _keeps_rows(local, calls) else slices.source, *key)


def _keeps_rows(local: Local, calls: Calls) -> bool:
    """Whether there is one row for each row of the table: LATERAL subqueries add columns and nothing else."""
    return local.single and not any(calls[call].gives_sets for call in local.rest_calls & calls.keys())


def by_rest(group: list[Task]) -> list[list[Task]]:
    """Divide rules that read one table, so that LATERAL subqueries of one name are the same in each part."""
    divided: list[tuple[dict[str, str], list[Task]]] = []
    # those without any go with the first
    for task in sorted(group, key=lambda task: not ((local := _local(task)) and local.rest)):
        local = _local(task)
        names = dict.fromkeys(local.aliases, local.rest) if local is not None else {}
        for known, members in divided:
            if all(known.get(name, rest) == rest for name, rest in names.items()):
                known.update(names)
                members.append(task)
                break
        else:
            divided.append((names, [task]))
    return [members for _, members in divided]


def _repeating(connection: psycopg.Connection, group: list[Task], calls: Calls) -> list[tuple[Part, ...]]:
    """The columns of a group's table whose values are judged once each."""
    table = group[0].table
    if table is None or table.is_view:
        return []
    sets = {
        local.reads
        for task in group
        if (local := _local(task)) and local.dear and _judged_by(task, table.readable, calls)
    }
    if not sets:
        return []
    return [sampling.parts(connection, table, columns) for columns in sampling.repeating(connection, table, sets)]


def _judged_by(task: Task, columns: Collection[str], calls: Calls) -> bool:
    """Whether some columns of its key's table are all that it takes to judge a rule."""
    local = _local(task)
    return (
        local is not None
        and not task.may_steer
        and bool(local.reads)
        and local.reads <= set(columns)
        and _keeps_rows(local, calls)
        and all(task.table and task.columns[place].relation == task.table.oid for place in task.key)
    )
