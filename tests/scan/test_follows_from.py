"""Violations that follow from others: named with their cause, and not counted as causes."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from order_audit import expectations
from order_audit.expectations import FollowsFrom, SuiteError
from tests.scan.edges import audit, errors, execute, results, rule, suite

RULES = {it.id: it for it in expectations.load("current").rules}
EFFECTS = [(effect.id, cause) for effect in RULES.values() for cause in effect.follows_from]
#: What repairs the rows of a cause, by its rule: the key is in `bad`.
REPAIRS = {
    "lineage.is_acyclic": "update orders set order_ref = order_id where order_id in (select k from bad)",
    "orders.delivery_args_are_object": (
        """update orders set delivery_script_args = '{"email_address": "a@b.example", "api-key": "secret-ref:a"}'"""
        " where order_id in (select k from bad)"
    ),
} | dict.fromkeys(
    ("customers.balance_is_finite", "customers.balance_is_not_negative", "customers.balance_is_whole_cents"),
    "update customers set customer_balance = 1e9 where customer_id in (select k from bad)",
)
#: Rows in which each cause has an effect, beside those of the labelled issues.
MORE = """
update customers set customer_balance = '-Infinity' where customer_id = 1;
update customers set customer_balance = -0.5 where customer_id = 2;
insert into customers (
  customer_id, customer_name, customer_email, customer_contact_name, address, address_state, customer_balance
)
values (901, 'Acme', 'a901@acme.example', 'Ann', '1 Main Street', 'CA', -7),
  (902, 'Bolt', 'a902@bolt.example', 'Ben', '2 Main Street', 'CA', 'NaN');
insert into orders (
  order_id, order_ref, customer_id, order_amount, order_status, delivery_script_name, delivery_script_args
)
values (9001, 9001, 901, 5, 'recreated', null, null), (9002, 9001, 901, 5, 'active', 'email_delivery', '[1]'),
  (9003, 9003, 902, 5, 'recreated', null, null), (9004, 9003, 902, 5, 'paused', 'custom_crm', '"key"');
"""


@pytest.mark.parametrize(("effect", "cause"), EFFECTS, ids=lambda it: it if isinstance(it, str) else it.rule)
def test_an_effect_is_gone_once_its_cause_is_repaired(issues: str, effect: str, cause: FollowsFrom) -> None:
    """Every effect that the header declares, on the rows of the labelled issues and some more."""
    by = cause.by or RULES[effect].key[0]
    (key,) = RULES[cause.rule].key
    with psycopg.connect(issues) as connection:
        connection.execute(MORE)
        sql = RULES[cause.rule].sql
        connection.execute(f"create temp table bad as select v.{key} as k from (\n{sql}\n) as v".encode())
        count = f"select count(*) from (\n{RULES[effect].sql}\n) as v where v.{by} in (select k from bad)".encode()
        before = connection.execute(count).fetchone()
        assert before is not None
        assert before[0] > 0
        connection.execute(REPAIRS[cause.rule].encode())
        assert connection.execute(count).fetchone() == (0,)


def test_causes_are_counted_without_their_effects(blank: str, tmp_path: Path) -> None:
    """By key, and by a column that leads to another row; a row with a violation of its own remains a cause."""
    execute(
        blank,
        "create table shop (id int primary key, closed bool)",
        "create table sale (id int primary key, shop int, amount int)",
        "insert into shop values (1, true), (2, true), (3, false)",
        "insert into sale select n, 1 + n % 3, case when n % 2 = 0 then -1 end from generate_series(1, 12) as n",
    )
    mine = suite(
        tmp_path / "mine",
        {
            "closed": rule("select s.id from shop as s where s.closed", "id"),
            "of_closed": rule(
                "select s.id, s.shop from sale as s join shop as h on h.id = s.shop where h.closed or s.id = 11", "id",
                more="-- follows_from: closed by shop\n",
            ),
            "no_amount": rule("select s.id from sale as s where s.amount is null", "id"),
            "not_positive": rule(
                "select s.id from sale as s where (s.amount > 0) is not true", "id",
                more="-- follows_from: no_amount\n",
            ),
            "absent": rule("select s.id from sale as s where s.id < 0", "id"),
            "of_absent": rule(
                "select s.id from sale as s where s.id = 1", "id", more="-- follows_from: absent\n"
            ),
        },
    )  # fmt: skip
    document = audit(blank, tmp_path / "out", mine)
    assert errors(document) == {}
    found = {id: it["follows_from"] for id, it in results(document).items() if it.get("follows_from")}
    # shops 1 and 2 are closed: sales 3, 6, 9, 12 and 1, 4, 7, 10; 11 is of another shop
    assert found == {
        "of_closed": [{"rule": "closed", "rows": 8}],
        "not_positive": [{"rule": "no_amount", "rows": 6}],
    }
    assert results(document)["of_closed"]["violations"] == 9
    assert document["summary"]["rows_affected"] == [
        {"table": "sale", "key": "id", "rows": 12, "causes": 12},
        {"table": "shop", "key": "id", "rows": 2, "causes": 2},
    ]
    document = audit(blank, tmp_path / "few", mine, rules=("closed", "of_closed"))
    assert document["summary"]["rows_affected"] == [
        {"table": "sale", "key": "id", "rows": 9, "causes": 1},
        {"table": "shop", "key": "id", "rows": 2, "causes": 2},
    ]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("b by shop twice", "follows_from 'b by shop twice' is not 'RULE' or 'RULE by COLUMN'"),
        ("gone", "follows_from names gone, which is no other rule of this suite"),
        ("a", "follows_from names a, which is no other rule of this suite"),
        ("b", "follows_from needs b to have the key id, or 'by COLUMN'"),
        ("c by id", "follows_from needs c to have a key of one column"),
    ],
)
def test_a_cause_that_is_none_is_refused(tmp_path: Path, header: str, message: str) -> None:
    """Before anything is run, with the file."""
    folder = suite(
        tmp_path / "mine",
        {
            "a": rule("select 1 as id", "id", more=f"-- follows_from: {header}\n"),
            "b": rule("select 1 as code", "code"),
            "c": rule("select 1 as id, 2 as code", "id, code"),
        },
    )
    with pytest.raises(SuiteError, match=r"a\.sql: ") as raised:
        expectations.load(folder)
    assert message in str(raised.value)


def test_a_column_that_the_query_lacks_is_an_error(blank: str, tmp_path: Path) -> None:
    """As for other fields of the header that name columns."""
    mine = suite(
        tmp_path / "mine",
        {"a": rule("select 1 as id", "id", more="-- follows_from: b by shop\n"), "b": rule("select 1 as id", "id")},
    )
    document = audit(blank, tmp_path / "out", mine)
    assert "no column 'shop', which the header names under highlight, diagram or follows_from" in errors(document)["a"]
