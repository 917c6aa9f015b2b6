"""What the history of audits adds to a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeAlias

from order_audit.expectations import Severity
from order_audit.reports.document.codec import Count, note


@dataclass(frozen=True)
class Standing:
    """Since when a rule fails and its violations stand, by the runs of the history."""

    finding: Annotated[
        datetime | None, note("The first of the runs without a gap in which it failed; null where it has passed.")
    ]
    violation: Annotated[
        datetime | None,
        note("The run that first saw the oldest of its violations that still stand; null where keys are not kept."),
    ]
    new: Annotated[
        int | None,
        note(
            "Violations that the last run did not have; null likewise, and where no earlier run judged the rule.",
            minimum=0,
        ),
    ]
    returned: Annotated[int | None, note("Violations of this run that had been gone; null likewise.", minimum=0)]
    relapses: Annotated[Count, note("How often it has failed again after it had passed.")] = 0


AnomalyKind: TypeAlias = Literal["volume", "freshness", "violations"]


@dataclass(frozen=True)
class Anomaly:
    """A figure that is unusual against its own past."""

    kind: AnomalyKind
    name: Annotated[str, note("The table, the column with its table, or the rule, with the group of a measured one.")]
    severity: Severity
    message: Annotated[str, note("One sentence: the value, and what is usual.")]
    value: Annotated[float, note("A number of rows or violations, or an age in seconds.")]
    low: Annotated[float, note("The least usual value.")]
    high: Annotated[float, note("The greatest usual value.")]
    runs: Annotated[int, note("The earlier runs that this goes by.", minimum=14)]
    by_weekday: Annotated[bool, note("Whether the weekday has its own expectation.")]


@dataclass(frozen=True)
class HistoryUse:
    """What the history says of the run as a whole."""

    runs: Annotated[int, note("The earlier runs on the same database and schema.", minimum=0)]
    judged: Annotated[int, note("Figures that were judged against their own past.", minimum=0)]
    not_enough: Annotated[int, note("Figures with fewer than 14 earlier runs, which were not.", minimum=0)]
    anomalies: Annotated[tuple[Anomaly, ...], note("The worst first.")] = ()
