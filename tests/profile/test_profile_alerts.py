"""Alerts of columns, and histograms without outliers."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.reports.profile import shown
from order_audit.reports.terminal.profile import profile_text
from tests.profile.profiled import bounds, execute, profile_of

#: By column an expression of g, from 1 to 200, and the alerts.
COLUMNS: dict[str, tuple[str, list[str]]] = {
    # clean ones
    "id": ("g", []),
    "amount": ("g % 17 * 10", []),
    "tail": ("exp(g % 50 / 8.0)::numeric", []),
    "flag": ("(g % 20 = 0)::int", []),
    "optional": ("case when g % 10 = 0 then g end", []),
    "place": ("(array['Rome', 'Kyiv', 'Kyi'])[g % 3 + 1]", []),
    "name": ("'Name ' || g || 'v'", []),
    "moment": ("timestamptz '2024-01-01 00:00+00' + g * interval '1 hour'", []),
    "text_in_full": ("repeat('word ', 41 + g)", []),
    # others
    "same": ("'EUR'::text", ["one value in all 200 rows"]),
    "none": ("null::int", ["NULL in all 200 rows"]),
    "few": ("nullif(g > 8, true)", ["NULL in 192 of 200 rows (96.00 %)"]),
    "zeros": ("greatest(g - 185, 0)", ["0 in 185 of 200 rows (92.50 %)"]),
    "balance": (
        "case when g = 7 then 12e12 when g = 8 then -9e12 else g % 17 * 10 end",
        [
            "1 value below 0, the least -9,000,000,000,000; 1 value above 160, the greatest 12,000,000,000,000;"
            " the median is 80"
        ],
    ),
    "day": (
        "case when g = 7 then date '9999-12-31' else date '2024-01-01' + g % 5 end",
        ["1 value above 2024-01-05, the greatest 9999-12-31; the median is 2024-01-03"],
    ),
    "lasts": (
        "case when g = 7 then interval '90 days' else interval '1 minute' * (g % 2) end",
        ["1 value above 1 min 0 s, the greatest 90 d 0 s; the median is 0 s"],
    ),
    "skewed": ("case when g > 192 then 4000 else g % 7 end", ["skewed: the mean 162.865 is above the 95 % quantile"]),
    "spelled": (
        "case g when 1 then ' rome' when 2 then 'ROME' when 3 then null else 'Rome' end",
        [
            "one value in 3 spellings: 'Rome' (197), ' rome' (1), 'ROME' (1)",
            "white space at an end in 1 of 199 rows (0.50 %)",
        ],
    ),
    "code": ("md5(g::text)", ["200 different values, without a unique index"]),
}


@pytest.fixture
def described(dsn: str) -> dict[str, Any]:
    """The profile of a table with all these columns."""
    listed = ", ".join(f"{expression} as {name}" for name, (expression, _) in COLUMNS.items())
    execute(dsn, f"create table t as select {listed} from generate_series(1, 200) as g",
             "alter table t add primary key (id)")  # fmt: skip
    return profile_of(dsn, "t")


@pytest.mark.both_versions
def test_alerts_are_few_and_true(described: dict[str, Any]) -> None:
    """Each peculiar column has its alerts; a clean one has none."""
    (table,) = shown(described).tables
    found: dict[str, list[str]] = {name: [] for name in COLUMNS}
    for name, said in table.alerts:
        found[name].append(said)
    assert found == {name: alerts for name, (_, alerts) in COLUMNS.items()}
    text = " ".join(profile_text(described).split())
    for name, (_, alerts) in COLUMNS.items():
        assert all(f"alert: {name}: {said}" in text for said in alerts)


def test_outliers_are_named_and_not_drawn(described: dict[str, Any]) -> None:
    """The steps hold all other values; the quantiles and extremes are of all."""
    figures = described["t"]["columns"]["balance"]
    histogram = figures["histogram"]
    assert (histogram["bounds"][0], histogram["bounds"][-1], sum(histogram["counts"])) == (0, 160, 198)
    assert sum(map(bool, histogram["counts"])) == 17
    assert histogram["outliers"] == {
        "below": 1, "above": 1, "least": -9e12, "greatest": 12e12, "from": 0, "to": 160,
    }  # fmt: skip
    assert (figures["min"], figures["max"]) == (-9e12, 12e12)
    text = profile_text(described)
    assert "not drawn: 1 value below 0, the least -9,000,000,000,000; 1 value above 160" in text
    assert described["t"]["columns"]["day"]["histogram"]["bounds"][-1] == "2024-01-05"


def test_many_far_values_are_no_outliers(dsn: str) -> None:
    """A tail of more than a hundredth is drawn, and so is what stands in few rows or beside a single value."""
    execute(
        dsn,
        "create table t as select case when g <= 30 then 1e9 * g else g % 17 end as tail,"
        " case when g = 1 then 1e9 else 5 end as alone from generate_series(1, 1000) as g",
        "create table short as select case when g = 1 then 1e9 else g end as n from generate_series(1, 19) as g",
    )
    found = profile_of(dsn, "t", "short")
    for figures in (*found["t"]["columns"].values(), *found["short"]["columns"].values()):
        assert "outliers" not in figures["histogram"]
        assert "outliers" not in {it["kind"] for it in figures.get("alerts", [])}


def test_outliers_of_a_wide_column(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The greatest of all rows counts, though few rows are picked; its like are not counted."""
    execute(
        dsn,
        "create table t as select case when g = 1500 then 1e14 else g end as n, repeat('x', 60) as pad,"
        " case when g = 1500 then date '9999-12-31' else date '2024-01-01' + g end as day"
        " from generate_series(1, 3000) as g",
        "vacuum analyze t",
    )
    with bounds(monkeypatch, exact=100, picked=200):
        found = profile_of(dsn, "t")
    columns = found["t"]["columns"]
    assert columns["n"]["picked_rows"] < 400
    (alert,) = columns["n"]["alerts"]
    assert (alert["kind"], alert["below"], alert["above"], alert["greatest"]) == ("outliers", 0, None, 1e14)
    said = dict(shown(found).tables[0].alerts)
    assert said["n"].startswith("the greatest value is 100,000,000,000,000; the median is ")
    assert said["day"].startswith("the greatest value is 9999-12-31; the median is ")


