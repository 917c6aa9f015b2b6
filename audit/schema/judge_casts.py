"""What a change of type does to the values: nothing, refuse some rows, change some, or lose what no row shows.

Judged by the two types and by reading the rows: with arithmetic, and with conversions that cannot fail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from order_audit.audit.schema.judge_catalog import Column
from order_audit.audit.schema.judge_rows import Effect, RowTest
from order_audit.expectations import schema_fragment

#: Type names as suggestions write them, by the catalogs' name.
_NAMES: Final = {
    "smallint": "int2", "integer": "int4", "int": "int4", "bigint": "int8", "real": "float4",
    "double precision": "float8", "decimal": "numeric", "boolean": "bool",
    "character varying": "varchar", "character": "bpchar", "char": "bpchar",
    "timestamp without time zone": "timestamp", "timestamp with time zone": "timestamptz",
}  # fmt: skip
_BYTES: Final = {"int2": 2, "int4": 4, "int8": 8}
_TEXTS: Final = {"text", "varchar"}
TOO_LARGE: Final = "is too large"
_TYPE: Final = re.compile(r"(?P<name>.*?)\s*(?:\(\s*(?P<first>\d+)\s*(?:,\s*(?P<second>\d+)\s*)?\))?(?P<rest>[^()]*)")


@dataclass(frozen=True)
class Cast:
    """A change of type: the rows to look for, and whether the table is rewritten.

    `lost` says what the new type cannot hold whatever the rows; empty where it holds every value.
    """

    rewrites: bool
    tests: Sequence[RowTest] = field(default_factory=tuple)
    lost: str = ""


@dataclass(frozen=True)
class Type:
    """A type by the catalogs' name, with up to two modifiers."""

    kind: str
    first: int | None = None
    second: int | None = None


def target(written: str) -> Type:
    """A type as written in a statement."""
    match = _TYPE.fullmatch(" ".join(written.lower().split()))
    if match is None:
        return Type(written)
    name = " ".join(f"{match['name']} {match['rest']}".split())
    kind = _NAMES.get(name, name)
    first, second = (int(it) if it is not None else None for it in (match["first"], match["second"]))
    return Type(kind, first, 0 if kind == "numeric" and first is not None and second is None else second)


def source(column: Column) -> Type:
    """The type of a column."""
    if column.typmod == -1:
        return Type(column.kind)
    if column.kind == "numeric":
        scale = (column.typmod - 4) & 0x7FF
        return Type("numeric", (column.typmod - 4) >> 16, scale - 2048 if scale >= 1024 else scale)
    return Type(column.kind, column.typmod - 4 if column.kind in ("varchar", "bpchar") else column.typmod)


def cast(column: Column, written: str, using: str, version: int) -> Cast:
    """Judge the change of a column's type to the one `written`, by the expression `using` or an assignment."""
    old, new = source(column), target(written)
    value = f"t.{column.quoted}"
    pair = (old.kind, new.kind)
    if using and using not in _plain(column, written, new, pair):
        return Cast(True, lost=f"is converted by {using}, which may lose values")
    if old == new:
        return Cast(False)
    if old.kind in _TEXTS and new.kind in _TEXTS:
        return _text(value, old, new, "changes" if using else "refuses")
    if pair in (("bpchar", "text"), ("name", "text"), ("float4", "float8"), ("timestamp", "timestamptz")):
        return Cast(True)
    if old.kind in _BYTES and new.kind in _BYTES:
        return _integer(value, new, widens=_BYTES[old.kind] < _BYTES[new.kind])
    if new.kind == "numeric" and old.kind in (*_BYTES, "float4", "float8", "numeric", "money"):
        return _numeric(value, old, new, using)
    if new.kind == "bool" and (old.kind in _BYTES or old.kind == "numeric"):
        return Cast(True, (RowTest(f"{value} not in (0, 1)", "changes", "is neither 0 nor 1", "are neither 0 nor 1"),))
    if pair == ("timestamp", "date"):
        return Cast(True, (_time_of_day(f"{value}::time"),))
    if pair == ("timestamptz", "date"):
        lost = "gets days that depend on the session's time zone"
        return Cast(True, (_time_of_day(f"({value} at time zone 'UTC')::time"),), lost)
    if pair == ("json", "jsonb"):
        condition = not_jsonb(value, version)
        return Cast(True, (RowTest(condition, "refuses", "cannot be converted", "cannot be converted"),))
    return Cast(True, lost=f"has values of type {column.type} that {written} does not hold, or not with their meaning")


