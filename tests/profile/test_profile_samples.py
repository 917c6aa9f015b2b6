"""Profiles of large tables, of which a sample is read: each output says so, with the margin of error."""

from __future__ import annotations

import html
import math
import re
from typing import Any

import psycopg
import pytest

from order_audit.audit.profiling import sample
from order_audit.audit.results.option_checks import check_options
from order_audit.domain import Chart, Crosstab
from order_audit.errors import UsageError
from order_audit.reports.profile import shown
from order_audit.reports.terminal.profile import profile_text
from order_audit.scenario.generate import generate
from tests.profile.profiled import execute, profile_of
from tests.reports.documents import document
from tests.support.program import order_audit
from tests.support.results import report_page


def _margin(picks: float, share: float) -> float:
    """1.96 standard errors of a share of a half, in percentage points."""
    return 196 * math.sqrt(0.5 * 0.5 / picks * (1 - share))


@pytest.mark.both_versions
def test_a_large_table_is_sampled_and_says_so(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "ROWS", 500)
    execute(dsn, "create table s (id int primary key, few int, one int, spelled text)",
            "insert into s select g, g % 7, 1, (array['a', 'A'])[1 + g % 2] from generate_series(101, 5100) as g",
            "create view v as select * from s")  # fmt: skip
    found = profile_of(dsn, "s", "v", large=4_999)
    entry = found["s"]
    assert (entry["sampled"], entry["sampled_by"], entry["all_rows"]) == (10.0, "rows", 5_000)
    assert 400 < entry["rows"] < 600
    assert entry["margin"] == pytest.approx(_margin(entry["rows"], 0.1), abs=0.01)
    # exact: the number of rows, and the ends of the key, which its index has
    assert (entry["key"]["min"], entry["key"]["max"]) == (101, 5_100)
    assert entry["columns"]["id"]["min"] > 101 or entry["columns"]["id"]["max"] < 5_100
    assert entry["columns"]["id"]["distinct"] == pytest.approx(5_000, rel=0.2)
    assert all(column["distinct_estimated"] for column in entry["columns"].values())
    assert sum(it["count"] for it in entry["columns"]["few"]["top"]) == entry["rows"]
    text = profile_text({"s": entry})
    assert "s: 5,000 rows, 4 columns" in text
    assert re.sub(r"\s+", " ", text).count(f"Figures of columns are of {entry['rows']} rows picked at random") == 1
    assert f"within {entry['margin']:g} percentage points, with 95 % confidence" in re.sub(r"\s+", " ", text)
    assert f"  of {entry['rows']} sampled rows:" in text
    table = shown({"s": entry}).tables[0]
    assert table.is_part
    assert len(table.alerts) == 2
    assert all(said.endswith("; in the sample") for _, said in table.alerts)
    assert "sampled" not in found["v"]  # it has no pages
    # the same rows each time, and all of them where the table is not large, or where nobody allows a sample
    assert entry == profile_of(dsn, "s", large=4_999)["s"]
    for exact in (profile_of(dsn, "s", large=5_000)["s"], profile_of(dsn, "s")["s"]):
        assert exact["rows"] == 5_000
        assert not exact.keys() & {"sampled", "margin", "all_rows"}


def test_a_sample_of_pages_has_the_margin_of_its_pages(dsn: str) -> None:
    execute(dsn, "create table s (id int primary key, pad text)",
            "insert into s select g, repeat('x', 50) from generate_series(1, 20000) as g")  # fmt: skip
    entry = profile_of(dsn, "s", sample=25.0)["s"]
    pages = entry["bytes"]["table"] / 8192 / 4
    assert entry["margin"] == pytest.approx(_margin(pages, 0.25), abs=0.02)
    assert (entry["sampled_by"], entry["key"]["min"], entry["key"]["max"]) == ("pages", 1, 20_000)
    assert f"s: {entry['rows']:,} sampled rows, 2 columns" in profile_text({"s": entry})


def test_groups_are_sampled_where_half_of_the_rows_are_enough() -> None:
    """A sample has 25,000 rows at least, so that of fewer than twice as many all are read."""
    assert sample.groups_of(50_000, "k", 23) is None
    classes = [groups.one_in for rows in (50_001, 100_001, 2_000_000) if (groups := sample.groups_of(rows, "k", 23))]
    assert classes == [2, 4, 64]
    assert sample.LARGE == sample.ROWS


