"""The rules in Great Expectations. Every program that runs a stored suite of ours imports this module first.

    import great_expectations as gx
    from order_audit.gx import store, suite

    context = gx.get_context(mode="file")
    store(context, suite("current"))

`suite` makes a suite of rules, `store` puts it into a context, `export` writes a whole project.
`OrderAuditReportAction` is an action of a checkpoint that writes our report. A program that loads
a stored suite without this module gets a suite that fails.
"""

from __future__ import annotations

from order_audit.audit.gx import ExpectOrderAuditRuleToFindNoViolations, Exported, RuleError, export, store, suite

# the second one, because the first one imports Great Expectations without its warnings
from order_audit.audit.checkpoint_action import OrderAuditReportAction  # isort: skip

__all__ = [
    "ExpectOrderAuditRuleToFindNoViolations",
    "Exported",
    "OrderAuditReportAction",
    "RuleError",
    "export",
    "store",
    "suite",
]
