"""Batches: scans that run in one statement and share reads.

They share a CTE with the few rows of a table that several rules read by their own conditions (such as live orders), and
the related rows that impacts add up.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

import psycopg

from order_audit.audit.analysis.filters import ROW, Filter, ReadSet, condition, implies, widest
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog, sampling
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted
from order_audit.audit.scans.beside import Beside
from order_audit.audit.scans.impact import Impacts, RelatedRows
from order_audit.audit.scans.planner import Scan, by_lateral_joins
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.restriction import Restriction
from order_audit.expectations import Prefilter

#: The share of a table up to which a rule's rows are few, and up to which an extract is.
_FEW: Final = 0.2
_MOST: Final = 1 / 3


@dataclass(frozen=True)
class SharedCTE:
    """Some rows of a table, read once; they stand under its name, which rules write without a schema."""

    table: Relation
    columns: frozenset[str]
    filters: tuple[Filter, ...]

    def holds(self, read_set: ReadSet) -> bool:
        """Whether it has all rows and columns that are needed."""
        return read_set.columns <= self.columns and all(
            any(implies(one, known) for known in self.filters) for one in read_set.filters
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
class Batch:
    """Scans of one statement, and the extract that all of them read, if there is one.

    A restriction leaves out rows and keys whose verdicts are known. A statement of one rule may give more `beside` what
    it finds.
    """

    scans: tuple[Scan, ...]
    shared_cte: SharedCTE | None = None
    restriction: Restriction | None = None
    beside: Beside | None = None

    @property
    def rules(self) -> tuple[PreparedRule, ...]:
        """The rules of all its scans."""
        return tuple(prepared for scan in self.scans for prepared in scan.rules)

    @property
    def alone(self) -> bool:
        """Whether it is a rule as its author wrote it."""
        return (
            len(self.scans) == 1
            and not self.scans[0].shared
            and not self.scans[0].prefilter
            and self.shared_cte is None
            and self.restriction is None
            and self.beside is None
        )

    def with_beside(self, wanted: Mapping[str, Beside]) -> Batch:
        """Return the batch with what its rule is `wanted` to give besides, by rule, if it is alone."""
        of_rule = wanted.get(self.rules[0].rule.id) if self.alone else None
        return replace(self, beside=of_rule) if of_rule else self


def batched(connection: psycopg.Connection, scans: Iterable[Scan], impacts: Impacts) -> list[Batch]:
    """Combine scans with common reads into batches, the largest first."""
    scans = list(scans)
    batches: list[Batch] = [Batch((scan,)) for scan in scans if _may_steer(scan)]
    scans = [scan for scan in scans if not _may_steer(scan)]
    names = {RelationName("", name) for scan in scans for prepared in scan.rules for name in prepared.query.read_sets}
    for name, table in sorted(catalog.relations(connection, names).items()):
        if not table.is_view and (batch := _extracted(connection, scans, name.relation, table)):
            taken = {prepared.rule.id for prepared in batch.rules}
            batches.append(batch)
            rest = (tuple(prepared for prepared in scan.rules if prepared.rule.id not in taken) for scan in scans)
            scans = [
                replace(scan, rules=prepared_rules)
                for scan, prepared_rules in zip(scans, rest, strict=True)
                if prepared_rules
            ]
    scans, prefiltering = _prefiltering(connection, scans)
    batches += prefiltering
    related: dict[str, tuple[RelatedRows, list[Scan]]] = {}
    for scan in scans:
        rows = next(filter(None, map(impacts.related, scan.rules)), None)
        if rows is None:
            batches.append(Batch((scan,)))
        else:
            related.setdefault(rows.name, (rows, []))[1].append(scan)
    for rows, some in related.values():
        host = next((place for place, batch in enumerate(batches) if _has_rows(batch, some, rows)), None)
        if host is None:
            batches.append(Batch(tuple(some)))
        else:
            batches[host] = _joined(batches[host], some, rows)
    return sorted(batches, key=lambda batch: (-len(batch.rules), batch.rules[0].rule.id))


def _may_steer(scan: Scan) -> bool:
    return any(prepared.may_steer for prepared in scan.rules)


def _prefiltering(connection: psycopg.Connection, scans: list[Scan]) -> tuple[list[Scan], list[Batch]]:
    """Divide scans into those that must read all rows, and groups with a common prefilter."""
    prefilters = dict.fromkeys(
        prepared.rule.prefilter
        for scan in scans
        if not scan.value
        for prepared in scan.rules
        if _can_prefilter(prepared, scan)
    )
    batches: list[Batch] = []
    for prefilter in prefilters:
        if prefilter is None or not _holds(connection, prefilter):
            continue
        parts = [
            tuple(
                prepared
                for prepared in scan.rules
                if prepared.rule.prefilter == prefilter and _can_prefilter(prepared, scan)
            )
            for scan in scans
        ]
        batches.append(Batch(tuple(Scan(part, prefilter=prefilter) for part in parts if part)))
        taken = {prepared.rule.id for part in parts for prepared in part}
        rest = (tuple(prepared for prepared in scan.rules if prepared.rule.id not in taken) for scan in scans)
        scans = [
            replace(scan, rules=prepared_rules)
            for scan, prepared_rules in zip(scans, rest, strict=True)
            if prepared_rules
        ]
    return scans, batches


def _can_prefilter(prepared: PreparedRule, scan: Scan) -> bool:
    """Return whether the prefiltered table can be replaced in the scan's statement."""
    if not scan.shared:
        return prepared.query.prefiltered is not None
    clauses = prepared.query.clauses
    return (
        clauses is not None
        and clauses.row_local is None
        and clauses.prefiltered is not None
        and clauses.prefiltered[0] >= 0
    )


