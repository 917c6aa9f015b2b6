"""The results of an audit as a Great Expectations validation result, with Data Docs."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import great_expectations as gx
from great_expectations.core.expectation_validation_result import (
    ExpectationSuiteValidationResult,
    ExpectationValidationResult,
)
from great_expectations.core.run_identifier import RunIdentifier
from great_expectations.data_context.types.resource_identifiers import (
    ExpectationSuiteIdentifier,
    ValidationResultIdentifier,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.validator.validation_statistics import calc_validation_statistics

from order_audit.audit.gx import completeness, project
from order_audit.audit.gx.expectation import ExpectOrderAuditRuleToFindNoViolations, as_result
from order_audit.audit.gx.suite import name_of, of_rules
from order_audit.expectations import Rule
from order_audit.reports.document import Document, JsonObject, Result, encode

_JUDGED: Final = ("passed", "failed", "errored")


def write(folder: Path, document: Document, rules: Iterable[Rule], *, evidence: int = 20, schema: str = "") -> None:
    """Write the project `folder`/gx with a suite, the result of a run and Data Docs. Needs no database.

    `document` is the result, `rules` has at least those that it judged. The suite has the judged rules and those that
    an interrupted run did not reach: its last expectation names them and fails. Skipped, not checkable and not selected
    rules are in neither; the meta of both has the reasons.
    """
    by_rule = {it.rule: it for it in document.results}
    unfinished = [id for id, it in by_rule.items() if not document.run.complete and _is_interrupted(it)]
    wanted = {id for id, it in by_rule.items() if it.status in _JUDGED} | {*unfinished}
    not_judged = {id: {"status": it.status, "reason": it.reason} for id, it in by_rule.items() if id not in wanted}
    suite = of_rules((rule for rule in rules if rule.id in wanted), name_of(document.run.suites), evidence=evidence)
    suite.meta = (suite.meta or {}) | {"order_audit": {"not_judged": not_judged}}
    reasons = [f"{id} was not judged: {it['reason']}" for id, it in not_judged.items() if it["reason"]]
    suite.notes = reasons or None
    with project.opened(folder) as context:
        stored = project.add(context, suite, schema=schema)
        batch = f"{project.SOURCE}-{stored.definition.asset.name}"
        results = [_expectation(each, by_rule, unfinished, batch) for each in stored.suite.expectations]
        run_id = RunIdentifier(run_name=document.run.id, run_time=document.run.started_at)
        context.validation_results_store.store_validation_results(
            _suite_result([it for it in results if it is not None], stored, batch, run_id, document, not_judged),
            ValidationResultIdentifier(
                expectation_suite_identifier=ExpectationSuiteIdentifier(name=suite.name),
                run_id=run_id,
                batch_identifier=batch,
            ),
        )
        context.build_data_docs()


def _is_interrupted(by_rule: Result) -> bool:
    return by_rule.cause is not None and by_rule.cause.kind == "interrupted"


def _expectation(
    expectation: Expectation, by_rule: dict[str, Result], unfinished: list[str], batch: str
) -> ExpectationValidationResult | None:
    """Return the outcome of an expectation; None if the run did not reach it."""
    error = None
    if isinstance(expectation, ExpectOrderAuditRuleToFindNoViolations):
        of_rule = by_rule[expectation.rule]
        if of_rule.status not in _JUDGED:
            return None
        success = of_rule.status == "passed"
        error = of_rule.error if of_rule.status == "errored" else None
        values = [
            {"group": it.group, "value": it.value, "severity": it.severity}
            for it in (of_rule.measure.values if of_rule.measure else ())
        ]
        answer = as_result(of_rule.violations, of_rule.checked, [*of_rule.examples], values) if error is None else {}
        details = ({"values": values} if values else {}) | (
            {"suppressed": of_rule.suppressed} if of_rule.suppressed else {}
        )
        answer |= {"details": details} if details else {}
    else:
        success = not unfinished
        answer = completeness.as_result(len(_rules(expectation)), unfinished)
    configuration = expectation.configuration
    configuration.kwargs["batch_id"] = batch
    return ExpectationValidationResult(
        success=success,
        expectation_config=configuration,
        result=answer,
        exception_info={
            "raised_exception": error is not None,
            "exception_message": error,
            # Data Docs write it as HTML
            "exception_traceback": "order-audit run keeps no traceback" if error is not None else None,
        },
        meta={},
    )


def _rules(expectation: Expectation) -> list[str]:
    """The rules that a suite's last expectation names."""
    return list((expectation.meta or {})[completeness.RULES])


def _suite_result(
    results: list[ExpectationValidationResult],
    stored: project.Project,
    batch: str,
    run_id: RunIdentifier,
    document: Document,
    not_judged: JsonObject,
) -> ExpectationSuiteValidationResult:
    statistics = calc_validation_statistics(results)
    run = document.run
    return ExpectationSuiteValidationResult(
        success=statistics.success,
        results=results,
        suite_name=stored.suite.name,
        statistics={
            "evaluated_expectations": statistics.evaluated_expectations,
            "successful_expectations": statistics.successful_expectations,
            "unsuccessful_expectations": statistics.unsuccessful_expectations,
            "success_percent": statistics.success_percent,
        },
        batch_id=batch,
        meta={
            "great_expectations_version": gx.__version__,
            "batch_spec": {"data_asset_name": stored.definition.asset.name},
            "active_batch_definition": {
                "datasource_name": project.SOURCE,
                "data_connector_name": "fluent",
                "data_asset_name": stored.definition.asset.name,
                "batch_identifiers": {},
            },
            "validation_id": stored.definition.id,
            "checkpoint_id": stored.checkpoint.id,
            "run_id": run_id,
            "validation_time": run_id.run_time,
            "batch_parameters": None,
            "order_audit": {
                "run": run.id,
                "complete": run.complete,
                "masked": run.masked,
                "gate": encode(document.summary.gate),
                "not_judged": not_judged,
            },
        },
    )
