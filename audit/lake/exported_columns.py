"""How a column of PostgreSQL stands in a Parquet file: as a value of a type that holds each of its values, or as text.

A value that no Parquet type holds exactly, as `NaN` among decimals or `infinity` among dates, makes the whole column a
column of texts. The manifest has the type of the server beside it, so that nothing is lost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

import psycopg
import pyarrow as pa

from order_audit.audit.database.catalog import Relation
from order_audit.audit.lake.manifest import Column

#: How the column's values are asked for, with {} for its name.
_PLAIN: Final = "{}"
_TEXT: Final = "{}::text"
#: Hexadecimal digits are a quarter of a bit string's own text.
_BITS: Final = "bit_send({})"
#: The most digits of a decimal in Parquet files that readers agree on.
_DIGITS: Final = 38

#: How the texts of a column are read; returns None if its values are to be texts.
_Stored: TypeAlias = Callable[[int], pa.DataType | None]


@dataclass(frozen=True)
class ExportedColumn:
    """A column to export.

    `select` is its expression in the query, `read` the type as which the text of it is read, and `stored` that of the
    file. `is_bits`: the text is that of `bit_send`. `is_masked`: digests stand in for its values.
    """

    column: Column
    select: str
    read: pa.DataType
    stored: pa.DataType
    is_bits: bool = False

    @property
    def is_text(self) -> bool:
        """Whether each non-NULL value may contain anything, so that it has to be in quotation marks."""
        return bool(pa.types.is_string(self.stored))


def exported_columns(
    connection: psycopg.Connection,
    relation: Relation,
    masked: frozenset[str] = frozenset(),
    as_text: frozenset[str] = frozenset(),
) -> list[ExportedColumn]:
    """Return the columns of a table that this role may read, in their order.

    Those of `masked` are texts, as are those of `as_text`, whose values do not fit the type of a file.
    """
    rows = connection.execute(
        """
        select a.attname::text, format_type(b.oid, b.modifier), b.oid::bigint, b.modifier, a.attnotnull,
          case
            when a.attcollation = 0 then ''
            when c.collname = 'default' then 'default'
            when not c.collisdeterministic then 'nondeterministic'
            else c.collname::text
          end
        from pg_attribute as a
        join pg_type as t on t.oid = a.atttypid
        cross join lateral (
          with recursive base (oid, modifier) as (
            select t.oid, a.atttypmod
            union all
            select d.typbasetype, case when d.typtypmod <> -1 then d.typtypmod else b.modifier end
            from base as b
            join pg_type as d on d.oid = b.oid and d.typtype = 'd'
          )
          select b.oid, b.modifier
          from base as b
          join pg_type as d on d.oid = b.oid and d.typtype <> 'd'
        ) as b
        left join pg_collation as c on c.oid = a.attcollation
        where a.attrelid = %s and a.attnum > 0 and not a.attisdropped
        order by a.attnum
        """,
        [relation.oid],
    ).fetchall()
    return [
        _exported(name, type_name, oid, modifier, nullable=not not_null, collation=collation,
                  masked=name in masked, as_text=name in as_text or name in masked)
        for name, type_name, oid, modifier, not_null, collation in rows
        if name in relation.readable
    ]  # fmt: skip


def _exported(
    name: str,
    type_name: str,
    oid: int,
    modifier: int,
    *,
    nullable: bool,
    collation: str,
    masked: bool,
    as_text: bool,
) -> ExportedColumn:
    made = _TYPES[oid](modifier) if oid in _TYPES and not as_text else None
    stored = pa.string() if made is None else made
    column = Column(name, type_name, "masked" if masked else str(stored), nullable, collation)
    if oid in _BIT_STRINGS and not masked:
        return ExportedColumn(column, _BITS, pa.dictionary(pa.int32(), pa.string()), stored, is_bits=True)
    if oid == _CHAR:  # its text has no blanks at the end, which count for nothing
        return ExportedColumn(column, _TEXT, stored, stored)
    return ExportedColumn(column, _PLAIN if made is not None or oid in _TEXTS else _TEXT, stored, stored)


def _decimal(modifier: int) -> pa.DataType | None:
    if modifier == -1:
        return None
    precision = (modifier - 4) >> 16 & 0xFFFF
    scale = modifier - 4 & 0x7FF
    if scale > precision or precision > _DIGITS or scale & 0x400:  # of more decimals than digits, or tens and hundreds
        return None
    return pa.decimal128(precision, scale)


def _always(stored: pa.DataType) -> _Stored:
    return lambda _: stored


_CHAR: Final = 1042
_TEXTS: Final = frozenset({19, 25, 1043, 705})
_BIT_STRINGS: Final = frozenset({1560, 1562})
_TYPES: Final[dict[int, _Stored]] = {
    16: _always(pa.bool_()),
    21: _always(pa.int16()),
    23: _always(pa.int32()),
    20: _always(pa.int64()),
    26: _always(pa.int64()),
    700: _always(pa.float32()),
    701: _always(pa.float64()),
    1700: _decimal,
    1082: _always(pa.date32()),
    1114: _always(pa.timestamp("us")),
    1184: _always(pa.timestamp("us", "UTC")),
}
