"""Measured rules: what breaks a bound, exactly, and what is no value."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from tests.support import servers
from tests.support.results import run

pytestmark = pytest.mark.both_versions

#: By name: bound, query (`v` is the value), the outcome and the value as the result has it.
CASES: dict[str, tuple[str, str, str, str | None]] = {
    # numbers: inclusive and exact
    "count": ("at_least: 1000", "select count(*) as v from t", "passed", "1000"),
    "count_below": ("at_least: 1001", "select count(*) as v from t", "failed", "1000"),
    "share_at": ("at_most: 2 %", "select avg((n <= 20)::int) as v from t", "passed", "0.02"),
    "share_above": (
        "at_most: 2 %",
        "select 0.0200000000000000000000000001 as v",
        "failed",
        "0.0200000000000000000000000001",
    ),
    "float_at": ("at_most: 0.3", "select 0.3::float8 as v", "passed", "0.3"),
    "float_sum": ("at_most: 0.3", "select 0.1::float8 + 0.2::float8 as v", "failed", "0.30000000000000004"),
    "real_at": ("equals: 0.1", "select 0.1::real as v", "passed", "0.1"),
    "scale": ("equals: 1", "select 1.000 as v", "passed", "1"),
    "large": ("at_most: 9007199254740992", "select 9007199254740993::bigint as v", "failed", "9007199254740993"),
    "between_low": ("between: 5 and 10", "select 5 as v", "passed", "5"),
    "between_high": ("between: 5 and 10", "select 10::smallint as v", "passed", "10"),
    "between_over": ("between: 5 and 10", "select 10.01 as v", "failed", "10.01"),
    "between_percent": ("between: 1 and 2 %", "select 0.015 as v", "passed", "0.015"),
    "negative": ("at_least: -1.5", "select -1.5 as v", "passed", "-1.5"),
    "infinite": ("at_most: 5", "select 'infinity'::float8 as v", "failed", "Infinity"),
    "infinite_least": ("at_least: 5", "select 'infinity'::float8 as v", "passed", "Infinity"),
    "minus_infinite": ("at_least: 5", "select '-infinity'::numeric as v", "failed", "-Infinity"),
    # no value
    "nan": ("at_least: 5", "select 'nan'::float8 as v", "failed", None),
    "numeric_nan": ("at_least: 5", "select 'nan'::numeric as v", "failed", None),
    "null": ("at_most: 5", "select null::int as v", "failed", None),
    "no_row": ("at_most: 5", "select 1 as v where false", "failed", None),
    "empty_count": ("at_most: 0", "select count(*) as v from bare", "passed", "0"),
    "empty_average": ("at_most: 5", "select avg(n) as v from bare", "failed", None),
    # durations, a month has 30 days
    "age_at": ("at_most: 3 days", "select interval '72 hours' as v", "passed", "PT72H"),
    "age_above": ("at_most: 3 days", "select interval '3 days 0.000001 s' as v", "failed", "P3DT0.000001S"),
    "month": ("equals: 30 days", "select interval '1 month' as v", "passed", "P1M"),
    "age_parts": ("at_least: 1 day 12 hours", "select interval '1.5 days' as v", "passed", "P1DT12H"),
    "age_fraction": ("at_most: 1.5 hours", "select interval '90 minutes' as v", "passed", "PT1H30M"),
    "no_age": ("at_most: 3 days", "select now() - max(seen) as v from bare", "failed", None),
    # times: without an offset, UTC
    "date_at": ("at_least: 2026-01-31", "select date '2026-01-31' as v", "passed", "2026-01-31"),
    "date_time": (
        "at_most: 2026-01-31",
        "select timestamp '2026-01-31 00:00:01' as v",
        "failed",
        "2026-01-31 00:00:01",
    ),
    "utc": (
        "equals: 2026-01-31 12:00",
        "select timestamptz '2026-01-31 13:00+01' as v",
        "passed",
        "2026-01-31 12:00:00+00",
    ),
    "offset": (
        "equals: 2026-01-31 12:00+02:00",
        "select timestamptz '2026-01-31 10:00Z' as v",
        "passed",
        "2026-01-31 10:00:00+00",
    ),
    "zulu": (
        "at_most: 2026-01-31T10:00Z",
        "select timestamptz '2026-01-31 10:00:00.1Z' as v",
        "failed",
        "2026-01-31 10:00:00.1+00",
    ),
    "forever": ("at_most: 2026-01-31", "select timestamp 'infinity' as v", "failed", "infinity"),
    "far": ("at_least: 2026-01-31", "select date '5874897-12-31' as v", "passed", "5874897-12-31"),
    # booleans, and facts of the schema
    "true": ("equals: true", "select true as v", "passed", "true"),
    "false": ("equals: true", "select false as v", "failed", "false"),
    "column": (
        "equals: true",
        "select exists (select from information_schema.columns where table_schema = current_schema()"
        " and table_name = 't' and column_name = 'n' and data_type = 'integer') as v",
        "passed",
        "true",
    ),
    "domain": ("at_most: 5", "select 6::small as v", "failed", "6"),
}
#: Rules that cannot be judged, and what their message says.
ERRORS: dict[str, tuple[str, str, str]] = {
    "two_rows": ("at_most: 5", "select n as v from t", "the query gives 1,000 rows, and without 'key' it may give one"),
    "text": ("at_most: 5", "select '4' as v", "'at most 5' needs a number, and the column v is of type text: cast it"),
    "interval": (
        "at_most: 5",
        "select interval '1 s' as v",
        "'at most 5' needs a number, and the column v is of type int",
    ),
    "offset_of_date": (
        "at_most: 2026-01-31 10:00Z",
        "select date '2026-01-31' as v",
        "the column v has no time zone: write the bound without an offset",
    ),
    "column": ("at_most: 5", "select 1 as w", "the statement gives no column 'v' to measure; it gives w"),
}


@pytest.fixture(scope="module")
def dsn(server: Server) -> Iterator[str]:
    """A table with a thousand rows, numbered from 1, and an empty one."""
    with servers.database(server) as name:
        with psycopg.connect(name, autocommit=True) as connection:
            connection.execute("create table t (id int primary key, n int)")
            connection.execute("insert into t select i, i from generate_series(1, 1000) as i")
            connection.execute("create table bare (id int primary key, n int, seen timestamptz)")
            connection.execute("create domain small as int")
        yield name


def judged(dsn: str, folder: Path, rules: dict[str, str]) -> dict[str, dict[str, Any]]:
    """The results of rules, each the text of a file without its title."""
    (suite := folder / "s").mkdir()
    for name, text in rules.items():
        (suite / f"{name}.sql").write_text(f"-- title: T\n{text}\n")
    options = Options(suites=(str(suite),), lint=False, profile=False, formats=("json", "violations"), jobs=1)
    return {it["rule"]: it for it in run(dsn, folder / "out", options)["results"]}


def test_a_bound_is_inclusive_and_exact(dsn: str, tmp_path: Path) -> None:
    """On each type; NULL, NaN and no row are no value, which breaks every bound."""
    header = "-- severity: warning\n-- measure: v\n-- {}\n{}"
    results = judged(dsn, tmp_path, {name: header.format(bound, sql) for name, (bound, sql, _, _) in CASES.items()})
    seen = {
        name: it.get("error") or (it["status"], it["measure"]["values"][0]["value"]) for name, it in results.items()
    }
    assert seen == {name: (status, value) for name, (_, _, status, value) in CASES.items()}
    for name, it in results.items():
        assert (it["checked"], it["violations"]) == (1, it["status"] == "failed"), name
        assert it["measure"]["values"][0]["severity"] == ("warning" if it["status"] == "failed" else None)
    lines = (tmp_path / "out" / "violations.csv").read_text().splitlines()
    assert lines[1:] == sorted(f"{name},[]" for name, (_, _, status, _) in CASES.items() if status == "failed")


def test_what_cannot_be_held_against_a_bound_is_an_error(dsn: str, tmp_path: Path) -> None:
    """With the file and the line of `measure`."""
    header = "-- severity: warning\n-- measure: v\n-- {}\n{}"
    results = judged(dsn, tmp_path, {name: header.format(bound, sql) for name, (bound, sql, _) in ERRORS.items()})
    for name, (_, _, message) in ERRORS.items():
        assert results[name]["status"] == "errored"
        assert results[name]["error"].startswith(f"{tmp_path}/s/{name}.sql:3: {message}")


def test_groups_are_told_with_the_worst_first(dsn: str, tmp_path: Path) -> None:
    """The severity is that of the worst bound that any group breaks; a group without a name is one, too."""
    header = "-- key: g\n-- harmless: g\n-- measure: v\n-- warning: at_most 1 %\n-- critical: at_most 5 %\n"
    groups = "select * from (values ('a', 0.01), ('b', 0.011), (null, 0.05), ('d', null), ('e', 0.06)) as x (g, v)"
    rules = {
        "worst": header + groups,
        "milder": header + f"{groups} where v < 0.06",
        "fine": header + f"{groups} where v < 0.011",
        "none": header + f"{groups} where false",
        "twice": header + "select 'a' as g, 0.01 as v union all select 'a', 0.02",
        "two": header.replace("key: g", "key: g, h") + "select 'a' as g, 1 as h, 0.5 as v",
    }
    results = judged(dsn, tmp_path, rules)
    of = {
        name: [(it["group"], it["value"], it["severity"]) for it in result["measure"]["values"]]
        for name, result in results.items()
    }
    assert of["worst"] == [
        ("d", None, "critical"),
        ("e", "0.06", "critical"),
        ("", "0.05", "warning"),
        ("b", "0.011", "warning"),
        ("a", "0.01", None),
    ]
    verdicts = {name: (it["status"], it["severity"], it["violations"], it["checked"]) for name, it in results.items()}
    assert verdicts["worst"] == ("failed", "critical", 4, 5)
    assert verdicts["milder"] == ("failed", "warning", 2, 3)
    assert verdicts["fine"] == ("passed", "critical", 0, 1)
    assert verdicts["none"] == ("passed", "critical", 0, 0)
    assert of["two"] == [('["a", 1]', "0.5", "critical")]
    assert results["twice"]["error"].endswith("sql:4: the query gives 2 rows for 1 group by g: group by the key")


def test_a_measured_birth_date_is_masked_and_a_count_is_not(dsn: str, tmp_path: Path) -> None:
    """What is measured of personal columns is a number, which no one is known by, unless `personal` names it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table if not exists person (id int, email text, birth_date date, salary int)")
        connection.execute("insert into person values (1, 'a@b.example', '1980-02-03', 3100)")
    header = "-- severity: info\n-- measure: v\n"
    rules = {
        "complete": f"{header}-- at_most: 0\nselect count(email) as v from person",
        "born": f"{header}-- at_most: 1970-01-01\nselect max(birth_date) as v from person",
        "named": f"{header}-- at_most: 1\n-- personal: v\nselect max(salary) as v from person",
    }
    results = judged(dsn, tmp_path, rules)
    values = {name: result["measure"]["values"][0] for name, result in results.items()}
    assert values["complete"]["value"] == "1"
    assert (values["born"]["value"], values["born"]["number"]) == ("••••-••-••", None)
    assert (values["named"]["value"], values["named"]["number"]) == ("••••", None)
