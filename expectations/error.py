"""The error of a suite that cannot be used."""

from __future__ import annotations

from order_audit.errors import OrderAuditError


class SuiteError(OrderAuditError):
    """A suite, or a file in it, cannot be used; the message is one line that names the place."""

    exit_code = 2
