"""Types of progress callbacks, and callbacks that ignore progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

#: Arguments: amount done, total (0 if unknown), note on the current step.
ProgressCallback: TypeAlias = Callable[[int, int, str], None]
#: Argument: note on the current or last step.
NoteCallback: TypeAlias = Callable[[str], None]


class StartProgress(Protocol):
    """Start a task by its label and return its progress callback."""

    def __call__(self, label: str, *, lines: bool = False) -> ProgressCallback:
        """Start a task; with `lines`, its progress is also shown without a terminal, as plain lines."""


def ignore_progress(_done: int, _of: int, _note: str) -> None:
    """Ignore progress."""


def ignore_note(_note: str) -> None:
    """Ignore a note."""


def start_ignored(label: str, *, lines: bool = False) -> ProgressCallback:  # noqa: ARG001 - not shown
    """Start a task and ignore its progress."""
    return ignore_progress
