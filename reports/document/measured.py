"""The measured values of a rule, and the bounds that they are held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from order_audit.expectations import Severity, Unit
from order_audit.expectations.bounds import BoundKind
from order_audit.reports.document.codec import Count, note


@dataclass(frozen=True)
class MeasureBound:
    """A bound of a measured value; broken, the rule fails at its severity."""

    severity: Severity
    kind: BoundKind
    text: Annotated[str, note("In words: 'at most 2 %'.")]
    low: Annotated[float | None, note("The least value on the scale of `number`; null without one.")]
    high: Annotated[float | None, note("The greatest value, likewise.")]


@dataclass(frozen=True)
class ValuePoint:
    """A measured value of an earlier run."""

    at: datetime
    value: str | None
    number: float | None


@dataclass(frozen=True)
class CountPoint:
    """The violations of a rule in an earlier run."""

    at: datetime
    violations: Count
    checked: int | None


@dataclass(frozen=True)
class MeasuredValue:
    """The measured value of a group."""

    group: Annotated[
        str | None, note("As in violations.csv, empty for NULL; null for the whole table, whose key is `[]` there.")
    ]
    value: Annotated[str | None, note("Exact; a duration in ISO 8601, a time in UTC. Null where there is none.")]
    number: Annotated[
        float | None,
        note("The value on a scale, for diagrams: seconds for durations and times; null if it is not finite."),
    ]
    severity: Annotated[Severity | None, note("Of the worst bound that it breaks.")]
    previous: Annotated[
        str | None,
        note("In the baseline, or in the last run of the history; null without one, or without a value there."),
    ] = None
    previous_number: float | None = None
    history: Annotated[tuple[ValuePoint, ...], note("Of up to 30 earlier runs, for the first 12 groups.")] = ()


@dataclass(frozen=True)
class Measured:
    """What a measured rule has measured. `checked` is the number of its groups."""

    column: str
    unit: Annotated[Unit, note("A percentage is a share: 0.02 is 2 %.")]
    bounds: tuple[MeasureBound, ...]
    values: Annotated[tuple[MeasuredValue, ...], note("Those of up to 100 groups, the worst first.")]