def _plain(column: Column, written: str, new: Type, pair: tuple[str, str]) -> set[str]:
    """The expressions that do no more than convert the column."""
    name = column.quoted
    plain = {name, f"{name}::{written}", f"{name}::{new.kind}"}
    if new.kind == "numeric":
        plain |= {f"{name}::numeric", f"{name}::text::numeric"}
    if pair == ("timestamp", "timestamptz"):
        plain |= {f"{name} at time zone 'UTC'"}
    if new.kind == "bool":
        plain = {f"{name} <> 0", f"{name}::boolean", f"{name}::bool"}
    return plain


def _text(value: str, old: Type, new: Type, effect: Effect) -> Cast:
    if new.first is None or (old.first is not None and old.first <= new.first):
        return Cast(False)
    said = f"longer than {new.first} characters"
    return Cast(True, (RowTest(f"char_length({value}) > {new.first}", effect, f"is {said}", f"are {said}"),))


def _integer(value: str, new: Type, *, widens: bool) -> Cast:
    if widens:
        return Cast(True)
    top = 2 ** (8 * _BYTES[new.kind] - 1)
    condition = f"{value} not between {-top} and {top - 1}"
    return Cast(True, (RowTest(condition, "refuses", "is out of range", "are out of range"),))


def _numeric(value: str, old: Type, new: Type, using: str) -> Cast:
    """Judge a change to numeric. Binary floats are compared by their shortest exact form."""
    precision, scale = new.first, new.second or 0
    if old.kind == "numeric":
        same_scale = old.first is not None and (precision is None or old.second == scale)
        wider = precision is None or (old.first is not None and precision - scale >= old.first - (old.second or 0))
        if wider and (precision is None or scale >= (old.second or 0)):
            return Cast(not same_scale and precision is not None)
    exact = f"{value}::text::numeric" if old.kind in ("float4", "float8") else f"{value}::numeric"
    tests = []
    if old.kind in ("float4", "float8", "numeric") and old.first is None and precision is not None:
        tests.append(RowTest(f"{value} in ('Infinity', '-Infinity')", "refuses", "is infinite", "are infinite"))
    if precision is not None:
        # rounded first, as the conversion does; infinity and NaN have tests of their own
        large = f"abs(round({exact}, {scale})) >= 1e{precision - scale}"
        if old.kind in ("float4", "float8", "numeric"):
            large += f" and {value} not in ('NaN', 'Infinity', '-Infinity')"
        tests.append(RowTest(large, "refuses", TOO_LARGE, "are too large"))
        if old.kind not in _BYTES:
            more = f"more than {scale} decimals" if scale else "decimals"
            tests.append(RowTest(has_more_decimals(value, old, scale), "changes", f"has {more}", f"have {more}"))
    if old.kind == "float8" and using and "::text" not in using:
        # a conversion without text keeps 15 digits
        tests.append(
            RowTest(f"{value}::numeric <> {exact}", "changes", "has more than 15 digits", "have more than 15 digits")
        )
    return Cast(True, tuple(tests))


def has_more_decimals(value: str, old: Type, scale: int) -> str:
    """A condition for a number with more decimals than `scale`; of a binary float in its shortest exact form."""
    number = f"{value}::text::numeric" if old.kind in ("float4", "float8") else f"{value}::numeric"
    exactly = f"round({number}, {scale}) <> {number}"
    if old.kind != "float8" or scale > 6:
        return exactly
    # below 2^53 units of the last decimal, the closest float to a number of them is the number that is meant
    close = f"{value} <> round({value} * 1e{scale}) / 1e{scale}"
    return f"case when abs({value}) < 1e{15 - scale} then {close} else {exactly} end"


def _time_of_day(time: str) -> RowTest:
    return RowTest(f"{time} <> '00:00'", "changes", "has a time of day", "have a time of day")


def not_jsonb(value: str, version: int) -> str:
    """A condition for a json value that jsonb refuses: U+0000, unpaired surrogates, numbers beyond numeric."""
    if version >= 160000:
        return f"not pg_input_is_valid({value}::text, 'jsonb')"
    # in these words the rule schema.json_is_jsonb counts them, whose answer is then known
    return f"(\n{schema_fragment('not_jsonb').replace('%1$s', value)}\n)"