@pytest.mark.both_versions
def test_few_rows_of_a_large_table_are_read_by_their_places(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rows, and the same figures, as by the condition; partitions have equal places."""
    monkeypatch.setattr(sample, "ROWS", 60)
    with psycopg.connect(dsn) as connection:
        generate(connection, orders=2_000, customers=400, seed=2, defects=0.01)
    found = profile_of(dsn, "orders", "customers", large=1_000)
    assert found["orders"]["lineages"]["sample"]["one_in"] == 8
    with monkeypatch.context() as patched:
        patched.setattr(sample, "_FEW", 16)
        assert profile_of(dsn, "orders", "customers", large=1_000) == found
    execute(dsn, "create table p (k int, part int) partition by list (part)",
            *(f"create table p{part} partition of p for values in ({part})" for part in (1, 2)),
            "insert into p select g, 1 + (g > 1000)::int from generate_series(1, 2000) as g")  # fmt: skip
    groups = sample.groups_of(2_000, "k", 23)
    assert groups is not None
    with psycopg.connect(dsn) as connection:

        def rows(query: str) -> list[tuple[Any, ...]]:
            return connection.execute(query.encode()).fetchall()

        source, _ = groups.picked(rows, "p")
        picked = sorted(rows(f"select * from {source} as p"))
        assert picked == sorted(rows(f"select * from {groups.source('p')} as p"))
        assert {part for _, part in picked} == {1, 2}
        connection.execute("set random_page_cost = 0")
        plan = rows(f"explain select * from {source} as p")
        assert any("Tid Scan" in line for (line,) in plan)


@pytest.mark.both_versions
def test_figures_of_domains_are_of_some_customers(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "ROWS", 120)
    with psycopg.connect(dsn) as connection:
        generate(connection, orders=2_000, customers=400, seed=2, defects=0.01)
    found = profile_of(dsn, "orders", "customers", large=1_000)
    assert found["orders"]["all_rows"] == 2_000
    assert "all_rows" not in found["customers"]
    with psycopg.connect(dsn) as connection:

        def ask(query: str) -> Any:
            return connection.execute(query.encode()).fetchone()

        is_picked = "hashint4extended(customer_id, 0) & 3 = 0"
        groups, orders, squares = ask(
            "select count(*), sum(n), sum(n * n) from (select count(*) as n from orders"
            f" where {is_picked} group by customer_id) as g"
        )
        customers = ask(f"select count(*) from customers where {is_picked}")[0]
        recreations = ask(
            "select count(*) from orders as o join orders as a on a.order_id = o.order_ref"
            f" where o.order_id <> o.order_ref and {is_picked.replace('(c', '(o.c')}"
        )[0]
    lineages = found["orders"]["lineages"]
    told = lineages["sample"]
    assert (told["of"], told["by"], told["one_in"], told["groups"]) == ("orders", "customer_id", 4, groups)
    assert told["margin"] == pytest.approx(_margin(float(orders) ** 2 / float(squares), 0.25), abs=0.011)
    assert sum(size * n for size, n in lineages["sizes"]) + lineages["outside"] == orders
    per_customer = found["customers"]["orders_per_customer"]
    assert per_customer["customers"] == customers == per_customer["sample"]["groups"]
    assert per_customer["sample"]["margin"] == pytest.approx(_margin(customers, 0.25), abs=0.011)
    # the named order is looked up among all, whoever its customer is
    assert found["orders"]["repeated"]["recreations"] == recreations
    # figures that need all rows have them
    assert "sample" not in found["orders"]["scripts"]
    drawn: list[Chart | Crosstab] = []
    for table in shown(found).tables:
        drawn += [*table.charts, *table.crosstabs]
    charts = {it.title: it.note for it in drawn}
    said = f"a sample: the rows with {customers} values of customer_id, 1 in 4; shares of customers are within"
    assert said in charts["Customers by number of orders"]
    of_sample = [title for title, note in charts.items() if "a sample: the rows with" in note]
    assert "Script names one letter off a more frequent one" not in of_sample
    assert len(of_sample) >= len(charts) - 1
    flat = re.sub(r"\s+", " ", profile_text(found))
    for title in of_sample:
        assert f"{title} (" in flat
    assert flat.count("a sample: the rows with") == len(of_sample)
    page = html.unescape(re.sub(r"\s+", " ", report_page(document() | {"profile": found})))
    assert page.count("a sample: the rows with") == len(of_sample)
    rows = found["orders"]["rows"]
    assert f"Figures of columns are of {rows} rows picked at random; their shares of rows are within" in page
    assert f"Columns of orders: {rows} sampled rows" in page


def test_the_command_samples_unless_exact_is_given(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sample, "LARGE", 2_000)
    monkeypatch.setattr(sample, "ROWS", 1_000)
    execute(dsn, "create table s as select g as id from generate_series(1, 5000) as g")
    command = ("profile", "--dsn", dsn, "--table", "s")
    assert "rows picked at random" in " ".join(order_audit(*command).stdout.split())
    assert "picked at random" not in order_audit(*command, "--exact").stdout
    with pytest.raises(UsageError, match="--exact reads all rows and --sample does not"):
        check_options(5.0, None, exact=True)
