"""Signals of the command line: the first ends the command in order, the second ends the process."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from typing import Final

#: Ctrl-C, the end that supervisors ask for, and a closed terminal.
ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
#: Seconds that a command has after the second signal, to remove its unfinished files.
_LAST: Final = 1.0


def install() -> None:
    """Raise KeyboardInterrupt at the first signal, and end the process at the second one, whatever it waits for.

    A handler runs between two steps of the main thread, which may never come. So another thread counts the signals.
    """
    reading, writing = socket.socketpair()
    writing.setblocking(False)
    signal.set_wakeup_fd(writing.detach(), warn_on_full_buffer=False)
    for number in ENDING:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, signal.default_int_handler)
    threading.Thread(target=_count, args=(reading,), name="signals", daemon=True).start()


def _count(reading: socket.socket) -> None:
    with reading:
        if reading.recv(1) and reading.recv(1):  # empty once the descriptor is closed
            time.sleep(_LAST)
            os._exit(130)
