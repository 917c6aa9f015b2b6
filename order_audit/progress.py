"""Progress callbacks: their types, and the ones that report nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

#: Takes how much is done, of how much, and what is being done.
Tell = Callable[[int, int, str], None]


class Begin(Protocol):
    """Begins a piece of work: takes its name, and gives what is told how far it is."""

    def __call__(self, what: str, *, lines: bool = False) -> Tell:
        """`lines` is for work whose progress is told without a terminal too, in plain lines now and then."""


def silent(_done: int, _of: int, _note: str) -> None:
    """Tell nobody."""


def unseen(what: str, *, lines: bool = False) -> Tell:  # noqa: ARG001 - nobody will know
    """Begin a piece of work that nobody is told of."""
    return silent
