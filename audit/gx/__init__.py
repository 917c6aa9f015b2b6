"""Great Expectations: rules as expectations, in its suites and projects.

Programs write `import order_audit.gx`. Only this package imports great_expectations, which takes seconds: import it
lazily. `expectation` is the class of all rules; `shared_scans` and `own_query` judge them; `completeness` fails a suite
with missing rules. `suite` makes suites, `project` and `export` write projects, and `result` writes the results of an
audit as a validation result.
"""

from __future__ import annotations

import os
import warnings

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at the import

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    from order_audit.audit.gx.expectation import ExpectOrderAuditRuleToFindNoViolations, RuleError
    from order_audit.audit.gx.export import Exported, export
    from order_audit.audit.gx.suite import store, suite

__all__ = ["ExpectOrderAuditRuleToFindNoViolations", "Exported", "RuleError", "export", "store", "suite"]
