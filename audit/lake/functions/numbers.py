"""Numerics of PostgreSQL as texts: of any number of digits, with NaN and the infinities, and a display scale."""

from __future__ import annotations

import re
from decimal import MAX_EMAX, MIN_EMIN, ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal
from typing import Final

_EXACT: Final = Context(prec=200_000, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_UP)
_WRITTEN: Final = re.compile(r"[ \t\n\v\f\r]*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)[ \t\n\v\f\r]*")
_NAMED: Final = re.compile(r"[ \t\n\v\f\r]*(nan|[-+]?inf(?:inity)?)[ \t\n\v\f\r]*", re.IGNORECASE)
#: The most digits before and behind the decimal point.
_WHOLE: Final = 131072
_DECIMALS: Final = 16383
#: Digits that a quotient has at least, and the digits of one unit of PostgreSQL's numerics.
_SIGNIFICANT: Final = 16
_UNIT: Final = 4


class NumberError(ValueError):
    """An operation that PostgreSQL refuses; the message is PostgreSQL's."""


def read(text: str) -> str:
    """Return `text::numeric` as PostgreSQL writes it."""
    if named := _NAMED.fullmatch(text):
        name = named[1].lower()
        return "NaN" if name == "nan" else ("-Infinity" if name.startswith("-") else "Infinity")
    found = _WRITTEN.fullmatch(text)
    if not found:
        raise NumberError(f'invalid input syntax for type numeric: "{text}"')
    number = found[1]
    mantissa, _, exponent = number.lower().partition("e")
    if exponent and len(exponent.lstrip("+-0")) > 6:
        raise NumberError("value overflows numeric format")
    return _written(Decimal(number), max(0, len(mantissa.partition(".")[2]) - int(exponent or 0)))


def _written(value: Decimal, scale: int) -> str:
    """Write a number with a number of decimals."""
    if value.is_nan():
        return "NaN"
    if value.is_infinite():
        return "-Infinity" if value < 0 else "Infinity"
    if scale > _DECIMALS:
        scale = _DECIMALS
    if value and value.adjusted() >= _WHOLE:
        raise NumberError("value overflows numeric format")
    text = f"{value.quantize(Decimal(1).scaleb(-scale, _EXACT), context=_EXACT):f}"
    return text[1:] if text.startswith("-") and not text.strip("-0.") else text


def _scale(text: str) -> int:
    return len(text.partition(".")[2])


def of_float(value: float, digits: int) -> str:
    """Return a floating-point number as a numeric: PostgreSQL keeps 15 digits of a double, 6 of a real."""
    return read(f"{value:.{digits}g}")


def compare(left: str, right: str) -> int:
    """Return -1, 0 or 1. NaN is equal to itself and greater than all else."""
    if left == right:
        return 0
    if "NaN" in (left, right):
        return 1 if left == "NaN" else -1
    a, b = Decimal(left), Decimal(right)
    return (a > b) - (a < b)


def key(text: str) -> str:
    """Return a text that is the same for equal numbers."""
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text


def rounded(text: str, scale: int, how: str = ROUND_HALF_UP) -> str:
    """Return a number with a number of decimals, or rounded before the point if that is negative."""
    value = Decimal(text)
    if not value.is_finite():
        return text
    scale = max(-_WHOLE, min(scale, 2000))
    made = value.quantize(Decimal(1).scaleb(-scale, _EXACT), rounding=how, context=_EXACT)
    return _written(made, max(scale, 0))


def with_type(text: str, precision: int, scale: int) -> str:
    """Return a number as numeric(precision, scale) keeps it."""
    if text in ("Infinity", "-Infinity"):
        raise NumberError("numeric field overflow")
    made = rounded(text, scale)
    if made != "NaN" and Decimal(made) and Decimal(made).adjusted() >= precision - scale:
        raise NumberError("numeric field overflow")
    return made


def as_int(text: str) -> int:
    """Return a number as a bigint."""
    if text in ("NaN", "Infinity", "-Infinity"):
        raise NumberError(f"cannot convert {text.lstrip('-').replace('I', 'i')} to bigint")
    value = int(rounded(text, 0))
    if not -(2**63) <= value < 2**63:
        raise NumberError("bigint out of range")
    return value


def calculate(operator: str, left: str, right: str) -> str:
    """Return `left operator right`."""
    a, b = Decimal(left), Decimal(right)
    if operator in ("floor", "ceil"):
        return rounded(left, 0, ROUND_FLOOR if operator == "floor" else ROUND_CEILING)
    if operator == "trunc":
        return rounded(left, int(right), ROUND_DOWN)
    if a.is_nan() or b.is_nan():
        return "NaN"
    if operator in ("/", "%") and b == 0:
        raise NumberError("division by zero")
    if not (a.is_finite() and b.is_finite()):
        return _infinite(operator, a, b)
    if operator in ("+", "-"):
        made = _EXACT.add(a, b) if operator == "+" else _EXACT.subtract(a, b)
        return _written(made, max(_scale(left), _scale(right)))
    if operator == "*":
        return _written(_EXACT.multiply(a, b), _scale(left) + _scale(right))
    if operator == "%":
        return _written(_EXACT.remainder(a, b), max(_scale(left), _scale(right)))
    return _written_quotient(a, b, max(_scale(left), _scale(right)))


def _infinite(operator: str, a: Decimal, b: Decimal) -> str:
    """Return the result where an operand is infinite; NaN where there is none."""
    if operator == "%":
        return "NaN" if a.is_infinite() else _written(a, max(0, -int(a.as_tuple().exponent)))
    if operator == "/":
        if b.is_infinite():
            return "NaN" if a.is_infinite() else "0"
        return "Infinity" if (a > 0) == (b > 0) else "-Infinity"
    if operator == "*":
        return "NaN" if a == 0 or b == 0 else ("Infinity" if (a > 0) == (b > 0) else "-Infinity")
    if operator == "-":
        b = -b
    if a.is_infinite() and b.is_infinite() and a != b:
        return "NaN"
    return _written(a if a.is_infinite() else b, 0)


def _written_quotient(a: Decimal, b: Decimal, scale: int) -> str:
    """Return a / b with PostgreSQL's number of decimals (select_div_scale in numeric.c)."""
    (weight_a, first_a), (weight_b, first_b) = _first_unit(a), _first_unit(b)
    weight = weight_a - weight_b - (1 if first_a <= first_b else 0)
    scale = min(max(_SIGNIFICANT - weight * _UNIT, scale, 0), 1000)
    digits = max(scale + abs(a.adjusted() - b.adjusted()) + 40, 60)
    context = Context(prec=digits, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_DOWN)
    return _written(context.divide(a, b), scale)


def _first_unit(value: Decimal) -> tuple[int, int]:
    """Return the weight of the first four digits that are not all zero, and those digits."""
    if not value:
        return 0, 0
    weight = value.adjusted() // _UNIT
    return weight, int(abs(value).scaleb(-weight * _UNIT, _EXACT))
