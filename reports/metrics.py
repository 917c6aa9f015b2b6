"""The figures of a result as metrics, one list for Prometheus and OpenTelemetry, without any key or value of a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from order_audit.expectations import SEVERITIES
from order_audit.reports.document import Document, Result

#: The statuses of rules, each with a number.
_STATUSES: Final = ("passed", "failed", "errored", "skipped", "not_checkable", "not_selected")


@dataclass(frozen=True)
class Sample:
    """A number with its labels."""

    value: float
    labels: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """A gauge: a name in Prometheus' manner (with the unit at its end), its meaning, its samples."""

    name: str
    meaning: str
    samples: tuple[Sample, ...]


def metrics(document: Document) -> list[Metric]:
    """Return the metrics of a result. Each sample has the labels `database` and `schema`."""
    run, gate = document.run, document.summary.gate
    where = {"database": run.database.name, "schema": run.database.schema}

    def one(name: str, meaning: str, value: float) -> Metric:
        return Metric(f"order_audit_{name}", meaning, (Sample(value, where),))

    def many(name: str, meaning: str, samples: Iterator[Sample]) -> Metric:
        return Metric(f"order_audit_{name}", meaning, tuple(Sample(it.value, {**where, **it.labels}) for it in samples))

    found = [
        one("run_timestamp_seconds", "When the last audit ended, in seconds since 1970.", run.finished_at.timestamp()),
        one(
            "run_duration_seconds",
            "How long the last audit took.",
            (run.finished_at - run.started_at).total_seconds(),
        ),
        one("run_complete", "1 if the last audit was not interrupted, else 0.", run.complete),
        one("gate_passed", "1 if the gate passed, else 0.", gate.passed),
        many("rules", "Rules by status.", _by_status(document)),
        many("rule_violations", "Violating keys of a judged rule, without suppressed ones.", _open(document)),
        many("rule_suppressed_violations", "Violating keys that are suppressed.", _suppressed(document)),
        many("rule_new_violations", "Violations that are new against the baseline.", _new(document)),
        many("rule_errored", "1 if a rule could not be judged, else 0.", _errored(document)),
        many("measured_value", "The value of a measured rule without groups.", _measured(document)),
        many("schema_findings", "Open schema findings by severity.", _schema(document)),
        many("table_rows", "Rows of a table that rules judge.", _rows(document)),
    ]
    if document.summary.pass_rate is not None:
        rate = one("pass_ratio", "The share of judged rules that passed.", document.summary.pass_rate / 100)
        found.insert(4, rate)
    return [it for it in found if it.samples]


def _labels(result: Result) -> dict[str, str]:
    return {"rule": result.rule, "severity": result.severity, "table": result.table or "", "owner": result.owner}


def _judged(document: Document) -> Iterator[Result]:
    return (it for it in document.results if it.status in ("passed", "failed"))


def _by_status(document: Document) -> Iterator[Sample]:
    count = Counter(it.status for it in document.results)
    return (Sample(count[it], {"status": it}) for it in _STATUSES)


def _open(document: Document) -> Iterator[Sample]:
    return (Sample(it.open, _labels(it)) for it in _judged(document))


def _suppressed(document: Document) -> Iterator[Sample]:
    return (Sample(it.suppressed, _labels(it)) for it in _judged(document) if it.suppressed)


def _new(document: Document) -> Iterator[Sample]:
    return (Sample(it.baseline.new, _labels(it)) for it in _judged(document) if it.baseline)


def _errored(document: Document) -> Iterator[Sample]:
    of = ("passed", "failed", "errored")
    return (Sample(it.status == "errored", {"rule": it.rule}) for it in document.results if it.status in of)


def _measured(document: Document) -> Iterator[Sample]:
    for result in _judged(document):
        if result.measure is None or result.key:
            continue
        for it in result.measure.values:
            if it.number is not None:
                yield Sample(it.number, {"rule": result.rule, "column": result.measure.column})


def _schema(document: Document) -> Iterator[Sample]:
    if not document.schema_rules:
        return iter(())
    count = Counter(it.severity for it in document.schema_findings if not it.accepted)
    return (Sample(count[it], {"severity": it}) for it in SEVERITIES)


def _rows(document: Document) -> Iterator[Sample]:
    return (Sample(it.rows, {"table": name}) for name, it in document.run.tables.items())
