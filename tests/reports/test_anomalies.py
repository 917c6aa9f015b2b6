"""Unusual figures against their own past: volume, freshness, numbers of violations."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import gate, gate_text
from order_audit.reports.ci import github, gitlab, sarif
from order_audit.reports.document import Anomaly, Document
from order_audit.reports.findings import findings
from order_audit.reports.history import anomalies, robust
from order_audit.reports.history.anomalies import Figure
from tests.reports.documents import found
from tests.reports.histories import Audit, add, audit
from tests.reports.page import Page
from tests.support.program import order_audit
from tests.support.results import report_page

START = datetime(2026, 1, 5, 2, tzinfo=UTC)  # a Monday


def days(values: Sequence[float]) -> list[tuple[datetime, float]]:
    """A value for each day."""
    return [(START + timedelta(days=number), value) for number, value in enumerate(values)]


def test_too_few_runs_are_not_enough() -> None:
    """Below 14, there is no expectation."""
    assert robust.expectation(days([5] * 13), START + timedelta(days=13)) is None
    assert robust.expectation(days([5] * 14), START + timedelta(days=14)) == robust.Expectation(5, 0, 14, False, 0, 0)


def test_the_expectation_is_a_line_through_medians() -> None:
    """By hand: a growth of 10 a day, with deviations of -2, 0 and 2 in turn, and a run that lost everything."""
    values = [100 + 10 * day + (-2, 0, 2)[day % 3] for day in range(15)]
    values[7] = 0
    expected = robust.expectation(days(values), START + timedelta(days=15))
    assert expected is not None
    assert expected.value == pytest.approx(250, abs=1)
    assert expected.spread == pytest.approx(1.4826 * 2 * (1 + 6 / 15), rel=0.1)


def test_what_was_so_before_is_not_unusual() -> None:
    """Before weekdays count, a deviation has to exceed those of all earlier runs."""
    expected = robust.expectation(days([*[100] * 10, 0, *[100] * 6]), START + timedelta(days=17))
    assert expected is not None
    assert expected.score(0, 1) == 0
    assert expected.score(-1, 1) == -anomalies.UNUSUAL  # one spread further
    assert expected.score(-2, 1) == -anomalies.CRITICAL
    assert expected.usual(1) == (-1, 103.5)


def test_weekdays_have_their_own_expectation_from_28_runs_on() -> None:
    """Not before; and only where they differ by more than chance."""
    draw = random.Random(5)
    at_weekend = days([(200 if day % 7 > 4 else 1000) + draw.gauss(0, 10) for day in range(35)])
    saturday = at_weekend[33][0]
    assert saturday.weekday() == 5
    few, many = (robust.expectation(at_weekend[:33][-runs:], saturday) for runs in (27, 33))
    assert few is not None
    assert many is not None
    assert (few.by_weekday, many.by_weekday) == (False, True)
    assert many.value == pytest.approx(200, abs=20)
    assert many.score(1000, 1) > 7
    alike = robust.expectation(days([draw.gauss(1000, 10) for _ in range(60)]), START + timedelta(days=60))
    assert alike is not None
    assert not alike.by_weekday


@pytest.mark.parametrize("runs", [14, 28, 60])
@pytest.mark.parametrize(("growth", "weekend"), [(0, 0), (20, 0), (0, 400)])
def test_few_usual_figures_are_taken_for_unusual(runs: int, growth: float, weekend: float) -> None:
    """Of normal noise, around a constant, a growth or two levels: about 1 in 100, and next to none by twice as much."""
    draw, wrong, worse, tries = random.Random(22), 0, 0, 150
    for of in range(tries):
        points = days(
            [
                1000 + growth * number - weekend * ((number + of) % 7 > 4) + draw.gauss(0, 30)
                for number in range(runs + 1)
            ]
        )
        expected = robust.expectation(points[:-1], points[-1][0])
        assert expected is not None
        score = abs(expected.score(points[-1][1], 0.001))
        wrong, worse = wrong + (score > anomalies.UNUSUAL), worse + (score > anomalies.CRITICAL)
    assert wrong <= 0.03 * tries
    assert worse <= 0.007 * tries


def unusual(kind: Any, past: Sequence[float], now: float) -> list[Anomaly]:
    """What is unusual of one figure."""
    use = anomalies.judged([Figure(kind, "t", days(past), now)], START + timedelta(days=len(past)), len(past))
    assert (use.judged, use.not_enough) == (1, 0)
    return list(use.anomalies)


def test_severities_and_words() -> None:
    """A count varies by its root at least; twice as far is critical; fewer violations are good news."""
    assert unusual("volume", [10_000] * 20, 10_300) == []
    assert [it.severity for it in unusual("volume", [10_000] * 20, 10_500)] == ["warning"]
    lost = unusual("volume", [10_000] * 20, 0)[0]
    assert (lost.severity, lost.message) == ("critical", "t has 0 rows; 9,650 to 10,350 are usual, by 20 runs")
    assert [it.severity for it in unusual("violations", [0] * 20, 4)] == ["warning"]
    assert unusual("violations", [0] * 20, 3) == []
    assert [it.severity for it in unusual("violations", [900] * 20, 0)] == ["info"]
    old = unusual("freshness", [3600] * 20, 100_000)[0]
    assert old.message == "the newest value of t is 1 day 3 h old; up to 1 h 10 min is usual, by 20 runs"
    assert unusual("freshness", [3600] * 20, 60) == []


def test_a_count_that_fell_to_zero_may_stay_there() -> None:
    """A line would go on below; what comes back is unusual."""
    past = [*range(30, 0, -1), *[0] * 14]
    assert unusual("violations", past, 0) == []
    assert unusual("volume", past, 0) == []
    assert [it.low for it in unusual("violations", past, 60)] == [0]


def night(number: int, rows: int = 500, violating: int = 3, hours: int = 2) -> Audit:
    """A run with a table, a rule, a measured duration, a measured time, and a profile with timestamps."""
    at = START + timedelta(days=number)
    newest = (at - timedelta(hours=hours)).isoformat()
    bounds = [{"severity": "warning", "kind": "at_most", "text": "at most 1 day", "low": None, "high": 86400.0}]

    def measured(rule: str, unit: str, number: float) -> dict[str, Any]:
        values = [{"group": None, "value": "PT1S", "number": number, "severity": None}]
        return found(rule, "passed", measure={"column": "c", "unit": unit, "bounds": bounds, "values": values})

    made = audit(
        at.isoformat().replace("+00:00", ".000Z"), {"a.b": [str(it) for it in range(violating)]},
        measured("age", "duration", 3600.0 * hours), measured("last", "time", at.timestamp() - 3600 * hours),
        tables={"t": {"rows": rows}},
    )  # fmt: skip
    column = {"type": "timestamp with time zone", "max": newest}
    profile = {
        "t": {"columns": {"at": column, "due": column | {"max": "2030-01-01"}, "masked": column | {"max": "2***"}}},
        "big": {"sampled": 5, "columns": {"at": column}},
    }
    return replace(made, document=replace(made.document, profile=profile))


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The last of 21 nights: rows were lost, values are old, violations came."""
    file = tmp_path_factory.mktemp("nights") / "history.db"
    add(file, *map(night, range(20)))
    last = night(20, rows=10, violating=40, hours=60)
    past = add(file, last)[0]
    said = order_audit("trend", "--history", str(file), COLUMNS="80").stdout
    assert "unusual figures\n◆ 2026-01-25  " in said
    assert max(map(len, said.splitlines())) <= 80
    return replace(last.document, history=past.use)


