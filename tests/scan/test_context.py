"""Context of violations: highlighted columns, and ancestors and balances of the first examples."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.analysis.highlight import highlight
from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.expectations import Rule, schema_rules
from order_audit.scenario.load import SCHEMA
from tests.support import servers
from tests.support.results import run

RULES = expectations.load("current").rules


@pytest.mark.parametrize(
    ("sql", "columns"),
    [
        ("select p.id, p.weight from p where p.weight is null or p.weight <= 0", ("weight",)),
        ("select id, weight, colour from p where id > 0 and weight is null", ("weight",)),
        ("select p.id, P.Weight as w, c.weight from p join c on c.id = p.id where p.weight > c.size", ("w",)),
        (
            "select s.id, s.first from (select id, min(id) over () as first from p) as s where s.first < s.id",
            ("first",),
        ),
        ("select p.id, p.a from p where exists (select from c where c.a = 1)", ()),
        ("select p.id, lower(p.a) as a from p where p.a is null", ()),
        ("select p.id, p.a from p", ()),
        ("select id, a from p union select id, a from q", ()),
        ("select id from p where id in (select id from", ()),
    ],
)
def test_without_a_header_the_columns_that_are_tested_offend(sql: str, columns: tuple[str, ...]) -> None:
    """Those that the outermost WHERE looks at and that the result shows as they are; none where nobody can tell."""
    assert highlight(Rule("r", "s", "A rule", "info", ("id",), sql)) == columns


def test_the_header_has_the_last_word() -> None:
    """With a test that may contain WHERE and commas."""
    text = """
        -- title: A rule
        -- severity: info
        -- key: id
        -- highlight: a, "B c" WHERE
        --   value in ('x', 'y where z')
        -- allowed_by: schema.a orders.b,
        --   schema.c orders
        -- diagram: lineage of id, a
        select id, a, b as "B c" from p where b = 1
    """
    rule = expectations.rule.parse(textwrap.dedent(text).strip(), id="r", suite="s", path="r.sql")
    assert highlight(rule) == ("a", "B c")
    assert rule.highlight is not None
    assert rule.highlight.test == "value in ('x', 'y where z')"
    assert [(it.rule, it.object) for it in rule.schema_causes] == [("schema.a", "orders.b"), ("schema.c", "orders")]
    assert rule.diagram == expectations.Diagram("lineage", ("id", "a"))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_each_rule_says_what_offends_and_names_schema_rules_that_there_are(rule: Rule) -> None:
    """A schema cause with a wrong rule name would never match."""
    assert rule.highlight is not None
    assert {it.rule for it in rule.schema_causes} <= {it.id for it in schema_rules()}


ORDERS = """
insert into customers (customer_name, customer_email, customer_contact_name, address, address_state, customer_balance)
values ('A', 'a@x.co', 'A', 'A 1', 'CA', 100), (' ', '', 'B', 'B 1', 'CA', 'NaN'),
  ('C', 'c@x.co', 'C', 'C 1', 'CA', -5);
alter table orders drop constraint chk_status;
insert into orders (order_id, order_ref, customer_id, order_amount, order_status) values
  (1, 1, 1, 60, 'active'), (2, 1, 1, 70, 'active'), (3, 2, 1, 10, 'recreated'),
  (11, 99, 1, 5, 'mail a@b.co'), (12, 99, 1, 5, 'expired'), (13, null, 1, 5, 'expired'),
  (21, 22, 1, 5, 'expired'), (22, 21, 1, 5, 'expired'), (23, 23, 1, 5, 'recreated'), (24, 23, 2, 500, 'pending')
