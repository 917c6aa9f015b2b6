"""Run commands and record what they cost."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks import envs
from benchmarks.client import module
from benchmarks.compare import say
from benchmarks.measure import FailedError, cost, server_seconds
from benchmarks.whole.rows import Place, Row
from order_audit.audit.database.server import Server

#: Compiled modules are kept, as they are for users.
_ENV: Final = envs.QUIET | {"PYTHONDONTWRITEBYTECODE": ""}


class Bench:
    """The rows of one size on a server. Runs count from the second round on: the first one warms caches."""

    def __init__(self, running: Server, without: Sequence[str]) -> None:
        self.running = running
        self.rows: dict[Place, Row] = {}
        self.turn = 0
        self.output = ""  # of the last command
        self._without = without

    def row(self, place: Place) -> Row:
        """Return the row of a group and name."""
        return self.rows.setdefault(place, Row(*place))

    def wants(self, place: Place) -> bool:
        """Whether a row is to be measured, and nothing was wrong with it so far."""
        return not any(word in place[1] for word in self._without) and not self.row(place).error

    def run(
        self,
        place: Place,
        dsn: str,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        fine: Sequence[int] = (0,),
    ) -> dict[str, Any] | None:
        """Measure a command; return its numbers, or None if it is excluded or has failed, once or now."""
        if not self.wants(place):
            return None
        say(f"round {self.turn}: {place[1]} ({place[0]})")
        try:
            before = server_seconds(self.running, dsn)
            used = cost(command, env=_ENV | dict(env or {}), cwd=cwd, fine=fine)
            server = server_seconds(self.running, dsn) - before
        except (FailedError, OSError) as error:
            self.fail(place, error)
            return None
        self.output = used.output
        run = {"wall": used.wall, "client": used.cpu, "server": server, "memory": used.memory}
        if self.turn:
            self.row(place).runs.append(run)
        return run

    def fail(self, place: Place, error: Exception) -> None:
        """Record why a row has no result."""
        self.row(place).error = f"{type(error).__name__}: {error}"
        say(self.row(place).error)

    def program(
        self, place: Place, dsn: str, tree: Path | None, words: Sequence[str], folder: Path
    ) -> dict[str, Any] | None:
        """Measure a command of the program as it is in a tree; without a tree, there is no such revision here."""
        if tree is None:
            self.row(place).error = "the earlier revision is not in this repository"
            return None
        command = [sys.executable, "-m", module(tree), *words]
        return self.run(place, dsn, command, env={"PYTHONPATH": str(tree)}, cwd=folder)
