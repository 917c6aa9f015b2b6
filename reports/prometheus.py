"""Metrics in Prometheus' text format (version 0.0.4), for the textfile collector of its node exporter."""

from __future__ import annotations

from order_audit.reports.document import Document
from order_audit.reports.metrics import Sample, metrics


def prometheus(document: Document) -> str:
    """Render the metrics, each with its meaning and kind."""
    lines: list[str] = []
    for metric in metrics(document):
        lines += [f"# HELP {metric.name} {metric.meaning}", f"# TYPE {metric.name} gauge"]
        lines += [f"{metric.name}{_labels(it)} {_number(it.value)}" for it in metric.samples]
    return "\n".join(lines) + "\n"


def _labels(sample: Sample) -> str:
    return "{" + ",".join(f'{name}="{_escaped(value)}"' for name, value in sorted(sample.labels.items())) + "}"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(float(value))
