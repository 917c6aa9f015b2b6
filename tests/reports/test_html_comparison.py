"""The HTML page of a comparison: what changed, on one scale."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from tests.reports.documents import compared, comparison
from tests.reports.page import drawn


def test_a_comparison_says_what_changed() -> None:
    """The sums in the headline, the pass rate before and after, the critical new ones at the top."""
    keys = {"resolved": ["1", "2"], "remaining": ["3"], "new": ["4"]}
    made = comparison(
        compared("o.new", severity="info", new=1, examples=keys, after={"status": "failed", "violations": 1}),
        compared("o.gone", resolved=181, before={"status": "failed", "violations": 181}, examples=keys),
        compared(
            "o.worse", severity="critical", resolved=1, remaining=3, new=2, examples=keys,
            before={"status": "failed", "violations": 4}, after={"status": "failed", "violations": 5},
        ),
        compared(
            "o.lost", resolved=None, remaining=None, new=None, note="the rule is errored in the later audit",
            before={"status": "failed", "violations": 7}, after={"status": "errored", "violations": 0},
        ),
        compared("o.same"),
        compared("o.now", before={"status": "not_checkable", "violations": 0}),
    )  # fmt: skip
    page = drawn(made)
    assert page.all("h1") == ["182 violations resolved, 3 remaining, 3 new"]
    top = page.all("header")[0]
    assert "Critical violations are new: Title of o.worse (2)." in top
    assert (
        "The pass rate went from 50.00 % to 97.50 % (2 of 5, then 3 of 6); the gate failed before and passed after."
        in top
    )
    assert "2 rules have new violations, 1 has remaining ones, 2 have resolved ones. 1 could not be compared." in top
    order = re.findall(r"Title of (o\.\w+)", page.all("section", id="changes")[0])
    assert order == ["o.worse", "o.new", "o.gone"]
    assert "4 5 1 resolved, 3 remaining, 2 new" in page.all("section", id="changes")[0]
    assert re.findall(r"Title of (o\.\w+)", page.all("section", id="new")[0]) == ["o.worse", "o.new"]
    assert "2 new (4 before, 5 after): 4 and 1 more" in page.all("section", id="new")[0]
    assert "181 resolved (181 before, 0 after): 1, 2 and 179 more" in page.all("section", id="resolved")[0]
    lost = page.all("section", id="unknown")[0]
    assert "7 before, errored after: the rule is errored in the later audit" in lost
    unchanged = page.all("section", id="unchanged")[0]
    assert "Passed unchanged: 1 rule o.same" in unchanged
    assert "not judged before: 1 rule o.now not checkable before" in unchanged


def test_bars_are_on_one_scale_and_show_the_least() -> None:
    """The longest fills its place, a single violation beside thousands is still seen, and nothing overlaps."""
    page = drawn(comparison(compared("o.a", resolved=10_000, new=1), compared("o.b", remaining=1)))
    bars = [attrs for tag, attrs in page.elements if tag == "rect"]
    assert [bar["class"] for bar in bars] == ["resolved", "new", "remaining"]
    assert float(bars[0]["width"] or 0) > 190
    assert all(float(bar["width"] or 0) >= 2 for bar in bars)
    assert float(bars[1]["x"] or 0) >= float(bars[0]["x"] or 0) + float(bars[0]["width"] or 0)
    assert float(bars[1]["x"] or 0) + float(bars[1]["width"] or 0) <= 212


def test_a_comparison_without_keys_or_of_two_databases_says_so() -> None:
    """Counts are not taken for keys, nor one database for another, nor half an audit for a whole one."""
    made = comparison(by_keys=False, note="the earlier audit: it was written without violations.csv")
    made["after"]["database"] = made["after"]["database"] | {"name": "copy"}
    made["after"]["complete"] = False
    top = drawn(made).all("header")[0]
    assert "Counts only. Violations cannot be matched by key: the earlier audit: it was written" in top
    assert "These are two databases: leads before, copy after." in top
    assert "The later audit was interrupted" in top


def test_a_comparison_of_nothing_is_a_page() -> None:
    """No rule, or none with a violation."""
    empty: Iterable[dict[str, Any]] = [comparison(), comparison(compared())]
    for made in empty:
        page = drawn(made)
        assert page.all("h1") == ["0 violations resolved, 0 remaining, 0 new"]
        for said in ("Nothing is new.", "Nothing remains.", "Nothing was resolved.", "No critical violation is new."):
            assert said in page.text


def test_a_gate_with_a_baseline_says_so() -> None:
    """It can pass although nothing is fixed."""
    made = comparison(compared("o.same"))
    made["after"]["gate_baseline"] = True
    assert "the gate failed before and passed (with a baseline) after" in drawn(made).all("header")[0]
