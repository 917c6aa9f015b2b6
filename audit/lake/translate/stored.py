"""Columns of lake files as values of PostgreSQL's types."""

from __future__ import annotations

from order_audit.audit.lake.pg_types import MAX_DIGITS, UNUSABLE, PgType, usual_storage
from order_audit.audit.lake.pg_types import TEXT as AS_TEXT
from order_audit.audit.lake.translate.errors import NotTranslatable
from order_audit.audit.lake.translate.typed import (
    NO_COLLATION,
    OF_DATABASE,
    STORED_AS_TEXT,
    TEXTS,
    Native,
    Typed,
    quoted,
)


def column_of(relation: str, table: str, name: str, of: PgType) -> Typed:
    """Return a column of a table. Values that are stored as texts though their type is no text have to be usable so."""
    sql = f"{relation}.{quoted(name)}"
    collation = OF_DATABASE if of.name in TEXTS and not of.is_array else NO_COLLATION
    if of.stored.startswith(UNUSABLE):
        return Typed(sql, of, unusable=f"column {name} of {table} {of.stored.removeprefix(UNUSABLE)}")
    typed = Typed(sql, PgType(of.name, of.modifier, of.is_array), collation, ascii=of.name in ("bit", "bit varying"))
    if of.name == "numeric" and not of.is_array:
        return _numeric(typed, of)
    if of.storage == AS_TEXT and usual_storage(of) != AS_TEXT:
        # such as a date column with infinity: the column can be read as its text only
        return Typed(sql, PgType(f"{of.name}{STORED_AS_TEXT}{table}.{name}", "", of.is_array), collation)
    if of.is_array:
        return Typed(sql, PgType(f"{of}{STORED_AS_TEXT}{table}.{name}"), collation)
    if of.name == "bytea":
        return Typed(sql, PgType(f"bytea{STORED_AS_TEXT}{table}.{name}"), collation)
    return typed


def _numeric(typed: Typed, of: PgType) -> Typed:
    if of.storage == AS_TEXT:
        return typed
    digits = of.digits
    if digits is None or digits[0] > MAX_DIGITS:
        raise NotTranslatable(f"a column of {of} stored as {of.storage}")
    native = Native(typed.sql, *digits)
    return Typed(f"cast({typed.sql} as varchar)", PgType("numeric", of.modifier), native=native)