"""


def audit(server: Server, out: Path, *statements: str, lint: bool = False, **options: Any) -> dict[str, Any]:
    """The results by rule of the current schema with some rows in it, and what else is done to it."""
    dsn = servers.new_database(server)
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA[0].read_bytes())
        for statement in ("alter table orders alter order_ref drop not null", ORDERS, *statements):
            connection.execute(statement.encode())
    document = run(dsn, out, Options(formats=("json",), profile=False, lint=lint, **options))
    servers.drop_database(server, dsn)
    return {found["rule"]: found for found in document["results"]}


def lineages(found: dict[str, Any]) -> list[tuple[list[int], list[int], list[int]]]:
    """Of each lineage the violating orders, all orders and the missing ones."""
    return [
        (it["keys"], sorted(order["order_id"] for order in it["orders"]), it["missing"])
        for it in found["diagram"]["facts"]
    ]


@pytest.mark.both_versions
def test_what_is_around_examples(server: Server, tmp_path: Path) -> None:
    """Chains to their end, circles once around, orphans with others of the same missing ancestor; masked."""
    found = audit(server, tmp_path, lint=True)
    assert lineages(found["lineage.order_ref_is_first_ancestor"]) == [([3], [1, 2, 3], [])]
    assert lineages(found["lineage.is_acyclic"]) == [([21, 22], [21, 22], [])]
    assert lineages(found["lineage.order_ref_exists"]) == [([11, 12], [11, 12], [99]), ([13], [13], [])]
    assert lineages(found["lineage.keeps_customer"]) == [([24], [23, 24], [])]
    assert lineages(found["lineage.one_live_order"]) == [([1], [1, 2, 3], [])]
    (orphan, _) = found["lineage.order_ref_exists"]["diagram"]["facts"][0]["orders"]
    assert orphan == {
        "order_id": 11,
        "order_ref": 99,
        "customer_id": 1,
        "order_status": "mail a@•.••",
        "order_amount": 5,
    }
    assert "diagram" not in found["orders.status_is_known"]
    assert found["recreation.customer_is_not_overcommitted"]["diagram"]["facts"] == [
        {"customer_id": 1, "balance": 100, "live_orders": 2, "live_amount": 130},
        {"customer_id": 2, "balance": "NaN", "live_orders": 1, "live_amount": 500},
    ]
    assert found["recreation.is_covered_by_balance"]["diagram"]["facts"] == [
        {"customer_id": 2, "balance": "NaN", "order_id": 24, "order_amount": 500, "live_orders": 1, "live_amount": 500}
    ]
    assert found["customers.balance_is_not_negative"]["diagram"]["facts"] == [
        {"customer_id": 3, "balance": -5, "live_orders": 0, "live_amount": 0}
    ]
    present = found["customers.required_text_is_present"]
    assert present["highlight_in"] == [["customer_name", "customer_email"]]
    assert found["customers.phone_is_dialable"].get("highlight") is None, "it passed"
    assert {it["object"] for it in found["customers.balance_is_finite"]["schema_causes"]} == {
        "customers.customer_balance"
    }
    assert "schema_causes" not in found["orders.status_is_known"], "the suggestion is not known to refuse a row"


def test_what_lies_far_away_is_neither_there_nor_missing(server: Server, tmp_path: Path) -> None:
    """A chain of a hundred is walked some steps; its end is not taken for an orphan's."""
    chain = (
        "insert into orders (order_id, order_ref, customer_id)"
        " select n, greatest(n - 1, 101), 1 from generate_series(101, 200) as n"
    )
    (chain_of,) = (
        it
        for it in audit(server, tmp_path, "delete from orders", chain)["lineage.order_ref_is_first_ancestor"][
            "diagram"
        ]["facts"]
        if 103 in it["keys"]
    )
    assert chain_of["missing"] == []
    assert len(chain_of["orders"]) == 8


@pytest.mark.parametrize("large", [False, True])
def test_the_next_order_is_shown(server: Server, tmp_path: Path, large: bool) -> None:
    """It names the violating one, or the same ancestor; on a large table only where an index leads to it."""
    orders = (
        "insert into orders (order_id, order_ref, customer_id, order_status) values (41, 41, 1, 'expired'),"
        " (42, 41, 1, 'active'), (43, 42, 1, 'recreated'), (44, 42, 1, 'expired'), (45, 45, 1, 'cancelled'),"
        " (46, 45, 1, 'paused'), (47, 45, 1, 'expired'), (48, 45, 1, 'expired')"
    )
    found = audit(server, tmp_path, "delete from orders", orders, *(LARGE if large else ()))
    following = ([], []) if large else ([43], [47])
    assert lineages(found["lineage.root_is_not_closed"]) == [
        ([42], [41, 42, *following[0]], []), ([46], [45, 46, *following[1]], []),
    ]  # fmt: skip


