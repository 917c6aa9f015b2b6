"""Tables and numbers as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

Document = dict[str, Any]


def grid(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    """A table: its head and its lines, which may be shorter."""

    def shown(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join([*cells, *[""] * (len(head) - len(cells))]).replace("\n", " ") + " |"

    return "\n".join([shown(head), shown(tuple("---" for _ in head)), *map(shown, lines)])


def decimal(value: float | None, places: int = 1) -> str:
    """A number with so many decimal places; a dash where there is none."""
    return "–" if value is None else f"{value:.{places}f}"


def _scaled(by: float, places: int) -> Callable[[float | None], str]:
    return lambda value: "–" if value is None else f"{value / by:.{places}f}"


in_seconds: Final = _scaled(1, 2)
in_megabytes: Final = _scaled(1e6, 0)


def ratio(one: float | None, other: float | None) -> str:
    """How many times the other; a dash where that is not known."""
    return "–" if one is None or not other else f"{one / other:.2f}"
