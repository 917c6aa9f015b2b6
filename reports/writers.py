"""The output formats. A new format is an entry in WRITERS and a module that renders it."""

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
    """Options of an audit that its document does not contain: rules, schema, evidence rows per rule."""

    rules: tuple[Rule, ...]
    schema: str
    examples: int


class Writer(Protocol):
    """A format. `is_default`: written unless other formats are requested."""

    @property
    def is_default(self) -> bool: ...

    def check(self, out: Path) -> None:
        """Raise UsageError if the files cannot be written into `out`."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:
        """Write a result into `folder`. Once all files are written, they move to `out`."""

    def remove(self, folder: Path) -> None:
        """Remove the files of an earlier run."""


@dataclass(frozen=True)
class FileWriter:
    """A format of one file, rendered from the document; without `render`, the audit itself writes it."""

    file: str
    render: Callable[[Document], str] | None
    is_default: bool = True

    def check(self, out: Path) -> None:
        """Do nothing: one file can always be replaced."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:  # noqa: ARG002
        """Write the file."""
        if self.render is not None:
            (folder / self.file).write_text(self.render(document), encoding="utf-8", newline="\n")

    def remove(self, folder: Path) -> None:
        """Remove the file."""
        (folder / self.file).unlink(missing_ok=True)


@dataclass(frozen=True)
class SafeCsvWriter:
    """The violations for a spreadsheet, beside the exact file that comparisons take."""

    file: str = "violations-safe.csv"
    is_default: bool = False

    def check(self, out: Path) -> None:
        """Do nothing: one file can always be replaced."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:  # noqa: ARG002
        """Write the file from the exact one."""
        from order_audit.reports import spreadsheet

        spreadsheet.write(folder / WRITERS["violations"].file, folder / self.file)

    def remove(self, folder: Path) -> None:
        """Remove the file."""
        (folder / self.file).unlink(missing_ok=True)


@dataclass(frozen=True)
class LogWriter:
    """A format that is no file: commands in the log of a CI job, which the command line prints."""

    commands: Callable[[Document], list[str]]
    is_default: bool = False

    def check(self, out: Path) -> None:
        """Do nothing: no file is written."""

    def write(self, document: Document, folder: Path, out: Path, asked: Asked) -> None:
        """Do nothing: see `commands`."""

    def remove(self, folder: Path) -> None:
        """Do nothing."""


# Imports are inside functions, because some modules are slow to import.


def _html(document: Document) -> str:
    from order_audit.reports import html

    return html.report(document)


def _summary(document: Document) -> str:
    from order_audit.reports import html

    return html.summary(document)


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


def _sarif(document: Document) -> str:
    from order_audit.reports.ci import sarif

    return sarif.sarif(document)


def _gitlab(document: Document) -> str:
    from order_audit.reports.ci import gitlab

    return gitlab.code_quality(document)


def _tap(document: Document) -> str:
    from order_audit.reports.ci import tap

    return tap.tap(document)


def _prometheus(document: Document) -> str:
    from order_audit.reports.prometheus import prometheus

    return prometheus(document)


def _openlineage(document: Document) -> str:
    from order_audit.reports.openlineage import openlineage

    return openlineage(document)


def _github(document: Document) -> list[str]:
    from order_audit.reports.ci import github

    return github.commands(document)


def _azure(document: Document) -> list[str]:
    from order_audit.reports.ci import azure

    return azure.commands(document)


WRITERS: Final[dict[str, FileWriter | SafeCsvWriter]] = {
    "html": FileWriter("report.html", _html),
    "summary": FileWriter("summary.html", _summary, is_default=False),
    "json": FileWriter("results.json", _json),
    "junit": FileWriter("junit.xml", _junit),
    "markdown": FileWriter("summary.md", _markdown),
    # a document does not hold all keys: the audit writes the file while it reads them
    "violations": FileWriter("violations.csv", None),
    "csv-safe": SafeCsvWriter(),
    "sarif": FileWriter("findings.sarif", _sarif, is_default=False),
    "gitlab": FileWriter("gl-code-quality-report.json", _gitlab, is_default=False),
    "tap": FileWriter("results.tap", _tap, is_default=False),
    "openlineage": FileWriter("openlineage.jsonl", _openlineage, is_default=False),
    "prometheus": FileWriter("metrics.prom", _prometheus, is_default=False),
}
#: Formats of the log, by the CI system that reads them.
LOGS: Final[dict[str, LogWriter]] = {"github": LogWriter(_github), "azure": LogWriter(_azure)}
DEFAULT: Final = tuple(name for name, writer in WRITERS.items() if writer.is_default)
