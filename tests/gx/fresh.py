"""Interpreters that have imported Great Expectations and nothing of ours, without its five seconds for each of them."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.gx.support import ROOT

#: A process that forks one like itself for each line of its input, and says how that ended. To tidy up at the end would
#: take a second.
_PARENT: Final = """
import gc, json, os, sys
import great_expectations
gc.freeze()
while line := sys.stdin.readline():
    code, environment, files = json.loads(line)
    if not (child := os.fork()):
        break
    print(os.waitpid(child, 0)[1], flush=True)
else:
    os._exit(0)
for number, file in enumerate(files):
    os.dup2(os.open(file, os.O_RDWR | os.O_CREAT), number)
os.environ.update(environment)
exec(compile(code, "<test>", "exec"), {"__name__": "__main__"})
sys.stdout.flush()
os._exit(0)
"""


class Fresh:
    """Runs programs, each in an interpreter of its own."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process = process
        self._folder = folder
        self._numbers = itertools.count(1)

    def __call__(self, code: str, **environment: str) -> str:
        """Return the output of a program."""
        to, told = self._process.stdin, self._process.stdout
        assert to is not None
        assert told is not None
        number = next(self._numbers)
        out, err = (self._folder / f"{number}.{name}" for name in ("out", "err"))
        to.write(json.dumps([code, environment, [os.devnull, str(out), str(err)]]) + "\n")
        to.flush()
        assert told.readline() == "0\n", err.read_text() if err.exists() else "Great Expectations was not imported"
        return out.read_text().strip()


@contextmanager
def interpreters(folder: Path) -> Iterator[Fresh]:
    """Interpreters that keep their output in a folder."""
    words = {name: value for name, value in os.environ.items() if not name.startswith("GX_")}
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", _PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        cwd=ROOT, env=words | {"GX_ANALYTICS_ENABLED": "false"},
    ) as process:  # fmt: skip
        yield Fresh(process, folder)
