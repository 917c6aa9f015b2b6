"""Each finding of the report: what is wrong is marked, pictures stand where they say more, and everything is linked."""

from __future__ import annotations

import re
from typing import Any

from tests.reports.documents import SCHEMA_RULE, document, found
from tests.reports.page import Page, drawn
from tests.support.results import report_page

REFERENCE = {
    "rule": "schema.reference_has_foreign_key",
    "title": "Reference without a foreign key",
    "severity": "critical",
    "object": "orders.order_ref",
    "message": "nothing keeps it",
    "evidence": {},
    "suggestion": "alter table orders add foreign key (order_ref) references orders",
    "remedy": "statement",
}


def linted(*results: dict[str, Any]) -> dict[str, Any]:
    """A document with a schema finding."""
    made = document(*results)
    made["schema_findings"] = [REFERENCE]
    made["schema_rules"] = [SCHEMA_RULE | {"rule": REFERENCE["rule"], "findings": 1}]
    return made


def article(page: Page, rule: str = "orders.a") -> str:
    """A finding's text."""
    return page.all("article", id=f"rule-{rule}")[0]


def marked(source: str) -> list[str]:
    """The texts of the cells that are marked as wrong."""
    cells = re.findall(r'<td class="[^"]*\bwrong\b[^"]*">(.*?)</td>', source)
    assert all('<span class="flag" role="img" aria-label="wrong:">▸</span>' in cell for cell in cells)
    return [re.sub(r"<[^>]+>|▸", "", cell) for cell in cells]


def test_the_wrong_value_is_marked_and_stands_beside_the_key() -> None:
    """By a sign and a word, in each row; the key's cells stand out too."""
    rows = [{"state": "x", "order_id": n, "amount": -n} for n in (1, 2)]
    source = drawn(document(found("orders.a", examples=rows, violations=2, highlight=["amount"]))).source
    assert marked(source) == ["-1", "-2"]
    assert '<table class="evidence marked">' in source
    heads = [re.sub("<[^>]+>", "", head) for head in re.findall(r'<th scope="col"[^>]*>(.*?)</th>', source)]
    assert heads[heads.index("order_id key") :][:3] == ["order_id key", "amount", "state"]


def test_each_row_has_its_own_wrong_value() -> None:
    """Where one of several columns is wrong; none where it is not known which."""
    rows = [{"order_id": n, "a": f"a{n}", "b": f"b{n}"} for n in (1, 2, 3)]
    made = found("orders.a", examples=rows, violations=3, highlight=["a", "b"], highlight_in=[["a"], ["b"], []])
    assert marked(drawn(document(made)).source) == ["a1", "b2"]


def test_a_result_without_context_is_drawn_without_marks() -> None:
    """Unknown facts are omitted."""
    source = drawn(document(found("orders.a"))).source
    assert not marked(source)
    assert '<table class="evidence">' in source
    assert "<figure" not in source
    assert "Allowed by" not in source


def test_what_let_it_in_is_linked_both_ways() -> None:
    """From the finding to the schema finding and back, with only the known facts."""
    here = {"rule": REFERENCE["rule"], "object": "orders.order_ref"}
    allowed = {"allows": True, "which": ""}
    page = drawn(
        linted(
            found(
                "orders.a",
                schema_causes=[here | allowed, here | allowed | {"object": "gone"}],
                violations=4,
            ),
            found("orders.b", schema_causes=[here | {"allows": True, "which": "where it names one"}], violations=3),
            found("orders.c", schema_causes=[here | {"allows": False, "which": ""}], violations=2),
        )
    )
    said = "Reference without a foreign key orders.order_ref"
    assert f"Allowed by {said}" in article(page)
    assert f"Allowed by {said}, where it names one" in article(page, "orders.b")
    assert f"Hidden by {said}" in article(page, "orders.c")
    targets = re.findall(r'href="#([^"]+)">Reference without a foreign key</a> <span class="id">orders', page.source)
    assert len(targets) == 3
    assert {*targets} <= {*page.ids}
    there = page.all("section", id="schema")[0]
    assert "Allows: Title of orders.a (4); Title of orders.b (3), where it names one." in there
    assert "Hides: Title of orders.c (2)." in there


GUARD = {
    "name": "a",
    "title": "No a is b",
    "requires": [],
    "assumes": "c comes first",
    "sql": "alter table orders add d;",
}
FIX = {
    "automatic": "a becomes b.",
    "options": [
        {"name": "one", "does": "b becomes c, as orders.b says", "recommended": True},
        {"name": "other", "does": "d", "recommended": False},
    ],
    "leave": "it stays",
    "assumes": "a was meant",
    "after": {},
}


