"""The compiler's table of handlers: one for each class of node, and nothing else is compiled."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, TypeVar

from sqlglot import exp

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.translate.dialect import Dialect
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.facts import ServerFacts
from order_audit.audit.lake.translate.precedence import check_precedence
from order_audit.audit.lake.translate.scope import Scope
from order_audit.audit.lake.translate.typed import Typed


@dataclass(frozen=True)
class Compiled:
    """A compiled query: its text, and its columns with the names that the text gives them."""

    sql: str
    columns: tuple[tuple[str, Typed], ...]
    #: no row depends on an order of rows inside
    single_row: bool = False


Tables: TypeAlias = Mapping[str, Mapping[str, PgType]]


@dataclass
class Context:
    """What the handlers share: tables with their columns' types, the dialect, and new names."""

    tables: Tables
    dialect: Dialect
    facts: ServerFacts
    #: tables by the names in the statement, where those are others
    stand_for: Mapping[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def new_name(self, prefix: str) -> str:
        """Return a name that nothing else has."""
        return f"{prefix}{next(self._numbers)}"

    def expression(self, node: exp.Expr, scope: Scope) -> Typed:
        """Compile an expression. Raises NotTranslatable where it has a part without a handler."""
        handler, allowed = _found(_EXPRESSIONS, node)
        _check_parts(node, allowed)
        check_precedence(node)
        return handler(self, node, scope)

    def query(self, node: exp.Expr, outer: Scope | None) -> Compiled:
        """Compile a query with the names around it."""
        handler, allowed = _found(_QUERIES, node)
        _check_parts(node, allowed)
        return handler(self, node, outer)


ExpressionHandler: TypeAlias = Callable[[Context, exp.Expr, Scope], Typed]
QueryHandler: TypeAlias = Callable[[Context, exp.Expr, Scope | None], Compiled]
_EXPRESSIONS: Final[dict[type[exp.Expr], tuple[ExpressionHandler, frozenset[str]]]] = {}
_QUERIES: Final[dict[type[exp.Expr], tuple[QueryHandler, frozenset[str]]]] = {}
#: Parts without a meaning of their own, which the parser adds.
_SILENT: Final = {
    "safe": (True,),
    "coalesce": (True,),
    "typed": (True,),
    "ignore_nulls": (True,),
    "big_int": (True,),
    "single_replace": (True,),
    "only_json_types": (True,),
}


def handles(node: type[exp.Expr], *parts: str) -> Callable[[ExpressionHandler], ExpressionHandler]:
    """Register the handler of a class of expressions, and the parts of such a node that it reads."""

    def register(handler: ExpressionHandler) -> ExpressionHandler:
        _EXPRESSIONS[node] = handler, frozenset(parts)
        return handler

    return register


def handles_query(node: type[exp.Expr], *parts: str) -> Callable[[QueryHandler], QueryHandler]:
    """Register the handler of a class of queries."""

    def register(handler: QueryHandler) -> QueryHandler:
        _QUERIES[node] = handler, frozenset(parts)
        return handler

    return register


def handled() -> frozenset[str]:
    """Return the names of all classes of nodes that have a handler."""
    return frozenset(it.__name__ for it in (*_EXPRESSIONS, *_QUERIES))


def written(node: exp.Expr) -> str:
    """Return a part of a rule as PostgreSQL's SQL, cut to a length for messages."""
    text = " ".join(node.sql("postgres").split())
    return text if len(text) <= 60 else text[:57] + "..."


_Handler = TypeVar("_Handler")


def _found(
    table: Mapping[type[exp.Expr], tuple[_Handler, frozenset[str]]], node: exp.Expr
) -> tuple[_Handler, frozenset[str]]:
    if found := table.get(type(node)):
        return found
    if isinstance(node, exp.Anonymous):
        raise NotTranslatable(f"the function {node.name}")
    if isinstance(node, exp.Func) and not isinstance(node, exp.Connector | exp.Predicate):
        raise NotTranslatable(f"the function {written(node).partition('(')[0].lower()}: {written(node)}")
    raise NotTranslatable(f"{type(node).__name__} in {written(node)}")


def _check_parts(node: exp.Expr, allowed: frozenset[str]) -> None:
    """Refuse a node with a part that its handler does not read."""
    for part, value in node.args.items():
        if value is None or value is False or value == [] or part in allowed:
            continue
        if value in _SILENT.get(part, ()):
            continue
        raise NotTranslatable(f"'{part}' of {type(node).__name__}: {written(node)}")