LARGE = (
    "insert into orders (order_id, order_ref, customer_id) select n, n, 1 from generate_series(1000, 31000) as n",
    "analyze orders",
)


def test_nobody_reads_a_large_table_for_a_picture(server: Server, tmp_path: Path) -> None:
    """Without an index nothing is looked up; the findings are the same."""
    found = audit(server, tmp_path, *LARGE, "alter table orders drop constraint orders_pkey")
    assert found["lineage.is_acyclic"]["violations"] == 2
    assert "diagram" not in found["lineage.is_acyclic"]
    no_diagram_reason = found["lineage.is_acyclic"]["no_diagram_reason"]
    assert no_diagram_reason["reason"].startswith("orders is large and has no unique index on order_id alone")
    assert found["recreation.customer_is_not_overcommitted"]["diagram"]["facts"][0] == {
        "customer_id": 1, "balance": 100, "live_orders": 30_003, "live_amount": 130
    }, "the rule itself has added them up"  # fmt: skip
    assert found["customers.balance_is_not_negative"]["diagram"]["facts"] == [{"customer_id": 3, "balance": -5}]
    helped = ("alter table orders drop constraint orders_pkey", no_diagram_reason["help"].replace(" concurrently", ""))
    found = audit(server, tmp_path, *LARGE, "create index on orders (customer_id)", *helped)
    assert "no_diagram_reason" not in found["lineage.is_acyclic"]
    assert lineages(found["lineage.is_acyclic"]) == [([21, 22], [21, 22], [])]
    assert found["recreation.customer_is_not_overcommitted"]["diagram"]["facts"][0]["live_orders"] == 30_003


def test_a_look_up_that_fails_costs_its_picture(server: Server, tmp_path: Path) -> None:
    """A test that raises, or an order's column that is not there; an unknown name is the author's mistake.

    Of a self-join, only values of the row that the key names are looked up.
    """
    mine = tmp_path / "mine"
    mine.mkdir()
    header = "-- title: A rule\n-- severity: info\n-- key: customer_id\n"
    body = "select customer_id, customer_name from customers where customer_balance < 0"
    (mine / "raises.sql").write_text(f"{header}-- highlight: customer_name where 1 / length(value) / 0 > 0\n{body}")
    (mine / "wrong.sql").write_text(f"{header}-- highlight: customer_name where valu > 0\n{body}")
    (mine / "lacks.sql").write_text(f"{header}-- highlight: name\n{body}")
    (mine / "draws.sql").write_text(f"{header}-- diagram: lineage of customer_id\n{body}")
    (mine / "joins.sql").write_text(
        f"{header}-- highlight: customer_name, first_name where value = 'C'\n"
        "select c.customer_id, c.customer_name, a.customer_id as first_id, a.customer_name as first_name"
        " from customers as a join customers as c on c.customer_id = 3 and a.customer_id = 1"
    )
    found = audit(server, tmp_path / "out", "alter table orders rename order_ref to ref", suites=(str(mine),))
    assert [(id, it["status"], it.get("highlight_in")) for id, it in sorted(found.items())] == [
        ("draws", "failed", None),
        ("joins", "failed", [["customer_name"]]),
        ("lacks", "errored", None),
        ("raises", "failed", [[]]),
        ("wrong", "errored", None),
    ]
    assert "'name', which the header names under highlight, diagram or follows_from" in found["lacks"]["error"]
    assert "diagram" not in found["draws"]
    assert found["draws"]["no_diagram_reason"]["reason"].startswith("orders lacks order_id, order_ref, ")
