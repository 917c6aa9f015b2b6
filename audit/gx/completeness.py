"""The last expectation of each suite, which fails if a run omitted a rule of the suite.

Great Expectations 1.24.1 omits an expectation whose class is not imported, and the suite passes without it. It keeps
expectations of built-in classes. So each suite has one that no table meets: a number of columns below zero. This module
replaces the check of that class for this one expectation, which its meta identifies: it passes if the same run judged
each rule of the suite.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.expectations.core.expect_table_column_count_to_equal import ExpectTableColumnCountToEqual
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.validator.validator import ValidationDependencies

#: The metric of a rule; its value names the `rule`. Great Expectations keeps one metric per name.
METRIC: Final = "order_audit.violations_of_rule"
#: Where the expectation's meta names the rules.
RULES: Final = "order_audit_rules"

_get_validation_dependencies = ExpectTableColumnCountToEqual.get_validation_dependencies
_metrics_validate = ExpectTableColumnCountToEqual.metrics_validate


def completeness(rules: Iterable[str]) -> ExpectTableColumnCountToEqual:
    """Make the expectation that a run asks the rules of these ids."""
    ids = list(rules)
    return ExpectTableColumnCountToEqual(
        value=-1,
        description=f"Each of the {len(ids)} order-audit rules is run, which takes `import order_audit.gx` before"
        " the suite is loaded",
        severity=FailureSeverity.CRITICAL,
        notes="If this fails: write `import order_audit.gx` before the suite is loaded. Great Expectations leaves"
        " out expectations whose class is not imported. If the result names missing rules: create the suite again with"
        " order_audit.gx.suite, which leaves rules out on purpose with `exclude`.",
        meta={RULES: ids},
    )


def is_completeness(expectation: Expectation) -> bool:
    """Whether an expectation is the one that `completeness` makes."""
    return isinstance(expectation, ExpectTableColumnCountToEqual) and RULES in (expectation.meta or {})


def _dependencies(
    self: ExpectTableColumnCountToEqual,
    execution_engine: ExecutionEngine[Any] | None = None,
    runtime_configuration: dict[str, Any] | None = None,
) -> ValidationDependencies:
    if is_completeness(self):  # it takes no metric of the table, and no query
        return Expectation.get_validation_dependencies(self, execution_engine, runtime_configuration)
    return _get_validation_dependencies(self, execution_engine, runtime_configuration)


def _validate(
    self: ExpectTableColumnCountToEqual,
    metrics: dict[Any, Any],
    runtime_configuration: dict[str, Any] | None = None,
    execution_engine: ExecutionEngine[Any] | None = None,
    **kwargs: Any,
) -> ExpectationValidationResult:
    """Compare the rules in the meta with the metrics of the whole run, which are all in `metrics`."""
    if not is_completeness(self):
        return _metrics_validate(self, metrics, runtime_configuration, execution_engine, **kwargs)
    asked = {value["rule"] for (name, *_), value in metrics.items() if name == METRIC}
    rules = (self.meta or {})[RULES]
    missing = [rule for rule in rules if rule not in asked]
    answer = as_result(len(rules), missing)
    return self._build_evr({"success": not missing, "result": {} if is_brief(runtime_configuration) else answer})


def as_result(rules: int, missing: list[str]) -> dict[str, Any]:
    """A result in the words of Great Expectations: of how many rules which ones were not asked for."""
    return {"observed_value": f"{rules - len(missing)} of {rules}", "details": {"missing": missing}}


def is_brief(runtime_configuration: dict[str, Any] | None) -> bool:
    """Return whether a run requests only verdicts, without observed values."""
    result_format: Any = (runtime_configuration or {}).get("result_format")
    return bool(
        (result_format.get("result_format") if isinstance(result_format, dict) else result_format) == "BOOLEAN_ONLY"
    )


ExpectTableColumnCountToEqual.get_validation_dependencies = _dependencies  # type: ignore[method-assign,assignment]
ExpectTableColumnCountToEqual.metrics_validate = _validate  # type: ignore[method-assign,assignment]
