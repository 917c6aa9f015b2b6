"""The verdict and the plan of a report: facts of the result, at most seven actions, commands that exist."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
from typer.main import get_command

from order_audit.audit.cli.app import app
from order_audit.reports import action_plan
from tests.reports.documents import document, found
from tests.support.results import typed

FIX = {"automatic": "trimmed", "options": [], "leave": "", "assumes": "", "after": {}}
CHOICE = FIX | {"automatic": None, "options": [{"name": "a", "does": "b", "recommended": False}]}
PLAN: dict[str, Any] = {
    "reason": "", "fixes": [{"rule": "o.a", "automatic": 2, "undecided": 0, "remaining": 8}], "changes": 3, "rows": 2,
    "deleted": 1, "remaining": 30, "guards": 4, "guards_ready": ["x"], "guards_ready_then": ["x", "y"],
}  # fmt: skip
FAILED = (
    found("o.a", violations=10, fix=FIX),
    found("o.b", violations=5, fix=CHOICE, do_now="rotate them"),
    found("o.c", violations=1, severity="warning"),
)


def texts(made: dict[str, Any]) -> list[str]:
    """What the plan says."""
    return [action.text for action in action_plan.actions(typed(made))]


def test_without_a_dry_run_numbers_are_upper_bounds() -> None:
    """Each is said to be one."""
    assert texts(document(*FAILED)) == [
        "Now: rotate them (5 rows of orders)",
        "Fix what needs no decision: at most 10 violations (--plan-fixes counts them)",
        "Answer 1 question, of rules with 5 violations, in decisions.toml; then apply it with --decisions",
        "Correct by hand what other fixes leave of 1 violation of 1 rule without a fix",
    ]


def test_a_suite_without_fixes_knows_no_other_fixes() -> None:
    assert texts(document(FAILED[2])) == ["Correct by hand 1 violation of 1 rule without a fix"]


def test_a_rule_without_a_fix_leads_to_a_new_one() -> None:
    """Not where no fix is possible: of a header 'unfixed', of a measured or a repeated rule."""
    no_option = FIX | {"automatic": None, "leave": "only the customer knows"}
    measure = {"column": "n", "unit": "number", "values": [], "bounds": []}
    none = [found("o.a", fix=no_option), found("o.m", measure=measure), found("o.r[1]", instance_of="o.r")]
    made = document(*none, found("o.b"), found("o.c"), suites=["mine"])
    made["given"] = {"fixes": "repairs", "guards": "protect", "variables": {"max": "3"}}
    said = "order-audit fixes new o.b --fixes repairs --var max=3 --suite mine"
    assert action_plan.next_command(typed(made)) == said
    assert action_plan.next_command(typed(document(*none))) == ""


def test_a_dry_run_makes_them_exact() -> None:
    """Changes, rows and deletions apart; guards as well."""
    said = texts(document(*FAILED) | {"fix_plan": PLAN})
    assert said[1] == (
        "Fix what needs no decision: 3 changes to 2 rows, of which 1 is deleted; 16 violations today, 30 afterwards"
    )
    assert said[-1] == (
        "Guards: 1 of 4 can be in place today, 2 after the automatic fixes; 'fixes apply' installs those that are not"
    )
    fixable = action_plan.fixable(typed(document(*FAILED) | {"fix_plan": PLAN}).results[0], typed(
        document(*FAILED) | {"fix_plan": PLAN}
    ))  # fmt: skip
    assert fixable == action_plan.Fixable(2, 0, remaining=8)


def test_decisions_name_the_rows_that_they_change() -> None:
    """Also where these are more than the violations: a change of a lineage is one of all of its orders."""
    fixes: list[dict[str, Any]] = [*PLAN["fixes"], {"rule": "o.b", "automatic": 0, "undecided": 9, "remaining": 5}]
    said = texts(document(*FAILED) | {"fix_plan": PLAN | {"fixes": fixes}})
    assert "Answer 1 question, which changes at most 9 rows, in decisions.toml; then apply it with --decisions" in said


def test_a_schema_finding_of_one_is_no_plural() -> None:
    """The noun agrees with the number of all of them."""
    made = document(found("o.a", "passed"))
    made["schema_findings"] = [
        {"rule": "schema.a", "title": "A", "severity": "warning", "object": "o.a", "message": "", "evidence": {}}
        | {"suggestion": "", "remedy": "redesign"}
    ]
    assert texts(made) == ["Correct the schema: 1 warning finding of 1 kind"]


def test_a_dry_run_that_failed_counts_nothing() -> None:
    """The bounds are those without one."""
    failed = document(*FAILED) | {"fix_plan": PLAN | {"reason": "permission denied", "fixes": []}}
    assert texts(failed) == texts(document(*FAILED))


def test_there_are_seven_at_most_and_their_commands_exist() -> None:
    """Each begins with order-audit and has options of that command."""
    made = document(*FAILED, found("o.d", "errored", error="no"), suites=["current", "mine dir"])
    made["schema_findings"] = [
        {"rule": "schema.a", "title": "A", "severity": "warning", "object": "o.a", "message": "", "evidence": {}}
        | {"suggestion": "", "remedy": "redesign"}
    ]
    made["fix_plan"] = PLAN
    actions = action_plan.actions(typed(made))
    assert len(actions) == action_plan.LONGEST
    for words in (shlex.split(action.command) for action in actions if action.command):
        assert words[0] == "order-audit"
        command: Any = get_command(app)
        while hasattr(command, "commands"):
            command = command.commands[words.pop(1)]
        options = {option for parameter in command.params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options
    assert any("'mine dir'" in action.command for action in actions)


@pytest.mark.parametrize(
    ("results", "gate", "said"),
    [
        ([found("o.a", "passed")], {}, "fit: no expectation found a violation"),
        ([found("o.a", severity="info")], {}, "fit: no critical finding; 1 milder finding"),
        ([found("o.a")], {}, "the gate passed, with 1 critical finding"),
        ([found("o.a")], {"passed": False}, "not fit: 1 critical finding"),
        ([found("o.a", "errored", error="no")], {"passed": False}, "not fit"),
        ([], {}, "no rules were run"),
    ],
)
def test_the_verdict_follows_gate_and_findings(results: list[dict[str, Any]], gate: dict[str, Any], said: str) -> None:
    """A gate that lets critical findings pass does not make the data fit."""
    assert action_plan.verdict(typed(document(*results, gate=gate))) == said


ORPHANS = {"rule": "schema.a", "title": "A", "severity": "critical", "object": "o.a", "message": ""} | {
    "suggestion": "", "remedy": "redesign",
    "evidence": {"values": 90, "values without a referenced row": 4, "references": "c.id"},
}  # fmt: skip
SCHEMA = "; the schema lint has 2 critical findings, with 8 references to a row that is missing"


@pytest.mark.parametrize(
    ("result", "said", "tone"),
    [
        (found("o.a", "passed", violations=3), f"fit for the gate: all violations are tolerated{SCHEMA}", "limited"),
        (found("o.a", suppressed=1), f"fit for the gate: all violations are suppressed{SCHEMA}", "limited"),
        (found("o.a", "passed"), f"fit for the gate: no expectation found a violation{SCHEMA}", "limited"),
        (
            found("o.a", severity="info"),
            f"fit for the gate: no critical finding in the data; 1 milder finding{SCHEMA}",
            "limited",
        ),
        (found("o.a"), "the gate passed, with 1 critical finding", "limited"),
    ],
)
def test_the_verdict_names_critical_findings_of_the_schema(result: dict[str, Any], said: str, tone: str) -> None:
    """The gate passes without them, and the data are not fit for all that; accepted ones do not count."""
    made = document(result)
    made["schema_findings"] = [ORPHANS, ORPHANS, ORPHANS | {"accepted": "known"}, ORPHANS | {"severity": "warning"}]
    assert (action_plan.verdict(typed(made)), action_plan.tone(typed(made))) == (said, tone)
    made["schema_findings"] = made["schema_findings"][2:]
    assert action_plan.tone(typed(made)) == ("passed" if said.startswith("fit") else "limited")
