"""Great Expectations: our rules as expectations of its own, in suites that any of its projects can run.

    import great_expectations as gx
    from order_audit.audit.gx import store, suite

    context = gx.get_context(mode="file")
    store(context, suite("current"))

A program that runs a stored suite imports this module before it loads the suite; without it the suite fails.

This module and `gx_completeness` alone import great_expectations, which takes seconds, so they are imported late.
"""

from __future__ import annotations

import json
import os
import uuid
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, ClassVar, Final, Protocol

os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at the import

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # its own deprecations are not ours to report
    import great_expectations as gx
    import sqlalchemy
    from great_expectations.core.expectation_validation_result import ExpectationValidationResult
    from great_expectations.core.metric_domain_types import MetricDomainTypes
    from great_expectations.data_context.data_context.abstract_data_context import AbstractDataContext
    from great_expectations.exceptions.exceptions import DataContextError
    from great_expectations.execution_engine.execution_engine import ExecutionEngine
    from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
    from great_expectations.expectations.expectation import BatchExpectation, Expectation
    from great_expectations.expectations.metadata_types import FailureSeverity
    from great_expectations.expectations.metrics.metric_provider import metric_value
    from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

    from order_audit.audit.gx_completeness import METRIC, completeness, is_completeness

from order_audit.audit import mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.scans.batch_execution import loads
from order_audit.audit.scans.batch_statement import different
from order_audit.audit.scans.outcome import Outcome
from order_audit.expectations import Rule, load

#: Of the ids of expectations, which depend on the suite's name and the rule's id alone.
_NAMESPACE: Final = uuid.UUID("5b0a5c3e-6f0d-4c1c-9b53-6a2f1f4a7d10")


class RuleError(Exception):
    """A rule could not be judged; what the server said is the message."""


class Evaluator(Protocol):
    """Something that judges rules by their ids, as an audit does with scans that rules share."""

    def outcome(self, rule: str) -> Outcome:
        """Wait for what became of a rule."""


_evaluator: ContextVar[Evaluator | None] = ContextVar("evaluator", default=None)


class Violations(TableMetricProvider):
    """The outcome of one rule: from the audit that is running, else by the rule's own query on the batch's connection.

    A failure is a value of this metric and not an exception, since a metric that raises is tried three times, and
    its neighbours with it.
    """

    metric_name = METRIC
    domain_keys = ("batch_id",)
    value_keys = ("rule", "sql", "key", "evidence", "personal", "unknown")

    @metric_value(engine=SqlAlchemyExecutionEngine, domain_type=MetricDomainTypes.TABLE)
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations calls it on the class
        execution_engine: SqlAlchemyExecutionEngine,
        metric_domain_kwargs: dict[str, Any],  # noqa: ARG002
        metric_value_kwargs: dict[str, Any],
        metrics: dict[str, Any],  # noqa: ARG002
        runtime_configuration: dict[str, Any],  # noqa: ARG002
    ) -> dict[str, Any]:
        rule = metric_value_kwargs["rule"]
        if (evaluator := _evaluator.get()) is None:
            return {"rule": rule} | _ask(execution_engine, metric_value_kwargs)
        outcome = evaluator.outcome(rule)
        if outcome.trouble is not None:
            return {"rule": rule, "error": outcome.trouble.message}
        return {
            "rule": rule,
            "violations": outcome.violations,
            "checked": outcome.checked,
            "examples": outcome.examples,
        }


