"""The report's annotated schema, its requirements and its questions."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.reports import schema_findings
from order_audit.reports.html import annotated_ddl, traceability
from tests.reports.test_html import HOSTILE, SCHEMA_RULE, Page, compared, comparison, document, drawn, found
from tests.support.results import report_page, typed


def fault(rule: str, object_: str, severity: str = "warning", **fields: Any) -> dict[str, Any]:
    """One schema finding."""
    return {
        "rule": f"schema.{rule}",
        "title": f"Title of {rule}",
        "severity": severity,
        "object": object_,
        "message": f"{object_} is wrong",
        "evidence": {"type": "json"},
        "suggestion": f"alter table {object_}",
        "remedy": "statement",
    } | fields


def table(name: str, *lines: tuple[str, str]) -> dict[str, Any]:
    """A table's DDL."""
    return {"table": name, "kind": "table", "lines": [{"sql": sql, "about": about} for sql, about in lines]}


ORDERS = table(
    "orders",
    ("CREATE TABLE orders (", "orders"),
    ("  order_id serial NOT NULL,", "orders.order_id"),
    ("  args json,", "orders.args"),
    ("  CONSTRAINT args CHECK (true)", "orders.args"),
    (");", ""),
    ("CREATE INDEX late ON orders (args)", "late"),
)


def made(*findings: dict[str, Any], tables: list[dict[str, Any]] | None = None, **fields: Any) -> dict[str, Any]:
    """A document with these schema findings."""
    rules = sorted({it["rule"] for it in findings}) or ["schema.a"]
    return document(found(), **fields) | {
        "schema_findings": list(findings),
        "schema_rules": [SCHEMA_RULE | {"rule": rule, "findings": 1, "why": f"Why {rule} matters."} for rule in rules],
        "ddl": {"tables": [ORDERS] if tables is None else tables, "reason": ""},
    }


def annotated(whole: dict[str, Any]) -> annotated_ddl.Schema:
    """Its findings at their lines."""
    document = typed(whole)
    return annotated_ddl.annotated(document, schema_findings.groups(document))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("orders", 1),
        ("orders.args", 3),  # of a column and a constraint with one name, the column
        ("late", 6),
        ("orders.(order_id, args)", 2),
        ("orders.(args)", 3),
        ("orders.gone", 1),  # whatever has no line of its own is the table's
        ("orders.(gone, args)", 1),
        ("public", None),
        ("other.orders.args", None),
        ("ordersargs", None),
        ("", None),
    ],
)
def test_a_note_stands_at_the_line_that_it_concerns(name: str, line: int | None) -> None:
    """A table's at its head, a column's, a constraint's and an index's at its own; else it is told below."""
    shown = annotated(made(fault("a", name)))
    places = [place for place, it in enumerate(shown.tables[0].lines, start=1) if it.notes]
    assert places == ([line] if line else [])
    assert len(shown.rest) == (0 if line else 1)
    assert shown.anchors == {("schema.a", name): "schema-1"}


def test_each_finding_is_told_once_with_its_statement() -> None:
    """In the notes the worst first; below the table what to do; in the list of causes a link to each."""
    whole = made(
        fault("b", "orders.args", "info"),
        fault("a", "orders.args", "critical"),
        fault("a", "orders.order_id", "critical", accepted="it is so <for> now"),
        fault("c", "public"),
    )
    page = drawn(whole)
    notes = page.all("li", class_="critical") + page.all("li", class_="info")
    assert len(notes) == 1, "the worst that nobody accepted marks the line"
    assert notes[0].index("Title of a") < notes[0].index("Title of b")
    assert page.all("li", id_="table-1-line-2")[0].count("(accepted)") == 1
    for text in ("alter table orders.args", "alter table public"):
        assert text in page.text
    assert "alter table orders.order_id" not in page.text, "what is accepted needs no statement"
    assert "Accepted: it is so <for> now" in page.text
    assert page.text.count("Why schema.a matters.") == 1
    causes = page.all("section", id_="causes")[0]
    assert [text for text in ("Title of a", "Title of c", "Title of b") if text in causes] == [
        "Title of a",
        "Title of c",
        "Title of b",
    ]
    links = [attrs["href"] for tag, attrs in page.elements if tag == "a"]
    assert links.count("#schema-1") == 2, "from the cause, and from the note"
    assert "#table-1-line-3" in links, "and back to the line"
    whole_script = next(text for text in page.all("code") if text.startswith("CREATE TABLE orders ( order_id"))
    assert whole_script.endswith("CREATE INDEX late ON orders (args)")


def test_the_data_that_a_weakness_let_in() -> None:
    """It is linked from the finding on the schema; what a rule that passed might have found is not."""
    weak = {"schema_causes": [{"rule": "schema.a", "object": "orders.args", "allows": True, "which": ""}]}
    whole = made(fault("a", "orders.args"), fault("a", "orders.order_id"))
    whole["results"] = [found("x.bad") | weak, found("x.good", "passed") | weak]
    page = drawn(whole)
    assert page.text.count("Allows: Title of x.bad (1).") == 1
    assert "Allows: Title of x.good" not in page.text


def test_many_findings_without_a_line_are_counted() -> None:
    """The first of each rule are told, the others are a number."""
    page = drawn(made(*(fault("a", f"s.t{number:02}") for number in range(30))))
    assert "s.t09 is wrong" in page.text
    assert "s.t10 is wrong" not in page.text
    assert "20 more: Title of a" in page.text
    assert "and 18 more" in page.all("section", id_="causes")[0]


def test_results_without_ddl_are_drawn_all_the_same() -> None:
    """An audit that could not read it: the page says why."""
    whole = made(fault("a", "orders.args"))
    whole["ddl"] = {"tables": [], "reason": "permission denied"}
    page = drawn(whole)
    assert "The DDL of the tables is not shown: permission denied." in page.text
    assert "alter table orders.args" in page.text


def test_what_is_left_out_is_said() -> None:
    """Tables with findings and others, views, and what is never shown; nothing where nothing is."""
    whole = made(fault("a", "orders.args"))
    view = {"table": "seen", "kind": "view", "lines": [{"sql": "CREATE VIEW seen AS", "about": "seen"}]}
    whole["ddl"]["tables"].append(view)
    assert "Left out" not in drawn(whole).text
    whole["ddl"]["left_out"] = {
        "tables": 12,
        "with_findings": 5,
        "views": 1,
        "functions": 2,
        "foreign_tables": 1,
        "roles": 2,
    }
    page = drawn(whole)
    assert (
        "The DDL of 2 tables and views is shown: first those that rules read, then those with the worst findings. "
        "Omitted: 5 tables with findings, which are listed below without DDL; 7 tables without a finding that no rule"
        " reads; 1 view; 2 functions; 1 foreign table; create role for 2 roles in grants."
    ) in page.text
    assert "View seen, without a note" in page.text


def test_lines_are_a_list_in_reading_order() -> None:
    """A screen reader hears each line, and after it what is said of it."""
    source = report_page(made(fault("a", "orders.args", message="REMARK")))
    places = [source.index(text) for text in ("  order_id serial", "  args json,", "REMARK", "CONSTRAINT args")]
    assert places == sorted(places)


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
    """What is open is a line each, what passed a few words; nothing counts as passed that was not checked."""
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
