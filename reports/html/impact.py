"""The impact of findings as numbers with names: per finding, and as columns of the list of findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from order_audit.reports.document import Document, ImpactMeasure, Result


@dataclass(frozen=True)
class Amount:
    """One number of a finding's impact."""

    measure: ImpactMeasure
    value: int | float


def amounts(result: Result, document: Document) -> list[Amount]:
    """Return the numbers of a finding's impact that concern it, in the order of its domain."""
    numbers = result.impact or {}
    wrong = {*(result.highlight or ())}
    return [
        Amount(it, numbers[it.name])
        for it in _measures(document).get(result.table, ())
        if it.name in numbers and (not it.about or wrong & {*it.about})
    ]


def by_name(result: Result, document: Document) -> dict[str, int | float]:
    """Return the same numbers by the names of their measures."""
    return {it.measure.name: it.value for it in amounts(result, document)}


def weight(result: Result, document: Document) -> float:
    """Return the rank of a finding: the absolute first sum of its impact; 0 without an impact."""
    return next((abs(it.value) for it in amounts(result, document) if it.measure.is_sum), 0)


def columns(document: Document) -> list[str]:
    """Return the names of all measures, each once."""
    return list(dict.fromkeys(it.name for measures in _measures(document).values() for it in measures))


def sums(document: Document) -> list[str]:
    """Return what sums add up, each once."""
    return list(dict.fromkeys(it.label for measures in _measures(document).values() for it in measures if it.is_sum))


def _measures(document: Document) -> Mapping[str | None, tuple[ImpactMeasure, ...]]:
    return {it.table: it.measures for it in document.impact_measures}
