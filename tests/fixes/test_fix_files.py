"""Fix files: every rule has one or says why not, and files that are no fixes are refused."""

from __future__ import annotations

import pytest

from order_audit.expectations import load
from order_audit.fixes.fix import Fix, FixError, fixes, ordered, parse

RULES = load("current").rules
FIXES = fixes(RULES)


def test_fixes_wait_for_those_that_they_name() -> None:
    assert ordered({"a": ("c",), "b": (), "c": ("b",)}) == ["b", "c", "a"]
    with pytest.raises(FixError, match="wait for each other: a, b"):
        ordered({"a": ("b",), "b": ("a",)})
    order = list(FIXES)
    for fix in FIXES.values():
        assert all(order.index(other) < order.index(fix.rule.id) for other in fix.after if other in FIXES)


def test_every_rule_has_a_fix_or_says_why_not_and_every_other_it_names_is_there() -> None:
    assert {rule.id for rule in RULES} == FIXES.keys()
    assert not [id for id, fix in FIXES.items() if not (fix.automatic or fix.options or fix.leave)]
    assert {other for fix in FIXES.values() for other in fix.after} <= FIXES.keys()


@pytest.mark.parametrize(
    "text",
    [
        "select 1",
        "-- option: no name\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n",
        "-- option leave: does\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n-- update orders:\nselect 1",
        "-- option good: does\n-- update orders by order_id:\n",
        "-- update orders by order_id:\nselect 1",
        "-- given some:\n-- option good: does\n-- update orders by order_id:\nselect 1",
        "-- given violation: x\nselect 1;\n-- option good: does\n-- update orders by order_id:\nselect 1",
        "-- option good: does\n-- update orders by order_id:\nselect 1;\n-- given some: x\nselect 1",
    ],
)
def test_files_that_are_no_fixes_are_refused(text: str) -> None:
    with pytest.raises(FixError, match=r"fix\.sql"):
        parse(text, RULES[0], "fix.sql")


def test_a_fix_can_be_read_in_words() -> None:
    fix: Fix = FIXES["orders.status_is_known"]
    assert fix.document()["options"] == [{"name": "cancel", "does": fix.options[0].does, "recommended": False}]
