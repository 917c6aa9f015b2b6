"""Measured rules: the column with the value of each group, and the bounds that it is held against."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final, Literal, TypeAlias, get_args

from order_audit.expectations.error import SuiteError
from order_audit.expectations.names import column_list
from order_audit.expectations.severity import Severity

BoundKind: TypeAlias = Literal["at_most", "at_least", "between", "equals"]
#: What a bound is written in: it determines the types that the measured column may have.
Unit: TypeAlias = Literal["number", "percent", "duration", "time", "boolean"]

#: Header fields of a measured rule alone.
FIELDS: Final = ("measure", *get_args(BoundKind))
_KINDS: Final[tuple[BoundKind, ...]] = get_args(BoundKind)
_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?")
_DURATION: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)\s*(second|minute|hour|day|week|month|year)s?\s*")
_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?P<offset>Z|[+-]\d\d(?::?\d\d)?)?)?"
)
#: As PostgreSQL compares intervals: a month has 30 days, a day 24 hours.
_SECONDS: Final = {
    "second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31104000
}  # fmt: skip
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_HOW: Final = "a number (0.5, 2 %), a duration (3 days), a date (2026-01-31) or true or false"


@dataclass(frozen=True)
class Bound:
    """What a measured value must be; broken, the rule fails at this severity.

    `values` are one text, or two for `between`: a decimal fraction, a duration, an ISO date or time, true or false. Of
    a percentage, they are the share: 0.02 for 2 %.
    """

    severity: Severity
    kind: BoundKind
    values: tuple[str, ...]
    unit: Unit
    written: str

    def __str__(self) -> str:
        return f"{self.kind.replace('_', ' ')} {self.written}"

    @property
    def has_offset(self) -> bool:
        """Whether it is a time with a difference from UTC."""
        return self.unit == "time" and any((found := _TIME.fullmatch(it)) and found["offset"] for it in self.values)


@dataclass(frozen=True)
class Measure:
    """The column with the measured value of each group, and its bounds; `place` is the header's file and line."""

    column: str
    bounds: tuple[Bound, ...]
    place: str = ""

    @property
    def unit(self) -> Unit:
        """The unit of all bounds."""
        return self.bounds[0].unit


def read(header: Mapping[str, str], lines: Mapping[str, str], severity: Severity | None, path: str) -> Measure:
    place = lines["measure"]
    columns = column_list(header["measure"], "measure", path)
    if len(columns) != 1:
        raise SuiteError(f"{place}: 'measure' names one column of the query")
    for name, why in (("tolerate", "a bound such as 'at_most' does"), ("prefilter", "it has no rows to exclude")):
        if name in header:
            raise SuiteError(f"{lines[name]}: '{name}' has no effect on a measured rule: {why}")
    bounds = []
    for kind in _KINDS:
        if kind in header:
            if severity is None:
                raise SuiteError(f"{lines[kind]}: '{kind}' needs 'severity', or write 'critical: {kind} …'")
            bounds.append(_bound(severity, kind, header[kind], lines[kind]))
    for name in ("critical", "warning"):
        if name in header:
            word, _, rest = header[name].partition(" ")
            kind_of = next((it for it in _KINDS if it == word), None)
            if kind_of is None:
                raise SuiteError(
                    f"{lines[name]}: {name} '{header[name]}' does not begin with one of {', '.join(_KINDS)}"
                )
            bounds.append(_bound(name, kind_of, rest, lines[name]))  # type: ignore[arg-type]
    if not bounds:
        raise SuiteError(f"{place}: 'measure' needs a bound: one of {', '.join(_KINDS)}, warning, critical")
    units = {bound.unit for bound in bounds}
    if len(units - {"percent"}) > 1 or (units > {"percent"} and units - {"percent", "number"}):
        raise SuiteError(f"{place}: the bounds have different units: {' and '.join(sorted(units))}")
    return Measure(columns[0], tuple(bounds), place)


def _bound(severity: Severity, kind: BoundKind, text: str, place: str) -> Bound:
    written = " ".join(text.split())
    parts = re.split(r" and ", written) if kind == "between" else [written]
    if kind == "between" and len(parts) != 2:
        raise SuiteError(f"{place}: between: '{written}' is not 'LOW and HIGH'")
    values = [_value(part.strip(), kind, place) for part in parts]
    if len(values) == 2 and values[0][1] != values[1][1]:
        if values[1][1] != "percent" or values[0][1] != "number":
            raise SuiteError(f"{place}: between: '{parts[0]}' and '{parts[1]}' have different units")
        values[0] = _value(f"{parts[0]} %", kind, place)  # between 1 and 5 %
    texts, unit = tuple(it[0] for it in values), values[0][1]
    if unit == "boolean" and kind != "equals":
        raise SuiteError(f"{place}: {kind}: '{written}' has no order: write 'equals: {written}'")
    if len(values) == 2 and on_scale(*values[0]) > on_scale(*values[1]):
        raise SuiteError(f"{place}: between: {parts[0]} is more than {parts[1]}, so that no value is between them")
    return Bound(severity, kind, texts, unit, written)


def _value(text: str, kind: str, place: str) -> tuple[str, Unit]:
    if _NUMBER.fullmatch(text):
        return text.removeprefix("+"), "number"
    if text.endswith("%") and _NUMBER.fullmatch(number := text.removesuffix("%").strip()):
        sign, digits, exponent = Decimal(number).as_tuple()
        return f"{Decimal((sign, digits, int(exponent) - 2)):f}", "percent"
    if _DURATION.match(text) and not _DURATION.sub("", text):
        return text, "duration"
    if _TIME.fullmatch(text):
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise SuiteError(f"{place}: {kind}: there is no time '{text}'") from None
        return text, "time"
    if text.lower() in ("true", "false"):
        return text.lower(), "boolean"
    raise SuiteError(f"{place}: {kind}: '{text}' is not {_HOW}")


def on_scale(text: str, unit: Unit) -> Fraction:
    """Return where a bound's value is on a scale of numbers: seconds for durations, and for times since 1970."""
    if unit == "duration":
        return sum((Fraction(number) * _SECONDS[name] for number, name in _DURATION.findall(text)), Fraction(0))
    if unit == "time":
        return Fraction((_utc(text) - _EPOCH) // timedelta(microseconds=1), 1_000_000)
    return Fraction(text) if unit != "boolean" else Fraction(text == "true")


def _utc(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