def test_how_it_is_put_right_and_kept_so() -> None:
    """The automatic option, each choice by name, assumptions and limitations, the guard and its SQL."""
    page = drawn(document(found("orders.a", fix=FIX, guard=GUARD, limitations="that it is so"), found("orders.b")))
    said = article(page)
    for part in (
        "Not proven that it is so",
        "Fix Automatic (at most 1 of 1): a becomes b.",
        "Else decide one recommended: b becomes c, as orders.b says other: d leave: it stays",
        "Assumes a was meant",
        "Guard No a is bAssumes: c comes first",
        "SQL of the guard, to install once all violations are fixed alter table orders add d;",
        "SQL of this row select o.order_id from orders as o",
    ):
        assert part in said, part
    assert '<a class="id" href="#rule-orders.b">' in page.source
    nothing: dict[str, Any] = FIX | {"automatic": None, "options": [], "leave": "nobody knows"}
    said = article(drawn(document(found("orders.a", fix=nothing, guard=None, unguarded="no index can"))))
    assert "Fix No automatic fix: nobody knows" in said
    assert "Guard None: no index can" in said


def test_a_rule_that_ends_a_sentence_is_linked() -> None:
    """A longer name that begins like a rule's is none."""
    page = drawn(
        document(found("orders.a", limitations="as little as orders.b."), found("orders.b", limitations="orders.a.x"))
    )
    assert 'as little as <a class="id" href="#rule-orders.b">' in page.source
    assert "Not proven orders.a.x" in article(page, "orders.b")
    assert ">orders.a</a>.x" not in page.source.replace("<wbr>", "")


def order(id: int, ref: int, customer: int = 1, status: str = "active") -> dict[str, Any]:
    """An order of a result's lineage."""
    return {"order_id": id, "order_ref": ref, "customer_id": customer, "order_status": status, "order_amount": 5}


def captions(*lineages: dict[str, Any], highlight: tuple[str, ...] = ("order_ref",)) -> list[str]:
    """The captions of a finding's diagrams."""
    page = drawn(
        document(found("lineage.a", diagram={"kind": "lineage", "facts": list(lineages)}, highlight=list(highlight)))
    )
    figures = re.findall(r'<figure class="drawing">.*?</figure>', page.source, re.DOTALL)
    return [re.sub(r"<[^>]+>", "", said) for it in figures for said in re.findall(r"<(?:figcaption|small)>(.*?)</", it)]


CHAIN = {"keys": [3, 4], "orders": [order(1, 1), order(2, 1), order(3, 2), order(4, 3)], "missing": []}
CIRCLE = {"keys": [5, 6], "orders": [order(5, 6), order(6, 5)], "missing": []}


def test_a_lineage_is_drawn_as_it_is_and_as_it_should_be() -> None:
    """The one right answer is called that; a choice is called a choice, and explained once."""
    decision = "one first ancestor, here the smallest id. The choice needs a decision"
    assert captions(CHAIN, CIRCLE, CIRCLE | {"keys": [5]}) == [
        *("Orders 3 and 4", "Current", "Repair: each order names the first ancestor"),
        *("Orders 5 and 6", "Current", f"Possible repair: {decision}"),
        *("Order 5", "Current", "Possible repair"),
    ]
    foreign = {"keys": [2], "orders": [order(1, 1), order(2, 1, 7)], "missing": []}
    assert captions(foreign)[-1].startswith("Possible repair: a first ancestor for each customer.")
    orphans = {"keys": [1, 2], "orders": [order(1, 9), order(2, 9)], "missing": [9]}
    assert captions(orphans)[-1] == f"Possible repair: {decision}"
    later = {"keys": [1], "orders": [order(1, 2), order(2, 2)], "missing": []}
    assert captions(later)[-1] == f"Possible repair: {decision}"


def test_there_is_no_picture_of_what_is_not_known_or_not_the_matter() -> None:
    """A chain that continues, a wrong status: only the current state."""
    assert captions(CHAIN, highlight=("order_status",)) == ["Orders 3 and 4", "Current"]
    assert captions({"keys": [3], "orders": [order(3, 2)], "missing": []}) == ["Order 3", "Current"]


