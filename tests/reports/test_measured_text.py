"""Measured values in words."""

from __future__ import annotations

import pytest

from order_audit.reports.document import Measured
from order_audit.reports.measure_text import value_text


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("PT-19M-27.5S", "-19 min 27 s"),
        ("P-1DT-2H", "-1 day 2 h"),
        ("P1DT-2H", "1 day -2 h"),
        ("PT-5M", "-5 min"),
        ("PT0S", "0 s"),
    ],
)
def test_a_negative_duration_has_one_sign(value: str, shown: str) -> None:
    assert value_text(value, Measured("age", "duration", (), ())) == shown
