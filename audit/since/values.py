"""Values of rows that are compared with values of other rows, each as one integer.

Integers are themselves, anything else is a hash of 31 bits: equal values have equal numbers, different ones rarely. So
rows that are found by such a number may be too many, and never too few. Many texts share a hash, so that it does not
show whose e-mail address it is. Only the keys of rows have whole hashes, and no key that is personal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import psycopg

from order_audit import session
from order_audit.audit import mask
from order_audit.audit.analysis.dependence import ROW, Link
from order_audit.audit.analysis.query_scope import Underivable
from order_audit.audit.database import catalog
from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.quoting import quoted

#: The number of NULL: one that no column has, as it may have the lowest or the highest.
NULL: Final = -7_203_418_560_917_342_851
_INTEGERS: Final = {20, 21, 23}
_VARCHAR: Final = 1043
_TEXT: Final = 25
#: What hashes begin with, so that they are no hashes that other programs use.
_SEED: Final = 7_310_993
#: Whether values of these types are compared as such: those of composite types may have parts of other types.
_SIMPLE: Final = """
select bool_and(t.typtype not in ('c', 'p') and coalesce(e.typtype, 'b') not in ('c', 'p'))
from pg_type as t
left join pg_type as e on e.oid = t.typelem and t.typcategory = 'A'
where t.oid = any(%s)
"""
_BITS: Final = (1 << 31) - 1
_COLUMN: Final = re.compile(rf'{ROW}\.(?:"(?:[^"]|"")*"|\w+)')
#: What costs less than a subquery that computes it once: a column, or its text.
_CHEAP: Final = re.compile(rf'(?:{_COLUMN.pattern}|CAST\({_COLUMN.pattern} AS TEXT\))(?: COLLATE "C")?')


@dataclass(frozen=True)
class Value:
    """SQL of the number of a value of the row `ROW`, and what has equal numbers where values are equal.

    `kind` is `integer`, or the types of what is hashed.
    """

    sql: str
    kind: str

    @property
    def is_integer(self) -> bool:
        """Whether the number is the value itself."""
        return self.kind == "integer"

    @property
    def is_text(self) -> bool:
        """Whether equal values are the same bytes of a text."""
        return self.kind == f"hash of {_TEXT}"


def value_of(connection: psycopg.Connection, link: Link, table: Relation, *, whole: bool = False) -> Value:
    """Return the number of a link's value, or its `whole` hash.

    Raises Underivable if the server has no hash function for its type.
    """
    statement = f"select {', '.join(link.parts)} from {quoted(table)} as {ROW}"
    try:
        with connection.transaction(force_rollback=True):
            types = [column.type for column in catalog.describe(connection, statement)]
            if not session.is_true(connection, _SIMPLE, [types]):
                raise Underivable("it compares whole rows")
            names = frozenset({link.column}) if link.column else None
            value = _value(link.parts, types, is_personal=mask.is_personal(names), whole=whole)
            connection.execute(f"select {value.sql} from {quoted(table)} as {ROW} limit 1".encode())
    except psycopg.Error:
        raise Underivable("it compares values that have no hash function") from None
    return value


def _value(parts: tuple[str, ...], types: list[int], *, is_personal: bool, whole: bool) -> Value:
    if len(parts) == 1 and types[0] in _INTEGERS and not is_personal:
        return Value(f"coalesce(({parts[0]})::int8, {NULL})", "integer")
    texts = [f"({part})::text" if kind == _VARCHAR else part for part, kind in zip(parts, types, strict=True)]
    only, computed = "", len(parts) == 1 and not _CHEAP.fullmatch(parts[0])
    if computed:
        only, texts = texts[0], ["v.value"]
    hashed = f"pg_catalog.hash_record_extended(row({', '.join(texts)}), {_SEED})"
    if not whole:
        hashed = f"({hashed} & {_BITS})"
    if len(parts) == 1:
        hashed = f"case when {'v.value' if computed else parts[0]} is null then {NULL} else {hashed} end"
    if computed:  # once
        hashed = f"(select {hashed} from (select {only} as value offset 0) as v)"
    names = ",".join(str(_TEXT if kind == _VARCHAR else kind) for kind in types)
    return Value(hashed, f"{'whole ' * whole}hash of {names}")


def number_of(column: str, like: Value | None = None) -> str:
    """Return SQL of the number of a column that has another `like` value of a table; without one, of 31 bits."""
    if like is not None and like.is_integer:
        return f"coalesce(({column})::int8, {NULL})"
    whole = f"pg_catalog.hash_record_extended(row({column}), {_SEED})"
    hashed = whole if like is not None and like.kind.startswith("whole ") else f"({whole} & {_BITS})"
    return f"case when {column} is null then {NULL} else {hashed} end"


def fits(value: Value, type_: int) -> bool:
    """Whether a result column of this type has the same numbers as a table's column with this value."""
    if value.is_integer:
        return type_ in _INTEGERS
    return value.kind.endswith(f"hash of {_TEXT if type_ == _VARCHAR else type_}")
