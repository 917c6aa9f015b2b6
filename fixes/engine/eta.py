"""How far the fixes are: rows changed of those to change, rows a second, and the time left once it can be told."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from order_audit.progress import ProgressCallback

#: Seconds of work after which a time left is told: before, it would be a guess.
_HONEST: Final = 5.0


class Eta:
    """Counts rows over all steps, each of which lists its rows and then changes them.

    `expected` says for each step how many rows it may have, `closing` how many seconds of work come after the last.
    What a step lists takes the place of what was expected of it. The time left is what the steps to come take to list
    their rows, at the average so far, and all rows that are left to change, at the rate so far: pauses, rows that
    others held and vacuums are in it.
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
        """Begin the next step."""
        self._measure()
        self._step += 1
        if self._step == len(self._rows):  # one more pass of a fix, which nobody expected
            self._rows.append(0)
        self._note = note
        self._changed_before = self._changed
        self._is_listing = True
        self._say()

    def rows(self, changed: int, of: int, _note: str = "") -> None:
        """Tell how many rows of the step are changed; the first time, none is yet."""
        self._measure()
        self._listed += self._is_listing
        self._is_listing = False
        self._rows[self._step] = of
        self._changed = self._changed_before + changed
        self._say()

    def end(self, note: str) -> None:
        """The last step has ended; what comes now is named."""
        self._measure()
        self._on_progress(self._changed, self._changed, note)

    @property
    def left(self) -> float | None:
        """Seconds that are left, about; None where that cannot be told yet."""
        to_change = sum(self._rows[self._step :]) - (self._changed - self._changed_before)
        if self._clock() - self._began < _HONEST or not self._listed or (to_change and not self._changed):
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

    def _say(self) -> None:
        said = [f"{self._changed / self._changing:,.0f}/s"] if self._changed and self._changing else []
        if (left := self.left) is not None:
            said.append(f"{duration_text(left)} left")
        self._on_progress(
            self._changed, self._changed_before + sum(self._rows[self._step :]), ", ".join([*said, self._note])
        )


def duration_text(seconds: float) -> str:
    """A time that is not known exactly: `40 s`, `3 min`, `1.5 h`."""
    if seconds < 10:
        return f"{max(1, round(seconds))} s"
    if seconds < 57.5:
        return f"{5 * round(seconds / 5)} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
