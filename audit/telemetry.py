"""A result as OpenTelemetry metrics and a span, over OTLP by HTTP with the official SDK."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from order_audit.errors import RunError, UsageError
from order_audit.reports.findings import findings
from order_audit.reports.metrics import Metric, metrics

if TYPE_CHECKING:
    from order_audit.reports.document import Document

#: Findings that the span has as events; the worst ones, of more than these.
_EVENTS = 100


def export(document: Document, address: str) -> None:
    """Send metrics and the span of a result to a collector, and wait for its answer.

    `address` is that of the collector, without the paths of signals. Raises UsageError without the extra `otel`,
    RunError if the collector did not take them.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader, MetricExportResult
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    except ImportError:
        raise UsageError("OpenTelemetry is not installed: pip install 'order-audit[otel]'") from None
    database = document.run.database
    resource = Resource(
        {
            "service.name": "order-audit",
            "service.version": document.run.versions.get("order-audit", ""),
            "db.system.name": "postgresql",
            "db.namespace": f"{database.name}|{database.schema}",
        }
    )
    base = address.rstrip("/")
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("order-audit")
    for metric in metrics(document):
        meter.create_observable_gauge(_name(metric), [_observed(metric)], description=metric.meaning)
    measured = reader.get_metrics_data()
    spans = InMemorySpanExporter()
    tracing = TracerProvider(resource=resource, shutdown_on_exit=False)
    tracing.add_span_processor(SimpleSpanProcessor(spans))
    _span(tracing.get_tracer("order-audit"), document)
    with _silent():
        taken = measured is not None and (
            OTLPMetricExporter(endpoint=f"{base}/v1/metrics", timeout=10).export(measured) is MetricExportResult.SUCCESS
        )
        traced = (
            OTLPSpanExporter(endpoint=f"{base}/v1/traces", timeout=10).export(spans.get_finished_spans())
            is SpanExportResult.SUCCESS
        )
    if not (taken and traced):
        what = " and ".join(["metrics"] * (not taken) + ["the span"] * (not traced))
        raise RunError(f"the OpenTelemetry collector did not take {what}")


def _name(metric: Metric) -> str:
    """Return a name in OpenTelemetry's manner: dots between its parts."""
    return metric.name.replace("order_audit_", "order_audit.", 1)


def _observed(metric: Metric) -> Any:
    from opentelemetry.metrics import Observation

    def observe(_: Any) -> Iterable[Observation]:
        return [Observation(float(it.value), it.labels) for it in metric.samples]

    return observe


def _span(tracer: Any, document: Document) -> None:
    from opentelemetry.trace import Status, StatusCode

    run, gate = document.run, document.summary.gate
    span = tracer.start_span(
        "audit",
        start_time=_nanoseconds(run.started_at),
        attributes={
            "order_audit.run.id": run.id,
            "order_audit.run.complete": run.complete,
            "order_audit.gate.passed": gate.passed,
            "db.namespace": run.database.name,
        },
    )
    found = [it for it in findings(document) if it.is_open]
    span.set_attribute("order_audit.findings.left_out", max(len(found) - _EVENTS, 0))
    for it in found[:_EVENTS]:
        attributes = {"rule": it.rule, "severity": it.severity, "object": it.object, "violations": it.count}
        span.add_event(it.title, attributes, timestamp=_nanoseconds(run.finished_at))
    if not gate.passed:
        span.set_status(Status(StatusCode.ERROR, "; ".join(gate.reasons)))
    span.end(_nanoseconds(run.finished_at))


def _nanoseconds(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000) * 1000


@contextlib.contextmanager
def _silent() -> Any:
    """Leave it to the result what failed: the SDK logs each attempt, with the address."""
    logger = logging.getLogger("opentelemetry")
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logger.setLevel(before)
