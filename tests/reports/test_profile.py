"""The profile in the report: its figures are the profile's, its pictures too, and it stays within bounds."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.reports.profile import Column, shown
from order_audit.reports.terminal.profile import profile_text
from order_audit.scenario.domain.charts import banded
from tests.reports.documents import HOSTILE, UNSEEN, document
from tests.reports.page import drawn
from tests.support import servers
from tests.support.results import report_page, run


@pytest.fixture(scope="module")
def audited(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The result of an audit of the labelled issues, beside a table of times and intervals."""
    dsn = servers.new_database(server_18, "issues")
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("""
            create table shift
              (id int primary key, at timestamptz, lasts interval, day date, few smallint, on_ boolean);
            insert into shift
            select g, '2024-01-01 00:00+00'::timestamptz + g * interval '1 hour', g * interval '90 seconds',
              '2024-02-01'::date + g, g % 3, g % 4 = 0
            from generate_series(1, 200) as g
        """)
    folder = tmp_path_factory.mktemp("audited")
    (folder / "shift.sql").write_text(
        "-- title: Any\n-- severity: info\n-- key: id\nselect s.id from shift as s where s.id < 0\n"
    )
    options = Options(suites=("current", str(folder / "shift.sql")), formats=("json",))
    result = run(dsn, folder / "out", options)
    servers.drop_database(server_18, dsn)
    return result


def pictures(source: str) -> dict[str, ElementTree.Element]:
    """The profile's pictures by their titles."""
    profile = source[source.index('<section id="profile"') : source.index('<section id="not-checked"')]
    found = re.findall(r'<svg class="picture.*?</svg>', profile, re.DOTALL)
    roots = [ElementTree.fromstring(svg) for svg in found]
    assert len({root.findtext("title") for root in roots}) == len(roots)
    return {root.findtext("title") or "": root for root in roots}


def told(root: ElementTree.Element) -> list[int]:
    """The counts that a picture's parts have in their titles."""
    found = [title.text or "" for part in root.iter() if part.tag in {"rect", "g"} for title in part.findall("title")]
    return [int(re.findall(r": ([\d,]+) ", title)[0].replace(",", "")) for title in found]


def test_pictures_show_what_was_counted(audited: dict[str, Any]) -> None:
    """Every histogram, chart and the heat map: their parts' titles come to the profile's own figures."""
    drawings = pictures(report_page(audited))
    profile = audited["profile"]
    for table, entry in profile.items():
        for name, figures in entry["columns"].items():
            if histogram := figures.get("histogram"):
                counts = told(drawings.pop(f"{table}.{name}: rows by value"))
                assert counts == [count for count in histogram["counts"] if count], name
                odd = sum(figures.get(kind, 0) for kind in ("nan", "inf", "minus_inf"))
                far = histogram.get("outliers", {"below": 0, "above": 0})
                assert sum(counts) == entry["rows"] - figures["nulls"] - odd - far["below"] - far["above"], name
    week = drawings.pop("orders.order_schedule: rows by bit that is set")
    said = [title.text or "" for cell in week.findall("rect") for title in cell.findall("title")]
    rows, bits = profile["orders"]["rows"], profile["orders"]["columns"]["order_schedule"]["bits"]
    assert {re.findall(r"on in (\d+) of (\d+)", text)[0] for text in said} == {
        (str(round(share * rows)), str(rows)) for share in bits
    }
    lineages, customers = profile["orders"]["lineages"], profile["customers"]
    assert sum(told(drawings.pop("Lineages by number of orders"))) == lineages["lineages"]
    assert sum(told(drawings.pop("Lineages by depth"))) == sum(count for _, count in lineages["depths"])
    assert sum(told(drawings.pop("Customers by number of orders"))) == customers["rows"]
    exposure = drawings.pop("Customers by live orders' amounts against the balance")
    assert told(exposure) == [band["customers"] for band in customers["exposure"].values()]
    forecast = customers["next_recreation"]
    assert told(drawings.pop("Forecast of the next recreation")) == [it for it in forecast["orders"].values() if it]
    charged = drawings.pop("Forecast: customers by what remains of their balance")
    assert told(charged) == [it["orders"] for it in forecast["first"]]
    schedules, repeated = profile["orders"]["schedules"]["orders"], profile["orders"]["repeated"]["attributes"]
    assert told(drawings.pop("Live orders by their schedule")) == [it for it in schedules.values() if it]
    again = drawings.pop("Recreations that repeat the order they name")
    assert told(again) == [it["same"] for it in repeated.values()]
    off = profile["orders"]["scripts"]["resembling"]
    assert told(drawings.pop("Script names one letter off a more frequent one")) == [it["orders"] for it in off]
    several = drawings.pop("Customers with several API keys for one script")
    assert told(several) == [it["orders"] for it in profile["orders"]["api_keys"]["first"]]
    assert not drawings


