"""A rule made ready to run on one database: what it reads is there, and the server has agreed to its SQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis.parsed_query import Name, Shape
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Column, Relation
from order_audit.audit.scans.header_check import misplaced
from order_audit.audit.scans.outcome import Outcome, Trouble
from order_audit.expectations import Prerequisite, Rule
from order_audit.reports.document import Cause


@dataclass(frozen=True)
class Task:
    """A rule, the columns that it gives, and the table that it judges.

    `table` is the relation that its first key column belongs to, or None where the key is made up; `documents` are the
    names of columns, of the relations that the rule reads, that may hold what their names do not tell. A rule that
    calls a volatile function `may_steer` what is read after it, by `set_config` for example: it shares no statement.
    """

    rule: Rule
    shape: Shape
    columns: tuple[Column, ...]
    table: Relation | None
    documents: frozenset[str] = frozenset()
    may_steer: bool = False

    @cached_property
    def key(self) -> tuple[int, ...]:
        """The places of the key's columns."""
        names = [column.name for column in self.columns]
        return tuple(names.index(name) for name in self.rule.key)

    @property
    def ordered_as_number(self) -> bool:
        """Whether keys are sorted as numbers: a single column of a number type."""
        return len(self.key) == 1 and self.columns[self.key[0]].is_number

    def names(self, place: int) -> frozenset[str] | None:
        """The names of the columns that a column of the result is made of; None where nobody knows."""
        column = self.columns[place]
        if column.source:
            return frozenset((column.name, column.source))
        made_of = self.shape.mentions.get(column.name)
        if made_of is None or made_of & self.documents:
            return frozenset((column.name,)) if column.is_number else None
        return made_of | {column.name}

    @property
    def key_is_personal(self) -> bool:
        """Whether the key itself would give a person away."""
        return any(mask.is_personal(self.names(place)) or self.columns[place].is_json for place in self.key)


def prepare(
    connection: psycopg.Connection, shapes: Iterable[tuple[Rule, Shape]]
) -> tuple[list[Task], dict[str, Outcome]]:
    """Hold rules against the catalog and the server's parser: those that can run, and what became of the others."""
    shapes = list(shapes)
    needed = {
        name
        for rule, shape in shapes
        for name in (*shape.relations, *(_name(required) for required in rule.requires if required.table))
    }
    there = catalog.relations(connection, needed)
    calls = catalog.functions(connection, {name for _, shape in shapes for name in shape.calls or ()})
    encoding = catalog.encoding(connection)
    by_oid = {relation.oid: relation for relation in there.values()}
    tasks: list[Task] = []
    outcomes: dict[str, Outcome] = {}
    for rule, shape in shapes:
        if outcome := _unfit(rule, shape, there, encoding):
            outcomes[rule.id] = outcome
            continue
        try:
            with connection.transaction():
                columns = catalog.describe(connection, shape.body)
        except psycopg.Error as error:
            # nothing has been read yet, so that there is nothing to mask in what the server says
            if isinstance(error, psycopg.errors.LockNotAvailable):
                # whoever holds the table has had time to let go: do not wait as long for each rule that reads it
                connection.execute("select set_config('lock_timeout', '100ms', true)")
            outcomes[rule.id] = Outcome("errored", trouble=trouble(rule, error, offset=0, unmask=True))
            continue
        if message := misplaced(connection, rule):
            outcomes[rule.id] = Outcome("errored", trouble=Trouble(message))
            continue
        columns = tuple(_sourced(column, by_oid) for column in columns)
        names = [column.name for column in columns]
        if missing := [name for name in rule.key if name not in names]:
            message = f"the statement gives no column '{missing[0]}', which the header names as key"
            outcomes[rule.id] = Outcome("errored", trouble=Trouble(message))
            continue
        if missing := [name for name in _explained(rule) if name not in names]:
            message = f"the statement gives no column '{missing[0]}', which the header names under highlight or diagram"
            outcomes[rule.id] = Outcome("errored", trouble=Trouble(message))
            continue
        key = columns[names.index(rule.key[0])]
        documents = frozenset[str]().union(*(there[name].documents for name in shape.relations))
        may_steer = shape.calls is None or any(calls[name].is_volatile for name in shape.calls & calls.keys())
        tasks.append(Task(rule, shape, columns, by_oid.get(key.relation), documents, may_steer))
    return tasks, outcomes


def _explained(rule: Rule) -> tuple[str, ...]:
    """The columns of a rule's result that its header requires to explain violations."""
    return (rule.highlight.columns if rule.highlight else ()) + (rule.diagram.keys if rule.diagram else ())


def _sourced(column: Column, by_oid: dict[int, Relation]) -> Column:
    relation = by_oid.get(column.relation)
    if relation is None or relation.is_view:
        return column
    source = next((name for name, place in relation.columns.items() if place == column.place), "")
    return replace(column, source=source)


def _unfit(rule: Rule, shape: Shape, there: dict[Name, Relation], encoding: str) -> Outcome | None:
    for required in rule.requires:
        relation = there.get(_name(required)) if required.table else None
        if required.table and relation is not None and required.name not in relation.columns:
            return Outcome("not_checkable", cause=Cause("missing_column", (required.table,), column=required.name))
        if not required.table and required.name.replace("-", "") != encoding:
            return Outcome("not_checkable", cause=Cause("encoding", encoding=encoding))
    declared = {_name(required) for required in rule.requires if required.table}
    if missing := {name for name in (*shape.relations, *declared) if name not in there}:
        return Outcome(
            "skipped",
            cause=Cause("missing_tables", tuple(sorted(map(str, missing)))),
            missing=tuple(sorted(str(name) for name in missing - declared)),
        )
    return None


def _name(required: Prerequisite) -> Name:
    schema, _, table = required.table.rpartition(".")
    return Name(schema, table)


def trouble(rule: Rule, error: psycopg.Error, *, offset: int | None, unmask: bool) -> Trouble:
    """What the server said of a rule, and where; `offset` is where its SQL begins in what was sent, if it does."""
    position = error.diag.statement_position
    message, state = mask.error(error, unmask=unmask), error.sqlstate or ""
    if position and offset is not None and 0 <= (place := int(position) - 1 - offset) <= len(rule.sql):
        return Trouble(message, state, *rule.place(place))
    return Trouble(message, state)
