"""Which scans one statement runs, so that they share what they read.

Two things are shared: an extract of a table, where rules look at few of its rows (the live orders, say) and their
statements say so themselves; and what is at stake for customers, which is added up from all orders.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Final

import psycopg

from order_audit.audit.analysis.parsed_query import Name
from order_audit.audit.analysis.predicates import ROW, Filter, Need, condition, implies, widest
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.impact import Orders, live_orders, weighs_orders
from order_audit.audit.scans.planner import Scan, by_rest
from order_audit.audit.scans.prepared_rule import Task
from order_audit.expectations import Prefilter

#: The share of a table up to which a rule's rows are few, and up to which an extract is.
_FEW: Final = 0.2
_MOST: Final = 1 / 3


@dataclass(frozen=True)
class Extract:
    """Some rows of a table, read once; they stand under its name, which rules write without a schema."""

    table: Relation
    columns: frozenset[str]
    filters: tuple[Filter, ...]

    def holds(self, need: Need) -> bool:
        """Whether it has all rows and columns that are needed."""
        return need.columns <= self.columns and all(
            any(implies(one, known) for known in self.filters) for one in need.filters
        )

    @property
    def text(self) -> str:
        """The `with` query that makes it."""
        columns = ", ".join(f"{ROW}.{quoted(column)}" for column in sorted(self.columns))
        return (
            f"{quoted(self.table.name)} as materialized (\n"
            f"  select {columns}\n  from {quoted(self.table)} as {ROW}\n  where {condition(self.filters)}\n)"
        )


@dataclass(frozen=True)
class Bundle:
    """Scans of one statement, and the extract that all of them read, if there is one."""

    scans: tuple[Scan, ...]
    extract: Extract | None = None

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The rules of all its scans."""
        return tuple(task for scan in self.scans for task in scan.tasks)

    @property
    def alone(self) -> bool:
        """Whether it is a rule as its author wrote it."""
        return (
            len(self.scans) == 1 and not self.scans[0].shared and not self.scans[0].prefilter and self.extract is None
        )


def bundle(connection: psycopg.Connection, scans: Iterable[Scan], orders: Orders) -> list[Bundle]:
    """Put scans together that read the same; the largest bundles come first. `orders` are those of impacts."""
    scans = list(scans)
    bundles: list[Bundle] = [Bundle((scan,)) for scan in scans if _may_steer(scan)]
    scans = [scan for scan in scans if not _may_steer(scan)]
    names = {Name("", name) for scan in scans for task in scan.tasks for name in task.shape.needs}
    for name, table in sorted(catalog.relations(connection, names).items()):
        if not table.is_view and (found := _extracted(connection, scans, name.relation, table)):
            taken = {task.rule.id for task in found.tasks}
            bundles.append(found)
            rest = (tuple(task for task in scan.tasks if task.rule.id not in taken) for scan in scans)
            scans = [replace(scan, tasks=tasks) for scan, tasks in zip(scans, rest, strict=True) if tasks]
    scans, prefiltering = _prefiltering(connection, scans)
    bundles += prefiltering
    weighed = [scan for scan in scans if any(weighs_orders(task, orders) for task in scan.tasks)]
    bundles += [Bundle((scan,)) for scan in scans if scan not in weighed]
    if weighed:
        host = next((place for place, found in enumerate(bundles) if _can_weigh(found, weighed, orders)), None)
        if host is None:
            bundles.append(Bundle(tuple(weighed)))
        else:
            bundles[host] = _joined(bundles[host], weighed)
    return sorted(bundles, key=lambda found: (-len(found.tasks), found.tasks[0].rule.id))


def _may_steer(scan: Scan) -> bool:
    return any(task.may_steer for task in scan.tasks)


def _prefiltering(connection: psycopg.Connection, scans: list[Scan]) -> tuple[list[Scan], list[Bundle]]:
    """Divide scans into those that must look at all rows, and bundles of those that may prefilter the same ones."""
    prefilters = dict.fromkeys(
        task.rule.prefilter for scan in scans if not scan.value for task in scan.tasks if _can_prefilter(task, scan)
    )
    bundles: list[Bundle] = []
    for prefilter in prefilters:
        if prefilter is None or not _holds(connection, prefilter):
            continue
        parts = [
            tuple(task for task in scan.tasks if task.rule.prefilter == prefilter and _can_prefilter(task, scan))
            for scan in scans
        ]
        bundles.append(Bundle(tuple(Scan(part, prefilter=prefilter) for part in parts if part)))
        taken = {task.rule.id for part in parts for task in part}
        rest = (tuple(task for task in scan.tasks if task.rule.id not in taken) for scan in scans)
        scans = [replace(scan, tasks=tasks) for scan, tasks in zip(scans, rest, strict=True) if tasks]
    return scans, bundles


