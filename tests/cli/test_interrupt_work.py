"""Signals that arrive while the work is stopped already, or has not begun."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any, cast

import pytest

from order_audit.audit.results.interruption import interruptible
from order_audit.audit.scans.executor import Executor


class _Work:
    """Stands in for scans at work; a signal may come while they are being stopped."""

    def __init__(self, *, signalled: bool) -> None:
        self.stopped = threading.Event()
        self.entered = 0
        self._signalled = signalled

    def interrupt(self) -> None:
        """Stop."""
        self.entered += 1
        assert self.entered == 1, "a second signal found the first one's handler halfway"
        if self._signalled:
            signal.raise_signal(signal.SIGINT)
        self.entered -= 1
        self.stopped.set()


@pytest.mark.parametrize("moment", ["while it stops the work", "as soon as Ctrl-C has its former meaning"])
def test_two_signals_at_once_stop_the_work(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    """The second may come at any moment of the first one's handling, and the work is stopped all the same."""
    work = _Work(signalled=moment.startswith("while"))
    real, armed = signal.signal, [not moment.startswith("while")]

    def followed(number: int, handler: Any) -> Any:
        before = real(number, handler)
        if armed[0] and number == signal.SIGINT and handler is signal.default_int_handler:
            armed[0] = False
            signal.raise_signal(signal.SIGINT)
        return before

    was = real(signal.SIGINT, signal.default_int_handler)
    try:
        with contextlib.suppress(KeyboardInterrupt), interruptible(cast(Executor, work)):
            monkeypatch.setattr(signal, "signal", followed)
            signal.raise_signal(signal.SIGINT)
        assert work.stopped.wait(5)
    finally:
        monkeypatch.undo()
        real(signal.SIGINT, was)