def _ask(execution_engine: SqlAlchemyExecutionEngine, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Judge one rule by a query of its own, in a read-only transaction."""
    with execution_engine.get_connection() as connection:
        try:
            with connection.begin_nested() if connection.in_transaction() else connection.begin() as transaction:
                plain = connection.execution_options(no_parameters=True)
                plain.exec_driver_sql("set transaction read only")
                described = plain.exec_driver_sql(f"select * from (\n{kwargs['sql']}\n) as v limit 0").cursor
                names = [column[0] for column in described.description]
                if missing := [name for name in kwargs["key"] if name not in names]:
                    return {"error": f"the statement gives no column '{missing[0]}', which the header names as key"}
                violations, rows = plain.exec_driver_sql(_statement(names, kwargs)).one()
                transaction.rollback()
        except sqlalchemy.exc.DBAPIError as error:
            # the driver's message may quote data
            state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""
            return {"error": mask.message(str(error.orig).splitlines()[0], str(state))}
    examples = [
        {name: _masked(value, name, kwargs["personal"], kwargs["unknown"]) for name, value in row.items()}
        for row in loads(rows or "[]")
    ]
    return {"violations": violations, "checked": None, "examples": examples}


def _statement(names: list[str], kwargs: dict[str, Any]) -> str:
    """A rule's own query, its columns renamed by place: a name may come twice, and the first one of it is the key."""
    places = ", ".join(f"e{place}" for place in range(len(names)))
    key = ", ".join(f"v.e{names.index(name)}" for name in kwargs["key"])
    shown = ", ".join(f"v.e{place} as {quoted(name)}" for place, name in enumerate(different(names)))
    return (
        f"with v ({places}) as materialized (\n{kwargs['sql']}\n)\n"
        f"select (select count(*) from (select distinct {key} from v) as k),\n"
        f"  (select json_agg(row_to_json(x.*))::text\n"
        f"   from (select {shown} from v order by {key} limit {int(kwargs['evidence'])}) as x)"
    )


def _masked(value: Any, name: str, personal: list[str], unknown: list[str] | None) -> Any:
    if isinstance(value, dict | list):
        return mask.value(json.dumps(value), mask.JSON, None)
    # of a column whose origin is not known, numbers are shown under a harmless name, as in an audit
    hidden = name in personal or (isinstance(value, str) and (unknown is None or name in unknown))
    return mask.value(value, mask.TEXT, None if hidden else (name,))


class ExpectOrderAuditRuleToFindNoViolations(BatchExpectation):
    """Expect a rule's query, whose rows are violations, to find none.

    Great Expectations knows classes by their names alone, and the one imported last judges: hence the long name.

    Arguments: `rule` (its id), `sql` (one select), `key` (the columns that name a violation), `evidence` (how many
    violating rows the result shows, masked), `personal` (the columns that are masked whole whatever their name),
    `unknown` (those whose texts are; None: all). The result's `observed_value` is the number of distinct keys.
    """

    rule: str
    sql: str
    key: list[str]
    evidence: int = 20
    personal: list[str] = []  # noqa: RUF012 - pydantic copies it
    unknown: list[str] | None = None

    metric_dependencies: ClassVar[tuple[str, ...]] = (METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "sql", "key", "evidence", "personal", "unknown")
    domain_keys: ClassVar[tuple[str, ...]] = ("batch_id",)

    def _validate(
        self,
        metrics: dict[str, Any],
        runtime_configuration: dict[str, Any] | None = None,  # noqa: ARG002
        execution_engine: ExecutionEngine[Any] | None = None,  # noqa: ARG002
    ) -> dict[str, Any]:
        found = metrics[METRIC]
        if "error" in found:
            raise RuleError(found["error"])
        return {
            "success": found["violations"] == 0,
            "result": {
                "observed_value": found["violations"],
                "element_count": found["checked"],
                "unexpected_count": found["violations"],
                "partial_unexpected_list": found["examples"],
            },
        }


def suite(*sources: str | Path, name: str = "", exclude: Iterable[str] = ()) -> gx.ExpectationSuite:
    """Suites, shipped or the user's own, as one suite of Great Expectations.

    `exclude` names rules to leave out: those whose columns a schema lacks cannot be judged and raise there. The last
    expectation fails where a run left out a rule of the suite, as a program does that does not import this module.
    """
    left_out = set(exclude)
    rules = [rule for rule in load(*sources).rules if rule.id not in left_out]
    expectations = [*_expectations(rules), completeness(rule.id for rule in rules)]
    return gx.ExpectationSuite(
        name=name or "order-audit " + "+".join(str(source) for source in sources), expectations=expectations
    )


def store(context: AbstractDataContext, suite: gx.ExpectationSuite) -> gx.ExpectationSuite:
    """Add a suite to a context, or replace the one of its name; return it as it is stored.

    A rule's expectation has the same id each time, made of the suite's name and the rule's id. `context.suites` by
    itself gives expectations ids at random: `add` to all, `add_or_update` to those that have none.
    """
    try:
        context.suites.get(suite.name)
    except DataContextError:
        context.suites.add(suite)
    for each in suite.expectations:
        if isinstance(each, ExpectOrderAuditRuleToFindNoViolations):
            each.id = str(uuid.uuid5(_NAMESPACE, f"{suite.name}/{each.rule}"))
        elif is_completeness(each):
            each.id = str(uuid.uuid5(_NAMESPACE, f"{suite.name}/"))
    return context.suites.add_or_update(suite)


def _expectations(rules: Iterable[Rule], evidence: int = 20) -> list[Expectation]:
    made: list[Expectation] = []
    for rule in rules:
        read = parsed_query.read(rule)
        made.append(
            ExpectOrderAuditRuleToFindNoViolations(
                rule=rule.id,
                sql=read.body,
                key=list(rule.key),
                evidence=evidence,
                personal=[
                    name
                    for name, names in read.mentions.items()
                    if names is not None and mask.is_personal(names | {name})
                ],
                unknown=[name for name, names in read.mentions.items() if names is None] if read.mentions else None,
                description=rule.title,
                severity=FailureSeverity(rule.severity),
                notes=rule.why or None,
                meta={"rule": rule.id, "suite": rule.suite, "path": rule.path},
            )
        )
    return made


def validate(
    rules: Iterable[Rule], evaluator: Evaluator, snapshot: Snapshot, *, examples: int
) -> dict[str, Validation]:
    """Run rules as a suite whose expectations ask `evaluator`; its own connection is in the snapshot too."""
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}  # type: ignore[assignment]
    with _asking(evaluator), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # add_postgres would insist on a host and refuse a socket
        source = context.data_sources.add_sql(
            "order-audit",
            connection_string="postgresql+psycopg://",
            create_temp_table=False,
            kwargs={  # type: ignore[call-arg] # goes to SQLAlchemy's create_engine as it is
                "creator": snapshot.joined,
                "poolclass": sqlalchemy.pool.StaticPool,
            },
        )
        asset = source.add_query_asset("snapshot", query="select 1 as one")
        batch = asset.add_batch_definition_whole_table("whole").get_batch()
        suite = gx.ExpectationSuite(name="order-audit", expectations=_expectations(rules, examples))
        result = batch.validate(suite, result_format="COMPLETE")
    configured = ((found.expectation_config, found) for found in result.results)
    return {config.kwargs["rule"]: Validation(found) for config, found in configured if config is not None}


class Validation:
    """Great Expectations' verdict on one rule."""

    def __init__(self, found: ExpectationValidationResult) -> None:
        self.success = bool(found.success)
        self.raised = _raised(found.exception_info)


def _raised(info: Any) -> bool:
    """Whether an exception stands in a result: at its top, or below the ids of the metrics that raised."""
    if not isinstance(info, dict):
        return bool(getattr(info, "raised_exception", False))
    return bool(info.get("raised_exception")) or any(
        _raised(below) for below in info.values() if isinstance(below, dict)
    )


@contextmanager
def _asking(evaluator: Evaluator) -> Iterator[None]:
    token = _evaluator.set(evaluator)
    try:
        yield
    finally:
        _evaluator.reset(token)
