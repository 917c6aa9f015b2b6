"""Progress on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from order_audit.audit.cli.output import cleaned_stderr, raw_stderr
from order_audit.progress import ProgressCallback, StartProgress, ignore_progress, start_ignored
from order_audit.reports.control_characters import escape

#: The width of a line without its note: name, bar, count, time.
_WIDTH: Final = 62
#: Seconds after which a plain line has a note.
_NOTE_AFTER: Final = 10.0


@contextmanager
def progress_bar(label: str, *, quiet: bool) -> Iterator[ProgressCallback]:
    """Show the progress of one task: a bar on a terminal, plain lines elsewhere."""
    with progress_bars(quiet=quiet) as start_progress:
        yield start_progress(label, lines=True)


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[StartProgress]:
    """Show the progress of several tasks: bars on a terminal, plain lines elsewhere if a task asks for them."""
    if quiet:
        yield start_ignored
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
        from rich.table import Column

        console = Console(file=raw_stderr())
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20, table_column=Column(no_wrap=True)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[note]}", markup=False),
        )
        room = max(console.width - _WIDTH, 0)
        with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bars, cleaned_stderr():

            def start(label: str, *, lines: bool = False) -> ProgressCallback:  # noqa: ARG001 - a bar needs no lines
                task: TaskID | None = None

                def show(done: int, of: int, note: str) -> None:
                    nonlocal task
                    if task is None:
                        task = bars.add_task(label, total=None, note="")
                    bars.update(task, completed=done, total=of or None, note=escape(note)[:room])

                return show

            yield start
    else:
        yield lambda label, lines=False: _lines(label) if lines else ignore_progress


def _lines(label: str) -> ProgressCallback:
    """Print a line for each tenth; if one takes long, also a line with its note."""
    last, when = -1, time.monotonic()

    def show(done: int, of: int, note: str) -> None:
        nonlocal last, when
        now = time.monotonic()
        tenth = 10 * done // of if of else -1
        late = now - when > _NOTE_AFTER
        if tenth > last or late:
            last, when = max(tenth, last), now
            count = f"{done} of {of}" if of else "started"
            print(f"{label}: {count}{f' ({escape(note)})' if late and note else ''}", file=sys.stderr, flush=True)

    return show
