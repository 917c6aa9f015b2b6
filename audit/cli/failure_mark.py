"""A mark in a folder with files of an earlier run, where a later one failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from order_audit.audit.cli.output import without_secrets
from order_audit.errors import OrderAuditError, RunError
from order_audit.reports.control_characters import clean

#: The file that says that the others are of an earlier run.
NAME: Final = "FAILED.txt"


@contextlib.contextmanager
def marked_failure(out: Path) -> Iterator[None]:
    """Write the mark if the block raises and leaves the results of an earlier run; else remove it.

    The error says so, too. A run in which no rule could be judged raises and has files of its own.
    """
    earlier = _results(out)
    try:
        yield
    except OrderAuditError as error:
        if not earlier:
            raise
        if not earlier & _results(out):
            _remove(out)
            raise
        text = f"The run that ended {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC failed."
        text += " The other files here are of an earlier run."
        with contextlib.suppress(OSError):
            (out / NAME).write_text(f"{text}\n\n{clean(without_secrets(str(error)))}\n", encoding="utf-8")
        error.args = (f"{error}; the files in {out} are of an earlier run",)
        raise
    _remove(out)


def check(results: Path) -> None:
    """Raise RunError if the run after the one that wrote a file of results has failed: they are not of the last run."""
    mark = (results if results.is_dir() else results.parent) / NAME
    if mark.exists():
        raise RunError(f"{mark} says that a later run failed: the results beside it are of an earlier one")


def _results(out: Path) -> set[tuple[str, int]]:
    """Return the files of results in a folder, each with its inode: a run replaces them."""
    paths = (out / name for name in ("results.json", "report.html"))
    return {(path.name, path.stat().st_ino) for path in paths if path.exists()}


def _remove(out: Path) -> None:
    with contextlib.suppress(OSError):
        (out / NAME).unlink(missing_ok=True)
