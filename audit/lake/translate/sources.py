"""Entries of FROM: tables, common tables, subqueries, VALUES and functions, each as a relation and its text."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from sqlglot import exp

from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.table_name import table_name
from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.compare import common_type
from order_audit.audit.lake.translate.context import Compiled, Context, written
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.patterns import match_rows
from order_audit.audit.lake.translate.resolve import choose
from order_audit.audit.lake.translate.scope import Relation, Scope, of_relation
from order_audit.audit.lake.translate.stored import column_of
from order_audit.audit.lake.translate.typed import (
    BIGINT,
    JSON,
    NO_COLLATION,
    OF_DATABASE,
    TEXT,
    TEXTS,
    UNKNOWN,
    Typed,
)
from order_audit.audit.lake.translate.values import name_of


@dataclass(frozen=True)
class ListRows:
    """Rows as a list of the other engine: an expression, and the columns, each read from an element's name."""

    sql: str
    columns: tuple[tuple[str, PgType, Callable[[str], str]], ...]
    raises: bool
    subquery: bool
    is_value: bool = True

    def typed(self, element: str) -> tuple[tuple[str, Typed], ...]:
        """Return the columns of an element by its name in the other dialect."""
        return tuple(
            (name, Typed(read(element), of, OF_DATABASE if of.name in TEXTS else NO_COLLATION))
            for name, of, read in self.columns
        )


#: The parts of nodes in FROM that are read; any other is refused.
_PARTS: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Table: frozenset(("this", "alias", "db", "ordinality")),
    exp.Subquery: frozenset(("this", "alias")),
    exp.Values: frozenset(("expressions", "alias")),
    exp.Unnest: frozenset(("expressions", "alias", "offset")),
    exp.Lateral: frozenset(("this", "alias", "ordinality")),
    exp.TableAlias: frozenset(("this", "columns")),
}


def check(node: exp.Expr) -> None:
    """Refuse a node of FROM with a part that nothing reads."""
    allowed = _PARTS.get(type(node))
    if allowed is None:
        raise NotTranslatable(f"in FROM: {written(node)}")
    for part, value in node.args.items():
        if value not in (None, False, []) and part not in allowed:
            raise NotTranslatable(f"'{part}' in FROM: {written(node)}")


def source(context: Context, node: exp.Expr, scope: Scope, apart: Scope) -> tuple[str, Relation]:
    """Compile an entry of FROM. `apart` has the names around the query, without its own relations."""
    check(node)
    name, columns = alias(node)
    lateral = isinstance(node, exp.Lateral)
    inner = node.this if lateral else node
    if isinstance(inner, exp.Subquery):
        check(inner)
        compiled = context.query(inner.this, scope if lateral else apart)
        return relation_of(context, "lateral " if lateral else "", compiled, name, columns)
    if isinstance(inner, exp.Table) and isinstance(inner.this, exp.Identifier):
        return _table(context, inner, scope, name, columns)
    if isinstance(inner, exp.Values):
        values = value_rows(context, inner, scope)
        return relation_of(context, "", _values_query(context, values), name, _named(columns, values))
    rows = list_rows(context, node, scope)
    if rows is None:
        raise NotTranslatable(f"in FROM: {written(node)}")
    return _unnested(context, rows, name)


def alias(node: exp.Expr) -> tuple[str, tuple[str, ...]]:
    """Return the name of an entry of FROM, and the names that it gives its columns."""
    given = node.args.get("alias")
    if given is None:
        return "", ()
    check(given)
    columns = given.args.get("columns") or []
    if any(not isinstance(it, exp.Identifier) for it in columns):
        raise NotTranslatable(f"columns with types in FROM: {written(node)}")
    return name_of(given.this), tuple(name_of(it) for it in columns)


def relation_of(
    context: Context, prefix: str, compiled: Compiled, name: str, columns: tuple[str, ...]
) -> tuple[str, Relation]:
    """Return a subquery as text and relation. `columns` are new names for its first columns."""
    own = context.new_name("t")
    if len(columns) > len(compiled.columns):
        raise NotTranslatable(f"{name} with more names than columns")
    names = [*columns, *(it for it, _ in compiled.columns[len(columns) :])]
    made = tuple((new, of_relation(own, typed)) for new, (_, typed) in zip(names, compiled.columns, strict=True))
    return f"{prefix}({compiled.sql}) as {own}", Relation(name, made)


