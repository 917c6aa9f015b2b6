"""Limits in a rule's header: how many violations are tolerated, and the bounds of a measured value.

A row rule fails if it has more violations than `tolerate`, or than one of its levels `warning: above 20 rows`. A
measured rule fails if a value breaks a bound: `at_most: 2 %`, or `warning: at_most 1 %`.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Final

from order_audit.expectations import bounds
from order_audit.expectations.bounds import Measure
from order_audit.expectations.error import SuiteError
from order_audit.expectations.names import column_list
from order_audit.expectations.severity import SEVERITIES, Severity

#: Header fields that this module reads, beside `severity` and `key`.
FIELDS: Final = (*bounds.FIELDS, "tolerate", "warning", "critical")
_NUMBER: Final = re.compile(r"[+-]?\d{1,30}(?:\.\d{1,30})?")


@dataclass(frozen=True)
class Amount:
    """A number of rows, or a percentage of the checked rows."""

    number: str
    is_percent: bool = False

    def __str__(self) -> str:
        return f"{self.number} %" if self.is_percent else f"{self.number} {'row' if self.number == '1' else 'rows'}"

    @staticmethod
    def parse(text: str) -> Amount:
        """Read '20 rows' or '0.1 %'. Raises ValueError."""
        words = text.strip()
        if (number := words.removesuffix("%").strip()) != words and _NUMBER.fullmatch(number):
            if 0 <= Fraction(number) <= 100:
                return Amount(number.removeprefix("+"), is_percent=True)
            raise ValueError(f"{words} is not between 0 % and 100 %")
        if found := re.fullmatch(r"(\d{1,18}) +rows?", words):
            return Amount(str(int(found[1])))
        raise ValueError(f"'{words}' is not an amount: write '20 rows' or '0.1 %'")

    def includes(self, violations: int, checked: int | None) -> bool:
        """Return whether it is at least so many violations, exactly. A percentage needs the number of checked rows."""
        if not self.is_percent:
            return violations <= int(self.number)
        return not violations or (checked is not None and 100 * violations <= Fraction(self.number) * checked)


@dataclass(frozen=True)
class Level:
    """A row rule fails at this severity if its violations are more than an amount.

    `place` is where a configuration says so; empty for the limits of the rule's own file.
    """

    severity: Severity
    above: Amount
    place: str = field(default="", compare=False)


@dataclass(frozen=True)
class Limits:
    """What a header says: the worst severity, the key, and the levels or the measure."""

    severity: Severity
    key: tuple[str, ...]
    levels: tuple[Level, ...] = ()
    measure: Measure | None = None


def read(header: Mapping[str, str], lines: Mapping[str, str], path: str) -> Limits:
    """Read the limits of a header, by its fields; `lines` has the file and line of each.

    Raises SuiteError with the place.
    """
    named = header.get("severity", "")
    if named and named not in SEVERITIES:
        raise SuiteError(f"{path}: severity '{named}' is none of {', '.join(SEVERITIES)}")
    severity = next((it for it in SEVERITIES if it == named), None)
    key = column_list(header["key"], "key", path) if header.get("key") else ()
    if "measure" in header:
        measure = bounds.read(header, lines, severity, path)
        return Limits(_worst(it.severity for it in measure.bounds), key, measure=measure)
    if wrong := [field for field in bounds.FIELDS if field in header]:
        raise SuiteError(f"{lines[wrong[0]]}: '{wrong[0]}' bounds a measured value: name its column with 'measure'")
    levels = _levels(header, lines, severity)
    if not key:
        raise SuiteError(f"{path}: the header lacks 'key'")
    if severity is None and not levels:
        raise SuiteError(f"{path}: the header lacks 'severity'")
    if severity is not None and not levels:
        return Limits(severity, key)
    return Limits(_worst(it.severity for it in levels), key, levels)


def _worst(severities: Iterable[Severity]) -> Severity:
    of = set(severities)
    return next(it for it in SEVERITIES if it in of)


# -- row rules ---------------------------------------------------------------------------------------------------


def _levels(header: Mapping[str, str], lines: Mapping[str, str], severity: Severity | None) -> tuple[Level, ...]:
    """Return the levels of a row rule, the worst first; none if it has a severity alone."""
    levels: dict[Severity, Level] = {}
    for name in ("critical", "warning"):
        if name in header:
            word, _, rest = header[name].partition(" ")
            if word != "above":
                raise SuiteError(
                    f"{lines[name]}: {name} '{header[name]}' is not 'above 20 rows' or 'above 1 %'"
                    "; bounds of a value need 'measure'"
                )
            levels[name] = Level(name, _amount(rest, lines[name], name))
    if "tolerate" in header:
        if severity is None:
            raise SuiteError(f"{lines['tolerate']}: 'tolerate' belongs to 'severity', which the header lacks")
        amount = _amount(header["tolerate"], lines["tolerate"], "tolerate")
    else:
        amount = Amount("0")
    if severity is not None and ("tolerate" in header or levels):
        if severity in levels:
            raise SuiteError(
                f"{lines[severity]}: '{severity}' and 'severity: {severity}' are two limits of one severity"
            )
        levels[severity] = Level(severity, amount)
    ordered = tuple(levels[it] for it in SEVERITIES if it in levels)
    for worse, milder in itertools.pairwise(ordered):
        one, other = worse.above, milder.above
        if one.is_percent == other.is_percent and Fraction(one.number) <= Fraction(other.number):
            field = worse.severity if worse.severity in lines else "tolerate"
            raise SuiteError(
                f"{lines.get(field, lines.get('severity', ''))}: {milder.severity} above {other} never applies:"
                f" {worse.severity} begins above {one}"
            )
    return ordered


def _amount(text: str, place: str, field: str) -> Amount:
    try:
        return Amount.parse(text)
    except ValueError as error:
        raise SuiteError(f"{place}: {field}: {error}") from None
