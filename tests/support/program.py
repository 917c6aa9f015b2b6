"""The program in this process: a test of what it does gains nothing from another one, which takes half a second."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Final
from unittest import mock

from order_audit.audit.cli.app import main

Done = subprocess.CompletedProcess[str]
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def order_audit(*words: str, **environment: str) -> Done:
    """Run the command line as `python -m order_audit` does; return its exit code and output."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2))
    code: str | int | None = 0
    with (
        mock.patch.object(sys, "argv", ["order-audit", *words]),
        mock.patch.dict(os.environ, environment),
        signals_restored(),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int)
    texts = []
    for stream in (out, err):
        stream.seek(0)
        texts.append(stream.read())
    return subprocess.CompletedProcess(words, code, *texts)


@contextmanager
def signals_restored() -> Iterator[None]:
    """Restores the signal handlers."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    try:
        yield
    finally:
        if (descriptor := signal.set_wakeup_fd(-1)) >= 0:
            os.close(descriptor)
        for number, handler in before.items():
            signal.signal(number, handler)
