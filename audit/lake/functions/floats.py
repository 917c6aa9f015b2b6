"""Texts of floating-point numbers as PostgreSQL writes them."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import Final

#: Digits that are always enough: of a double, of a real.
_DOUBLE: Final = 17
_REAL: Final = 9


def float_text(value: float) -> str:
    """Return a double as text: the shortest digits that are nearer to it than to any other.

    Where a shorter text stands exactly between two numbers, most programs read it as the one with an even mantissa and
    so write it, `1e+23`. PostgreSQL does not: `9.999999999999999e+22`.
    """
    below, above = math.nextafter(value, -math.inf), math.nextafter(value, math.inf)
    return _shortest(value, below, above, _DOUBLE, 15)


def real_text(value: float) -> str:
    """Return a real, given as a double of the same value, as text."""
    (bits,) = struct.unpack("<i", struct.pack("<f", abs(value)))
    (above,) = struct.unpack("<f", struct.pack("<i", bits + 1))
    (below,) = struct.unpack("<f", struct.pack("<i", max(bits - 1, 0)))
    text = _shortest(abs(value), below, above, _REAL, 6)
    return f"-{text}" if math.copysign(1, value) < 0 else text


def _shortest(value: float, below: float, above: float, most: int, exponent_from: int) -> str:
    exact = Fraction(value)
    low = (exact - Fraction(below)) / 2 if math.isfinite(below) else None
    high = (Fraction(above) - exact) / 2 if math.isfinite(above) else None
    low, high = low if low is not None else high, high if high is not None else low
    for digits in range(1, most + 1):
        text = f"{value:.{digits - 1}e}"
        apart = Fraction(text) - exact
        if digits == most or (low is not None and high is not None and -low < apart < high):
            break
    mantissa, _, exponent = text.partition("e")
    place = int(exponent)
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    if -5 < place < exponent_from:
        return f"{float(text):.{max(0, len(mantissa.lstrip('-')) - 2 - place)}f}"
    return f"{mantissa}e{'-' if place < 0 else '+'}{abs(place):02d}"
