"""Measured values in words: the value, its bounds, the value before."""

from __future__ import annotations

import re
from decimal import Decimal, localcontext
from typing import Final

from order_audit.reports.document import Measured, MeasuredValue, Result
from order_audit.reports.formatting import plural

#: Decimal places of a displayed number, if it is not so close to a bound that they would hide the difference.
_PLACES: Final = 4
#: The displayed values of a rule with groups.
_FEW: Final = 3
_ISO: Final = re.compile(
    r"P(?:(?P<year>-?\d+)Y)?(?:(?P<month>-?\d+)M)?(?:(?P<day>-?\d+)D)?"
    r"(?:T(?:(?P<h>-?\d+)H)?(?:(?P<min>-?\d+)M)?(?:(?P<s>-?\d+(?:\.\d+)?)S)?)?"
)


def value_text(value: str | None, measure: Measured) -> str:
    """Return a measured value for people, rounded unless that hides on which side of a bound it is."""
    if value is None:
        return "no value"
    match measure.unit:
        case "number" | "percent":
            return _number(value, measure)
        case "duration":
            return _duration(value)
        case "time":
            return f"{value.removesuffix('+00')} UTC" if value.endswith("+00") else value
        case "boolean":
            return value


def bounds_text(measure: Measured) -> str:
    """Return the bounds, with their severities if they have different ones."""
    if len({it.severity for it in measure.bounds}) == 1:
        return ", ".join(it.text for it in measure.bounds)
    return ", ".join(f"{it.severity}: {it.text}" for it in measure.bounds)


def line(result: Result) -> str:
    """Return what a rule has measured, its bounds and the value before; of groups, the worst ones."""
    return values_text(result.measure, result.violations) if result.measure else ""


def values_text(measure: Measured, violations: int) -> str:
    """Return the same of the values; `violations` is the number of groups that break a bound."""
    if not measure.values:
        return f"no group; {bounds_text(measure)}"
    if measure.values[0].group is None:
        return f"{_with_previous(measure.values[0], measure)}; {bounds_text(measure)}"
    wrong = [it for it in measure.values if it.severity][:_FEW]
    shown = wrong or list(measure.values[:1])
    named = ", ".join(f"{group_text(it)} {_with_previous(it, measure)}" for it in shown)
    more = f" and {violations - len(wrong):,} more" if wrong and violations > len(wrong) else ""
    ordered = measure.unit != "boolean"
    return f"{'' if wrong or not ordered else 'the nearest to its bound: '}{named}{more}; {bounds_text(measure)}"


def group_text(value: MeasuredValue) -> str:
    """Return the name of a group."""
    return "the whole table" if value.group is None else value.group or "(empty)"


def count_text(result: Result) -> str:
    """Return how many of how many groups break a bound."""
    return f"{result.violations:,} of {plural(result.checked or 0, 'group')}"


def _with_previous(value: MeasuredValue, measure: Measured) -> str:
    text = value_text(value.value, measure)
    return f"{text} (before: {value_text(value.previous, measure)})" if value.previous is not None else text


def _number(value: str, measure: Measured) -> str:
    scale, unit = (100, " %") if measure.unit == "percent" else (1, "")
    number = Decimal(value)
    if not number.is_finite():
        return f"{value}{unit}"
    ends = [end for it in measure.bounds for end in (it.low, it.high) if end is not None]
    with localcontext() as context:
        context.prec = 2000  # a numeric has at most 1,000 digits that matter here; more are shown as they are
        exact = (number * scale).normalize()
        limits = [Decimal(repr(end)) * scale for end in ends]
        places = max(-int(exact.as_tuple().exponent), 0)
        for digits in range(min(_PLACES, places), places):
            rounded = round(exact, digits)
            if all((rounded > it) == (exact > it) and (rounded < it) == (exact < it) for it in limits):
                return f"{rounded:,f}{unit}"
        return f"{exact:,f}{unit}"


def _duration(value: str) -> str:
    found = _ISO.fullmatch(value)
    if found is None:
        return value
    numbers = [number for number in found.groups() if number and Decimal(number)]
    if len(numbers) > 1 and all(number.startswith("-") for number in numbers):
        return f"-{_duration(value.replace('-', ''))}"
    months = [(found[name], name) for name in ("year", "month", "day")]
    parts = [f"{int(number):,} {name}{'s' * (number != '1')}" for number, name in months if number]
    parts += [f"{number} {name}" for name in ("h", "min") if (number := found[name]) and number != "0"]
    seconds = found["s"] or ""
    if parts and int(seconds.partition(".")[0] or 0):
        seconds = seconds.partition(".")[0]
    if seconds and (Decimal(seconds) or not parts):
        parts.append(f"{seconds} s")
    return " ".join(parts) or "0 s"
