"""Comparisons: of two values of any types, of rows, and with NULL as a value."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from order_audit.audit.lake.pg_types import MAX_DIGITS, PgType
from order_audit.audit.lake.translate.coerce import coerce
from order_audit.audit.lake.translate.collations import check_order
from order_audit.audit.lake.translate.context import Context
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import (
    BOOLEAN,
    DOUBLE,
    HASH,
    INTEGERS,
    NUMBERS,
    NUMERIC,
    TEXT,
    TEXTS,
    TIMESTAMP,
    UNKNOWN,
    Native,
    Typed,
    is_users,
)

EQUALITIES: Final = ("=", "<>")
ORDERS: Final = ("<", "<=", ">", ">=")
#: Types that are compared as they are, with an order.
_ORDERED: Final = ("boolean", "date", "timestamp without time zone", "timestamp with time zone", "uuid", "bytea")
_BITS: Final = ("bit", "bit varying")


def common_type(values: list[Typed]) -> PgType:
    """Return the type to which PostgreSQL brings values that are compared, or are branches of one expression."""
    known = [it.type.base for it in values if it.type != UNKNOWN]
    if not known:
        return TEXT
    names = {str(it) for it in known}
    if len(names) == 1:
        return known[0]
    if names <= set(NUMBERS):
        return max(known, key=lambda it: NUMBERS.index(it.name))
    if names <= set(TEXTS):
        return TEXT
    if names <= set(_BITS):
        return PgType("bit varying")
    if names == {"date", TIMESTAMP.name}:
        return TIMESTAMP
    raise NotTranslatable(f"values of the types {' and '.join(sorted(names))} side by side")


def compare(context: Context, operator: str, left: Typed, right: Typed) -> Typed:
    """Compile a comparison of two values."""
    left, right = _comparable(context, operator, left, right)
    if left.type == NUMERIC:
        return _numerics(operator, left, right)
    return left.made(f"({left.sql} {operator} {right.sql})", BOOLEAN, right)


def distinct(context: Context, left: Typed, right: Typed, negated: bool) -> Typed:
    """Compile `left is [not] distinct from right`."""
    left, right = _comparable(context, "=", left, right)
    if left.type == NUMERIC:
        left, right = (replace(it, sql=numeric_key(it)) for it in (left, right))
    word = "is not distinct from" if negated else "is distinct from"
    return left.made(f"({left.sql} {word} {right.sql})", BOOLEAN, right)


def compare_rows(context: Context, operator: str, left: list[Typed], right: list[Typed]) -> Typed:
    """Compile a comparison of rows, which PostgreSQL judges field by field."""
    if len(left) != len(right) or not left:
        raise NotTranslatable("a comparison of rows of different lengths")
    pairs = list(zip(left, right, strict=True))
    if operator == "=":
        return _joined("and", [compare(context, "=", a, b) for a, b in pairs])
    if operator == "<>":
        return _joined("or", [compare(context, "<>", a, b) for a, b in pairs])
    # a < b: the first pair that is not equal decides, and NULL where it is not known whether it is
    strict = operator[0]
    a, b = pairs[-1]
    made = compare(context, operator, a, b)
    for a, b in reversed(pairs[:-1]):
        equal, less = compare(context, "=", a, b), compare(context, strict, a, b)
        sql = f"(case when {equal.sql} then {made.sql} else {less.sql} end)"
        made = equal.made(sql, BOOLEAN, less, made)
    return made


def distinct_rows(context: Context, left: list[Typed], right: list[Typed], negated: bool) -> Typed:
    """Compile `(a, b) is [not] distinct from (c, d)`."""
    if len(left) != len(right) or not left:
        raise NotTranslatable("a comparison of rows of different lengths")
    pairs = zip(left, right, strict=True)
    return _joined("and" if negated else "or", [distinct(context, a, b, negated) for a, b in pairs])


def key(value: Typed) -> str:
    """Return an expression that is equal for equal values, for grouping, partitions and DISTINCT."""
    name = value.type.name
    if value.type.is_array and value.type.name in (*TEXTS, *INTEGERS):
        return value.sql
    if value.type.is_array:
        raise NotTranslatable(f"groups by {value.type}")
    if value.type == UNKNOWN or name in (*TEXTS, *_ORDERED, *_BITS) or (name in NUMBERS and name != "numeric"):
        return value.sql
    if name == "numeric":
        return numeric_key(value)
    if value.type == HASH:
        return value.sql
    if is_users(value.type):
        return value.sql
    raise NotTranslatable(f"groups by {value.type}")


def numeric_key(value: Typed) -> str:
    """Return a text or a decimal that is equal for equal numerics."""
    return value.native.sql if value.native else f"oa_num_key({value.sql})"


def _comparable(context: Context, operator: str, left: Typed, right: Typed) -> tuple[Typed, Typed]:
    """Bring two values to one type that has the operator."""
    to = common_type([left, right])
    if "real" in (left.type.name, right.type.name) and left.type.name != right.type.name and to.name in NUMBERS:
        to = DOUBLE if UNKNOWN not in (left.type, right.type) else to
    if is_users(to) and operator in EQUALITIES:
        return tuple(replace(it, type=to) for it in (left, right))  # type: ignore[return-value]
    left, right = coerce(context, left, to), coerce(context, right, to)
    if to.is_array:
        if operator not in EQUALITIES or to.element.name in ("numeric", "json", "jsonb"):
            raise NotTranslatable(f"the operator {to} {operator} {to}")
    elif to.name in TEXTS:
        if operator in ORDERS:
            check_order(context, left, right)
        else:
            _check_deterministic(left, right)
    elif to.name not in (*NUMBERS, *_ORDERED, *_BITS):
        raise NotTranslatable(f"the operator {to} {operator} {to}")
    return left, right


def _check_deterministic(*values: Typed) -> None:
    """Refuse collations that may hold different texts for equal: those with names that are not the system's."""
    for value in values:
        if value.collation.name not in ("", "default", "C", "POSIX", "ucs_basic", "pg_c_utf8"):
            raise NotTranslatable(f"a comparison by the collation {value.collation.name}")


def _numerics(operator: str, left: Typed, right: Typed) -> Typed:
    if left.native and right.native and fits(left.native, right.native):
        a, b = same_scale(left.native, right.native)
        return left.made(f"({a} {operator} {b})", BOOLEAN, right)
    return left.made(f"(oa_num_compare({left.sql}, {right.sql}) {operator} 0)", BOOLEAN, right)


def fits(left: Native, right: Native) -> bool:
    """Return whether one decimal type holds the values of both."""
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return whole + max(left.scale, right.scale) <= MAX_DIGITS


def same_scale(left: Native, right: Native) -> tuple[str, str]:
    """Return two decimals as values of one type."""
    scale = max(left.scale, right.scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    name = f"decimal({whole + scale}, {scale})"
    return f"cast({left.sql} as {name})", f"cast({right.sql} as {name})"


def _joined(word: str, parts: list[Typed]) -> Typed:
    return parts[0].made("(" + f" {word} ".join(it.sql for it in parts) + ")", BOOLEAN, *parts[1:])
