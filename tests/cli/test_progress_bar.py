"""The bar is drawn on stderr, and takes nothing of stdout."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

_PROGRAM = """
from order_audit.audit.cli.progress_bar import progress_bar
with progress_bar("working", quiet=False) as on_progress:
    on_progress(1, 2, "half")
    print("a result")
"""


def test_results_go_to_stdout_while_a_bar_is_on_the_terminal() -> None:
    ours, theirs = pty.openpty()
    try:
        done = subprocess.run([sys.executable, "-c", _PROGRAM], stdout=subprocess.PIPE, stderr=theirs, check=True)
        drawn = os.read(ours, 10_000)
    finally:
        os.close(theirs)
        os.close(ours)
    assert done.stdout == b"a result\n"
    assert b"working" in drawn
    assert b"a result" not in drawn
