"""A compiled expression: its text in the other dialect, and what PostgreSQL knows of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from order_audit.audit.lake.pg_types import PgType, read_type

BOOLEAN: Final = PgType("boolean")
INTEGER: Final = PgType("integer")
BIGINT: Final = PgType("bigint")
SMALLINT: Final = PgType("smallint")
NUMERIC: Final = PgType("numeric")
REAL: Final = PgType("real")
DOUBLE: Final = PgType("double precision")
TEXT: Final = PgType("text")
BYTEA: Final = PgType("bytea")
JSON: Final = PgType("json")
DATE: Final = PgType("date")
TIMESTAMP: Final = PgType("timestamp without time zone")
TIMESTAMPTZ: Final = PgType("timestamp with time zone")
#: A literal whose type the place gives it.
UNKNOWN: Final = PgType("unknown")

#: A hash, which groups rows as PostgreSQL's does, and has another value.
HASH: Final = PgType("hash of a text")

INTEGERS: Final = ("smallint", "integer", "bigint")
NUMBERS: Final = (*INTEGERS, "numeric", "real", "double precision")
TEXTS: Final = ("text", "character varying", "character", "name")

#: Types of PostgreSQL itself. Any other, such as an enum or a domain, is stored as its text and only equal to itself.
_BUILT_IN: Final = frozenset(
    (*NUMBERS, *TEXTS, "unknown", "boolean", "bytea", "json", "jsonb", "date", "timestamp without time zone",
     "timestamp with time zone", "interval", "time without time zone", "time with time zone", "money", "bit",
     "bit varying", "uuid", "xml", "inet", "cidr", "macaddr", "macaddr8", "tsvector", "tsquery", "point", "line",
     "lseg", "box", "path", "polygon", "circle", "oid", "regclass", "regtype", "record", "int4range",
     "int8range", "numrange",
     "tsrange", "tstzrange", "daterange", '"char"')
)  # fmt: skip


#: In the name of a type whose values a column only has as texts.
STORED_AS_TEXT: Final = " stored as text in "


def is_users(of: PgType) -> bool:
    """Return whether a type is a user's, such as an enum: its values are equal where their texts are."""
    return of.name not in _BUILT_IN and of != HASH and STORED_AS_TEXT not in of.name and not of.is_array


def is_built_in(of: PgType) -> bool:
    """Return whether a type is one of PostgreSQL itself, or an array of one."""
    return of.name in _BUILT_IN


@dataclass(frozen=True)
class Collation:
    """A collation by name, empty for none, and whether `collate` stands in the expression itself."""

    name: str = ""
    explicit: bool = False


NO_COLLATION: Final = Collation()
OF_DATABASE: Final = Collation("default")


@dataclass(frozen=True)
class Native:
    """A numeric as a decimal of the other engine that holds each of its values: precision and scale in digits."""

    sql: str
    precision: int
    scale: int


@dataclass(frozen=True)
class Typed:
    """An expression in the other dialect, in parentheses where it needs them.

    A numeric is a text as PostgreSQL writes it; `native` is the same as a decimal, where the values fit. A bytea is a
    text with one character, U+0000 to U+00FF, for each byte.
    """

    sql: str
    type: PgType
    collation: Collation = NO_COLLATION
    #: it can raise an error, or is expensive: what stands before it in a condition has to be judged first
    raises: bool = False
    #: it holds a subquery, which no `case` guards
    subquery: bool = False
    #: of a literal, what it says
    literal: str | None = None
    native: Native | None = None
    #: all characters are of ASCII
    ascii: bool = False
    #: of a column that cannot be read, which one and why
    unusable: str = ""
    #: of an array constructor, its elements
    elements: tuple[Typed, ...] | None = None

    def made(self, sql: str, to: PgType, *others: Typed, raises: bool = False) -> Typed:
        """Return an expression of this one and others: it raises if one of them does."""
        parts = (self, *others)
        return Typed(
            sql,
            to,
            raises=raises or any(it.raises for it in parts),
            subquery=any(it.subquery for it in parts),
        )

    def collated(self, collation: Collation) -> Typed:
        """Return the same with another collation."""
        return replace(self, collation=collation)


def type_of(written: str) -> PgType:
    """Return the type of a name in the tables of functions."""
    return UNKNOWN if written == "unknown" else read_type(written)


def text_literal(value: str) -> str:
    """Return a text as a literal of the other dialect."""
    return "'" + value.replace("'", "''") + "'"


def quoted(name: str) -> str:
    """Return a name as an identifier of the other dialect."""
    return '"' + name.replace('"', '""') + '"'
