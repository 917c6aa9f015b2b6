"""All output formats of a run: those that need only the document, and `gx`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from order_audit.audit.results.own_folder import GX
from order_audit.reports.writers import WRITERS, Asked, Writer

if TYPE_CHECKING:
    from order_audit.reports.document import Document


@dataclass(frozen=True)
class GxWriter:
    """A project of Great Expectations, a folder."""

    is_default: bool = False

    def check(self, out: Path) -> None:
        """Raise UsageError if another program made the folder."""
        GX.check(out)

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:
        """Write the project, and move it to its place."""
        from order_audit.audit.gx.result import write

        write(folder, document, asked.rules, evidence=asked.examples, schema=asked.schema)
        GX.place(folder / GX.name, out)

    def remove(self, folder: Path) -> None:
        """Remove a project that an earlier run wrote."""
        GX.remove(folder)


FORMATS: Final[dict[str, Writer]] = {**WRITERS, "gx": GxWriter()}
