"""Charts of the figures on orders and customers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from order_audit.domain import Chart, Crosstab, Json, Query
from order_audit.reports.formatting import figure, number, plural
from order_audit.scenario.domain import api_keys, figures, repetition, scripts, tonight

#: How live orders' amounts stand against the balance, in words.
_EXPOSURE: Final = {
    "none": "nothing to pay",
    "under_half": "under 50 %",
    "half_to_all": "50 to 100 %",
    "over": "over the balance",
    "unknown": "no finite balance",
}
_STATUSES: Final = 10
#: Sizes that have a bar each; from there on a bar is for twice as many as the one before.
_SINGLE: Final = 10
_SHADES: Final = 5
#: Of large tables, the figures are of some customers with all their orders.
_OF_ORDERS: Final = {"orders": "customer_id"}
_OF_BOTH: Final = {"customers": "customer_id", **_OF_ORDERS}


@dataclass(frozen=True)
class OrderFigures:
    """Figures by their name, what measures them, and what shows them."""

    name: str
    reads: Mapping[str, frozenset[str]]
    measured_by: Callable[[Query, Mapping[str, str]], Json]
    shown_by: Callable[[Json], Iterable[Chart | Crosstab]]
    distinct: str = ""
    sampled_by: Mapping[str, str] = field(default_factory=dict)

    def measure(self, query: Query, tables: Mapping[str, str]) -> Json:
        """Return the figures. Raises psycopg.Error."""
        return self.measured_by(query, tables)

    def show(self, figures: Json) -> Iterable[Chart | Crosstab]:
        """Return charts and tables."""
        return self.shown_by(figures)


def banded(counts: Iterable[Sequence[int]]) -> list[tuple[str, int]]:
    """Counts by size as bars: each size below ten, then 10 to 19, 20 to 39 and so on, empty ones between them too."""
    bands: Counter[tuple[int, int]] = Counter()
    for at, count in counts:
        low = at if at < _SINGLE else _SINGLE * 2 ** int(math.log2(at / _SINGLE))
        bands[low, low if low < _SINGLE else 2 * low - 1] += count
    if not bands:
        return []
    rows = []
    low, end = min(bands)[0], max(bands)[0]
    while low <= end:
        high = low if low < _SINGLE else 2 * low - 1
        rows.append((f"{low:,}" if low == high else f"{low:,} to {high:,}", bands[low, high]))
        low = high + 1
    return rows


def _lineages(figures: Json) -> Iterable[Chart | Crosstab]:
    # of a sample, the first order may be another customer's
    none = "without a first order among these" if "sample" in figures else "in none"
    outside = f"; {plural(figures['outside'], 'order')} {none}" if figures["outside"] else ""
    number_of = plural(figures["lineages"], "lineage") + outside
    yield Chart("Lineages by number of orders", number_of, "lineage", banded(figures["sizes"]))
    depth = "the longest chain of references below the first order"
    yield Chart("Lineages by depth", depth, "lineage", banded(figures["depths"]))
    if by_position := figures.get("status_by_position"):
        yield _positions(by_position)


def _orders_per_customer(figures: Json) -> Iterable[Chart | Crosstab]:
    mean = (
        "" if figures["mean"] is None else f", {number(figures['mean'])} orders on average, {figures['max']:,} at most"
    )
    bands = banded([least, n] for least, _, n in figures["bands"])
    yield Chart("Customers by number of orders", plural(figures["customers"], "customer") + mean, "customer", bands)


def _exposure(figures: Json) -> Iterable[Chart | Crosstab]:
    yield Chart(
        "Customers by live orders' amounts against the balance",
        "in brackets the sum of these amounts",
        "customer",
        [(label, figures[band]["customers"]) for band, label in _EXPOSURE.items()],
        [figure(figures[band]["amount"]) if figures[band]["amount"] else "" for band in _EXPOSURE],
    )


def _positions(figures: Mapping[str, Mapping[str, int]]) -> Crosstab:
    total: Counter[str] = Counter()
    for counts in figures.values():
        total.update(counts)
    statuses = [status for status, _ in total.most_common()]
    named = statuses if len(statuses) <= _STATUSES + 1 else statuses[:_STATUSES]
    rest = statuses[len(named) :]
    rows = []
    for position, counts in figures.items():
        cells = [counts.get(status, 0) for status in named] + ([sum(counts[status] for status in rest)] if rest else [])
        whole = sum(cells) or 1
        rows.append((position, [(count, round(_SHADES * count / whole)) for count in cells]))
    return Crosstab(
        "Orders by their place in the lineage and their status",
        "the last of a lineage is counted at its place too",
        "Place",
        [*named, *([f"{len(rest):,} others"] if rest else [])],
        rows,
    )


#: Figures of the tables orders and customers, in the order of the page.
FIGURES: Final = (
    OrderFigures(
        "lineages",
        {"orders": figures.LINEAGE},
        figures.lineages,
        _lineages,
        distinct="order_id",
        sampled_by=_OF_ORDERS,
    ),
    OrderFigures(
        "orders_per_customer",
        {"customers": figures.BALANCE, "orders": figures.LINEAGE},
        figures.orders_per_customer,
        _orders_per_customer,
        sampled_by=_OF_BOTH,
    ),
    OrderFigures(
        "exposure",
        {"customers": figures.BALANCE, "orders": figures.LINEAGE},
        figures.exposure,
        _exposure,
        sampled_by=_OF_BOTH,
    ),
    OrderFigures(
        "next_recreation",
        {"customers": figures.BALANCE, "orders": figures.LINEAGE},
        tonight.forecast,
        tonight.show,
        distinct="customer_id",
        sampled_by=_OF_BOTH,
    ),
    OrderFigures("scripts", {"orders": scripts.SCRIPT}, scripts.misspelled, scripts.show),
    OrderFigures("api_keys", {"orders": api_keys.ARGUMENTS}, api_keys.several, api_keys.show, sampled_by=_OF_ORDERS),
    OrderFigures(
        "schedules",
        {"orders": repetition.SCHEDULE},
        repetition.schedules,
        repetition.show_schedules,
        sampled_by=_OF_ORDERS,
    ),
    OrderFigures(
        "repeated",
        {"orders": repetition.REPEATED},
        repetition.repeated,
        repetition.show_repeated,
        distinct="order_id",
        sampled_by=_OF_ORDERS,
    ),
)
