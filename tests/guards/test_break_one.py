"""Guards hold in one transaction of an application: in any order of statements, with any value."""

from __future__ import annotations

import itertools
import random

import psycopg
import pytest
from psycopg import errors

from order_audit.expectations import load
from tests.guards.breaking import LINEAGE, found, made, order, random_step, small_shop

RULES = {rule.id: rule for rule in load("current").rules}
LIVE = ("pending", "active", "paused")


@pytest.fixture
def shop(dsn: str) -> str:
    """The current schema with three customers who have 100 each, and without a constraint but the keys'."""
    return small_shop(dsn)


def test_a_root_and_its_recreation_are_inserted_in_either_order(shop: str) -> None:
    made(shop, *LINEAGE, "ancestor_is_older", "one_live_order", "is_covered_by_balance")
    with psycopg.connect(shop, autocommit=True) as connection:
        for root, recreation in ((1, 2), (11, 12)):
            statements = [order(root, root, status="recreated"), order(recreation, root)]
            with connection.transaction():
                for statement in statements if root == 1 else reversed(statements):
                    connection.execute(statement.encode())
        # both in one statement
        connection.execute((order(22, 21) + ", " + order(21, 21, status="recreated").split(" values ")[1]).encode())
        assert connection.execute("select count(*) from orders").fetchone() == (6,)
        for bad in (order(31, 30), order(32, 2), order(33, 21, customer=2), "update orders set order_ref = null"):
            with pytest.raises(errors.IntegrityError):
                connection.execute(bad.encode())
        # from one root to another, whichever is written first (the younger one may not be the root meanwhile)
        connection.execute("alter table orders drop constraint order_audit_ancestor_is_older")
        move = [
            "update orders set order_ref = 2 where order_id = 1",
            "update orders set order_ref = 2 where order_id = 2",
        ]
        with pytest.raises(errors.ForeignKeyViolation):
            connection.execute(move[0].encode())
        for statements in (move, [step.replace("order_ref = 2", "order_ref = 1") for step in reversed(move)]):
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement.encode())
        # a lineage moves to another customer, and ends, from either end
        for steps in itertools.permutations([
            "update orders set customer_id = 3 - customer_id where order_id = 1",
            "update orders set customer_id = 3 - customer_id where order_id = 2",
        ]):  # fmt: skip
            with pytest.raises(errors.ForeignKeyViolation):
                connection.execute(steps[0].encode())
            with connection.transaction():
                for statement in steps:
                    connection.execute(statement.encode())
        for root, closed in ((11, "cancelled"), (21, "expired")):
            close = f"update orders set order_status = '{closed}' where order_id = {root}"
            end = f"update orders set order_status = 'recreated' where order_id = {root + 1}"
            with pytest.raises(errors.CheckViolation, match=f"order {root} is {closed}, and a live"):
                connection.execute(close.encode())
            with connection.transaction():
                for statement in (close, end) if closed == "cancelled" else (end, close):
                    connection.execute(statement.encode())
            with pytest.raises(errors.CheckViolation, match=f"and its first ancestor {root} is {closed}"):
                connection.execute(f"update orders set order_status = 'active' where order_id = {root + 1}".encode())
        assert not found(connection, *LINEAGE)


@pytest.mark.both_versions
def test_any_series_of_statements_is_refused_where_it_ends_in_a_violation(shop: str) -> None:
    """Random transactions on four orders, against what the rules say of the state that each would lead to."""
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("alter table orders alter order_ref drop not null, drop constraint orders_customer_id_fkey")
        connection.execute("create schema free")
        connection.execute("create table free.orders (like orders including defaults including indexes)")
        connection.execute("create table free.customers as table customers")
    made(shop, *LINEAGE)
    rng = random.Random(5)
    outcomes: list[bool] = []
    with psycopg.connect(shop) as connection:
        for _ in range(400):
            steps = [random_step(rng) for _ in range(rng.randrange(1, 7))]
            connection.execute("set search_path = free, public")
            connection.execute("savepoint before")
            done = []
            for step in steps:
                connection.execute("savepoint step")
                try:
                    connection.execute(step.encode())
                    done.append(step)
                except errors.UniqueViolation:
                    connection.execute("rollback to step")
            bad = found(connection, *LINEAGE)
            if bad:
                connection.execute("rollback to before")
            connection.execute("set search_path = public")
            connection.execute("savepoint before")
            try:
                for step in done:
                    connection.execute(step.encode())
                connection.execute("set constraints all immediate")
                connection.execute("set constraints all deferred")
                refused = False
            except errors.IntegrityError:
                refused = True
                connection.execute("rollback to before")
            assert refused == bool(bad), (done, bad)
            connection.execute("set search_path = public, free")
            outcomes.append(refused)
            connection.commit()
    assert 80 < sum(outcomes) < 320


