"""Counts rules that are judged, for the progress."""

from __future__ import annotations

import threading

from order_audit.audit.scans.outcome import Outcome
from order_audit.progress import ProgressCallback


class Counter:
    """Count judged rules, and report the progress."""

    def __init__(self, total: int, on_progress: ProgressCallback) -> None:
        self._total = total
        self._on_progress = on_progress
        self._done = 0
        self._lock = threading.Lock()
        on_progress(0, total, "")

    def __call__(self, rule: str, outcome: Outcome) -> None:
        with self._lock:
            self._done += 1
            self._on_progress(self._done, self._total, f"{rule}: {outcome.status}")
