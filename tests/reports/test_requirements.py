"""The report's requirements and questions."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.reports.html import traceability
from tests.reports.documents import HOSTILE, SCHEMA_RULE, compared, comparison, document, found
from tests.reports.faults import fault, table
from tests.reports.page import Page, drawn
from tests.support.results import typed

CONSIDERED = {
    "requirements": [
        {"says": "All is well.", "source": "Said by all", "rules": ["a.bad", "a.good", "a.unknown", "a.none"]},
        {"says": "Nothing else.", "source": "Said by none", "rules": ["a.good"]},
    ],
    "questions": [
        {
            "asks": "Is it?",
            "because": "Who knows.",
            "assumed": "It is.",
            "otherwise": "It is not.",
            "rules": ["a.bad", "a.good", "a.unknown", "a.error"],
        }
    ],
}


def considered(**more: Any) -> dict[str, Any]:
    """A document with requirements and a result of each kind."""
    fix = {
        "automatic": "it is done",
        "options": [
            {"name": "stay", "does": "stays", "recommended": True},
            {"name": "go", "does": "goes", "recommended": False},
        ],
        "leave": "",
        "assumes": "",
        "after": {},
    }
    guard = {"name": "g", "title": "It never is", "requires": [], "assumes": "", "sql": "select 1"}
    return (
        document(
            found("a.bad", violations=7, fix=fix, guard=guard),
            found("a.good", "passed"),
            found("a.unknown", "not_checkable", reason="no time; it takes orders.at"),
            found("a.error", "errored"),
            found("a.other", "not_selected"),
        )
        | CONSIDERED
        | more
    )


def test_a_consideration_leads_to_rules_findings_fixes_and_guard() -> None:
    """An open rule has a line, passed ones a few words; an unchecked rule does not count as passed."""
    page = drawn(considered())
    first = page.all("section", id_="requirement-1")[0]
    assert "Said by all. 3 rules: 1 has violations, 1 is not checkable, 1 passed." in first
    assert "7 violations" in first
    assert "automatic, else decide: stay (recommended), go" in first
    assert "It never is" in first
    assert "not checkable no time; it takes orders.at" in first
    assert "Passed: a.good" in first
    assert "1 rule: 1 passed." in page.all("section", id_="requirement-2")[0]
    assert "Rules without a requirement: a.error, a.other." in page.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"fix": None, "guard": None}, "not shipped not shipped"),
        ({"guard": None, "unguarded": "it cannot be"}, "none: it cannot be"),
        ({}, "not shipped not shipped"),
    ],
)
def test_what_is_missing_is_said(fields: dict[str, Any], said: str) -> None:
    """No fix, no guard: in words."""
    page = drawn(document(found("a.bad", **fields)) | CONSIDERED)
    assert said in page.all("section", id_="requirement-1")[0]


def test_a_question_shows_what_hangs_on_it() -> None:
    """With what each rule finds today, of how many rows."""
    page = drawn(considered())
    asked = page.all("div", id_="question-1")[0]
    said = ["Is it?", "Who knows.", "Assumed: It is.", "Otherwise: It is not."]
    for text in (*said, "a.bad 7 of 200", "a.good 0 of 200", "a.unknown not checkable", "a.error error"):
        assert text in asked, text


def test_without_considerations_there_is_no_such_section() -> None:
    """Other suites."""
    page = drawn(document(found()))
    assert "requirements" not in page.ids
    assert "assumptions" not in page.ids
    assert not traceability.traced(typed(document()))
    assert not traceability.questions(typed(document()))


def hostile() -> dict[str, Any]:
    """Tables, findings, requirements and questions that are made of markup."""
    whole = considered(
        requirements=[{"says": HOSTILE, "source": HOSTILE, "rules": ["a.bad"]}],
        questions=[dict.fromkeys(("asks", "because", "assumed", "otherwise"), HOSTILE) | {"rules": ["a.bad"]}],
    )
    name = 'a"b<script>'
    lines = table(name, (f"CREATE TABLE {HOSTILE} (", name), (HOSTILE, f"{name}.{HOSTILE}"), (");", ""))
    return whole | {
        "schema_findings": [fault("a", name, message=HOSTILE), fault("a", f"{name}.{HOSTILE}", suggestion=HOSTILE)],
        "schema_rules": [SCHEMA_RULE | {"rule": "schema.a", "title": HOSTILE, "findings": 2, "why": HOSTILE}],
        "ddl": {"tables": [lines], "reason": HOSTILE},
    }


def test_names_that_are_markup_are_text() -> None:
    """Of tables and columns, in DDL, and whatever a suite says."""
    page: Page = drawn(hostile())
    assert page.all("section", id_="table-1")[0].startswith('Table a"b<script>, annotated: 2 notes')
    for place in ("requirements", "assumptions", "schema"):
        assert "<script>alert(1)</script>" in page.all("section", id_=place)[0]


def test_a_comparison_by_consideration() -> None:
    """The violations of its rules are summed; what cannot be compared is counted, and is no zero."""
    page = drawn(
        comparison(
            compared("a.bad", resolved=3, remaining=2, new=1),
            compared("a.good"),
            compared("a.unknown", resolved=None, remaining=None, new=None),
            requirements=CONSIDERED["requirements"],
        )
    )
    said = page.all("section", id_="requirements")[0]
    assert "All is well. a.bad 3 resolved, 2 remaining, 1 new a.unknown not compared" in said
    assert "3 resolved, 2 remaining, 1 new; 1 rule not compared" in said
    assert "Nothing else. none none" in said
    assert "requirements" not in drawn(comparison(compared())).ids


def test_what_a_fix_changed_leads_to_what_it_resolved() -> None:
    """Each fix beside the violations of its rule; a rule that the audits do not have, or cannot compare, has none."""
    applied = [
        {"rule": rule, "option": "automatic", "changed": 4, "reverted": 1, "left_alone": 0}
        for rule in ("a.bad", "a.unknown", f"a.{HOSTILE}")
    ]
    page = drawn(
        comparison(
            compared("a.bad", resolved=3, new=1),
            compared("a.unknown", resolved=None, remaining=None, new=None),
            fixes={"applied": applied, "refused": [], "proof": None, "sizes": {}},
        )
    )
    said = page.all("section", id_="fixes")[0]
    assert "a.bad automatic 4 1 0 3 0 1" in said
    assert "a.unknown automatic 4 1 0 – – –" in said
    links = [attrs["href"] for tag, attrs in page.elements if tag == "a"]
    assert {"#resolved-rule-a.bad", "#new-rule-a.bad"} <= set(links)
    assert "#remaining-rule-a.bad" not in links
