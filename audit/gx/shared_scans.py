"""Judge all rules of a Great Expectations run together, in shared scans on one snapshot.

Great Expectations reads the dependencies of all metrics before it computes the first one. So all rules of the run are
known when the first one is computed. They are judged as by `order-audit run`, on separate connections to the batch's
database, as the batch's user.
"""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
import sqlalchemy
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.validator.metric_configuration import MetricConfiguration
from psycopg import conninfo

from order_audit.audit import digest_key, mask
from order_audit.audit.analysis import parsed_query
from order_audit.audit.analysis.query_facts import ParsedQuery
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.gx import own_query
from order_audit.audit.gx.stored_rule import stored_rule
from order_audit.audit.scans.engine import ScanOptions
from order_audit.audit.scans.outcome import Failure, GroupValue, Outcome
from order_audit.audit.scans.postgres_engine import PostgresEngine
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.audit.secret_numbers import UNNUMBERED, unnumbered
from order_audit.errors import RunError, UsageError
from order_audit.expectations import Rule, SuiteError
from order_audit.reports import cause_text
from order_audit.reports.atomic_files import temporary
from order_audit.session import Setting

#: Number of connections, as in `order-audit run`. One more holds the snapshot.
_JOBS: Final = 2
#: The settings that determine the tables, role and timeout of a rule.
_SETTINGS: Final = ("search_path", "role", "statement_timeout")

_log: Final = logging.getLogger("order_audit.gx")


class NotSharedError(Exception):
    """The rules of a run cannot be judged together; the message says why, and names no host and no user."""


@dataclass
class _Run:
    """The rules of one run on one batch, by the ids of their metrics, and what became of them once one was asked for.

    `alone` says why each is to be judged by a separate query; None where they were judged together.
    """

    engine: weakref.ref[SqlAlchemyExecutionEngine]
    batch: str
    asked: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    answers: dict[str, dict[str, Any]] | None = None
    alone: str | None = None


class _Current(threading.local):
    """The run that Great Expectations is at in this thread, which builds and resolves a run's metrics in turn."""

    run: _Run | None = None


_current: Final = _Current()


def collect(execution_engine: SqlAlchemyExecutionEngine, metric: MetricConfiguration) -> None:
    """Take note that a run will ask for a rule. The first one that follows an answer begins a new run."""
    run = _current.run
    batch = str(metric.metric_domain_kwargs_id)
    if run is None or run.answers is not None or run.engine() is not execution_engine or run.batch != batch:
        run = _current.run = _Run(weakref.ref(execution_engine), batch)
    run.asked[str(metric.metric_value_kwargs_id)] = dict(metric.metric_value_kwargs)


def judge(execution_engine: SqlAlchemyExecutionEngine, metric: MetricConfiguration) -> dict[str, Any]:
    """Give what became of a rule, with all rules of its run, or by its own query where that cannot be.

    `evaluation` says which of the two; `error` stands for a rule that cannot be judged.
    """
    run, id = _current.run, str(metric.metric_value_kwargs_id)
    if run is None or run.engine() is not execution_engine or id not in run.asked:
        outcome = own_query.judge(execution_engine, dict(metric.metric_value_kwargs))
        return outcome | {"evaluation": "a separate query"}
    if run.answers is None:
        try:
            run.answers = _together(execution_engine, run.asked)
        except NotSharedError as error:
            run.answers, run.alone = {}, str(error)
    if run.alone is not None:
        outcome = own_query.judge(execution_engine, dict(run.asked[id]))
        return outcome | {"evaluation": "a separate query", "reason": run.alone}
    return run.answers[id] | {"evaluation": "scans shared by the rules of the run, on one snapshot"}


