"""Progress of fixes: changed rows, rows per second, and estimated time left."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from order_audit.progress import ProgressCallback

#: Seconds of work before an estimate is shown.
_WARM_UP: Final = 5.0


class Eta:
    """Count rows over all steps; each step lists its rows and then changes them.

    `expected` has the estimated rows of each step, replaced by the listed number; `closing` the seconds of work after
    the last step. The time left is the time to list later steps, at the average so far, and the time to change the
    remaining rows, at the rate so far, which includes pauses, retries and vacuums.
    """

    def __init__(
        self,
        expected: Sequence[int],
        on_progress: ProgressCallback,
        closing: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._rows = list(expected)
        self._on_progress = on_progress
        self._closing = closing
        self._clock = clock
        self._began = self._since = clock()
        self._step = -1
        self._note = ""
        self._changed = 0
        self._changed_before = 0
        self._listed = 0
        self._listing = self._changing = 0.0
        self._is_listing = False

    def start_step(self, note: str) -> None:
        """Start the next step."""
        self._measure()
        self._step += 1
        if self._step == len(self._rows):  # a further fixpoint pass, which was not planned
            self._rows.append(0)
        self._note = note
        self._changed_before = self._changed
        self._is_listing = True
        self._report()

    def rows(self, changed: int, of: int, _note: str = "") -> None:
        """Report the changed rows of the step, and their total; called first with 0."""
        self._measure()
        self._listed += self._is_listing
        self._is_listing = False
        self._rows[self._step] = of
        self._changed = self._changed_before + changed
        self._report()

    def end(self, note: str) -> None:
        """End the last step; `note` names the work after it."""
        self._measure()
        self._on_progress(self._changed, self._changed, note)

    @property
    def left(self) -> float | None:
        """Estimated seconds left; None without a basis for an estimate."""
        to_change = sum(self._rows[self._step :]) - (self._changed - self._changed_before)
        if self._clock() - self._began < _WARM_UP or not self._listed or (to_change and not self._changed):
            return None
        to_list = len(self._rows) - self._step - (not self._is_listing)
        each = self._changing / self._changed if self._changed else 0.0
        return to_list * self._listing / self._listed + to_change * each + self._closing

    def _measure(self) -> None:
        now = self._clock()
        if self._is_listing:
            self._listing += now - self._since
        else:
            self._changing += now - self._since
        self._since = now

    def _report(self) -> None:
        parts = [f"{self._changed / self._changing:,.0f}/s"] if self._changed and self._changing else []
        if (left := self.left) is not None:
            parts.append(f"{duration_text(left)} left")
        self._on_progress(
            self._changed, self._changed_before + sum(self._rows[self._step :]), ", ".join([*parts, self._note])
        )


def duration_text(seconds: float) -> str:
    """Return a rounded time: `40 s`, `3 min`, `1.5 h`."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
