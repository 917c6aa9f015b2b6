"""All output formats of a run: those that need only the document, and `gx`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from order_audit.audit.results.own_folder import GX
from order_audit.errors import UsageError
from order_audit.reports.writers import DEFAULT, LOGS, WRITERS, Asked, Writer

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


FORMATS: Final[dict[str, Writer]] = {**WRITERS, **LOGS, "gx": GxWriter()}
#: The word that stands for the formats that the environment reads.
AUTO: Final = "auto"
#: The variable by which a CI system is known, and its formats beside the default ones. Jenkins reads junit.xml.
_SYSTEMS: Final = {
    "GITHUB_ACTIONS": ("github", "sarif"),
    "GITLAB_CI": ("gitlab",),
    "TF_BUILD": ("azure",),
}


def asked_formats(text: str, *, csv_safe: bool = False) -> tuple[str, ...]:
    """Return the formats that `--format` names. Raises UsageError for an unknown one, and for none."""
    wanted = [word.strip() for word in text.split(",") if word.strip()]
    known = ", ".join([*FORMATS, AUTO])
    if unknown := [word for word in wanted if word not in FORMATS and word != AUTO]:
        raise UsageError(f"--format: no format '{unknown[0]}' (known: {known})")
    if not wanted:
        raise UsageError(f"--format names no format (known: {known})")
    named = [it for word in wanted for it in (detected(os.environ) if word == AUTO else (word,))]
    return tuple(dict.fromkeys([*named, *["csv-safe"] * csv_safe]))


def detected(environment: Mapping[str, str]) -> tuple[str, ...]:
    """Return the default formats and those of the CI system whose variable is set."""
    known = [formats for name, formats in _SYSTEMS.items() if environment.get(name, "").lower() == "true"]
    return (*DEFAULT, *(it for formats in known for it in formats))
