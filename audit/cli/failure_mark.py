"""A mark in a folder with files of an earlier run, where a later one failed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from order_audit.audit.cli.output import without_secrets
from order_audit.errors import OrderAuditError
from order_audit.reports.terminal.escape import clean

#: The file that says that the others are of an earlier run.
NAME: Final = "FAILED.txt"


@contextlib.contextmanager
def marked_failure(out: Path) -> Iterator[None]:
    """Write the mark if the block raises and `out` has results; remove it if not. The error says so, too."""
    try:
        yield
    except OrderAuditError as error:
        if not (out / "results.json").exists() and not (out / "report.html").exists():
            raise
        text = f"The run that ended {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC failed."
        text += " The other files here are of an earlier run."
        with contextlib.suppress(OSError):
            (out / NAME).write_text(f"{text}\n\n{clean(without_secrets(str(error)))}\n", encoding="utf-8")
        error.args = (f"{error}; the files in {out} are of an earlier run",)
        raise
    with contextlib.suppress(OSError):
        (out / NAME).unlink(missing_ok=True)
