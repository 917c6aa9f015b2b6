"""`order-audit history report`: the page over all runs of a history."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from order_audit.reports import html
from order_audit.reports.diagrams.timeline import Point, timeline
from order_audit.reports.document import SchemaFinding, SchemaRule
from order_audit.reports.history import file as history_file
from order_audit.reports.history.overview import overview
from order_audit.reports.history.trend import series
from tests.reports.documents import HOSTILE, found
from tests.reports.histories import Audit, add, audit
from tests.reports.page import Page, sound
from tests.reports.test_trend import run
from tests.support.program import order_audit


def drawn(path: Path) -> Page:
    """The page of a history, held against all that holds for every page; it needs no script."""
    with closing(history_file.readable(path)) as connection:
        return sound(html.history([overview(connection, it) for it in series(connection)]), scripts=0)


def hostile(number: int, schema: str) -> Audit:
    """A run in which every text is markup."""
    failing = found(f"r.{HOSTILE}", violations=2, title=HOSTILE)
    values = [{"group": HOSTILE, "value": "1.50", "number": 1.5, "severity": None}]
    measure = {"column": HOSTILE, "unit": "number", "bounds": [], "values": values}
    made = audit(f"2026-01-0{number}", {}, failing, found("m", "passed", title=HOSTILE, measure=measure),
                 tables={HOSTILE: {"rows": number}})  # fmt: skip
    rule = SchemaRule("schema.r", HOSTILE, "info", "checked", 1, HOSTILE)
    finding = SchemaFinding("schema.r", HOSTILE, "info", HOSTILE, "m", {}, "s", "statement")
    run = replace(made.document.run, database=replace(made.document.run.database, name=HOSTILE, schema=schema))
    document = replace(made.document, run=run, schema_rules=(rule,), schema_findings=(finding,))
    return Audit(document, {f"r.{HOSTILE}": [None, HOSTILE]})


def test_it_says_what_fails_since_when_and_how_it_went(tmp_path: Path) -> None:
    """With a line for each rule, measured value and table, and a table of the runs."""
    add(tmp_path / "h", *map(run, range(6)))
    out = tmp_path / "new" / "history.html"
    done = order_audit("history", "report", "--history", str(tmp_path / "h"), "--out", str(out))
    assert (done.returncode, done.stdout) == (0, f"{out}\n")
    page = drawn(tmp_path / "h")
    assert out.read_text().rstrip() == page.source.rstrip()
    assert page.all("h1") == ["leads: 1 rule fails, 6 runs"]
    rows = page.all("tr")
    assert rows[1].startswith("warning Title of orders.amount_is_positive")
    assert rows[1].endswith("Now 4, at most 4 4 2026-01-01 2026-01-06 1 key")
    assert "since 2026-01-01: 1, 2" in page.text
    assert "Came back: 7 1×" in page.text
    assert "From 1,000 to 1,005" in page.text
    assert rows[-1] == "2026-01-01 02:00:00 UTC passed 3 1 0 2 2 0"
    assert "2 rules have had no violation in any run." in page.text


def test_no_text_is_markup(tmp_path: Path) -> None:
    """Of names, titles, keys, objects; of several schemas."""
    add(tmp_path / "h", hostile(1, "a"), hostile(2, "a"), hostile(3, HOSTILE))
    page = drawn(tmp_path / "h")
    assert "<script" not in page.source
    assert "NULL" in page.text
    assert page.text.count("since 2026-01-01") >= 2


def test_an_empty_history_is_refused(tmp_path: Path) -> None:
    """It has nothing to show."""
    history_file.writable(tmp_path / "h")[0].close()
    done = order_audit("history", "report", "--history", str(tmp_path / "h"), "--out", str(tmp_path / "x.html"))
    assert (done.returncode, done.stderr) == (2, f"order-audit: --history {tmp_path / 'h'} has no run\n")


@pytest.mark.parametrize("counts", [[], [0], [5], [3, 0, 9]])
def test_a_timeline(counts: list[int]) -> None:
    """A mark for each run that failed."""
    source = timeline("Title", [Point("day", it, f"{it} violations", it > 4) for it in counts])
    assert source.count('class="hit"') == len(counts)
    assert source.count("v6") == sum(it > 4 for it in counts)
