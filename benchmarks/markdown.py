"""Tables and numbers as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

Document = dict[str, Any]


def grid(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    def shown(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join([*cells, *[""] * (len(head) - len(cells))]).replace("\n", " ") + " |"

    return "\n".join([shown(head), shown(tuple("---" for _ in head)), *map(shown, lines)])


def decimal(value: float | None, places: int = 1) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _scaled(by: float, places: int) -> Callable[[float | None], str]:
    return lambda value: "–" if value is None else f"{value / by:.{places}f}"


in_seconds: Final = _scaled(1, 2)
in_megabytes: Final = _scaled(1e6, 0)


def ratio(one: float | None, other: float | None) -> str:
    return "–" if one is None or not other else f"{one / other:.2f}"