def _table(context: Context, node: exp.Expr, scope: Scope, name: str, columns: tuple[str, ...]) -> tuple[str, Relation]:
    table = name_of(node.this)
    schema = name_of(node.args.get("db"))
    own = context.new_name("t")
    common = None if schema else scope.common_table(table)
    if common is not None:
        named = tuple((new, of_relation(own, typed)) for new, typed in common.columns)
        text = f"{common.name} as {own}"
    else:
        full = f"{schema}.{table}" if schema else table
        if full not in context.tables:
            raise NotTranslatable(f"the relation {full}")
        if len({it.lower() for it in context.tables[full]}) < len(context.tables[full]):
            raise NotTranslatable(f"columns of {full} that differ in case only")
        named = tuple((it, column_of(own, full, it, of)) for it, of in context.tables[full].items())
        text = f"{table_name(context.stand_for.get(full, full))} as {own}"
    if len(columns) > len(named):
        raise NotTranslatable(f"{table} with more names than columns")
    renamed = tuple((new, typed) for new, (_, typed) in zip(columns, named, strict=False)) + named[len(columns) :]
    return text, Relation(name or table, renamed)


def value_rows(context: Context, node: exp.Expr, scope: Scope) -> list[list[Typed]]:
    """Compile the rows of VALUES, each column of one type."""
    rows = []
    for one in node.expressions:
        fields = one.expressions if isinstance(one, exp.Tuple) else [one]
        rows.append([context.expression(it, scope) for it in fields])
    if len({len(it) for it in rows}) != 1:
        raise NotTranslatable("rows of different lengths in VALUES")
    types = [common_type([row[place] for row in rows]) for place in range(len(rows[0]))]
    return [[replace(coerce(context, it, to), native=None) for it, to in zip(row, types, strict=True)] for row in rows]


def _named(columns: tuple[str, ...], rows: list[list[Typed]]) -> tuple[str, ...]:
    return (*columns, *(f"column{place + 1}" for place in range(len(columns), len(rows[0]))))


def _values_query(context: Context, rows: list[list[Typed]]) -> Compiled:
    names = [context.new_name("c") for _ in rows[0]]
    parts = ["select " + ", ".join(f"{it.sql} as {name}" for it, name in zip(row, names, strict=True)) for row in rows]
    columns = tuple(
        (name, replace(typed, sql=name, literal=None, raises=False, subquery=False, elements=None))
        for name, typed in zip(names, rows[0], strict=True)
    )
    return Compiled(" union all ".join(parts), columns)


def list_rows(context: Context, node: exp.Expr, scope: Scope) -> ListRows | None:
    """Compile a function in FROM, or VALUES, as a list of its rows; None of any other entry."""
    name, columns = alias(node)
    inner = node.this if isinstance(node, exp.Lateral) else node
    ordinality = bool(node.args.get("ordinality"))
    if isinstance(inner, exp.Values) and not isinstance(node, exp.Lateral):
        return _list_of_values(context, value_rows(context, inner, scope), columns)
    if isinstance(inner, exp.Table) and isinstance(inner.this, exp.Func):
        inner = inner.this
    if isinstance(inner, exp.Unnest):
        offset = inner.args.get("offset")
        if isinstance(offset, exp.Expr):
            columns = (*columns, name_of(offset))
        arrays = [context.expression(it, scope) for it in inner.expressions]
        return _unnest(context, arrays, name, columns, ordinality or bool(offset))
    if isinstance(inner, exp.Explode):
        return _unnest(context, [context.expression(inner.this, scope)], name, columns, ordinality)
    if isinstance(inner, exp.ExplodingGenerateSeries):
        if inner.args.get("step") or inner.args.get("is_end_exclusive"):
            raise NotTranslatable(f"in FROM: {written(node)}")
        values = [context.expression(inner.args[it], scope) for it in ("start", "end")]
        return _function(context, "generate_series", values, name, columns, ordinality)
    if isinstance(inner, exp.Anonymous):
        values = [context.expression(it, scope) for it in inner.expressions]
        return _function(context, str(inner.this).lower(), values, name, columns, ordinality)
    if isinstance(inner, exp.Subquery | exp.Table):
        return None
    raise NotTranslatable(f"in FROM: {written(node)}")


