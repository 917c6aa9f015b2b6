"""The names that PostgreSQL gives the columns of a select list (FigureColname in parse_target.c)."""

from __future__ import annotations

from typing import Final

from sqlglot import exp

from order_audit.audit.lake.translate.values import name_of, written_type

#: Functions whose class has another name than PostgreSQL's.
_FUNCTIONS: Final[dict[type[exp.Expr], str]] = {
    exp.LogicalOr: "bool_or",
    exp.LogicalAnd: "bool_and",
    exp.ArrayAgg: "array_agg",
    exp.GroupConcat: "string_agg",
    exp.StrPosition: "position",
    exp.Substring: "substring",
    exp.SplitPart: "split_part",
    exp.RegexpReplace: "regexp_replace",
    exp.ConcatWs: "concat_ws",
    exp.Explode: "unnest",
    exp.ArraySize: "array_length",
    exp.Hex: "to_hex",
    exp.RowNumber: "row_number",
    exp.DenseRank: "dense_rank",
    exp.FirstValue: "first_value",
    exp.LastValue: "last_value",
    exp.ArrayPosition: "array_position",
    exp.ArrayToString: "array_to_string",
    exp.StringToArray: "string_to_array",
    exp.StartsWith: "starts_with",
    exp.Exists: "exists",
    exp.Boolean: "bool",
}
_TYPES: Final = {
    "integer": "int4",
    "bigint": "int8",
    "smallint": "int2",
    "double precision": "float8",
    "real": "float4",
    "boolean": "bool",
    "character varying": "varchar",
    "character": "bpchar",
    "timestamp without time zone": "timestamp",
    "timestamp with time zone": "timestamptz",
}
NO_NAME: Final = "?column?"


def column_name(item: exp.Expr) -> str:
    """Return the name of a column of a select list."""
    if isinstance(item, exp.Alias):
        return name_of(item.args["alias"])
    return _name(item) or NO_NAME


def _name(node: exp.Expr) -> str:
    if isinstance(node, exp.Column):
        return name_of(node.this)
    if isinstance(node, exp.Cast):
        of = written_type(node.args["to"])
        return _name(node.this) or _TYPES.get(of.name, of.name)
    if isinstance(node, exp.Paren | exp.Collate | exp.Filter | exp.Window):
        return _name(node.this)
    if isinstance(node, exp.Case):
        default = node.args.get("default")
        return (_name(default) if isinstance(default, exp.Column) else "") or "case"
    if isinstance(node, exp.Subquery):
        inner = node.this
        return column_name(inner.expressions[0]) if isinstance(inner, exp.Select) and inner.expressions else ""
    if isinstance(node, exp.Bracket):
        return _name(node.this) if isinstance(node.this, exp.Column) else ""
    if isinstance(node, exp.Trim):
        return {"LEADING": "ltrim", "TRAILING": "rtrim"}.get(str(node.args.get("position")).upper(), "btrim")
    if isinstance(node, exp.Pad):
        return "lpad" if node.args.get("is_left") else "rpad"
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    return _FUNCTIONS.get(type(node)) or (type(node).__name__.lower() if _is_call(node) else "")


def _is_call(node: exp.Expr) -> bool:
    operators = (exp.Binary, exp.Connector, exp.Predicate, exp.Array)
    return isinstance(node, exp.Func) and not isinstance(node, operators)
