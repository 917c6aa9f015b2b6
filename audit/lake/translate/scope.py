"""Names of a query: its relations with their columns, common tables and windows, and those of the queries around."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlglot import exp

from order_audit.audit.lake.translate.errors import NoColumnError, NotTranslatable, UnusableColumnError
from order_audit.audit.lake.translate.typed import Typed


def usable(typed: Typed) -> Typed:
    """Return a column's expression. Raises UnusableColumnError for one that cannot be read."""
    if typed.unusable:
        raise UnusableColumnError(typed.unusable)
    return typed


@dataclass(frozen=True)
class Relation:
    """An entry of FROM: its name in the rule, and its columns by name, in order.

    `hidden` are columns that `using` has merged into those of another relation.
    """

    name: str
    columns: tuple[tuple[str, Typed], ...]
    hidden: frozenset[str] = frozenset()
    #: a function's relation of one column may be named as a value
    is_value: bool = False


@dataclass(frozen=True)
class CommonTable:
    """A common table: its name in the other dialect, and its columns without a relation before their names."""

    name: str
    columns: tuple[tuple[str, Typed], ...]


@dataclass
class Scope:
    """What names mean inside of a query."""

    outer: Scope | None = None
    relations: list[Relation] = field(default_factory=list)
    common: dict[str, CommonTable] = field(default_factory=dict)
    windows: Mapping[str, exp.Expr] = field(default_factory=dict)

    def column(self, table: str, name: str) -> Typed:
        """Return what a column's name means. Raises NotTranslatable where it means nothing, or more than one thing."""
        scope: Scope | None = self
        while scope is not None:
            found = [
                (relation, typed)
                for relation in scope.relations
                if not table or relation.name == table
                for column, typed in relation.columns
                if column == name and (table or name not in relation.hidden)
            ]
            if len(found) > 1:
                raise NotTranslatable(f"the column {name}, which several relations have")
            if found:
                return usable(found[0][1])
            values = [it for it in scope.relations if not table and it.name == name and it.is_value]
            if values:
                return values[0].columns[0][1]
            scope = scope.outer
        raise NoColumnError(f"column {f'{table}.' if table else ''}{name} does not exist")

    def relation(self, name: str) -> Relation:
        """Return a relation of this query by its name."""
        for relation in self.relations:
            if relation.name == name:
                return relation
        raise NotTranslatable(f"the relation {name}")

    def common_table(self, name: str) -> CommonTable | None:
        """Return a common table by its name, from here outwards."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.common:
                return scope.common[name]
            scope = scope.outer
        return None


def of_relation(own: str, typed: Typed) -> Typed:
    """Return a column of a compiled query as a column of a relation."""
    if typed.native:
        column = f"{own}.{typed.native.sql}"
        return replace(typed, sql=f"cast({column} as varchar)", native=replace(typed.native, sql=column))
    return replace(typed, sql=f"{own}.{typed.sql}")