def _holds(connection: psycopg.Connection, prefilter: Prefilter) -> bool:
    """Whether the columns are unique that make a prefilter sound, and its table large."""
    names = {RelationName(*need.table.rpartition(".")[::2]): need.name for need in prefilter.key}
    own = RelationName("", prefilter.table.split()[0].lower())
    there = catalog.relations(connection, {*names, own})
    return (
        len(there) == len({*names, own})
        and all(column in catalog.unique(connection, there[name]) for name, column in names.items())
        # rows are looked up by their position, which needs a single table
        and bool(catalog.unique(connection, there[own]))
        and not sampling.is_small(connection, there[own])
    )


def _has_rows(batch: Batch, scans: list[Scan], rows: RelatedRows) -> bool:
    """Return whether a batch's shared CTE contains the related rows, and shadows no table of the scans."""
    cte = batch.shared_cte
    if cte is None or cte.table != rows.relation:
        return False
    names = {name for scan in scans for prepared in scan.rules for name in prepared.query.relations}
    return RelationName("", cte.table.name) not in names and replace(
        cte, columns=cte.columns | rows.read_set.columns
    ).holds(rows.read_set)


def _joined(batch: Batch, scans: list[Scan], rows: RelatedRows) -> Batch:
    assert batch.shared_cte is not None  # noqa: S101 - _has_rows() says so
    cte = replace(batch.shared_cte, columns=batch.shared_cte.columns | rows.read_set.columns)
    return Batch((*batch.scans, *scans), cte)


def _extracted(connection: psycopg.Connection, scans: list[Scan], name: str, table: Relation) -> Batch | None:
    """The scans, and parts of scans, that an extract of a table serves; None where that would be no gain."""
    wanted: dict[str, ReadSet] = {
        prepared.rule.id: read_set
        for scan in scans
        if not scan.value
        for prepared in scan.rules
        if (read_set := prepared.query.read_sets.get(name)) and read_set.columns & table.columns.keys()
    }
    few = _few(connection, table, wanted)
    parts: list[tuple[PreparedRule, ...]] = []
    for scan in scans:
        prepared_rules = tuple(prepared for prepared in scan.rules if prepared.rule.id in few)
        # rules on single rows that share a scan are not torn apart: it would be made for the others all the same
        if len(prepared_rules) < len(scan.rules):
            prepared_rules = tuple(
                prepared
                for prepared in prepared_rules
                if not (prepared.query.clauses and prepared.query.clauses.row_local)
            )
        parts += [part for part in map(tuple, by_lateral_joins(list(prepared_rules))) if part]
    if len(parts) < 2:
        return None
    needs = [wanted[prepared.rule.id] for part in parts for prepared in part]
    columns = frozenset[str]().union(*(read_set.columns for read_set in needs)) & table.columns.keys()
    filters = widest(one for read_set in needs for one in read_set.filters)
    return Batch(tuple(Scan(part) for part in parts), SharedCTE(table, columns, tuple(filters)))


def _few(connection: psycopg.Connection, table: Relation, wanted: dict[str, ReadSet]) -> Collection[str]:
    """Return the rules that need few of a table's rows, alone and together, estimated from a sample."""
    filters = list(dict.fromkeys(one for read_set in wanted.values() for one in read_set.filters))
    if not filters:
        return ()
    patterns = sampling.sample_conditions(connection, table, [condition([one]) for one in filters], ROW)
    total = sum(patterns.values())

    def share(chosen: Collection[Filter]) -> float:
        places = [place for place, one in enumerate(filters) if one in chosen]
        return sum(rows for bits, rows in patterns.items() if any(bits[place] for place in places)) / total

    few: dict[str, ReadSet] = {}
    for share_alone, rule in sorted((share(read_set.filters), rule) for rule, read_set in wanted.items() if total):
        together = [one for read_set in (*few.values(), wanted[rule]) for one in read_set.filters]
        if share_alone <= _FEW and share(together) <= _MOST:
            few[rule] = wanted[rule]
    return few
