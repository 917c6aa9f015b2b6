"""Progress callbacks: their types, and the ones that report nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

#: Takes how much is done, of how much, and what is being done.
ProgressCallback = Callable[[int, int, str], None]


class StartProgress(Protocol):
    """Begins a piece of work: takes its name, and gives what is told how far it is."""

    def __call__(self, what: str, *, lines: bool = False) -> ProgressCallback:
        """`lines` is for work whose progress is told without a terminal too, in plain lines now and then."""


def ignore_progress(_done: int, _of: int, _note: str) -> None:
    """Tell nobody."""


def start_ignored(what: str, *, lines: bool = False) -> ProgressCallback:  # noqa: ARG001 - nobody will know
    """Begin a piece of work that nobody is told of."""
    return ignore_progress
