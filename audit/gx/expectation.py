"""The expectation that a rule is, and the metric that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from great_expectations.core.expectation_validation_result import ExpectationValidationResult
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.execution_engine.execution_engine import ExecutionEngine
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider
from great_expectations.render.components import (
    LegacyDiagnosticRendererType,
    RenderedStringTemplateContent,
    RenderedTableContent,
)
from great_expectations.render.renderer.renderer import renderer
from great_expectations.validator.metric_configuration import MetricConfiguration

from order_audit.audit.gx import shared_scans
from order_audit.audit.gx.completeness import METRIC, is_brief
from order_audit.errors import OrderAuditError
from order_audit.reports.formatting import plural


class RuleError(OrderAuditError):
    """A rule could not be judged; what the server said is the message."""


class Violations(TableMetricProvider):
    """The outcome of one rule.

    A failure is a value of this metric and not an exception, because Great Expectations retries a metric that raises
    three times, together with its neighbours.
    """

    metric_name = METRIC
    domain_keys = ("batch_id",)
    value_keys = ("rule", "sql", "key", "evidence", "personal", "unknown", "harmless", "prefilter", "tolerate",
                  "measure")  # fmt: skip

    @metric_value(engine=SqlAlchemyExecutionEngine, domain_type=MetricDomainTypes.TABLE)
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it on the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        metric = MetricConfiguration(METRIC, metric_domain_kwargs, metric_value_kwargs)
        return {"rule": metric_value_kwargs["rule"]} | shared_scans.judge(execution_engine, metric)

    @classmethod
    def _get_evaluation_dependencies(
        cls,
        metric: MetricConfiguration,
        configuration: ExpectationConfiguration | None = None,  # noqa: ARG003
        execution_engine: ExecutionEngine[Any] | None = None,
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG003
    ) -> dict[str, MetricConfiguration]:
        """Depend on no other metric; Great Expectations asks this of all metrics of a run before it computes one."""
        if isinstance(execution_engine, SqlAlchemyExecutionEngine):
            shared_scans.collect(execution_engine, metric)
        return {}


class ExpectOrderAuditRuleToFindNoViolations(BatchExpectation):
    """Expect a rule's query, whose rows are violations, to return no rows.

    Great Expectations identifies classes only by name, and uses the last one imported: hence the long name.

    Arguments: `rule` (its id), `sql` (one select), `key` (the key columns of a violation), `evidence` (the number of
    violating rows in the result, masked), `personal` (columns that are always masked completely), `unknown` (columns
    whose texts are masked completely if the rule runs its own query; None: all), `harmless` and `prefilter` (header
    fields of the rule), `tolerate` (violations that are no failure: "20 rows", or "0.1 %" of the checked rows),
    `measure` (the column with the measured value, and its bounds). The result's `observed_value` is the number of
    distinct keys, or the measured value of the whole table.
    """

    rule: str
    sql: str
    key: list[str]
    evidence: int = 20
    personal: list[str] = []  # noqa: RUF012 - pydantic copies it
    unknown: list[str] | None = None
    harmless: list[str] = []  # noqa: RUF012 - pydantic copies it
    prefilter: dict[str, Any] | None = None
    tolerate: str | None = None
    measure: dict[str, Any] | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = Violations.value_keys
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        outcome = metrics[METRIC]
        if "error" in outcome:
            raise RuleError(outcome["error"])
        answer = as_result(outcome["violations"], outcome["checked"], outcome["examples"], outcome.get("values", ()))
        answer["details"] = {name: outcome[name] for name in ("evaluation", "reason", "values") if name in outcome}
        success = not outcome["violations"] or outcome["is_tolerated"]
        return {"success": success, "result": {} if is_brief(runtime_configuration) else answer}

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_STATEMENT)
    def _diagnostic_unexpected_statement_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,
    ) -> list[Any]:
        """Data Docs' line below the title: how many violations, of how many rows."""
        answer = (result.result if result is not None else None) or {}
        if not answer.get("unexpected_count"):
            return list(super()._diagnostic_unexpected_statement_renderer(configuration, result, runtime_configuration))
        rows = answer.get("element_count")
        text = plural(answer["unexpected_count"], "violation") + (f" in {plural(rows, 'row')}" if rows else "")
        return [
            RenderedStringTemplateContent(
                content_block_type="string_template",
                string_template={"template": text, "tag": "strong", "styling": {"classes": ["text-danger"]}},
            )
        ]

    @classmethod
    @renderer(renderer_type=LegacyDiagnosticRendererType.UNEXPECTED_TABLE)
    def _diagnostic_unexpected_table_renderer(
        cls,
        configuration: ExpectationConfiguration | None = None,  # noqa: ARG003
        result: ExpectationValidationResult | None = None,
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG003
    ) -> list[Any] | None:
        """Data Docs' table of violating rows, a column for each of the rule's, those of the key first."""
        rows = ((result.result if result is not None else None) or {}).get("partial_unexpected_list")
        if not rows or result is None or result.expectation_config is None:
            return None
        key = result.expectation_config.kwargs["key"]
        names = sorted(rows[0], key=lambda name: name not in key)  # a stored result has them by name
        return [
            RenderedTableContent(
                content_block_type="table",
                header_row=names,
                table=[[_cell(row[name]) for name in names] for row in rows],
                styling={"body": {"classes": ["table-bordered", "table-sm", "mt-3"]}},
            )
        ]


def _cell(value: Any) -> RenderedStringTemplateContent:
    """Return a value for a table of Data Docs, as a template parameter: other text would be rendered as HTML."""
    return RenderedStringTemplateContent(
        content_block_type="string_template",
        string_template={"template": "$value", "params": {"value": "null" if value is None else str(value)}},
    )


def as_result(
    violations: int, checked: int | None, examples: list[dict[str, Any]], values: Sequence[dict[str, Any]] = ()
) -> dict[str, Any]:
    """A result in the words of Great Expectations.

    `checked` is the number of rows of the table, or of measured groups; None if unknown. `values` are the measured
    ones.
    """
    whole = [it["value"] for it in values if it["group"] is None]
    return {
        "observed_value": whole[0] if whole else violations,
        "element_count": checked,
        "unexpected_count": violations,
        "unexpected_percent": 100 * violations / checked if checked else None,
        "partial_unexpected_list": examples,
    }
