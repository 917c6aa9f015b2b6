"""Before and after: the first rows that an automatic fix changes, beside the fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.reports.documents import HOSTILE, UNSEEN, document, found
from tests.reports.page import drawn

FIX = {"automatic": "It is cut.", "options": [], "leave": "", "assumes": "", "after": {}}


def fix_text(*examples: dict[str, Any]) -> str:
    """The fix of a finding with these examples, as the page has it."""
    made = document(found("orders.a", fix=FIX))
    rows = {"orders.a": [*examples], "orders.b": [changed({"x": "y"}, {"x": "z"})]}
    made["fix_plan"] = {
        "fixes": [
            {"rule": rule, "automatic": 9, "undecided": 0, "remaining": 0, "examples": of} for rule, of in rows.items()
        ]
    }
    whole = drawn(made).all("article", id="rule-orders.a")[0]
    return whole.partition("Automatic (")[2].partition("): ")[2].partition(" SQL of")[0]


def changed(
    before: dict[str, Any], after: dict[str, Any] | None, key: int = 1, table: str = "orders"
) -> dict[str, Any]:
    """A changed row."""
    return {"table": table, "key": {"order_id": str(key)}, "before": before, "after": after}


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"order_status": "Active "}, {"order_status": "active"}, "order_status: Active␣ → active"),
        ({"name": "a\n"}, {"name": "a"}, "name: a\\n → a"),
        ({"name": " \t "}, {"name": ""}, "name: ␣\\t␣ → empty"),
        ({"name": None}, {"name": "a"}, "name: null → a"),
        ({"name": "cafe\u0301"}, {"name": "caf\u00e9"}, "name: cafe⟨U+0301⟩ → café"),
        ({"address": "•• •••"}, {"address": "•• •••"}, "address: •• ••• (changed in masked characters)"),
        ({"a": "1", "b": "2"}, {"a": "2", "b": "3"}, "a: 1 → 2; b: 2 → 3"),
        (
            dict.fromkeys("abcdef", "1"), dict.fromkeys("abcdef", "2"),
            "a: 1 → 2; b: 1 → 2; c: 1 → 2; d: 1 → 2 and 2 more columns",
        ),
        ({"a": "1", "b": "2"}, None, "deleted"),
        ({"v": UNSEEN}, {"v": "abc"}, "v: a⟨U+202E⟩b⟨U+200B⟩c"),
        ({"v": HOSTILE}, {"v": "abc"}, f"v: {HOSTILE[:20]}"),
    ],
)  # fmt: skip
def test_a_change_is_shown(before: dict[str, Any], after: dict[str, Any] | None, shown: str) -> None:
    """White space and unseen characters are spelled out, as in the evidence; a deleted row has no values."""
    assert fix_text(changed(before, after)).startswith(f"It is cut. order_id 1: {shown}")


def test_three_rows_at_most() -> None:
    """Rows of another table than the finding's have its name; other rules have their own."""
    rows = [changed({"a": "1"}, {"a": "2"}, key, "orders" if key < 3 else "customers") for key in range(1, 6)]
    assert fix_text(*rows) == ("It is cut. order_id 1: a: 1 → 2 order_id 2: a: 1 → 2 customers order_id 3: a: 1 → 2")
    assert fix_text() == "It is cut."


def test_long_values_are_cut_around_the_difference() -> None:
    """Both sides have it, and little before it."""
    text = "x" * 5000
    said = fix_text(changed({"a": f"{text}1{text}"}, {"a": f"{text}2{text}"}))
    assert said == f"It is cut. order_id 1: a: …{'x' * 30}1{'x' * 89}… → …{'x' * 30}2{'x' * 89}…"
    assert fix_text(changed({"a": f"1{text}"}, {"a": None})) == f"It is cut. order_id 1: a: 1{'x' * 119}… → null"


@pytest.mark.parametrize(
    ("violations", "automatic", "remaining", "others", "afterwards"),
    [
        (5, 2, 3, True, ""),
        (5, 5, 0, False, ""),
        (5, 0, 2, True, "2 violations after all automatic fixes"),
        (5, 5, 1, False, "1 violation after all automatic fixes"),
    ],
)
def test_rows_that_an_automatic_fix_leaves(
    violations: int, automatic: int, remaining: int, others: bool, afterwards: str
) -> None:
    """What to do with them, and how many violations there are after the fixes of other rules."""
    made = document(found("orders.a", violations=violations, fix=FIX | {"leave": "Ask them."}))
    made["fix_plan"] = {
        "fixes": [{"rule": "orders.a", "automatic": automatic, "undecided": 0, "remaining": remaining, "examples": []}]
    }
    whole = drawn(made)
    finding = whole.all("article", id="rule-orders.a")[0]
    assert ("Other rows Ask them." in finding) == others
    assert afterwards in finding
    assert ("Fixes of other rules change the number" in finding) == bool(afterwards)
    row = whole.all("section", id="first")[0]
    assert ("by hand, 2 after the automatic fixes" in row) == (automatic == 0)
