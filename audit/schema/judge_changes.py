"""One suggestion: what its changes ask the rows, what blocks them, and the outcome with the answers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import psycopg

from order_audit.audit.analysis.ddl_statement import Change, Statement, unquoted
from order_audit.audit.schema import judge_blocks
from order_audit.audit.schema.judge_casts import TOO_LARGE, Cast, cast, has_more_decimals, source, target
from order_audit.audit.schema.judge_catalog import Column, Dependent, Facts, Table
from order_audit.audit.schema.judge_locks import fills_column, lock
from order_audit.audit.schema.judge_rows import Asked, Effect, Figure, RowTest
from order_audit.reports.document import Obstacle

#: Statements that nothing is known to stop, in the form that rules suggest.
_HARMLESS: Final = {
    "default", "identity", "drop_constraint", "rename", "trigger", "drop_index", "reindex", "attach_index", "comment",
    "privilege", "sequence", "setval", "drop_sequence", "analyze", "using_index", "create_sequence", "create_table",
}  # fmt: skip
#: How rules fill a new table from the values of a CHECK.
_LISTED: Final = re.compile(r"select distinct unnest\(\s*array\[(.*)\]\s*\)$", re.IGNORECASE | re.DOTALL)
_NEW_ROWS: Final = "the rows of the new table are not known before"
_BYTES: Final = {"int2": 2, "int4": 4, "int8": 8}
_UNKNOWN: Final = "a statement of this kind is not judged"


@dataclass
class Suggestion:
    """The statements of a suggestion, and what was learnt of them."""

    statements: list[Statement]
    obstacles: list[Obstacle] = field(default_factory=list)
    notes: list[Obstacle] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    lost: list[Obstacle] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    sized: dict[Change, tuple[Table, Column, RowTest]] = field(default_factory=dict)
    views: dict[int, tuple[Dependent, dict[Table, dict[str, str]]]] = field(default_factory=dict)
    locks: list[str] = field(default_factory=list)
    rewrites: list[str] = field(default_factory=list)
    deferred: dict[str, Asked] = field(default_factory=dict)

    @property
    def changes(self) -> list[Change]:
        """The changes of all statements."""
        return [change for statement in self.statements for change in statement.changes]

    @property
    def new(self) -> set[str]:
        """The relations that the suggestion creates."""
        return {it.relation for it in self.changes if it.kind in ("create_table", "create_sequence")}

    def examine(self, connection: psycopg.Connection, facts: Facts) -> None:
        """Find what blocks the changes, and what to ask the rows."""
        for statement in self.statements:
            if not statement.changes:
                self.unknown.append(_UNKNOWN)
            for change in statement.changes:
                self._examine(connection, facts, change)

    def _examine(self, connection: psycopg.Connection, facts: Facts, change: Change) -> None:
        if change.relation in self.new and change.kind not in ("create_table", "create_sequence"):
            if change.kind == "update" or (change.kind == "insert" and not _LISTED.search(change.expression)):
                self.unknown.append(_NEW_ROWS)
            return
        self.locks.append(lock(change))
        if change.kind in ("create_table", "create_sequence") and change.relation in facts.taken:
            self.obstacles.append(Obstacle("exists already", object=f"relation {change.relation}"))
        if change.kind == "using_index" and not change.is_unique:
            self._null_tests(facts, change)
        if change.kind in _HARMLESS:
            return
        table = facts.tables.get(change.relation)
        if table is None:
            self.unknown.append(_UNKNOWN)
            return
        match change.kind:
            case "type":
                self._type(connection, facts, table, change)
            case "add_column":
                if table.column(change.columns[0]):
                    self.obstacles.append(
                        Obstacle("exists already", object=f"column {table.object}.{change.columns[0]}")
                    )
                if fills_column(change):
                    self.rewrites.append(table.object)
            case "not_null":
                self.asked += [(table, _null_test(name)) for name in change.columns]
            case "validate":
                self._validate(table, change)
            case "check" | "foreign_key" | "unique" | "primary_key" | "index":
                self.obstacles += judge_blocks.constraint(facts, table, change, self.new)
                self._constraint(facts, table, change)
            case _:
                self.unknown.append(_UNKNOWN)

    def _type(self, connection: psycopg.Connection, facts: Facts, table: Table, change: Change) -> None:
        column = table.column(change.columns[0])
        if column is None:
            self.unknown.append(f"column {change.columns[0]} is not known")
            return
        judged = cast(column, change.type, change.expression, facts.version)
        self._sized(table, column, change, judged)
        if judged.lost:
            self.lost.append(Obstacle(judged.lost, object=f"column {table.object}.{column.name}"))
        if judged.rewrites:
            self.rewrites.append(table.object)
        blocked, views = judge_blocks.type_change(connection, facts, table, column, change, self.changes)
        self.obstacles += blocked
        for view in views:
            _, altered = self.views.setdefault(view.oid, (view, {}))
            altered.setdefault(table, {})[column.name] = change.type

    def _sized(self, table: Table, column: Column, change: Change, judged: Cast) -> None:
        """Ask the rows of a change of type. Where the old type has no precision, they determine that of the new one."""
        new, old = target(change.type), source(column)
        tests = list(judged.tests)
        if (
            new.kind == "numeric"
            and new.first is not None
            and old.first is None
            and old.kind in ("float4", "float8", "numeric")
        ):
            tests = [test for test in tests if test.singular != TOO_LARGE]
            (fraction,) = (test for test in tests if test.singular.endswith("decimals"))
            self.sized[change] = (table, column, fraction)
            self.asked += [(table, Figure(it)) for it in figures(column)]
        self.asked += [(table, test) for test in tests]

    def widen(self, facts: Facts, implied: Mapping[str, list[str]]) -> set[str]:
        """Add the change of type of each column that references a wider key, directly or through others.

        Returns the tables whose facts are not known yet.
        """
        unknown: set[str] = set()
        changes = self.changes
        for change in changes:  # which grows meanwhile
            table = facts.tables.get(change.relation) if change.kind == "type" else None
            column = table.column(change.columns[0]) if table else None
            new = target(change.type).kind
            if table is None or column is None or _BYTES.get(new, 0) <= _BYTES.get(column.kind, 8):
                continue
            for quoted, name, kind in _pointing(facts, table, column, implied):
                if (other := facts.tables.get(quoted)) is None:
                    unknown.add(quoted)
                elif _BYTES.get(kind, 8) < _BYTES[new] and not self._has_type(facts, other, name):
                    place = other.columns[name].quoted
                    sql = f"alter table {quoted} alter column {place} type {change.type}"
                    added = Change("type", quoted, (place,), type=change.type)
                    self.statements.append(Statement(sql, "", (added,)))
                    changes.append(added)
                    text = f"references {table.object}.{column.name} and gets the type {change.type} too"
                    self.notes.append(Obstacle(text, object=f"column {other.object}.{name}"))
        return unknown

    def _has_type(self, facts: Facts, table: Table, column: str) -> bool:
        """Whether the suggestion changes the type of a column."""
        return any(
            it.kind == "type" and facts.tables.get(it.relation) is table and unquoted(it.columns[0]) == column
            for it in self.changes
        )

    def _null_tests(self, facts: Facts, change: Change) -> None:
        """Of the columns of an index that the suggestion creates for a primary key."""
        for index in self.changes:
            if index.kind == "index" and index.name == change.name and (table := facts.tables.get(index.relation)):
                nullable = [name for name in index.columns if (it := table.column(name)) and not it.is_not_null]
                self.asked += [(table, _null_test(name)) for name in nullable]

    def _constraint(self, facts: Facts, table: Table, change: Change) -> None:
        tests: list[RowTest] = []
        if change.kind == "check":
            tests = [_check(change.expression, change.is_deferred)]
        elif change.kind == "foreign_key" and change.target in self.new:
            tests = self._listed(change)
        elif change.kind == "foreign_key":
            columns = change.target_columns or facts.tables[change.target].key if change.target in facts.tables else ()
            tests = [_orphan(change.columns, change.target, columns or change.target_columns, change.is_deferred)]
        elif change.kind in ("unique", "primary_key") or change.is_unique:
            if change.kind == "primary_key":
                self.asked += [(table, _null_test(name)) for name in change.columns]
            names = frozenset(map(unquoted, change.columns))
            if not any(unique <= names for unique in table.unique):
                tests = [_duplicate(change.columns, change.expression)]
        self.asked += [(table, test) for test in tests]
        if change.is_deferred and tests:
            self.deferred[change.name] = (table, tests[0])

    def _listed(self, change: Change) -> list[RowTest]:
        """Test a reference to a new table whose rows are listed."""
        for it in self.changes:
            if it.kind == "insert" and it.relation == change.target and (listed := _LISTED.search(it.expression)):
                condition = f"{change.columns[0]} <> all (array[{listed[1]}])"
                effect: Effect = "stays" if change.is_deferred else "refuses"
                return [RowTest(condition, effect, "has a value that is not listed", "have a value that is not listed")]
        return []

    def _validate(self, table: Table, change: Change) -> None:
        """Ask the rows that a constraint was not checked for, unless the suggestion itself adds it."""
        if change.name in {it.name for it in self.changes if it.kind in ("check", "foreign_key")}:
            return
        known = table.constraints.get(unquoted(change.name))
        if known is None:
            self.unknown.append(f"constraint {change.name} is not known")
        elif known["kind"] == "c":
            self.asked.append((table, _check(known["check"], is_deferred=False)))
        elif known["kind"] == "f":
            self.asked.append((table, _orphan(known["columns"], known["target"], known["target_columns"], False)))

    def resize(self, types: dict[Change, str]) -> None:
        """Put other types in the place of those in the statements."""
        for place, statement in enumerate(self.statements):
            sql = statement.sql
            for change in statement.changes:
                if change in types:
                    sql = sql.replace(f"type {change.type}", f"type {types[change]}", 1)
            self.statements[place] = replace(statement, sql=sql)


def _pointing(
    facts: Facts, table: Table, column: Column, implied: Mapping[str, list[str]]
) -> Iterable[tuple[str, str, str]]:
    """The columns that reference a column: table, column and type.

    `implied` are those without a foreign key, by the column that they reference.
    """
    for it in facts.references.get((table.oid, column.name), ()):
        yield it.quoted, it.column, it.kind
    named = implied.get(f"{table.object}.{column.name}", ())
    for other in {it.oid: it for it in facts.tables.values()}.values() if named else ():
        for place in other.columns.values():
            if f"{other.object}.{place.name}" in named:
                yield other.quoted, place.name, place.kind


def figures(column: Column) -> tuple[str, str, str]:
    """Aggregates: the largest amount, decimals of those with more than two, and whether these are most."""
    value = f"t.{column.quoted}"
    finite = f"filter (where {value} not in ('NaN', 'Infinity', '-Infinity'))"
    more = has_more_decimals(value, source(column), 2)
    return (
        f"trunc(max(abs({value})) {finite})::numeric::text",
        f"max(case when {more} then scale(trim_scale({value}::text::numeric)) end) {finite}",
        f"count(*) filter (where {more}) * 2 > count({value})",
    )


def _check(condition: str, is_deferred: bool) -> RowTest:
    effect: Effect = "stays" if is_deferred else "refuses"
    return RowTest(f"not ({condition})", effect, "violates the constraint", "violate the constraint")


def _orphan(columns: Iterable[str], other: str, keys: Iterable[str], is_deferred: bool) -> RowTest:
    columns, keys = list(columns), list(keys)
    filled = " and ".join(f"t.{name} is not null" for name in columns)
    same = " and ".join(f"p.{key} = t.{name}" for key, name in zip(keys, columns, strict=False))
    condition = f"{filled} and not exists (select from {other} as p where {same})"
    effect: Effect = "stays" if is_deferred else "refuses"
    return RowTest(condition, effect, f"has no row in {other}", f"have no row in {other}")


def _duplicate(columns: tuple[str, ...], predicate: str) -> RowTest:
    condition = " and ".join([f"({name}) is not null" for name in columns] + ([f"({predicate})"] if predicate else []))
    names = ", ".join(columns)
    said = f"{names} of an earlier row"
    return RowTest(condition, "refuses", f"repeats {said}", f"repeat {said}", columns)


def _null_test(column: str) -> RowTest:
    return RowTest(f"{column} is null", "refuses", f"has no {column}", f"have no {column}")
