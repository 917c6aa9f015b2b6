"""What is known of a rule's statement. Needs no parser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from order_audit.audit.analysis.filters import ReadSet
from order_audit.audit.analysis.relation_name import RelationName

#: The names of columns by result column; None where unknown.
Lineage: TypeAlias = dict[str, frozenset[str] | None]
#: Returns the names of the columns that a relation's column is made of; None where unknown.
Resolve: TypeAlias = Callable[[RelationName, str], frozenset[str] | None]


@dataclass(frozen=True)
class RowLocalPredicate:
    """The predicate of a rule that reads only the judged row.

    FROM consists of `table` (the author's text with its alias) and `lateral_joins`: LATERAL subqueries without a table,
    named `aliases`. `single`: each of them returns one row, if the functions in it do. `alias` is the table's name in
    the rule. `reads` has the columns that determine whether a row violates; `is_expensive`: the predicate costs more
    than a lookup of a value. `calls` has the functions called by name, `lateral_calls` those in `lateral_joins`.
    """

    table: str
    alias: str
    lateral_joins: str
    aliases: frozenset[str]
    single: bool
    reads: frozenset[str]
    is_expensive: bool
    calls: frozenset[str]
    lateral_calls: frozenset[str]


@dataclass(frozen=True)
class SelectClauses:
    """A plain select in pieces: each column's expression, FROM and WHERE, as the author wrote them.

    `source` is FROM without comments and spacing: rules with the same one can share a scan. `row_local` is there where
    what is judged is a value of one table's row. `prefiltered` is the place in `origin` of the table whose rows the
    rule's prefilter excludes.
    """

    columns: tuple[str, ...]
    origin: str
    where: str
    source: str
    row_local: RowLocalPredicate | None = None
    prefiltered: tuple[int, int] | None = None


@dataclass(frozen=True)
class ParsedQuery:
    """One reading statement.

    `body` is the statement without a final ORDER BY that affects only the order. `relations` has the relations that it
    reads, in their order. `column_lineage` has the source columns of each result column; None if unknown. `rows` has a
    number for each result column that is an unchanged column: equal numbers mean the same row of the same table.
    `unqualified` has the positions and names of relations without a schema; None if unknown. `calls` has the names
    before an opening bracket, which include all functions; None if the text is unreadable. `columns_read` has the
    columns that decide what the query finds, each with its relation if known; None if unknown.
    """

    body: str
    relations: tuple[RelationName, ...]
    column_lineage: Lineage
    clauses: SelectClauses | None
    rows: dict[str, int]
    unqualified: tuple[tuple[int, str], ...] | None
    read_sets: dict[str, ReadSet] = field(default_factory=dict)
    prefiltered: tuple[int, int] | None = None
    calls: frozenset[str] | None = None
    columns_read: frozenset[tuple[RelationName | None, str]] | None = None
    loose_lineage: Lineage = field(default_factory=dict)
