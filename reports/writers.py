"""The formats that a result is written in. A new one is an entry here and a module that renders it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from order_audit.expectations import Rule
    from order_audit.reports.document import Document


@dataclass(frozen=True)
class Asked:
    """What an audit was asked for, where its document does not hold it: rules, schema, evidence rows of each rule."""

    rules: tuple[Rule, ...]
    schema: str
    examples: int


class Writer(Protocol):
    """A format. `is_default` tells whether it is written unless others are asked for."""

    @property
    def is_default(self) -> bool: ...

    def check(self, out: Path) -> None:
        """Raise UsageError where `out` could not take what is going to be written."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:
        """Write a result into `folder`, whose files are moved into `out` when all are written."""

    def remove(self, folder: Path) -> None:
        """Remove what an earlier run wrote."""


@dataclass(frozen=True)
class FileWriter:
    """A format that is one file, rendered from the document alone; without `render` it is written while auditing."""

    file: str
    render: Callable[[Document], str] | None
    is_default: bool = True

    def check(self, out: Path) -> None:
        """Nothing can be in the way."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:  # noqa: ARG002
        """Write the file."""
        if self.render is not None:
            (folder / self.file).write_text(self.render(document), encoding="utf-8", newline="\n")

    def remove(self, folder: Path) -> None:
        """Remove the file."""
        (folder / self.file).unlink(missing_ok=True)


# Modules are imported when they are needed: some of what they need takes long to import.


def _html(document: Document) -> str:
    from order_audit.reports import html

    return html.report(document)


def _json(document: Document) -> str:
    from order_audit.reports.atomic_files import as_json
    from order_audit.reports.document import encode

    return as_json(encode(document))


def _junit(document: Document) -> str:
    from order_audit.reports.junit import junit

    return junit(document)


def _markdown(document: Document) -> str:
    from order_audit.reports.markdown import markdown

    return markdown(document)


WRITERS: Final = {
    "html": FileWriter("report.html", _html),
    "json": FileWriter("results.json", _json),
    "junit": FileWriter("junit.xml", _junit),
    "markdown": FileWriter("summary.md", _markdown),
    # keys are more than a document holds: the file is written as they come
    "violations": FileWriter("violations.csv", None),
}
DEFAULT: Final = tuple(name for name, writer in WRITERS.items() if writer.is_default)
