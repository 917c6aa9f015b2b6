"""The report's requirements and questions."""

from __future__ import annotations

import re
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
    return (
        document(
            found("a.bad", violations=7),
            found("a.good", "passed"),
            found("a.unknown", "not_checkable", reason="no time; it takes orders.at"),
            found("a.error", "errored"),
            found("a.other", "not_selected"),
        )
        | CONSIDERED
        | more
    )


def requirement(made: dict[str, Any], number: int = 1) -> str:
    """The line of a requirement."""
    return drawn(made).all("tr", id_=f"requirement-{number}")[0]


def test_a_requirement_is_one_line() -> None:
    """Its verdict, its words, how many of its rules fail, and its findings; above the list of all findings."""
    made = considered()
    assert requirement(made) == (
        "not met All is well. Said by all 1 of 3 rules fails; 1 is not checkable Title of a.bad"
    )
    assert requirement(made, 2) == "met Nothing else. Said by none its rule passed –"
    page = drawn(made)
    assert "Business requirements: 1 of 2 met" in page.text
    assert "Rules without a requirement: 0 of 2 rules passed; 1 ended in an error, 1 was not selected." in page.text
    assert page.ids.index("plan") < page.ids.index("requirements") < page.ids.index("first")


@pytest.mark.parametrize(
    ("results", "line"),
    [
        ((found("a.bad"), found("a.good", "passed")), "not met R. S 1 of 2 rules fails Title of a.bad"),
        (
            (found("a.bad", limitations="It may be right."), found("a.good", "passed")),
            "not met not proven R. S 1 of 2 rules fails Title of a.bad",
        ),
        (
            (found("a.bad", limitations="It may be right.", severity="info"), found("a.good")),
            "not met R. S 2 of 2 rules fail Title of a.good and 1 more Title of a.bad",
        ),
        ((found("a.bad", "passed"), found("a.good", "passed")), "met R. S both rules passed –"),
        (
            (found("a.bad", "not_checkable"), found("a.good", "passed")),
            "not checkable R. S 1 of 2 rules passed; 1 is not checkable –",
        ),
        (
            (found("a.bad", "errored"), found("a.good", "passed")),
            "not checked R. S 1 of 2 rules passed; 1 ended in an error –",
        ),
        (
            (found("a.bad", "skipped"), found("a.good", "not_selected")),
            "not checked R. S 0 of 2 rules passed; 1 was skipped, 1 was not selected –",
        ),
    ],
)
def test_a_requirement_is_met_only_if_all_of_its_rules_passed(results: tuple[Any, ...], line: str) -> None:
    """A rule that was not judged proves nothing; findings with limits of their evidence are suspicions."""
    rules = ["a.bad", "a.good"]
    made = document(*results) | {"requirements": [{"says": "R.", "source": "S", "rules": rules}]}
    assert requirement(made) == line


def test_no_list_of_all_findings_stands_three_times() -> None:
    """Open are the list and the findings themselves: whatever else names all of them is folded."""
    rules = [f"orders.r{number}" for number in range(6)]
    made = document(*(found(rule) for rule in rules))
    made["requirements"] = [{"says": "R.", "source": "S", "rules": rules}]
    made["summary"]["rows_affected"] = [{"table": "orders", "key": "order_id", "rows": 1}]
    open_parts = re.sub(r"<details.*?</details>", "", drawn(made).source, flags=re.DOTALL)
    assert open_parts.count("Title of orders.r5<") == 2
    assert open_parts.count("orders.<wbr>r5<") == 1, "the finding's own id"


def test_a_question_shows_what_hangs_on_it() -> None:
    """With what each rule finds today, of how many rows."""
    page = drawn(considered())
    asked = page.all("details", id_="question-1")[0]
    said = ["Is it?", "Who knows.", "Assumed: It is.", "Otherwise: It is not."]
    for text in (*said, "a.bad 7 of 200", "a.good 0 of 200", "a.unknown not checkable", "a.error error"):
        assert text in asked, text


def test_without_considerations_there_is_no_such_section() -> None:
    """Other suites."""
    page = drawn(document(found()))
    assert "requirements" not in page.ids
    assert "assumptions" not in page.ids
    assert not traceability.traced(typed(document()), ())
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
    proof = {"ranges": 2, "rows": 9, "changed_by_others": {}, "changed_columns": ["a.x was dropped", "a.y was added"]}
    page = drawn(
        comparison(
            compared("a.bad", resolved=3, new=1),
            compared("a.unknown", resolved=None, remaining=None, new=None),
            fixes={"applied": applied, "refused": [], "proof": proof, "sizes": {}},
        )
    )
    said = page.all("section", id_="fixes")[0]
    assert "only the values in the undo log changed. Meanwhile, a.x was dropped, a.y was added." in said
    assert "a.bad automatic 4 1 0 3 0 1" in said
    assert "a.unknown automatic 4 1 0 – – –" in said
    links = [attrs["href"] for tag, attrs in page.elements if tag == "a"]
    assert {"#resolved-rule-a.bad", "#new-rule-a.bad"} <= set(links)
    assert "#remaining-rule-a.bad" not in links
