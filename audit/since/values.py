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

#: The number of NULL: one that no column has, as it may have the lowest or the highest; and that among short hashes.
NULL: Final = -7_203_418_560_917_342_851
_NULL_HASH: Final = -1
_INTEGERS: Final = {20, 21, 23}
#: Those of four bytes at most.
_SHORT: Final = {21, 23}
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
#: The most bits that say something else of a row.
BITS: Final = 30
_COLUMN: Final = re.compile(rf'{ROW}\.(?:"(?:[^"]|"")*"|\w+)')
#: What costs less than a subquery that computes it once: a column, or its text.
_CHEAP: Final = re.compile(rf'(?:{_COLUMN.pattern}|CAST\({_COLUMN.pattern} AS TEXT\))(?: COLLATE "C")?')


@dataclass(frozen=True)
class Value:
    """SQL of the number of a value of the row `ROW`, and what has equal numbers where values are equal.

    `kind` is `integer`, `bits`, or the types of what is hashed. `short` is the column, if it is an integer of at most
    four bytes.
    """

    sql: str
    kind: str
    short: str = ""

    @property
    def is_integer(self) -> bool:
        """Whether the number is the value itself."""
        return self.kind == "integer"

    @property
    def is_bits(self) -> bool:
        """Whether the number has bits that say something of the row."""
        return self.kind == "bits"

    @property
    def is_short_hash(self) -> bool:
        """Whether the number is a hash of 31 bits."""
        return self.kind.startswith("hash of ")

    @property
    def null(self) -> int:
        """The number of NULL."""
        return _NULL_HASH if self.is_short_hash else NULL

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
        short = parts[0] if types[0] in _SHORT and _COLUMN.fullmatch(parts[0]) else ""
        return Value(f"coalesce(({parts[0]})::int8, {NULL})", "integer", short)
    names = ",".join(str(_TEXT if kind == _VARCHAR else kind) for kind in types)
    if len(parts) == 1:
        hashed = _hashed(parts[0], types[0], whole=whole)
    else:
        texts = [f"({part})::text" if kind == _VARCHAR else part for part, kind in zip(parts, types, strict=True)]
        hashed = _of_record(texts, whole=whole)
    return Value(hashed, f"{'whole ' * whole}hash of {names}")


def _hashed(part: str, type_: int, *, whole: bool) -> str:
    """Return SQL of the hash of a value of a type, or NULL's number."""
    bits, null = ("", NULL) if whole else (f" & {_BITS}", _NULL_HASH)
    # much cheaper than that of a record; the bytes decide, because texts that only a collation takes for equal are
    # compared nowhere
    if type_ in (_TEXT, _VARCHAR):
        return f'coalesce(pg_catalog.hashtextextended(({part})::text collate "C", {_SEED}){bits}, {null})'
    if type_ in _INTEGERS:
        return f"coalesce(pg_catalog.hashint8extended(({part})::int8, {_SEED}){bits}, {null})"
    if _CHEAP.fullmatch(part):
        return f"case when {part} is null then {null} else {_of_record([part], whole=whole)} end"
    number = f"case when v.value is null then {null} else {_of_record(['v.value'], whole=whole)} end"
    return f"(select {number} from (select {part} as value offset 0) as v)"  # once


def _of_record(parts: list[str], *, whole: bool) -> str:
    hashed = f"pg_catalog.hash_record_extended(row({', '.join(parts)}), {_SEED})"
    return hashed if whole else f"({hashed} & {_BITS})"


def number_of(column: str, like: Value | None = None) -> str:
    """Return SQL of the number of a column that has another `like` value of a table; without one, of a text."""
    if like is not None and like.is_integer:
        return f"coalesce(({column})::int8, {NULL})"
    kind = like.kind if like is not None else ""
    return _hashed(column, int(kind.rpartition(" ")[2] or _TEXT), whole=kind.startswith("whole "))


def fits(value: Value, type_: int) -> bool:
    """Whether a result column of this type has the same numbers as a table's column with this value."""
    if value.is_integer:
        return type_ in _INTEGERS
    return value.kind.endswith(f"hash of {_TEXT if type_ == _VARCHAR else type_}")
