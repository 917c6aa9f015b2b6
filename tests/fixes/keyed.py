"""Tables with keys of several columns in a schema of their own, with rules and fixes for them."""

from __future__ import annotations

from pathlib import Path

import psycopg

from order_audit.expectations import Rule, load
from order_audit.fixes.fix import Fix, fixes

#: Partitioned by one column of its key, which holds text, a date and a number; and a table that it belongs to.
TABLES = """
create schema ops;
create table ops.sites (site text primary key);
create table ops.flights (
  site text not null references ops.sites, day date not null, number integer not null, carrier text, distance integer,
  note varchar(20), primary key (number, day, site)
) partition by range (day);
create table ops.flights_2024 partition of ops.flights for values from ('2024-01-01') to ('2025-01-01');
create table ops.flights_2025 partition of ops.flights for values from ('2025-01-01') to ('2026-01-01');
insert into ops.sites values ('a'), ('b, "x"'), ('O''Hare');
insert into ops.flights (site, day, number, carrier, distance, note)
select s.site, date '2024-12-30' + d, n, case when n % 2 = 0 then ' ha' else 'ua' end, n * 100 - 200,
  repeat('é', least(n, 20))
from ops.sites as s, generate_series(0, 3) as d, generate_series(1, {numbers}) as n;
"""
TRIMMED = "flights.carrier_is_trimmed"
POSITIVE = "flights.distance_is_positive"
FILES = {
    "rules/flights/carrier_is_trimmed.sql": """-- title: Carrier has blanks around it
-- severity: warning
-- key: day, site, number
select f.site, f.day, f.number, f.carrier from ops.flights as f where f.carrier <> btrim(f.carrier)
""",
    "rules/flights/distance_is_positive.sql": """-- title: Distance is not positive
-- severity: critical
-- key: site, day, number
select flights.site, flights.day, ops.flights.number, flights.distance
from ops.flights
where ops.flights.distance <= 0
""",
    "fixes/flights/carrier_is_trimmed.sql": """-- assumes: blanks mean nothing
-- leave: the blanks stay

-- automatic: trimmed
-- update ops.flights by site, day, number:
select v.site, v.day, v.number, btrim(v.carrier) as carrier from violation as v;
""",
    "fixes/flights/distance_is_positive.sql": """-- assumes: nothing
-- leave: the distance stays

-- automatic: the sign goes
-- update ops.flights by number, day, site:
select f.number, f.day, f.site, -f.distance as distance
from ops.flights as f
join violation as v using (site, day, number)
where v.distance < 0;

-- option remove: the flight goes, and its note with it
-- delete ops.flights by site, day, number:
select v.site, v.day, v.number from violation as v;
""",
}


def filled(connection: psycopg.Connection, numbers: int = 4) -> None:
    """Create the tables, with twelve rows for each number."""
    connection.execute(TABLES.replace("{numbers}", str(numbers)).encode())


def keyed(folder: Path) -> tuple[tuple[Rule, ...], dict[str, Fix]]:
    """Write the files to a folder, and read them."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    rules = load(str(folder / "rules")).rules
    return rules, fixes(rules, folder / "fixes")


def flights(connection: psycopg.Connection) -> list[tuple[str, ...]]:
    """All rows with the partition of each, as text."""
    return connection.execute(
        "select f.tableoid::regclass::text, f::text from ops.flights as f order by 1, 2"
    ).fetchall()
