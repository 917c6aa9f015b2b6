"""A result with a baseline: new, known and resolved violations per finding, wherever findings are listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from order_audit.reports import html, markdown
from order_audit.reports.terminal import summary
from tests.reports.documents import document, found
from tests.reports.page import Page, drawn
from tests.support.results import typed

TOTAL = "gainst the baseline: 3 new, 9 known, 6 resolved"


def against(*, resolved: int | None = 2) -> dict[str, Any]:
    """A result with a rule of each kind, against a baseline."""
    changes = {"orders.a": (3, 4, resolved), "orders.b": (0, 5, 0), "orders.c": (0, 0, 4)}
    made = document(
        found("orders.a", violations=7), found("orders.b", violations=5), found("orders.c", "passed"),
        found("orders.d", "errored"), gate={"baseline": True, "new_violations": {"orders.a": 3}},
    )  # fmt: skip
    for result in made["results"]:
        if numbers := changes.get(result["rule"]):
            result["baseline"] = dict(zip(("new", "known", "resolved"), numbers, strict=True))
    return made


def test_the_page_says_what_is_new() -> None:
    """In sum, in the list of findings, and in each finding; a rule that passes now has what it resolved."""
    page = drawn(against())
    assert f"A{TOTAL}." in page.all("header")[0]
    lines = page.all("tr")
    assert next(line for line in lines if "Title of orders.a" in line).count("3 new, 4 known, 2 resolved") == 1
    assert any("Title of orders.b" in line and "5 known" in line for line in lines)
    assert "5 known" in page.all("article", id="rule-orders.b")[0]
    assert "Resolved: orders.c (4)." in page.all("section", id="first")[0]


def test_without_a_baseline_nothing_is_said() -> None:
    """No column, no sentence."""
    assert "baseline" not in drawn(document(found())).text


def test_summaries_say_what_is_new() -> None:
    """The sheet and the Markdown."""
    made = typed(against())
    sheet = Page(html.summary(made))
    assert f"The gate passed; a{TOTAL}." in sheet.text
    assert "Baseline" in sheet.all("th")
    assert {"3 new, 4 known, 2 resolved", "5 known"} <= {*sheet.all("td")}
    text = markdown.markdown(made)
    assert f"A{TOTAL}.\n" in text
    assert "| 7 | 200 | 3 new, 4 known, 2 resolved |\n" in text
    assert "Resolved: `orders.c` (4).\n" in text
    heads = [line.count("|") for line in text.splitlines() if line.startswith("|")]
    assert len(set(heads)) == 1, "each line has all columns"


@pytest.mark.parametrize("width", [60, 80, 100, 140])
def test_the_terminal_says_what_is_new(monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """One line per finding; the title goes first where the line is too narrow."""
    monkeypatch.setenv("COLUMNS", str(width))
    made = against()
    made["results"][0]["rule"] = "orders.a_rule_with_a_long_name_as_many_have"
    lines = summary.verdict_text(typed(made), Path("out")).splitlines()
    first = next(line for line in lines if line.startswith("◆ orders.a_rule"))
    assert all(len(line) <= width for line in lines)
    assert ("3 new, 4 known, 2 resolved" in first) == (width >= 80)
    assert ("Title" in first) == (width >= 140)
    assert f"a{TOTAL}" in " ".join(lines)


def test_keys_that_cannot_be_compared_are_told() -> None:
    """All violations count as new then, as for the gate."""
    made = against(resolved=None)
    text = markdown.markdown(typed(made))
    assert "3 new, 4 known, keys not comparable" in text
    assert "4 resolved (of 1 rule, keys cannot be compared: all violations count as new)." in text
