"""The outcome of a proof: whether only the values in the undo log have changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from order_audit.fixes.engine.altered_columns import altered_columns

#: The ways of a proof.
CHECKSUMS: Final = "checksums"
ROW_VERSIONS: Final = "row versions"


@dataclass(frozen=True)
class Verification:
    """The number of compared ranges and rows; by table, the first key of each range with other changes.

    `altered` says which columns were added, dropped or got another type meanwhile. `method` is how it was proven,
    `reason` why by checksums, unless they were asked for.
    """

    ranges: int
    rows: int
    others: dict[str, list[int]]
    altered: tuple[str, ...] = ()
    method: str = CHECKSUMS
    reason: str = ""

    def document(self) -> dict[str, Any]:
        """Return the verification as JSON."""
        found = {
            "method": self.method, "ranges": self.ranges, "rows": self.rows, "changed_by_others": self.others,
        }  # fmt: skip
        if self.reason:
            found["reason"] = self.reason
        return found | ({"changed_columns": list(self.altered)} if self.altered else {})

    def followed_by(self, later: Verification) -> Verification:
        """Return the verification of both, one after the other."""
        others = {
            table: sorted({*self.others.get(table, ()), *later.others.get(table, ())})
            for table in [*self.others, *(table for table in later.others if table not in self.others)]
        }
        altered = (*self.altered, *(text for text in later.altered if text not in self.altered))
        return Verification(
            max(self.ranges, later.ranges), self.rows, others, altered, later.method, later.reason or self.reason
        )


def altered(
    before: Mapping[str, Mapping[str, str]], after: Mapping[str, Mapping[str, str]], *, compared: bool
) -> tuple[str, ...]:
    """Return the columns, by table with their types, that differ; `compared` is whether the values of new ones were."""
    return tuple(
        f"{table}.{name} {how}{' (not compared)' if name not in columns and not compared else ''}"
        for table, columns in before.items()
        for name, how in altered_columns(columns, after.get(table, {}))
    )
