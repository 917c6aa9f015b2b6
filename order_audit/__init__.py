"""Audit a PostgreSQL database: rules as SQL, one read-only snapshot, exact evidence, a verdict for CI.

This module is the public interface; the modules below it may change without notice.

>>> import order_audit
>>> result = order_audit.run(dsn, rules=["lineage.*"], fail_on="warning", lint=False, profile=False)
>>> result.passed
False
>>> result.violations
{'lineage.one_live_order': 2}
>>> verdicts = order_audit.lint(dsn, rules=["schema.money_is_exact"])
>>> [finding.object for verdict in verdicts for finding in verdict.findings]
['customers.customer_balance']

`dsn` is a URL or a libpq string; None reads the environment variable DATABASE_URL. Functions raise UsageError or
SuiteError for wrong use, DocumentError for a file without a result, and RunError for a database error. All derive from
OrderAuditError; its `exit_code` is that of the command.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from order_audit.api import FailOn, Format, lint, load_suite, profile, run
from order_audit.errors import DocumentError, OrderAuditError, RunError, UsageError
from order_audit.result import Result, compare

if TYPE_CHECKING:
    __version__: str
    from order_audit.audit.schema.lint import Verdict
    from order_audit.expectations import Rule, Suite, SuiteError
    from order_audit.reports.document import SchemaFinding as Finding

__all__ = [
    "DocumentError",
    "FailOn",
    "Finding",
    "Format",
    "OrderAuditError",
    "Result",
    "Rule",
    "RunError",
    "Suite",
    "SuiteError",
    "UsageError",
    "Verdict",
    "compare",
    "lint",
    "load_suite",
    "profile",
    "run",
]

#: Names that are looked up when they are first asked for, so that importing this module stays cheap.
_HOMES = {
    "Finding": "order_audit.reports.document",
    "Rule": "order_audit.expectations",
    "Suite": "order_audit.expectations",
    "SuiteError": "order_audit.expectations",
    "Verdict": "order_audit.audit.schema.lint",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":  # stands in pyproject.toml alone, and from there in the metadata
        from importlib.metadata import version

        return version("order-audit")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), "SchemaFinding" if name == "Finding" else name)
