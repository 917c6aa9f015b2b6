"""The sentences on the gate: each compared with its facts, in every combination."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from order_audit.expectations import SEVERITIES
from order_audit.reports import gate_text, markdown
from order_audit.reports.document import FailOn
from order_audit.reports.schema_findings import down_to
from order_audit.reports.terminal import summary
from tests.reports.documents import document, found
from tests.support.results import decided, harmless, report_page, typed

#: A failed rule of each severity with known violations, and one with a new one, with different numbers.
NEW = {f"a.{severity}_{kind}": int(kind == "new") for severity in SEVERITIES for kind in ("known", "new")}


def held(rules: dict[str, int], **options: Any) -> dict[str, Any]:
    """A result in which these rules failed, a rule passed, and the gate was asked."""
    results = [found(rule, severity=rule.split(".")[1].split("_")[0], violations=3) for rule in rules]
    made = document(*results, found("z.passed", "passed"))
    made["summary"]["gate"] = decided(made, **{"fail_on": "critical", "min_pass_rate": None} | options)
    return made


def test_a_baseline_that_knows_them_all_is_said_to_be_why() -> None:
    """Not their severity: they are critical."""
    made = held({"a.critical_known": 0, "b.critical_known": 0}, new={"a.critical_known": 0, "b.critical_known": 0})
    assert harmless(made) == "2 critical expectations failed, without a violation that is new against the baseline."


@pytest.mark.parametrize("fail_on", [*SEVERITIES, "never"])
@pytest.mark.parametrize("baseline", [True, False])
@pytest.mark.parametrize(
    "rules",
    [
        [],
        *([rule] for rule in NEW),
        ["a.critical_known", "a.info_new"],
        ["a.critical_known", "a.warning_new"],
        ["a.critical_new", "a.warning_known", "a.info_known"],
        [*NEW],
    ],
    ids=" ".join,
)
def test_what_did_not_fail_the_gate_is_told_with_the_reason(
    rules: list[str], fail_on: FailOn, *, baseline: bool
) -> None:
    """Known ones by severity, whatever the gate says; milder ones where it passed. Nothing is told of the others."""
    new = {rule: NEW[rule] for rule in rules} if baseline else None
    made = held(dict.fromkeys(rules, 0), fail_on=fail_on, new=new)
    verdict = made["summary"]["gate"]
    severe = [rule for rule in rules if rule.split(".")[1].split("_")[0] in down_to(fail_on)]
    failing = [rule for rule in severe if not baseline or NEW[rule]]
    assert verdict["passed"] is not bool(failing)
    known = [rule for rule in severe if rule not in failing]
    mild = len(rules) - len(severe)
    said = harmless(made)
    counts = {severity: int(count) for count, severity in re.findall(r"(\d+) (critical|warning|info)", said)}
    assert counts == {
        severity: number for severity in SEVERITIES if (number := sum(severity in rule for rule in known))
    }
    assert ("without a violation that is new against the baseline" in said) is bool(known)
    milder = re.findall(r"(\d+) expectations? failed, at a severity that does not fail the gate", said)
    assert milder == ([str(mild)] if mild and not failing else [])
    assert bool(said) is (bool(known) or bool(milder))
    # every place says it, or nothing
    place = [report_page(made), markdown.markdown(typed(made)), summary.verdict_text(typed(made), Path("nowhere"))]
    for text in place:
        assert said in text
        assert ("failed, without a violation that is new" in text) is bool(known)
        assert ("at a severity that does not fail the gate" in text) is bool(milder)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "critical findings, on missing tables, and on errors"),
        ({"fail_on": "never", "allow_skipped": True}, "an error only"),
        ({"fail_on": "never"}, "missing tables, and on errors"),
        (
            {"fail_on": "never", "fail_on_schema": "warning", "allow_skipped": True},
            "critical or warning schema findings, and on errors",
        ),
        (
            {"new": {}, "fail_on": "info", "fail_on_schema": "critical", "allow_skipped": True},
            "critical or warning or info findings that are new against the baseline, on critical schema findings,"
            " and on errors",
        ),
        (
            {"min_pass_rate": Fraction(95), "fail_on": "never", "allow_skipped": True},
            "an error only, and below a pass rate of 95 %",
        ),
        (
            {"min_pass_rate": Fraction(181, 2), "new": {}},
            "critical findings that are new against the baseline, on missing tables, and on errors,"
            " and below a pass rate of 90.5 % (rules without new violations count as passed)",
        ),
    ],
)
def test_what_the_gate_fails_on_is_told_in_full(options: dict[str, Any], said: str) -> None:
    """Schema findings and missing tables too, if they do."""
    made = held({}, **options)
    assert gate_text.conditions(typed(made).summary.gate) == f"The gate fails on {said}."
    assert f"The gate fails on {said}." in report_page(made)


def test_a_pass_rate_against_a_baseline_says_what_it_counts() -> None:
    """The page's rate counts known violations as failed; one of the two numbers would look wrong."""
    new = {"a.info_known": 0, "a.info_new": 1}
    made = held(new, new=new, min_pass_rate=Fraction(90))
    assert made["summary"]["pass_rate"] == 33.33
    assert made["summary"]["gate"]["reasons"] == [
        "the pass rate is 66.6666 % (2 of 3, counting rules without new violations as passed), below 90 %"
    ]


@pytest.mark.parametrize("many", [1, 2, 5])
def test_reasons_lead_to_what_they_speak_of(many: int) -> None:
    """Skipped rules to those, and not to the errors."""
    skipped = [found(f"s.r{it}", "skipped", missing_tables=["t"]) for it in range(many)]
    made = document(*skipped, found("z.passed", "passed"))
    made["summary"]["gate"] = decided(made, fail_on="critical", min_pass_rate=None)
    (reason,) = made["summary"]["gate"]["reasons"]
    page = report_page(made)
    if many < 5:  # where they are many they are folded away
        assert f'<li><a href="#skipped">{many}</a> expectation' in page
    assert 'href="#rule-s.r0"' in page
    assert all(rule["rule"] in reason for rule in skipped)


def test_nothing_judged_before_an_interruption_is_not_the_database_s_fault() -> None:
    """The page does not say that no expectation could be held against it."""
    made = document(found("a.b", "skipped", cause={"kind": "interrupted"}), complete=False)
    assert "Nothing was judged before the audit was interrupted." in report_page(made)


def test_the_command_says_what_the_gate_was_asked() -> None:
    """All that its verdict hangs on."""
    made = held({}, fail_on_schema="warning", allow_skipped=True, new={})
    page = report_page(made)
    assert "--fail-on-schema warning --allow-skipped --baseline …" in page