def test_figures_are_in_the_page(audited: dict[str, Any]) -> None:
    """Per column its type, nulls with their share, distinct values, quantiles, lengths, commonest values."""
    page = drawn(audited)
    said = page.all("section", id="profile")[0]
    for part in (
        "customers 58 rows, 8 columns",
        "key customer_id, 1 to 161; sequence public.customers_customer_id_seq not drawn from yet",
        "customer_phone character varying(20) 1 1.72 % 57 length 0 to 17, mean 11.58; 1 empty",
        "besides numbers: 1 NaN, 1 infinite, 1 minus infinite",
        "HI 10",
        "95 lineages; 16 orders in none",
        "types: object 43, array 2, null 1, string 1",
        "one key in 4 spellings: api-key",
        "bulk_delivery, 23 rows list 7, API_KEY 1",
        "1 60 12 7 7 4 3 1 1",
        "true 50 false 150",
        "median 2 h 30 min",
        "2024-01-01 01:00",
        "customer_balance: 1 value above 100,000, the greatest 12,345,678,901,235; the median is 1,000",
        "not drawn: 1 value above 100,000, the greatest 12,345,678,901,235",
        "of 133 rows; shades range from the least to the greatest",
    ):
        assert part in said, part
    assert "alder" not in said.lower(), "addresses are masked"


def column(type_: str = "integer", **figures: Any) -> dict[str, Any]:
    """A column's figures, as a profile has them."""
    return {"type": type_, "nulls": 0, "distinct": 5, "distinct_estimated": False, "top": []} | figures


