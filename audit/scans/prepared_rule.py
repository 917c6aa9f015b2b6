"""A rule prepared for one database: its relations exist, and the server has accepted its SQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit import mask
from order_audit.audit.analysis.query_facts import Lineage, ParsedQuery
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.analysis.statement_lineage import statement_lineage
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Column, Relation
from order_audit.audit.database.view_lineage import ViewLineage, names_of
from order_audit.audit.scans.header_check import misplaced
from order_audit.audit.scans.limits_check import misfit
from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.canceled import is_timeout
from order_audit.expectations import Prerequisite, Rule, shipped
from order_audit.reports.document import Cause

#: The types of dates and times.
_TIMES: Final = (1082, 1114, 1184)


@dataclass(frozen=True)
class PreparedRule:
    """A rule, its result columns, and the table that it judges.

    `table` is the relation of its first key column, or None if the key is computed. `documents` has the columns of its
    relations whose names do not describe their content. `may_steer`: the rule calls a volatile function, which may
    affect later reads (by `set_config`, for example), so it shares no statement. A measured number or duration is not
    masked, whatever columns it is computed from: a count of e-mail addresses is none. `salt` determines the order of
    rows with personal keys.
    """

    rule: Rule
    query: ParsedQuery
    columns: tuple[Column, ...]
    table: Relation | None
    documents: frozenset[str] = frozenset()
    may_steer: bool = False
    exact: Lineage = field(default_factory=dict)
    loose: Lineage = field(default_factory=dict)
    salt: str = ""

    @cached_property
    def key(self) -> tuple[int, ...]:
        """The positions of the key columns."""
        names = [column.name for column in self.columns]
        return tuple(names.index(name) for name in self.rule.key)

    @property
    def measured(self) -> int:
        """The position of the measured column; -1 without one."""
        measure = self.rule.measure
        return [column.name for column in self.columns].index(measure.column) if measure else -1

    @property
    def ordered_as_number(self) -> bool:
        """Whether keys are sorted as numbers: a single column of a number type."""
        return len(self.key) == 1 and self.columns[self.key[0]].is_number

    def names(self, place: int) -> frozenset[str] | None:
        """Return the source column names of a result column; None if unknown."""
        column = self.columns[place]
        if column.name in self.rule.harmless:
            return frozenset()
        names = self._names(column)
        if place == self.measured and not mask.is_secret(names) and column.type not in _TIMES:
            names = frozenset()
        if column.name in self.rule.personal and not mask.is_secret(names):
            return None
        return names

    def _names(self, column: Column) -> frozenset[str] | None:
        if column.source:
            return frozenset((column.name, column.source))
        exact, loose = (
            None if made_of is None or made_of & self.documents else made_of
            for made_of in (self.exact.get(column.name), self.loose.get(column.name))
        )
        return names_of(column.name, column.type, exact, loose)

    @cached_property
    def key_is_personal(self) -> bool:
        """Whether the key itself would give a person away."""
        return any(mask.is_personal(self.names(place)) or self.columns[place].is_json for place in self.key)


def prepare(
    connection: psycopg.Connection, parsed_rules: Iterable[tuple[Rule, ParsedQuery]]
) -> tuple[list[PreparedRule], dict[str, Outcome]]:
    """Hold rules against the catalog and the server's parser: those that can run, and what became of the others."""
    parsed_rules = list(parsed_rules)
    needed = {name for rule, parsed in parsed_rules for name in needed_by(rule, parsed)}
    there = catalog.relations(connection, needed)
    calls = catalog.functions(connection, {name for _, parsed in parsed_rules for name in parsed.calls or ()})
    encoding = catalog.encoding(connection)
    marks = marks_of(parsed_rules)
    by_oid = {relation.oid: relation for relation in there.values()}
    strict, lenient = (ViewLineage(connection, there.items(), loose=loose) for loose in (False, True))
    prepared_rules: list[PreparedRule] = []
    outcomes: dict[str, Outcome] = {}
    for rule, parsed in parsed_rules:
        if outcome := unfit(rule, parsed, there, encoding, marks):
            outcomes[rule.id] = outcome
            continue
        try:
            with connection.transaction():
                columns = catalog.describe(connection, parsed.body)
        except psycopg.Error as error:
            # nothing has been read yet, so that there is nothing to mask in what the server says
            if isinstance(error, psycopg.errors.LockNotAvailable):
                # the table stayed locked for the whole timeout: do not wait as long for each of its rules
                session.set_timeouts(connection, lock=100)
            outcomes[rule.id] = Outcome("errored", failure=failure(connection, rule, error, offset=0, unmask=True))
            continue
        if message := misplaced(connection, rule):
            outcomes[rule.id] = Outcome("errored", failure=Failure(message))
            continue
        columns = tuple(_sourced(column, by_oid) for column in columns)
        names = [column.name for column in columns]
        if message := missing_column(rule, names) or misfit(connection, rule, columns):
            outcomes[rule.id] = Outcome("errored", failure=Failure(message))
            continue
        if rule.measure is not None:
            # as its author wrote it, on its own
            parsed = replace(parsed, clauses=None, read_sets={})
        documents = frozenset[str]().union(*(there[name].documents for name in parsed.relations))
        may_steer = parsed.calls is None or any(calls[name].is_volatile for name in parsed.calls & calls.keys())
        exact, loose = parsed.column_lineage, parsed.loose_lineage
        if any(there[name].is_view for name in parsed.relations):
            exact, loose = (statement_lineage(parsed.body, views, loose=views.is_loose) for views in (strict, lenient))
            documents = frozenset()  # the lineage of views knows the tables of their columns
        # the groups of a measured rule are no rows of a table
        table = by_oid.get(columns[names.index(rule.key[0])].relation) if rule.measure is None else None
        prepared_rules.append(PreparedRule(rule, parsed, columns, table, documents, may_steer, exact, loose))
    return prepared_rules, outcomes