def test_a_balance_stands_beside_what_it_is_to_cover() -> None:
    """The shortage in words; the only live order, which is the example itself, is not repeated."""
    shown = [
        {"customer_id": 1, "balance": 45, "order_id": 7, "order_amount": 90, "live_orders": 1, "live_amount": 90},
        {"customer_id": 2, "balance": 90, "order_id": 8, "order_amount": 90, "live_orders": 3, "live_amount": 300},
        {"customer_id": 3, "balance": "NaN", "order_id": 9, "order_amount": 5},
        {"customer_id": 4, "balance": -5, "live_orders": 0, "live_amount": 0},
        {"customer_id": 5, "balance": -5},
    ]
    page = drawn(document(found("orders.a", diagram={"kind": "balance", "facts": shown})))
    assert page.all("figcaption") == [
        "Customer 1: 45 short of order 7",
        "Customer 2: the balance equals order 8, and is not greater",
        "Customer 3: the balance is no amount",
        "Customer 4: the balance is below zero",
    ]
    assert [said for said in page.all("desc") if "balance" in said] == [
        "balance 45; order 7 90.",
        "balance 90; order 8 90; 3 live orders 300.",
        "balance NaN; order 9 5.",
        "balance -5; no live order 0.",
    ]


def test_only_the_first_schedules_are_drawn() -> None:
    """The others say how much they are on: the page stays short."""
    rows = [{"order_id": n, "order_schedule": "1" * n + "0" * (336 - n)} for n in range(1, 21)]
    page = drawn(document(found("orders.a", examples=rows, violations=20, highlight=["order_schedule"])))
    assert page.source.count('<svg class="week"') == 6
    assert "▸on in 20 of 336 half-hours" in article(page)


def test_the_same_finding_gives_the_same_bytes() -> None:
    """Whatever is drawn of it."""
    made = linted(
        found(
            "lineage.a",
            diagram={"kind": "lineage", "facts": [CHAIN, CIRCLE]},
            highlight=["order_ref"],
            fix=FIX,
            guard=GUARD,
        )
    )
    assert report_page(made) == report_page(made)


def test_a_picture_that_is_missing_is_explained() -> None:
    """Why there is none, and what to do; a statement only where one helps."""
    large = {"reason": "orders is large", "help": "create unique index on orders (order_id)"}
    page = drawn(
        document(
            found("orders.a", no_diagram_reason=large),
            found("orders.b", no_diagram_reason={"reason": "a <right>", "help": ""}),
        )
    )
    said = "No diagram of related rows: "
    assert f"{said}orders is large. This statement lets the next audit draw one: create unique index" in article(page)
    assert f"{said}a <right>." in article(page, "orders.b")
    assert "With this" not in article(page, "orders.b")


def test_a_finding_names_what_it_follows_from() -> None:
    """With how many of its rows; such a finding is not listed once more as one with the same rows."""
    page = drawn(
        document(
            found("x.cause", violations=3, overlaps=[{"rule": "x.effect", "rows": 3}]),
            found(
                "x.effect", violations=4, overlaps=[{"rule": "x.cause", "rows": 3}],
                follows_from=[{"rule": "x.cause", "rows": 3}, {"rule": "x.gone", "rows": 1}],
            ),
        )
    )  # fmt: skip
    said = article(page, "x.effect")
    assert "Follows from Title of x.cause x.cause: 3 of these 4 rows" in said
    assert "Also in" not in said
    assert "x.gone" not in said
    assert "Follows from" not in article(page, "x.cause")


def test_findings_that_share_rows_lead_to_each_other() -> None:
    """With how many, of which: of the smaller one at least four fifths; some are named, the others counted."""

    def of(rule: str, violations: int, **shared: int) -> dict[str, Any]:
        told = [{"rule": f"x.{other}", "rows": rows} for other, rows in shared.items()]
        return found(f"x.{rule}", violations=violations, overlaps=told)

    many = [of(f"m{n}", 9) for n in range(7)]
    page = drawn(
        document(
            of("a", 4, same=4, large=4, small=2, most=4, few=1, gone=4),
            of("same", 4, a=4),
            of("large", 10, a=4, **{f"m{n}": 9 for n in range(7)}),
            of("small", 2, a=2),
            of("most", 5, a=4),
            of("few", 5, a=1),
            of("one", 1, large=1),
            *many,
        )
    )
    said = article(page, "x.a")
    for part in (
        "Also in Title of x.same: the same 4 rows Title of x.large: all 4 of these rows, among its 10",
        "Title of x.small: 2 of these 4 rows, all of its rows",
        "Title of x.most: all 4 of these rows, among its 5",
    ):
        assert part in said, part
    assert "x.few" not in said
    assert "x.gone" not in said
    assert "Title of x.a: 4 of these 5 rows, all of its rows" in article(page, "x.most")
    assert "Title of x.large: this row, among its 10" in article(page, "x.one")
    assert "and 3 more findings with mostly the same rows, in results.json" in article(page, "x.large")
    assert '<a href="#rows-rule-x.large">all 4 of these rows</a>' in page.source
    assert "Also in" not in article(drawn(document(found("orders.a"))))
