"""What a run says to the CI system that it runs in: commands in the log, and the summary of the job."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from order_audit.audit.cli.output import print_raw
from order_audit.reports.writers import LOGS

if TYPE_CHECKING:
    from order_audit.reports.document import Document


def say_all(document: Document, formats: Iterable[str], out: Path) -> None:
    """Print the commands of each format that is one of the log, and give the summary to the CI system."""
    for name in formats:
        if name in LOGS:
            for command in LOGS[name].commands(document):
                print_raw(command)
        if name == "github":
            _append_summary(document)
        if name == "azure" and (out / "summary.md").exists():
            from order_audit.reports.ci import azure

            print_raw(azure.upload(str((out / "summary.md").resolve())))


def _append_summary(document: Document) -> None:
    """Add the Markdown summary to that of the step; other commands of the step may have written some of it."""
    named = os.environ.get("GITHUB_STEP_SUMMARY", "")
    if not named:
        return
    from order_audit.reports.ci import github
    from order_audit.reports.markdown import markdown

    try:
        with Path(named).open("ab") as file:
            room = max(github.SUMMARY_BYTES - file.tell(), 0)
            file.write(github.summary(markdown(document), room).encode())
    except OSError as error:
        print(f"note: the summary of the step was not written: {named}: {error.strerror}", file=sys.stderr)