def _together(
    execution_engine: SqlAlchemyExecutionEngine, asked: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Judge rules on one snapshot. Raises NotSharedError if no snapshot is available."""
    try:
        dsn, settings = connection(execution_engine)
    except sqlalchemy.exc.DBAPIError as error:
        _log.warning("no order-audit rule can be judged: %s", error.orig)
        # not tried again for each rule: that may take a time-out each
        return {id: {"error": "no connection to the database; the log of order_audit.gx says why"} for id in asked}
    examples = max(int(kwargs["evidence"]) for kwargs in asked.values())
    try:
        outcomes = _outcomes(dsn, settings, [stored_rule(id, kwargs) for id, kwargs in asked.items()], examples)
    except UsageError as error:  # of the key file
        return {id: {"error": str(error)} for id in asked}
    except (RunError, psycopg.Error) as error:
        # what the server says may name hosts and users, which a stored result must not
        reason = mask.error(error) if isinstance(error, psycopg.Error) else str(error)
        _log.warning("each order-audit rule runs a separate query: %s", reason)
        raise NotSharedError("no snapshot on a second connection; the log of order_audit.gx says why") from None
    return {id: _answer(outcomes[id], kwargs) for id, kwargs in asked.items()}


def connection(execution_engine: SqlAlchemyExecutionEngine) -> tuple[str, tuple[Setting, ...]]:
    """The parameters and settings of the batch's own connection, whatever the engine was made of."""
    with execution_engine.get_connection() as connection:
        driver = connection.connection.driver_connection
        if not isinstance(driver, psycopg.Connection):
            raise NotSharedError("the batch's connection is not one of psycopg 3 (postgresql+psycopg://)")
        info = driver.info
        # of several hosts, the one that answered
        there = {"host": info.host, "port": str(info.port), "password": info.password}
        words = info.get_parameters() | {name: value for name, value in there.items() if value}
        if "hostaddr" in words:
            words["hostaddr"] = info.hostaddr
        asked = ", ".join(f"current_setting('{name}')" for name in _SETTINGS)
        values = connection.exec_driver_sql(f"select {asked}").one()
    return conninfo.make_conninfo("", **words), tuple(zip(_SETTINGS, map(str, values), strict=True))


def _outcomes(dsn: str, settings: tuple[Setting, ...], rules: Iterable[Rule], examples: int) -> dict[str, Outcome]:
    outcomes: dict[str, Outcome] = {}
    parsed_rules: list[tuple[Rule, ParsedQuery]] = []
    for rule in rules:
        try:
            parsed_rules.append((rule, parsed_query.parse(rule)))
        except SuiteError as error:
            outcomes[rule.id] = Outcome("errored", failure=Failure(str(error)))
    with temporary() as folder, Snapshot(dsn, settings=settings) as snapshot:
        engine = PostgresEngine(snapshot)
        prepared_rules, unfit = engine.prepare(parsed_rules)
        scans = engine.start(
            prepared_rules, ViolationStore(folder, digest_key=digest_key.of_environment()), ScanOptions(_JOBS, examples)
        )
        try:
            return outcomes | unfit | {prepared.rule.id: scans.outcome(prepared.rule.id) for prepared in prepared_rules}
        except BaseException:
            scans.interrupt()  # the results of the other scans are not needed
            raise
        finally:
            scans.finish()


def _answer(outcome: Outcome, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    if outcome.failure is not None:
        return {"error": outcome.failure.message}
    if outcome.cause is not None:
        return {"error": cause_text.reason(outcome.cause)}
    hidden = frozenset(kwargs["personal"])
    return {
        "violations": outcome.violations,
        "is_tolerated": outcome.status == "passed",
        "checked": outcome.checked,
        **({"values": [_value(it) for it in outcome.values]} if outcome.values else {}),
        "examples": [
            {name: _hidden(value) if name in hidden else value for name, value in row.items()}
            for row in unnumbered(outcome.examples[: int(kwargs["evidence"])])
        ],
    }


def _value(it: GroupValue) -> dict[str, Any]:
    return {"group": it.group, "value": it.value, "severity": it.severity}


def _hidden(value: Any) -> Any:
    return value if value == UNNUMBERED else mask.value(value, mask.TEXT, None)
