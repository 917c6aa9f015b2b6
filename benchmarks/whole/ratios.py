"""Ratios of CPU seconds, and which of them are worse than in earlier results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.whole import rows
from benchmarks.whole.rows import Place, cpu, median_of

#: How much worse a ratio may be than the committed one.
TOLERANCE: Final = 1.2
#: What two results must have in common to be compared.
_SAME: Final = ("defects", "seed", "revision", "tables")


@dataclass(frozen=True)
class Ratio:
    """What a command of the program costs, over what another command costs."""

    one: Place
    other: Place

    @property
    def name(self) -> str:
        """The ratio in words."""
        same = self.one[0] == self.other[0]
        return f"{_named(self.one)} over {self.other[1] if same else _named(self.other)}"

    def of(self, document: dict[str, Any]) -> float | None:
        """The ratio in a result, from medians; None if one of the commands has not run."""
        one, other = cpu(median_of(document, self.one)), cpu(median_of(document, self.other))
        return one / other if one is not None and other else None


def _named(place: Place) -> str:
    return f"{place[0]}, {place[1]}"


_RULES: Final = (rows.ALL, rows.RUN)
_BEFORE: Final = (rows.ALL, rows.EARLIER)
_HAND: Final = (rows.ALL, rows.HAND)
#: All ratios: the less, the better.
RATIOS: Final = (
    Ratio((rows.SIXTEEN, rows.RUN), (rows.SIXTEEN, rows.HAND)),
    *(Ratio((rows.SIXTEEN, rows.RUN), (rows.SIXTEEN, name)) for name in rows.PEERS),
    Ratio(_RULES, _HAND),
    Ratio(_RULES, _BEFORE),
    Ratio((rows.COMMANDS, rows.RUN), _RULES),
    Ratio((rows.COMMANDS, rows.LINT), _HAND),
    Ratio((rows.COMMANDS, rows.PROFILE), _HAND),
    Ratio((rows.COMMANDS, rows.SINCE), (rows.COMMANDS, rows.RUN)),
    Ratio((rows.SECOND, rows.STATE), _RULES),
    Ratio((rows.SECOND, rows.since(0.001)), _RULES),
    Ratio((rows.SECOND, rows.since(0.001)), _BEFORE),
    Ratio((rows.SECOND, rows.since(0.01)), _BEFORE),
    Ratio((rows.FIXES, rows.APPLY), (rows.FIXES, rows.UPDATE)),
    Ratio((rows.FIXES, rows.APPLY), (rows.FIXES, rows.APPLY_EARLIER)),
    Ratio((rows.SAMPLE, rows.RUN), (rows.SAMPLE, rows.EARLIER)),
)


def regressions(now: dict[str, Any], committed: dict[str, Any]) -> list[str]:
    """A line for each ratio that is worse than the committed one by more than a fifth.

    Raises ValueError if the two results are of different data or another revision.
    """
    for name in _SAME:
        if now[name] != committed[name]:
            raise ValueError(f"{name} is {now[name]}, and {committed[name]} in the committed results")
    lines = []
    for ratio in RATIOS:
        found, before = ratio.of(now), ratio.of(committed)
        if found is not None and before is not None and found > before * TOLERANCE:
            lines.append(f"{ratio.name}: {found:.2f}, was {before:.2f}, {found / before - 1:.0%} worse")
    return lines


def faults(document: dict[str, Any]) -> Iterator[str]:
    """Yield a line for each command of the program that failed, and each one whose violations differ."""
    for row in document["rows"]:
        if row["name"].startswith("order-audit") and "earlier" not in row["name"]:
            if row["error"]:
                yield f"{row['group']}, {row['name']}: {row['error']}"
            elif row["counts"].startswith("differs"):
                yield f"{row['group']}, {row['name']}: violations: {row['counts']}"


def not_measured(now: dict[str, Any], committed: dict[str, Any]) -> Iterator[str]:
    """Yield the ratios that the committed results have and these have not."""
    for ratio in RATIOS:
        if ratio.of(now) is None and ratio.of(committed) is not None:
            yield ratio.name