def test_an_audit_against_its_history(document: Document) -> None:
    """Columns that were read in part, are masked or lie in the future have no age."""
    assert document.history is not None
    assert (document.history.runs, document.history.judged, document.history.not_enough) == (20, 5, 0)
    assert {(it.kind, it.name, it.severity) for it in document.history.anomalies} == {
        ("volume", "t", "critical"), ("violations", "a.b", "critical"), ("freshness", "t.at", "critical"),
        ("freshness", "age", "critical"), ("freshness", "last", "critical"),
    }  # fmt: skip


def test_the_gate_can_fail_on_them(document: Document) -> None:
    """From a severity on; never by default."""
    assert document.history is not None
    options: dict[str, Any] = {"fail_on": "never", "min_pass_rate": None, "anomalies": document.history.anomalies}
    assert gate.decide(document, **options).passed
    unread = gate.decide(document, **options | {"anomalies": None}, fail_on_anomaly="critical")
    assert unread.reasons == ("the history could not be read, so that no figure was held against it",)
    verdict = gate.decide(document, **options, fail_on_anomaly="warning")
    assert [it for it in verdict.reasons if "critical anomalies" in it] == list(verdict.reasons)
    assert verdict.reasons[0].startswith("5 critical anomalies: ")
    assert "on critical or warning anomalies" in gate_text.conditions(verdict)
    summary = replace(document.summary, gate=verdict)
    of = [it for it in findings(replace(document, summary=summary)) if it.kind == "anomaly"]
    assert [(it.rule, it.fails) for it in of if it.object == "t"] == [("anomaly.volume", True)]
    assert not [it for it in findings(replace(document, summary=summary)) if it.kind == "rule" and it.fails]


def test_every_output_has_them(document: Document) -> None:
    """The report with the numbers of judged figures; formats of CI systems as findings."""
    from order_audit.reports.document import encode

    page = Page(report_page(encode(replace(document, profile={}))))
    text = "t has 10 rows; 422 to 578 are usual, by 20 runs"
    assert text in page.text
    assert page.all("h1") == [
        "leads: fit for the gate: no rule has a critical finding; 1 milder finding; 5 critical unusual figures"
    ]
    assert "age is 2 days 12 h; up to 2 h 21 min is usual, by 20 runs" in page.text
    assert "5 figures judged against 20 earlier runs." in page.text
    for written in ("\n".join(github.commands(document)), gitlab.code_quality(document), sarif.sarif(document)):
        assert text in written


def test_the_option_needs_a_history(tmp_path: Path) -> None:
    """Otherwise it could never fail."""
    done = order_audit("run", "--dsn", "host=x", "--out", str(tmp_path / "o"), "--fail-on-anomaly", "critical")
    assert (done.returncode, done.stderr) == (
        2, "order-audit: --fail-on-anomaly needs the runs of a history: add --history\n"
    )  # fmt: skip
