"""The rows of the benchmark: each is a command, in a group of commands that are compared."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any, Final

from benchmarks.compare import medians

#: Groups.
SIXTEEN: Final = "16 rules"
ALL: Final = "42 rules"
COMMANDS: Final = "commands"
SECOND: Final = "second audit"
FIXES: Final = "fixes"
SAMPLE: Final = "sample data"
#: Names of rows.
HAND: Final = "SQL by hand, two connections"
RUN: Final = "order-audit run"
EARLIER: Final = "order-audit run, earlier revision"
LINT: Final = "order-audit lint"
PROFILE: Final = "order-audit profile"
STATE: Final = "order-audit run --state"
SINCE: Final = "order-audit run --since"
UPDATE: Final = "one UPDATE"
APPLY: Final = "order-audit fixes apply"
APPLY_EARLIER: Final = "order-audit fixes apply, earlier revision"
#: The tools that the sixteen rules are compared with.
PEERS: Final = ("Great Expectations", "Soda Core 3", "Soda Core 4", "dbt", "Pointblank")

#: A row's group and name.
Place = tuple[str, str]


def since(share: float) -> str:
    """The name of a row: an audit of all 42 rules after a share of the rows has changed."""
    return f"{SINCE}, {share:.1%} changed"


@dataclass
class Row:
    """The measured runs of a command.

    `counts` is `equal`, or says where violations differ. `error` says why there are no runs.
    """

    group: str
    name: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    counts: str = ""
    error: str = ""

    def json(self) -> dict[str, Any]:
        """The row as it is written."""
        return dataclasses.asdict(self) | {"median": medians(self.runs)}


def median_of(document: dict[str, Any], place: Place) -> dict[str, Any] | None:
    """The medians of a row of a result, if it has run."""
    for row in document["rows"]:
        if (row["group"], row["name"]) == place and not row["error"]:
            return row["median"] or None
    return None


def cpu(median: dict[str, Any] | None) -> float | None:
    """The seconds of CPU of a row, client and server together."""
    return None if median is None else float(median["client"] + median["server"])
