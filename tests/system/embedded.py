"""Processes that use the private server, and what they leave."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.support import servers

ROOT: Final = Path(__file__).parents[2]


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process whose server is in this folder."""
    return {"PATH": os.defpath, "HOME": "/nonexistent", "ORDER_AUDIT_HOME": str(home)} | more


def load(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command that loads the scenario."""
    return subprocess.run(
        [sys.executable, "-m", "order_audit", "scenario", "load", "--dsn", "embedded"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=environment(home, **more),
        cwd=ROOT,
    )


def postmasters(data: Path) -> list[int]:
    """The server processes that work in a data folder, from the operating system."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is another user's
            words = (process / "cmdline").read_bytes().split(b"\0")
            if words[0].endswith(b"/postgres") and (process / "cwd").readlink() == data:
                found.append(int(process.name))
    return found


@contextmanager
def new_home() -> Iterator[Path]:
    """A folder that every user may enter, not there yet."""
    top = servers.folder("oa-home-")
    yield top / "home"
    swept(top / "home" / "data-18")
    shutil.rmtree(top)


def swept(data: Path) -> None:
    """No server is left on a data folder; if one is, end it."""
    left = postmasters(data)
    for number in left:
        os.kill(number, signal.SIGQUIT)
    assert left == []
