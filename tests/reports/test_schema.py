"""The report's annotated schema."""

from __future__ import annotations

from typing import Any

import pytest

from order_audit.reports import schema_findings
from order_audit.reports.html import annotated_ddl
from tests.reports.documents import found
from tests.reports.faults import fault, made
from tests.reports.page import drawn
from tests.support.results import report_page, typed


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
        ("orders.gone", 1),  # an object without a line is at its table's line
        ("orders.(gone, args)", 1),
        ("public", None),
        ("other.orders.args", None),
        ("ordersargs", None),
        ("", None),
    ],
)
def test_a_note_stands_at_the_line_that_it_concerns(name: str, line: int | None) -> None:
    """A table's finding is at its head; that of a column, constraint or index at its line; others are below."""
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
    """The first findings of each rule are listed, the others counted."""
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
    """A screen reader reads each line, and then its notes."""
    source = report_page(made(fault("a", "orders.args", message="REMARK")))
    places = [source.index(text) for text in ("  order_id serial", "  args json,", "REMARK", "CONSTRAINT args")]
    assert places == sorted(places)
