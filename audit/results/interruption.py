"""End an audit in order after a signal."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from order_audit.audit.scans.engine import Scans


@contextmanager
def interruptible(scans: Scans) -> Iterator[None]:
    """Within this context, the first Ctrl-C, SIGTERM or SIGHUP ends the audit in order, the second at once."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: handler for number in numbers if (handler := signal.getsignal(number)) != signal.SIG_IGN}

    def stop(_number: int, _frame: FrameType | None) -> None:
        for number in before:  # a second signal must not find the first one's handler halfway
            signal.signal(number, _nothing)  # which still counts as the second one
        scans.interrupt()
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in before:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            with contextlib.suppress(ValueError):
                signal.signal(number, handler)


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Let a signal pass."""
