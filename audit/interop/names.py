"""Names and values as SQL text. Whatever a file contains is quoted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

_SIMPLE: Final = re.compile(r"[a-z_][a-z0-9_]*")
#: PostgreSQL's reserved words, which cannot name a column or a table without quotes.
_RESERVED: Final = frozenset(
    re.findall(
        r"\w+",
        """
        all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
        collation column concurrently constraint create cross current_catalog current_date current_role
        current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
        except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into
        is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on
        only or order outer overlaps placing primary references returning right select session_user similar some
        symmetric system_user table tablesample then to trailing true union unique user using variadic verbose when
        where window with
        """,
    )
)


def quoted(name: str) -> str:
    """Return a column or a relation's name as PostgreSQL reads it back, without quotes where it needs none."""
    if _SIMPLE.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def folded(name: str) -> str | None:
    """Return the name that PostgreSQL makes of an unquoted one; nothing if it is an expression or another text."""
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_$]*", name):
        return name.lower()
    if re.fullmatch(r'"(?:[^"]|"")+"', name):
        return name[1:-1].replace('""', '"')
    return None


def text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"


def literal(value: Any) -> str:
    """Return a literal of a value: numbers and booleans as they are, everything else as text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return f"{Decimal(repr(value)):f}"
    return text(str(value))


def listed(values: Iterable[Any]) -> str:
    """Return literals with commas between them."""
    return ", ".join(literal(value) for value in values)


def slug(*parts: str) -> str:
    """Return a file's name of some words: lower-case letters, digits and `_`, at most 60 of them."""
    words = re.sub(r"[^a-z0-9]+", "_", "_".join(part for part in parts if part).lower()).strip("_")
    return words[:60].strip("_") or "check"


def line(words: object) -> str:
    """Return a text as one line, for a header."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(words)).split())