def table(columns: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A table's entry, as a profile has it."""
    sizes = {"total": 8192, "table": 8192, "indexes": 0, "toast": 0}
    return {"rows": 10, "bytes": sizes, "dead_rows": 0, "key": None, "columns": columns} | fields


def hostile(text: str) -> dict[str, Any]:
    """A profile with this text wherever one can stand."""
    keys = [{"key": text, "count": 2}]
    outliers = {"below": 1, "above": 0, "least": text, "greatest": None, "from": text, "to": text}
    histogram = {"bounds": [text, text + "!", text + "?"], "counts": [3, 7], "outliers": outliers}
    alerts = [{"kind": "spellings", "values": [{"value": text, "count": 3}]}, {"kind": "outliers", **outliers}]
    sequence = {"name": text, "position": None, "start": 1, "max": 9, "step": 1, "readable": False}
    one = {"min": text, "max": text, "quantiles": {"50": text}, "histogram": histogram}
    columns = {
        text: column(text, **one, alerts=alerts, mean=text, inf=1, minus_inf=0, top=[{"value": text, "count": 3}]),
        text + "2": column(text, types={text: 3}, keys=keys, unreadable=1, top=[{"value": text, "count": 3}],
                           by_value=[{"value": text, "rows": 4, "keys": keys}], by_column=text),
        text + "3": {"type": text, "error": text},
        text + "4": column(text, range={"low": text, "high": text, "open_below": 1, "open_above": 0, "empty": 2}),
        text + "5": column(text, bits=[0.5, 1.0, 0.0]),
    }  # fmt: skip
    lineages = {
        "lineages": 3, "sizes": [[1, 3]], "depths": [[0, 3]], "outside": 1,
        "status_by_position": {"1": {text: 3, text + "!": 0}, "last": {text: 0, text + "!": 3}},
    }  # fmt: skip
    key = {"columns": [text], "min": text, "max": text, "sequence": sequence}
    return {
        text: table(columns, key=key, lineages=lineages, sampled=2.5, exposure={"error": text}),
        text + "!": {"error": text},
    }


@pytest.mark.parametrize("text", [HOSTILE, UNSEEN, "", " ", "x" * 20_000, "a\n\t\r\nb", "%s %(x)s {0}", "\\"])
def test_any_text_is_only_text(text: str) -> None:
    """Names, types, values, keys, statuses and errors: in tables, pictures and on a terminal."""
    profile = hostile(text)
    page = drawn(document() | {"profile": profile})
    assert len(pictures(page.source)) == 4
    if text == HOSTILE:
        assert page.text.count(HOSTILE[:20]) > 15
    terminal = profile_text(profile, 80)
    assert all(letter.isprintable() or letter == "\n" for letter in terminal)
    assert "\n".join(terminal.split("\n")) == terminal


def test_what_is_estimated_or_left_out_is_said() -> None:
    """Samples, rows picked at random, columns that cannot be read and tables that could not be profiled."""
    picked = column(
        "bigint", distinct=12_345, distinct_estimated=True, min=1, max=900, mean=450.5, picked_rows=7,
        quantiles={"50": 440}, histogram={"bounds": [3.0, 400.0, 800.0], "counts": [4, 3]},
        top=[{"value": 8, "count": 2}],
    )  # fmt: skip
    profile = {
        "large": table({"n": picked, "s": {"type": "text", "error": "this role may not read it"}}, sampled=5.0),
        "view": table({"a": column("int[]", nulls=2)}, first_rows=100_001),
        "gone": {"error": "permission denied for table gone"},
    }
    said = drawn(document() | {"profile": profile}).all("section", id="profile")[0]
    for part in (
        "Profile: 3 tables",
        "Figures of a sample of 5 % of its pages",
        "about 12,345",
        "1 to 900, mean 450.5",
        "of 7 rows picked at random:",
        "median 440",
        "of 7 rows: 8 2",
        "s text this role may not read it",
        "Figures of its first 100,001 rows; the rest was not read",
        "int[] 2 20.00 % 5",
        "gone not profiled permission denied for table gone",
    ):
        assert part in said, part


def test_no_profile_is_no_empty_one() -> None:
    """Where the audit did not describe the data, the page says so."""
    assert "--no-profile" in drawn(document()).all("section", id="profile")[0]


def test_many_columns_stay_readable_and_bounded() -> None:
    """Tables are folded; the page shows a limited number of columns, and counts the others."""
    histogram = {"bounds": [place * 1.5 for place in range(21)], "counts": list(range(1, 21))}
    full = column("numeric", min=0, max=30, mean=1.5, nan=0, quantiles={"50": 1}, histogram=histogram)
    profile = {f"t{number}": table({f"c{place}": full for place in range(300)}) for number in range(4)}
    page = drawn(document() | {"profile": profile})
    assert len(page.source) < 2_000_000
    assert len(pictures(page.source)) == 400
    folds = [attrs for tag, attrs in page.elements if tag == "details" and attrs.get("class") == "profiled"]
    assert len(folds) == 4
    assert not any("open" in attrs for attrs in folds)
    assert "200 more columns in results.json" in page.text
    assert "300 more columns in results.json" in page.text
    few = drawn(document() | {"profile": {"t": table({"c": full})}})
    assert [attrs for tag, attrs in few.elements if tag == "details" and "open" in attrs]
    assert len(profile_text(profile).splitlines()) > 4 * 300 * 2, "a terminal has them all"


def steps(figures: dict[str, Any]) -> list[tuple[str, int]]:
    """The steps of a column's histogram, in words."""
    entry = table({"c": column(**{"quantiles": {}, **figures})})
    (found,) = shown({"t": entry}).tables[0].columns
    assert isinstance(found, Column)
    assert found.histogram is not None
    return found.histogram.steps


def test_steps_in_words() -> None:
    """Whole numbers are in one step only, times are short, intervals have units."""
    bounds = [0.0, 1.5, 3.0, 4.5, 6.0]
    counted = {"histogram": {"bounds": bounds, "counts": [1, 2, 3, 4]}}
    assert steps(counted | {"min": 0, "max": 6}) == [("0 to 1", 1), ("2", 2), ("3 to 4", 3), ("5 to 6", 4)]
    assert steps(counted | {"min": 0, "max": 6, "nan": 0})[0] == ("0 to 1.5", 1)
    combed = {"histogram": {"bounds": [0.0, 0.5, 1.0, 1.5, 2.0], "counts": [5, 0, 6, 7]}, "min": 0, "max": 2}
    assert steps(combed) == [("0", 5), ("1", 6), ("2", 7)]
    times = ["2024-01-01T00:00:00+00:00", "2024-01-02T06:30:00.5+00:00", "2024-01-03T13:00:00+00:00"]
    moments = {"type_": "timestamptz", "histogram": {"bounds": times, "counts": [1, 1]}, "min": "", "max": ""}
    assert steps(moments)[0] == ("2024-01-01 to 2024-01-02 06:30", 1)
    spans = {"type_": "interval", "histogram": {"bounds": [0, 5430, 200_000], "counts": [1, 1]}, "min": "", "max": ""}
    assert [name for name, _ in steps(spans)] == ["0 s to 1 h 30 min", "1 h 30 min to 2 d 7 h"]
    one = {"histogram": {"bounds": [4.0, 4.0], "counts": [9]}, "min": 4, "max": 4}
    assert steps(one) == [("4", 9)]


def test_bands_hold_all_counts_and_leave_none_out() -> None:
    """Each size below ten, then twice as wide each time, the empty ones between them too."""
    counts = [[1, 5], [3, 1], [10, 2], [19, 2], [20, 1], [45, 7]]
    assert banded(counts) == [
        ("1", 5), ("2", 0), ("3", 1), *((str(at), 0) for at in range(4, 10)),
        ("10 to 19", 4), ("20 to 39", 1), ("40 to 79", 7),
    ]  # fmt: skip
    assert banded([]) == []
    assert sum(count for _, count in banded([at, 1] for at in range(5000))) == 5000


def test_many_statuses_are_summed_up() -> None:
    """The most frequent have a column, the rest one together, on a terminal as many as there is room for."""
    counts = {f"status{place}": 100 - place for place in range(30)}
    lineages = {"lineages": 1, "sizes": [[1, 1]], "depths": [[0, 1]], "outside": 0, "status_by_position": {"1": counts}}
    profile = {"orders": table({}, lineages=lineages)}
    (positions,) = shown(profile).tables[0].crosstabs
    assert positions.columns == [*(f"status{place}" for place in range(10)), "20 others"]
    assert sum(count for count, _ in positions.rows[0][1]) == sum(counts.values())
    for width in (80, 120):
        lines = profile_text(profile, width).splitlines()
        (row,) = (line for line in lines if line.startswith("    1 ") and "█" not in line)
        assert sum(int(count.replace(",", "")) for count in row.split()[1:]) == sum(counts.values())


@pytest.mark.parametrize("width", [80, 120])
def test_terminal_lines_fit(audited: dict[str, Any], width: int) -> None:
    """No line of the scenario's profile is wider than the terminal, and each figure is on one line."""
    lines = profile_text(audited["profile"], width).splitlines()
    assert max(map(len, lines)) <= width
    assert any(re.search(r"customer_phone +character varying\(20\) +1 +57$", line) for line in lines)
    assert any("custom_crm (14)" in line for line in lines)
