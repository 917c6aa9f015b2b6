"""Folders that a run writes into its output folder. A run replaces such a folder completely, if a run made it.

Great Expectations gives every project's folder one name, and `violations` is a common word, so a folder of another
program stays.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from order_audit.audit.scans.rows_file import RowsFolder
from order_audit.errors import UsageError

#: The file that marks a folder as made by a run.
_MARK: Final = ".order-audit-run"


@dataclass(frozen=True)
class OwnFolder:
    """A folder by its name, and the option that asks for it."""

    name: str
    option: str

    def check(self, out: Path) -> None:
        """Raise UsageError if the folder exists and no run made it."""
        if (out / self.name).exists() and not self._is_ours(out):
            raise UsageError(f"{self.option} would replace {out / self.name}, which no run wrote: choose another --out")

    def place(self, made: Path, out: Path) -> None:
        """Move a folder into `out`, and remove that of an earlier run."""
        text = f"Written by order-audit run {self.option}, which replaces this folder.\n"
        (made / _MARK).write_text(text, encoding="utf-8")
        self.remove(out)
        made.replace(out / self.name)

    def remove(self, out: Path) -> None:
        """Remove the folder of an earlier run."""
        if self._is_ours(out):
            shutil.rmtree(out / self.name)

    def _is_ours(self, out: Path) -> bool:
        return (out / self.name / _MARK).is_file()


GX: Final = OwnFolder("gx", "--format gx")
ROWS: Final = OwnFolder("violations", "--rows")
STATE: Final = OwnFolder("state", "--state")


def rows_folder(folder: Path, most: int) -> RowsFolder | None:
    """Make and return the folder for violating rows, up to so many of each rule; None for 0."""
    if not most:
        return None
    path = folder / ROWS.name
    path.mkdir()
    return RowsFolder(path, most)
