"""The targets, whether the results meet them, and why they do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.whole import rows
from benchmarks.whole.ratios import Ratio
from benchmarks.whole.rows import Place, median_of

Found = Callable[[dict[str, Any]], float | None]


@dataclass(frozen=True)
class Target:
    """A number at one size that should be `limit` at most, or at least.

    `before` is what the issue states for revision 6e6f6b3; `why` is the reason if it is missed.
    """

    what: str
    orders: int | None
    limit: float
    found: Found
    before: str = ""
    least: bool = False
    unit: str = ""
    why: str = ""

    def met(self, found: float) -> bool:
        """Whether a number meets the target."""
        return found >= self.limit if self.least else found <= self.limit


def _over(one: Place, other: Place) -> Found:
    return Ratio(one, other).of


def _megabytes(place: Place) -> Found:
    def found(document: dict[str, Any]) -> float | None:
        median = median_of(document, place)
        return None if median is None else float(median["memory"]) / 1e6

    return found


def _pace(document: dict[str, Any]) -> float | None:
    """Rows changed in a second by `fixes apply`, over those by one UPDATE."""
    ours, plain = (median_of(document, (rows.FIXES, name)) for name in (rows.APPLY, rows.UPDATE))
    if ours is None or plain is None or not ours["changing"]:
        return None
    return float((ours["changed"] / ours["changing"]) / (plain["changed"] / plain["changing"]))


_FULL: Final = (rows.ALL, rows.EARLIER)
_RULES: Final = (rows.ALL, rows.RUN)
_DEFAULT: Final = (rows.COMMANDS, rows.RUN)
_OURS: Final = (rows.SIXTEEN, rows.RUN)
_LINEAGES: Final = (
    "A change of one order leads to its whole lineage, and an API key to all customers that have it. Finding what has"
    " changed reads each table once, and the client reads and writes its state."
)
_WORK: Final = (
    "The SQL by hand counts and relies on primary keys and NOT NULLs. The audit is correct without them, and has the"
    " keys of all violations, examples and sums. The start of the program comes on top, at any size."
)
_START: Final = (
    "With so few rows, the start of a program is most of its cost. The audit starts a command line with its validation,"
    " a database driver and an SQL parser, and writes five files."
)
_FAST: Final = (
    "The server's part is near that of the SQL by hand. The start of the program and its files remain, at any size."
)
_APPLIES: Final = (
    "The command lists wrong rows before and after the change, proves what it has changed, and starts a program. Each"
    " changed row has an entry in the undo log, which is more than half of the cost of a change."
)
TARGETS: Final = (
    Target("second audit after 0.1 % changed, over a full audit of 6e6f6b3", 2_000_000, 0.18,
           _over((rows.SECOND, rows.since(0.001)), _FULL), "1", why=_LINEAGES),
    Target("the same", 10_000_000, 0.12, _over((rows.SECOND, rows.since(0.001)), _FULL), "1", why=_LINEAGES),
    Target("second audit after 1 % changed, over a full audit of 6e6f6b3", 2_000_000, 0.37,
           _over((rows.SECOND, rows.since(0.01)), _FULL), "1",
           why=f"{_LINEAGES} After 1 %, a fifth of all orders belong to a lineage with a change, and rules on lineages"
               " judge all rows."),
    Target("default `run` over its rules alone", 2_000_000, 1.3, _over(_DEFAULT, _RULES), "3",
           why="The profile reads samples. The schema lint still reads each table up to a million rows whole."),
    Target("42 rules over SQL by hand, two connections", 2_000_000, 1.5, _over(_RULES, (rows.ALL, rows.HAND)), "1.85",
           why=_WORK),
    Target("the same", 5_000_000, 1.5, _over(_RULES, (rows.ALL, rows.HAND)), "1.85", why=_WORK),
    Target("16 rules over SQL by hand, two connections", 2_000_000, 1.5, _over(_OURS, (rows.SIXTEEN, rows.HAND)), "2.7",
           why=_WORK),
    *(Target(f"16 rules, {name} over ours", 2_000_000, limit, _over((rows.SIXTEEN, name), _OURS), before, least=True,
             why=_FAST)
      for name, limit, before in (
          ("Soda Core 4", 2.3, "1.5"), ("dbt", 3.6, "2.4"), ("Great Expectations", 4.5, "2.9"))),
    *(Target(f"16 rules, {name} over ours", 10_000, 1, _over((rows.SIXTEEN, name), _OURS), least=True, why=_START)
      for name in rows.PEERS),
    Target("sample data, whole `run`, over 6e6f6b3", None, 0.35,
           _over((rows.SAMPLE, rows.RUN), (rows.SAMPLE, rows.EARLIER)), "1",
           why="Imports are most of it. The lint's statement on the catalogs takes the server half of its part."),
    Target("`fixes apply` of 1 %, whole process, over 6e6f6b3", 1_000_000, 0.25,
           _over((rows.FIXES, rows.APPLY), (rows.FIXES, rows.APPLY_EARLIER)), "1", why=_APPLIES),
    Target("the same: rows changed in a second, over one UPDATE", 1_000_000, 0.37, _pace, "0.27", least=True,
           why=_APPLIES),
    Target("client memory, default `run`", 10_000_000, 110, _megabytes(_DEFAULT), "185 MB", unit=" MB",
           why="The profile and the lint run beside the rules in the same process."),
    Target("client memory, second audit after 0.1 % changed", 10_000_000, 250,
           _megabytes((rows.SECOND, rows.since(0.001))), unit=" MB",
           why="The client holds the numbers of the keys and values of all rows that it compares, as arrays."),
)  # fmt: skip