def _can_prefilter(task: Task, scan: Scan) -> bool:
    """Whether the table whose rows a rule's prefilter excludes can be replaced in the scan's statement."""
    if not scan.shared:
        return task.shape.prefiltered is not None
    slices = task.shape.slices
    return slices is not None and slices.local is None and slices.prefiltered is not None and slices.prefiltered[0] >= 0


def _holds(connection: psycopg.Connection, prefilter: Prefilter) -> bool:
    """Whether the columns are unique that make a prefilter sound, and its table large."""
    names = {Name(*need.table.rpartition(".")[::2]): need.name for need in prefilter.key}
    own = Name("", prefilter.table.split()[0].lower())
    there = catalog.relations(connection, {*names, own})
    return (
        len(there) == len({*names, own})
        and all(column in catalog.unique(connection, there[name]) for name, column in names.items())
        # rows are found again by their place, which is one table's
        and bool(catalog.unique(connection, there[own]))
        and not sampling.is_small(connection, there[own])
    )


def _can_weigh(found: Bundle, weighed: list[Scan], orders: Orders) -> bool:
    """Whether a bundle's extract holds the live orders that are at stake, and does not get into the scans' way."""
    extract = found.extract
    if extract is None or extract.table not in orders.values():
        return False
    names = {name for scan in weighed for task in scan.tasks for name in task.shape.relations}
    return Name("", extract.table.name) not in names and replace(
        extract, columns=extract.columns | live_orders().columns
    ).holds(live_orders())


def _joined(found: Bundle, weighed: list[Scan]) -> Bundle:
    assert found.extract is not None  # noqa: S101 - _can_weigh() says so
    extract = replace(found.extract, columns=found.extract.columns | live_orders().columns)
    return Bundle((*found.scans, *weighed), extract)


def _extracted(connection: psycopg.Connection, scans: list[Scan], name: str, table: Relation) -> Bundle | None:
    """The scans, and parts of scans, that an extract of a table serves; None where that would be no gain."""
    wanted: dict[str, Need] = {
        task.rule.id: need
        for scan in scans
        if not scan.value
        for task in scan.tasks
        if (need := task.shape.needs.get(name)) and need.columns & table.columns.keys()
    }
    few = _few(connection, table, wanted)
    parts: list[tuple[Task, ...]] = []
    for scan in scans:
        tasks = tuple(task for task in scan.tasks if task.rule.id in few)
        # rules on single rows that share a scan are not torn apart: it would be made for the others all the same
        if len(tasks) < len(scan.tasks):
            tasks = tuple(task for task in tasks if not (task.shape.slices and task.shape.slices.local))
        parts += [part for part in map(tuple, by_rest(list(tasks))) if part]
    if len(parts) < 2:
        return None
    needs = [wanted[task.rule.id] for part in parts for task in part]
    columns = frozenset[str]().union(*(need.columns for need in needs)) & table.columns.keys()
    filters = widest(one for need in needs for one in need.filters)
    return Bundle(tuple(Scan(part) for part in parts), Extract(table, columns, tuple(filters)))


def _few(connection: psycopg.Connection, table: Relation, wanted: dict[str, Need]) -> Collection[str]:
    """The rules that need few of a table's rows, and together not many, as a sample tells."""
    filters = list(dict.fromkeys(one for need in wanted.values() for one in need.filters))
    if not filters:
        return ()
    patterns = sampling.patterns(connection, table, [condition([one]) for one in filters], ROW)
    total = sum(patterns.values())

    def share(chosen: Collection[Filter]) -> float:
        places = [place for place, one in enumerate(filters) if one in chosen]
        return sum(rows for bits, rows in patterns.items() if any(bits[place] for place in places)) / total

    few: dict[str, Need] = {}
    for share_alone, rule in sorted((share(need.filters), rule) for rule, need in wanted.items() if total):
        together = [one for need in (*few.values(), wanted[rule]) for one in need.filters]
        if share_alone <= _FEW and share(together) <= _MOST:
            few[rule] = wanted[rule]
    return few
