"""How far the work is, on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from order_audit.progress import ProgressCallback, StartProgress, ignore_progress, start_ignored
from order_audit.reports.terminal.escape import escape

#: What stands beside the note takes so many letters: a name, a bar, a count, a time.
_BESIDE: Final = 62
#: Seconds after which a plain line says more.
_WHILE: Final = 10.0


@contextmanager
def progress_bar(what: str, *, quiet: bool) -> Iterator[ProgressCallback]:
    """Progress of one piece of work: a bar on a terminal, a plain line now and then elsewhere."""
    with progress_bars(quiet=quiet) as start_progress:
        yield start_progress(what, lines=True)


@contextmanager
def progress_bars(*, quiet: bool) -> Iterator[StartProgress]:
    """Progress on stderr: a bar for each piece of work on a terminal, plain lines elsewhere where they are wanted."""
    if quiet:
        yield start_ignored
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
        from rich.table import Column

        console = Console(stderr=True)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=20, table_column=Column(no_wrap=True)),
            MofNCompleteColumn(table_column=Column(no_wrap=True)),
            TimeElapsedColumn(table_column=Column(no_wrap=True)),
            TextColumn("{task.fields[note]}", markup=False),
        )
        room = max(console.width - _BESIDE, 0)
        with Progress(*columns, console=console, transient=True, redirect_stdout=False) as bars:

            def start(what: str, *, lines: bool = False) -> ProgressCallback:  # noqa: ARG001 - a bar is no line
                task: TaskID | None = None

                def show(done: int, of: int, note: str) -> None:
                    nonlocal task
                    if task is None:
                        task = bars.add_task(what, total=None, note="")
                    bars.update(task, completed=done, total=of or None, note=escape(note)[:room])

                return show

            yield start
    else:
        yield lambda what, lines=False: _lines(what) if lines else ignore_progress


def _lines(what: str) -> ProgressCallback:
    """A plain line for each tenth, and after a while: then it says what is being done, too."""
    last, when = -1, time.monotonic()

    def show(done: int, of: int, note: str) -> None:
        nonlocal last, when
        now = time.monotonic()
        tenth = 10 * done // of if of else -1
        late = now - when > _WHILE
        if tenth > last or late:
            last, when = max(tenth, last), now
            count = f"{done} of {of}" if of else "begun"
            print(f"{what}: {count}{f' ({escape(note)})' if late and note else ''}", file=sys.stderr, flush=True)

    return show
