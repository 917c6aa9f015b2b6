"""The cost of the program itself: a run on the sample data and --help, compared with an earlier revision."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.compare import medians, numbers, say
from benchmarks.measure import cost
from order_audit.audit.database.server import Server
from tests.support import servers

_ROOT: Final = Path(__file__).parents[1]
#: Runs of each at least: the differences are small beside what disturbs a run.
_FEWEST: Final = 11


def client_costs(running: Server, revision: str, repeats: int) -> dict[str, Any]:
    """Medians of seconds and bytes, by command and revision; the two take turns, after one time that does not count."""
    repeats = max(repeats, _FEWEST)
    with servers.database(running, "sample") as dsn, tempfile.TemporaryDirectory(prefix="bench-") as folder:
        trees = {revision: checked_out(revision, Path(folder) / "earlier"), "now": _ROOT}
        commands = {
            "run": ["run", "--dsn", dsn, "--out", str(Path(folder) / "out"), "--quiet", "--fail-on", "never"],
            "--help": ["--help"],
        }
        runs: dict[tuple[str, str], list[dict[str, Any]]] = {(it, name): [] for it in commands for name in trees}
        for turn in range(repeats + 1):
            say(f"round {turn} of {repeats}: run and --help, of {revision} and of now")
            for (command, name), found in runs.items():
                words = [sys.executable, "-m", module(trees[name]), *commands[command]]
                used = numbers(cost(words, env={"PYTHONPATH": str(trees[name])}, cwd=Path(folder)))
                if turn:
                    found.append(used)
    return {
        "revision": revision,
        "repeats": repeats,
        "costs": {command: {name: medians(runs[command, name]) for name in trees} for command in commands},
    }


def checked_out(revision: str, folder: Path) -> Path:
    """The files of a revision, in a folder of their own."""
    packed = subprocess.run(["git", "archive", revision], cwd=_ROOT, check=True, stdout=subprocess.PIPE).stdout  # noqa: S607
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def module(tree: Path) -> str:
    """The module for `python -m`: early revisions had no common package."""
    return "order_audit" if (tree / "order_audit").is_dir() else "audit.cli"