def test_alerts_mask(dsn: str) -> None:
    """Spellings of personal values keep their shape, and personal numbers have no outliers."""
    execute(
        dsn,
        "create table people as select case when g = 1 then 'ANN@x.example' else 'ann@x.example' end as email,"
        " case when g = 1 then 99999999999 else g end as phone from generate_series(1, 40) as g",
    )
    columns = profile_of(dsn, "people", unmask=False)["people"]["columns"]
    assert [it["value"] for it in columns["email"]["alerts"][0]["values"]] == ["a••@•.•••••••", "A••@•.•••••••"]
    assert "alerts" not in columns["phone"]


def test_the_scenarios_tables(sample: str, issues: str) -> None:
    """None on the clean sample; on the labelled issues those that a reader must see."""
    found = [it for table in shown(profile_of(sample, "customers", "orders")).tables for it in table.alerts]
    assert not found
    tables = shown(profile_of(issues, "customers", "orders")).tables
    said = [f"{name}: {text}" for table in tables for name, text in table.alerts]
    assert "customer_balance: 1 value above 100,000, the greatest 12,345,678,901,235; the median is 1,000" in said
    assert "customer_id: 1 value above 161, the greatest 9,101; the median is 103" in said
    assert "order_status: one value in 2 spellings: 'active' (76), 'Active ' (1)" in said
    assert len(said) < 20


@pytest.mark.both_versions
def test_masked_times_in_the_future_or_too_old_are_counted(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So a masked date of birth can be checked; other dates show their extremes."""
    execute(
        dsn,
        "create table people as select case when g <= 3 then current_date + 3 when g = 4 then date '1899-12-31'"
        " when g = 5 then date '1900-01-01' when g = 6 then 'infinity' when g > 8 then date '1960-01-01' + g end"
        " as birth_date, timestamptz '2990-01-01' + g * interval '1 day' as due, repeat('x', 60) as pad"
        " from generate_series(1, 2000) as g",
        "vacuum analyze people",
    )
    expected = [("birth_date", "in the future in 3 of 1,998 rows (0.15 %)"),
                ("birth_date", "before 1900 in 1 of 1,998 rows (0.05 %)")]  # fmt: skip

    def of_births(unmask: bool) -> list[tuple[str, str]]:
        alerts = shown(profile_of(dsn, "people", unmask=unmask)).tables[0].alerts
        return [it for it in alerts if it[0] != "pad" and "outlier" not in it[1] and "greatest" not in it[1]]

    assert of_births(unmask=False) == expected
    assert of_births(unmask=True) == expected
    with bounds(monkeypatch, exact=100, picked=200):
        assert "picked_rows" in profile_of(dsn, "people")["people"]["columns"]["birth_date"]
        assert of_births(unmask=False) == expected