def needed_by(rule: Rule, parsed: ParsedQuery) -> tuple[RelationName, ...]:
    """Return the relations that a rule reads or requires."""
    return (*parsed.relations, *(_name(required) for required in rule.requires if required.table))


def missing_column(rule: Rule, names: Sequence[str]) -> str:
    """Return an error for a column that the header names and the query does not give; empty if there is none."""
    for part, wanted in (
        ("key", rule.key),
        ("highlight, diagram or follows_from", _explained(rule)),
        ("personal or harmless", (*rule.personal, *rule.harmless)),
    ):
        if missing := [name for name in wanted if name not in names]:
            return f"the statement gives no column {_unlike(missing[0], names, part)}"
    return ""


def _unlike(missing: str, names: Sequence[str], field: str) -> str:
    """Return a missing column with the name that its header field needs, if only the case differs."""
    if meant := next((name for name in names if name.lower() == missing.lower()), None):
        return f'{missing}; it gives "{meant}": write "{meant}" under {field}, with the quotes'
    return f"'{missing}', which the header names under {field}; it gives {', '.join(dict.fromkeys(names))}"


def _explained(rule: Rule) -> tuple[str, ...]:
    """The columns of a rule's result that its header requires to explain violations."""
    return (
        *(rule.highlight.columns if rule.highlight else ()),
        *(rule.diagram.keys if rule.diagram else ()),
        *(it.by for it in rule.follows_from if it.by),
    )


def _sourced(column: Column, by_oid: dict[int, Relation]) -> Column:
    relation = by_oid.get(column.relation)
    if relation is None or relation.is_view:
        return column
    source = next((name for name, place in relation.columns.items() if place == column.place), "")
    return replace(column, source=source)


def marks_of(parsed_rules: Iterable[tuple[Rule, ParsedQuery]]) -> dict[RelationName, str]:
    """Return by table of a shipped suite the key of most rules on it: a table without it only has the same name."""
    keys: dict[RelationName, Counter[str]] = {}
    for rule, parsed in parsed_rules:
        if rule.suite in shipped() and parsed.relations and rule.key:
            keys.setdefault(parsed.relations[0], Counter())[rule.key[0]] += 1
    return {name: count.most_common(1)[0][0] for name, count in keys.items()}


def unfit(
    rule: Rule,
    parsed: ParsedQuery,
    there: Mapping[RelationName, Relation],
    encoding: str,
    marks: Mapping[RelationName, str],
) -> Outcome | None:
    """Return the outcome of a rule that these relations do not fit, else None; `marks` are those of `marks_of`."""
    others = (
        {name for name in parsed.relations if name in there and name in marks} if rule.suite in shipped() else set()
    )
    if others := {name for name in others if marks[name] not in there[name].columns}:
        names = tuple(sorted(f"{name} with a column {marks[name]}" for name in others))
        return Outcome("skipped", cause=Cause("missing_tables", names), missing=names)
    for required in rule.requires:
        relation = there.get(_name(required)) if required.table else None
        if required.table and relation is not None and required.name not in relation.columns:
            return Outcome("not_checkable", cause=Cause("missing_column", (required.table,), column=required.name))
        if not required.table and required.name.replace("-", "") != encoding:
            return Outcome("not_checkable", cause=Cause("encoding", encoding=encoding))
    declared = {_name(required) for required in rule.requires if required.table}
    if missing := {name for name in (*parsed.relations, *declared) if name not in there}:
        return Outcome(
            "skipped",
            cause=Cause("missing_tables", tuple(sorted(map(str, missing)))),
            missing=tuple(sorted(str(name) for name in missing - declared)),
        )
    return None


def _name(required: Prerequisite) -> RelationName:
    schema, _, table = required.table.rpartition(".")
    return RelationName(schema, table)


def failure(
    connection: psycopg.Connection, rule: Rule, error: psycopg.Error, *, offset: int | None, unmask: bool
) -> Failure:
    """Return the server's error on a rule; `offset` is the start of the rule's SQL in the sent text, if any."""
    position = error.diag.statement_position
    message, state = mask.error(error, unmask=unmask), error.sqlstate or ""
    if isinstance(error, psycopg.errors.QueryCanceled) and not connection.closed and is_timeout(connection, error):
        message += session.limit_note(connection)
    if position and offset is not None and 0 <= (place := int(position) - 1 - offset) <= len(rule.sql):
        return Failure(message, state, *rule.place(place))
    return Failure(message, state)
