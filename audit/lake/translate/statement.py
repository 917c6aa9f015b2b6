"""The translation of a whole statement."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres
from sqlglot.errors import SqlglotError
from sqlglot.parsers.postgres import PostgresParser
from sqlglot.tokenizer_core import TokenType

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.translate import (
    aggregates,
    arrays,
    calls,
    dates,
    logic,
    operators,
    patterns,
    queries,
    subqueries,
    values,
)
from order_audit.audit.lake.translate.coerce import as_text
from order_audit.audit.lake.translate.context import Context, Tables
from order_audit.audit.lake.translate.dialect import Dialect
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.facts import ServerFacts
from order_audit.audit.lake.translate.typed import HASH, TEXT, UNKNOWN, Typed, quoted

#: The modules that register handlers.
HANDLERS = (aggregates, arrays, calls, dates, logic, operators, patterns, queries, subqueries, values)


def _as_written(kind: type[exp.Expr]) -> Callable[[exp.Expr, exp.Expr, exp.Expr], exp.Expr]:
    return lambda _parser, this, key: kind(this=this, expression=key)


class _Postgres(Postgres):
    """PostgreSQL as written: keys of json are no paths, and numbers of elements stay as they are."""

    INDEX_OFFSET = 0

    class Parser(PostgresParser):
        """The parser."""

        LAMBDAS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
            token: read
            for token, read in PostgresParser.LAMBDAS.items()
            if token != TokenType.ARROW  # `f(a -> 'b')`
        }
        JSON_OPERATORS: ClassVar[dict[TokenType, Callable[..., Any]]] = {
            **PostgresParser.JSON_OPERATORS,
            TokenType.ARROW: _as_written(exp.JSONExtract),
            TokenType.DARROW: _as_written(exp.JSONExtractScalar),
        }


@dataclass(frozen=True)
class Translation:
    """A statement of the other engine, and its columns with PostgreSQL's types.

    `texts` has for each column an expression on it that is PostgreSQL's `::text`; `v` is the statement in FROM.
    """

    sql: str
    columns: tuple[tuple[str, PgType], ...]
    texts: tuple[str, ...]


def translate(
    sql: str,
    tables: Tables,
    dialect: Dialect,
    facts: ServerFacts | None = None,
    stand_for: Mapping[str, str] | None = None,
) -> Translation:
    """Translate a statement of PostgreSQL that reads tables with columns of certain types.

    `stand_for` has the name of a table by that in the statement where they differ. Raises NotTranslatable with what is
    missing. The result has the same rows, unless either engine raises an error.
    """
    try:
        tree = _Postgres().parse(sql)
    except (SqlglotError, RecursionError):
        raise NotTranslatable("a statement that the parser cannot read") from None
    if len(tree) != 1 or not isinstance(tree[0], exp.Query):
        raise NotTranslatable("another statement than one select")
    context = Context(tables, dialect, facts or ServerFacts(), stand_for or {})
    if context.facts.encoding != "UTF8":
        raise NotTranslatable(f"a database in {context.facts.encoding}")
    try:
        compiled = context.query(tree[0], None)
    except RecursionError:
        raise NotTranslatable("a statement that is nested too deeply") from None
    return _named(context, compiled.sql, compiled.columns)


def _named(context: Context, sql: str, columns: tuple[tuple[str, Typed], ...]) -> Translation:
    """Give the columns of the result their names."""
    own = context.new_name("t")
    names: list[str] = []
    for name, _ in columns:
        new, number = name, 2
        while new.lower() in {it.lower() for it in names}:
            new, number = f"{name}_{number}", number + 1
        names.append(new)
    shown, texts = [], []
    for new, (_, typed) in zip(names, columns, strict=True):
        column = f"{own}.{typed.native.sql}" if typed.native else f"{own}.{typed.sql}"
        shown.append(f"{f'cast({column} as varchar)' if typed.native else column} as {quoted(new)}")
        texts.append(_text(context, Typed(f"v.{quoted(new)}", typed.type)))
    made = f"select {', '.join(shown)} from ({sql}) as {own}"
    types = tuple(PgType("text") if typed.type == UNKNOWN else typed.type for _, typed in columns)
    return Translation(made, tuple(zip([name for name, _ in columns], types, strict=True)), tuple(texts))


def _text(context: Context, value: Typed) -> str:
    if value.type in (UNKNOWN, TEXT):
        return value.sql
    if value.type == HASH:
        raise NotTranslatable("the value of a hash, which is known to group by only")
    try:
        return as_text(context, value).sql
    except NotTranslatable:
        return f"cast({value.sql} as varchar)"
