"""The time, as results have it."""

from __future__ import annotations

from order_audit.audit.results.clock import now
from order_audit.reports.document.codec import _moment, encode


def test_times_are_those_of_the_file() -> None:
    """Or a page drawn from results.json could differ in the last digit of a duration."""
    moments = [now() for _ in range(200)]
    assert [_moment(encode(it), "") for it in moments] == moments
    assert any(it.microsecond for it in moments)