def _function(
    context: Context, function: str, values: list[Typed], name: str, columns: tuple[str, ...], ordinality: bool
) -> ListRows:
    raises, nested = any(it.raises for it in values), any(it.subquery for it in values)
    if function == "regexp_matches":
        found = match_rows(context, values)
        return _listed(found.sql, (TEXT.array,), function, name, columns, ordinality, True, nested)
    if function == "json_each":
        value = coerce(context, values[0], JSON)
        fields = (("key", TEXT, lambda it: f"{it}.name"), ("value", JSON, lambda it: f"{it}.value"))
        renamed = tuple((columns[i] if i < len(columns) else old, of, read) for i, (old, of, read) in enumerate(fields))
        if ordinality or len(values) != 1:
            raise NotTranslatable("json_each with ordinality")
        return ListRows(f"oa_py_json_each({value.sql})", renamed, True, nested, is_value=False)
    signature = choose(context, "function", context.dialect.lists, function, values)
    operands = [coerce(context, it, to).sql for it, to in zip(values, signature.arguments, strict=True)]
    dear = signature.raises or raises
    if function == "json_array_elements" and not columns:
        columns = ("value",)  # the function itself names its column
    return _listed(signature.render(*operands), (signature.result,), function, name, columns, ordinality, dear, nested)


def _unnest(context: Context, arrays: list[Typed], name: str, columns: tuple[str, ...], ordinality: bool) -> ListRows:
    if any(not it.type.is_array for it in arrays):
        raise NotTranslatable("unnest of what is no array")
    raises, nested = any(it.raises for it in arrays), any(it.subquery for it in arrays)
    types = tuple(it.type.element for it in arrays)
    if len(arrays) == 1:
        return _listed(arrays[0].sql, types, "unnest", name, columns, ordinality, raises, nested)
    del context
    zipped = f"list_zip({', '.join(f'coalesce({it.sql}, [])' for it in arrays)})"
    return _listed(zipped, types, "unnest", name, columns, ordinality, raises, nested)


def _listed(
    sql: str,
    types: tuple[PgType, ...],
    function: str,
    name: str,
    columns: tuple[str, ...],
    ordinality: bool,
    raises: bool,
    nested: bool,
) -> ListRows:
    """Name the columns: by the alias, else by the function; the number of a row is the last one."""
    one = len(types) == 1
    names = list(columns) or ([name or function] if one else [])
    names += [function] * (len(types) + ordinality - len(names) - (1 if ordinality else 0))
    if ordinality and len(names) == len(types):
        names.append("ordinality")
    if len(names) > len(types) + ordinality:
        raise NotTranslatable(f"{name or function} with more names than columns")

    def field(place: int) -> Callable[[str], str]:
        if ordinality:
            return lambda it: f"{it}.v" if one else f"{it}.v[{place + 1}]"
        return (lambda it: it) if one else (lambda it: f"{it}[{place + 1}]")

    made = [(new, of, field(place)) for place, (new, of) in enumerate(zip(names, types, strict=False))]
    if ordinality:
        sql = f"list_transform({sql}, lambda x, i: {{'v': x, 'i': cast(i as bigint)}})"
        made.append((names[-1], BIGINT, lambda it: f"{it}.i"))
    return ListRows(sql, tuple(made), raises, nested, is_value=one and not ordinality)


def _list_of_values(context: Context, rows: list[list[Typed]], columns: tuple[str, ...]) -> ListRows:
    names = _named(columns, rows)
    types = [it.type for it in rows[0]]
    every = [it for row in rows for it in row]
    if UNKNOWN in types:
        raise NotTranslatable("VALUES of no type")
    if len(types) == 1:
        inner = ", ".join(row[0].sql for row in rows)
        sql = f"cast([{inner}] as {context.dialect.type_name(types[0].array)})"
        fields = ((names[0], types[0], lambda it: it),)
    else:
        structs = ["{" + ", ".join(f"'f{i}': {it.sql}" for i, it in enumerate(row)) + "}" for row in rows]
        sql = f"[{', '.join(structs)}]"
        fields = tuple((new, of, _field(i)) for i, (new, of) in enumerate(zip(names, types, strict=True)))  # type: ignore[assignment]
    return ListRows(sql, fields, any(it.raises for it in every), any(it.subquery for it in every), is_value=False)


def _field(place: int) -> Callable[[str], str]:
    return lambda it: f"{it}.f{place}"


def _unnested(context: Context, rows: ListRows, name: str) -> tuple[str, Relation]:
    """Return a list of rows as a relation."""
    own, element = context.new_name("t"), context.new_name("c")
    text = f"lateral (select unnest({rows.sql}) as {element}) as {own}"
    return text, Relation(name, rows.typed(f"{own}.{element}"), is_value=rows.is_value)
