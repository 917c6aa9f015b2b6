"""Positions of a column's values on a line: the histogram, and the outliers that it leaves out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from order_audit.audit.profiling.columns import Column
from order_audit.audit.profiling.limits import BUCKETS

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DATE: Final = 1082
_WITH_ZONE: Final = 1184

Row = tuple[Any, ...]


@dataclass(frozen=True)
class Positions:
    """Numbers, or seconds of times, as the profile's statement found them, by kind of its lines."""

    column: Column
    found: Mapping[str, list[Row]]

    def histogram(self) -> dict[str, Any] | None:
        """Equal steps from the least to the greatest; each begins with its lower bound, the last has both.

        The steps hold no `outliers`.
        """
        ends = self.ends()
        if not ends:
            return None
        drawn = self._drawn()
        low, high = drawn.get("low", ends[0]), drawn.get("high", ends[1])
        counts = {int(bucket): int(n) for bucket, _, n in self.found["bucket"]}
        steps = BUCKETS if low < high else 1
        bounds = [low + (high - low) * step / steps for step in range(steps)] + [high]
        entry: dict[str, Any] = {
            "bounds": [self._point(bound) for bound in bounds],
            "counts": [counts.get(step + 1, 0) for step in range(steps)],
        }
        if outliers := self.outliers(*ends, is_counted=True):
            entry["outliers"] = outliers
        return entry

    def ends(self) -> tuple[Decimal, ...]:
        """Return the positions of the least and the greatest counted value, if any."""
        ends = {share: num for share, _, num in self.found["quantile"]}
        return (ends["0.0"], ends["1.0"]) if "0.0" in ends else ()

    def _drawn(self) -> dict[str, Decimal]:
        return {name: num for name, _, num in self.found["drawn"]}

    def outliers(self, least: Decimal, greatest: Decimal, *, is_counted: bool) -> dict[str, Any] | None:
        """Return how many values are beyond those `from` and `to`, with their ends; None: an unknown number."""
        drawn = self._drawn()
        if not drawn:
            return None
        below: int | None = int(drawn["below"])
        above: int | None = int(drawn["above"])
        if not is_counted:
            below = None if least < drawn["floor"] else 0
            above = None if greatest > drawn["ceiling"] else 0
        if below == above == 0:
            return None
        return {
            "below": below, "above": above,
            "least": None if below == 0 else self._point(least),
            "greatest": None if above == 0 else self._point(greatest),
            "from": self._point(drawn["low"]), "to": self._point(drawn["high"]),
        }  # fmt: skip

    def _point(self, num: Decimal | int | None) -> Any:
        """A position of the histogram as JSON has it."""
        return self.time(num) if self.column.kind == "time" else number(num)

    def time(self, seconds: Decimal | int | None) -> str | None:
        """Seconds since 1970 as a time; as they are where Python's calendar does not reach."""
        if seconds is None:
            return None
        try:
            moment = _EPOCH + timedelta(microseconds=round(Decimal(seconds) * 1_000_000))
        except OverflowError:
            return f"{seconds} seconds after 1970"
        if self.column.type == _DATE:
            return str(date(moment.year, moment.month, moment.day))
        return moment.isoformat() if self.column.type == _WITH_ZONE else moment.replace(tzinfo=None).isoformat()


def number(value: Any) -> Any:
    """A computed number, as near as a float comes."""
    if value is None:
        return None
    try:
        number = float(value)
    except OverflowError:
        return str(value)
    return number if math.isfinite(number) else str(value)
