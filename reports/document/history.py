"""What the history of audits adds to a result."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

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
    new: Annotated[int | None, note("Violations that the last run did not have; null likewise.", minimum=0)]
    returned: Annotated[int | None, note("Violations of this run that had been gone; null likewise.", minimum=0)]
    relapses: Annotated[Count, note("How often it has failed again after it had passed.")] = 0