@pytest.mark.parametrize("balance_type", ["float", "numeric", "bigint"])
def test_a_recreation_is_refused_where_the_rule_finds_it(shop: str, balance_type: str) -> None:
    balances = [None, 0, -1, 5, 6] if balance_type == "bigint" else [
        None, 0, -1, 5, "5.000000000000001", "4.999999999999999", "NaN", "Infinity", "-Infinity"
    ]  # fmt: skip
    name = "is_covered_by_balance"
    with psycopg.connect(shop) as connection:
        connection.execute(
            f"alter table customers alter customer_balance drop not null, alter customer_balance drop default,"
            f" alter customer_balance type {balance_type}, add balance {balance_type}".encode()
        )
        connection.execute("alter table orders alter order_amount type numeric, alter order_amount drop not null")
        connection.execute(order(1, 1, status="recreated").encode())
        connection.commit()
        made(shop, name)
        seen = set()
        for balance, amount, status in itertools.product(balances, (None, 0, 5, "NaN", -5), (*LIVE, "expired")):
            connection.execute("update customers set customer_balance = %s where customer_id = 1", [balance])
            value = "null" if amount is None else f"'{amount}'"
            connection.execute("savepoint before")
            try:
                connection.execute(order(2, 1, status=status, amount=value).encode())
                refused = False
            except errors.CheckViolation:
                refused = True
                connection.execute("rollback to before")
                connection.execute("set local session_replication_role = replica")
                connection.execute(order(2, 1, status=status, amount=value).encode())
                connection.execute("set local session_replication_role = origin")
            assert refused == bool(found(connection, name)), (balance, amount, status)
            seen.add(refused)
            connection.rollback()
        assert seen == {True, False}


def test_only_what_decides_on_money_is_checked_against_the_balance(shop: str) -> None:
    made(shop, "is_covered_by_balance")
    with psycopg.connect(shop, autocommit=True) as connection:
        for statement in (order(1, 1, amount=500), order(2, 1, amount=99), order(3, 3, 2, "recreated")):
            connection.execute(statement.encode())
        # a debit is never refused, whatever it leaves, and who is uncovered since may still be paused, or ended
        for balance in ("99", "0", "-5", "'NaN'", "'-Infinity'"):
            connection.execute(f"update customers set customer_balance = {balance} where customer_id = 1".encode())
        for status in ("paused", "active", "pending", "recreated"):
            connection.execute(f"update orders set order_status = '{status}' where order_id = 2".encode())
        for change in (
            "order_status = 'active'",
            "order_status = 'paused', order_amount = 1",
        ):
            with pytest.raises(errors.CheckViolation, match="the balance of customer 1 does not cover"):
                connection.execute(f"update orders set {change} where order_id = 2".encode())
        connection.execute("update orders set order_amount = 5, order_ref = 3, customer_id = 2, order_status = 'active'"
                           " where order_id = 2")  # fmt: skip
        for change in ("order_amount = 100", "customer_id = 1", "order_amount = 6, order_ref = 1, customer_id = 1"):
            with pytest.raises(errors.CheckViolation):
                connection.execute(f"update orders set {change} where order_id = 2".encode())
        # a root may have any amount, until it is no root any more
        with pytest.raises(errors.CheckViolation):
            connection.execute("update orders set order_ref = 3 where order_id = 1")
        # money that comes in the same transaction comes first, or the check is put off
        pay = "update customers set customer_balance = 1000 where customer_id = 3"
        with pytest.raises(errors.CheckViolation):
            connection.execute((order(5, 3, 3, amount=900) + ";" + pay).encode())
        with connection.transaction():
            connection.execute("set constraints all deferred")
            connection.execute(order(5, 3, 3, amount=900).encode())
            connection.execute(pay.encode())
        late = [
            "set constraints all deferred",
            order(6, 3, 3, amount=1),
            "update orders set order_amount = 1000 where order_id = 6",
        ]
        with pytest.raises(errors.CheckViolation):
            connection.execute(";".join(late).encode())
        with connection.transaction():
            connection.execute("set constraints all deferred")
            connection.execute(order(6, 3, 3, amount=1000).encode())
            connection.execute("update orders set order_amount = 1 where order_id = 6")


def test_values_that_are_no_numbers_get_in_nowhere(shop: str) -> None:
    made(shop, "balance_is_finite", "balance_is_not_negative", "balance_is_whole_cents", "amount_is_not_negative")
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("set extra_float_digits = 0")
        for balance in ("'NaN'", "'Infinity'", "'-Infinity'", "-0.01", "0.1::float + 0.2::float", "0.001", "1e-320"):
            with pytest.raises(errors.CheckViolation):
                connection.execute(f"update customers set customer_balance = {balance}".encode())
        for balance in ("0", "-0.0", "0.3", "12345678901234.56", "1e23"):
            connection.execute(f"update customers set customer_balance = {balance}".encode())
        with pytest.raises(errors.CheckViolation):
            connection.execute(order(1, 1, amount=-1).encode())
