"""The errors of the translation."""

from __future__ import annotations

from order_audit.errors import OrderAuditError


class NotTranslatable(OrderAuditError):  # noqa: N818 - it names an outcome of a rule, which stays `not checkable`
    """A statement needs what the other engine is not known to do as PostgreSQL does.

    `missing` names it in plain words, such as `the function to_char(timestamp without time zone, text)`.
    """

    exit_code = 2

    def __init__(self, *missing: str) -> None:
        super().__init__("; ".join(missing))
        self.missing = missing


class UnusableColumnError(NotTranslatable):
    """A statement reads a column whose values cannot be judged; the message says which and why."""


class NoColumnError(NotTranslatable):
    """A statement names a column that no table has."""
