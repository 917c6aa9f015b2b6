"""The folder of a run's Great Expectations project: `gx`. A run replaces it completely, if a run made it.

Great Expectations gives every project's folder that name, so a folder of another program stays.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from order_audit.errors import UsageError

FOLDER: Final = "gx"
#: The file that marks a folder as made by a run.
_MARK: Final = ".order-audit-run"


def check(out: Path) -> None:
    """Raise UsageError if the folder exists and no run made it."""
    if (out / FOLDER).exists() and not _is_ours(out):
        raise UsageError(f"--format gx would replace {out / FOLDER}, which no run wrote: choose another --out")


def place(made: Path, out: Path) -> None:
    """Move a project into `out`, and remove that of an earlier run."""
    (made / _MARK).write_text("Written by order-audit run --format gx, which replaces this folder.\n", encoding="utf-8")
    remove(out)
    made.replace(out / FOLDER)


def remove(out: Path) -> None:
    """Remove the project of an earlier run."""
    if _is_ours(out):
        shutil.rmtree(out / FOLDER)


def _is_ours(out: Path) -> bool:
    return (out / FOLDER / _MARK).is_file()
