"""Progress callbacks: their types, and callbacks that ignore progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

#: Takes how much is done, of how much (0 where that is unknown), and what is being done.
ProgressCallback: TypeAlias = Callable[[int, int, str], None]
#: Takes what is being done, or what has just been done.
NoteCallback: TypeAlias = Callable[[str], None]


class StartProgress(Protocol):
    """Starts a piece of work, by its name, and returns the callback for its progress."""

    def __call__(self, what: str, *, lines: bool = False) -> ProgressCallback:
        """`lines` is for work whose progress is shown without a terminal too, in plain lines now and then."""


def ignore_progress(_done: int, _of: int, _note: str) -> None:
    """Ignore progress."""


def ignore_note(_note: str) -> None:
    """Ignore a note."""


def start_ignored(what: str, *, lines: bool = False) -> ProgressCallback:  # noqa: ARG001 - nobody sees it
    """Start a piece of work whose progress is ignored."""
    return ignore_progress
