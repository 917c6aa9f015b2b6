"""WITH and WITH RECURSIVE."""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.compare import key
from order_audit.audit.lake.translate.context import Compiled, Context, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.scope import CommonTable, Scope
from order_audit.audit.lake.translate.typed import Typed
from order_audit.audit.lake.translate.values import name_of


def add_common_tables(context: Context, node: exp.Expr | None, scope: Scope) -> str:
    """Compile WITH; add its tables to the scope, and return its text."""
    if node is None:
        return ""
    if any(value for part, value in node.args.items() if part not in ("expressions", "recursive")):
        raise NotTranslatable(written(node))
    recursive = bool(node.args.get("recursive"))
    parts = [_common_table(context, it, scope, recursive) for it in node.expressions]
    return f"with {'recursive ' if recursive else ''}{', '.join(parts)} "


def _common_table(context: Context, node: exp.Expr, scope: Scope, recursive: bool) -> str:
    if any(value for part, value in node.args.items() if part not in ("this", "alias", "materialized")):
        raise NotTranslatable(written(node))
    given = node.args["alias"]
    name = name_of(given.this)
    columns = tuple(name_of(it) for it in given.args.get("columns") or [])
    own = context.new_name("w")
    body = node.this
    fence = "materialized " if node.args.get("materialized") else ""
    if recursive and isinstance(body, exp.Union) and _reads(body.args["expression"], name):
        return _recursive(context, body, scope, name, own, columns)
    compiled = context.query(body, scope)
    scope.common[name] = _table(name, own, compiled, columns)
    return f"{own} as {fence}({compiled.sql})"


def _reads(node: exp.Expr, name: str) -> bool:
    return any(isinstance(it.this, exp.Identifier) and name_of(it.this) == name for it in node.find_all(exp.Table))


def _table(name: str, own: str, compiled: Compiled, columns: tuple[str, ...]) -> CommonTable:
    if len(columns) > len(compiled.columns):
        raise NotTranslatable(f"{name} with more names than columns")
    names = [*columns, *(it for it, _ in compiled.columns[len(columns) :])]
    typed = tuple((new, column) for new, (_, column) in zip(names, compiled.columns, strict=True))
    return CommonTable(own, typed)


def _recursive(context: Context, node: exp.Expr, scope: Scope, name: str, own: str, columns: tuple[str, ...]) -> str:
    """Compile a table that reads itself: the first part gives the types."""
    if any(node.args.get(it) for it in ("order", "limit", "offset", "with_")):
        raise NotTranslatable(written(node))
    first = context.query(node.this, scope)
    own_columns = tuple((new, replace(typed, native=None, ascii=False, elements=None)) for new, typed in first.columns)
    scope.common[name] = _table(name, own, replace(first, columns=own_columns), columns)
    step = context.query(node.args["expression"], scope)
    if len(step.columns) != len(first.columns):
        raise NotTranslatable("a recursive query with different numbers of columns")
    distinct = bool(node.args.get("distinct"))
    if distinct:
        for _, typed in own_columns:
            key(typed)
            if typed.type.name == "numeric":
                raise NotTranslatable("union of numerics")
    word = "union" if distinct else "union all"
    names = ", ".join(typed.sql for _, typed in first.columns)
    sides = f"({_texts(context, first)}) {word} ({_texts(context, step, first)})"
    return f"{own}({names}) as ({sides})"


def _texts(context: Context, query: Compiled, like: Compiled | None = None) -> str:
    """Return a query with numerics as texts, as the recursive table has them, and with the types of another query."""
    own = context.new_name("t")
    shown = []
    for place, (_, typed) in enumerate(query.columns):
        column = f"{own}.{typed.sql}"
        made = replace(typed, sql=f"cast({column} as varchar)" if typed.native else column, native=None)
        if like is not None:
            wanted: Typed = like.columns[place][1]
            made = coerce(context, made, wanted.type)
        name = context.dialect.type_name(made.type)
        shown.append(f"cast({made.sql} as {name})")
    return f"select {', '.join(shown)} from ({query.sql}) as {own}"
