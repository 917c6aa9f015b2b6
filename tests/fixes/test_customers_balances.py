"""Fixes of balances: rounded through their text, on columns of several types."""

from __future__ import annotations

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.work_list import TARGET
from tests.fixes.customers import column, everything, fixed, found, plant, tables, undone

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


#: The text of a balance; its value after the automatic option; its value after `round`.
FLOATS = {
    "0.30000000000000004": ("0.3", "0.3"),
    "343.00000000000006": ("343", "343"),
    "342.99999999999994": ("343", "343"),
    "-0.30000000000000004": ("-0.3", "-0.3"),
    "-1e-300": ("0", "0"),
    "5e-324": ("0", "0"),
    "9.99e-05": ("0", "0"),
    "0.0001": ("0.0001", "0"),  # a hundredth of a cent is not less than one
    "10.0099": ("10.0099", "10.01"),
    "10.00990001": ("10.01", "10.01"),
    "99.004": ("99.004", "99"),
    "0.005": ("0.005", "0.01"),
    "-0.005": ("-0.005", "-0.01"),
    "12345678901234.56": ("12345678901234.56", "12345678901234.56"),
    "17592186044416.004": ("17592186044416.004", "17592186044416"),  # 17 digits: straight to numeric keeps 15
    "8796093022208.006": ("8796093022208.006", "8796093022208.01"),
    "1099511627776.0999": ("1099511627776.0999", "1099511627776.1"),
    "68719476736.10002": ("68719476736.1", "68719476736.1"),
    "1e+300": ("1e+300", "1e+300"),
    "NaN": ("NaN", "NaN"),
    "-Infinity": ("-Infinity", "-Infinity"),
}
NUMERICS = {
    "0.30000000000000004": ("0.30", "0.30"),
    "0.0001": ("0.0001", "0.00"),
    "-0.00009999999999999999999999": ("0.00", "0.00"),
    "123456789012345678901234567890.123456": (
        "123456789012345678901234567890.123456",
        "123456789012345678901234567890.12",
    ),
    "123456789012345678901234567890.12000001": ("123456789012345678901234567890.12",) * 2,
    "5.10": ("5.10", "5.10"),
    "5.1000": ("5.1000", "5.1000"),
    "NaN": ("NaN", "NaN"),
    "Infinity": ("Infinity", "Infinity"),
}


@pytest.mark.parametrize(("kind", "cases"), [("float", FLOATS), ("numeric", NUMERICS)], ids=["float", "numeric"])
@pytest.mark.both_versions
def test_balances_are_rounded_through_text(database: Connection, kind: str, cases: dict[str, tuple[str, str]]) -> None:
    tables(database, customer_balance=kind)
    for number, balance in enumerate(cases):
        plant(database, customer_id=number, customer_balance=balance)
    plant(database, customer_id=1000, customer_balance=None)
    before = everything(database)
    assert list(column(database, "customer_balance").values()) == [*cases, None]
    fixed(database, "customers.balance_is_whole_cents")
    assert list(column(database, "customer_balance").values()) == [
        *(by_itself for by_itself, _ in cases.values()),
        None,
    ]
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert list(column(database, "customer_balance").values()) == [*(rounded for _, rounded in cases.values()), None]
    assert not found(database, "customers.balance_is_whole_cents")
    undone(database, "customers.balance_is_whole_cents")
    assert everything(database) == before


def test_random_floats_become_whole_cents(database: Connection) -> None:
    tables(database)
    rng = random.Random(7)
    sums = [sum(rng.randrange(1, 10 ** rng.randrange(3, 16)) / 100 for _ in range(9)) for _ in range(2000)]
    for number, drifted in enumerate([*sums, *(rng.uniform(-(10**n), 10**n) for n in range(16) for _ in range(50))]):
        plant(database, customer_id=number, customer_balance=drifted)
    before = {key: Decimal(balance) for key, balance in column(database, "customer_balance").items()}
    violations = found(database, "customers.balance_is_whole_cents")
    assert len(violations) > 500
    fixed(database, "customers.balance_is_whole_cents")
    after = {key: Decimal(balance) for key, balance in column(database, "customer_balance").items()}
    cent = Decimal("0.01")
    for key, balance in before.items():
        rounded = balance.quantize(cent, "ROUND_HALF_UP")
        assert after[key] == (rounded if abs(rounded - balance) < Decimal("0.0001") else balance)
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert not found(database, "customers.balance_is_whole_cents")


def test_a_balance_that_its_column_cannot_hold_rounded_stays(database: Connection) -> None:
    tables(database, customer_balance="numeric(7, 5)")
    for number, balance in enumerate(["99.99999", "99.99500", "99.99001", "9.99999", "-99.99999"], start=1):
        plant(database, customer_id=number, customer_balance=balance)
    fixed(database, "customers.balance_is_whole_cents")
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert list(column(database, "customer_balance").values()) == [
        "99.99999", "99.99500", "99.99000", "10.00000", "-99.99999"
    ]  # fmt: skip


def test_rounding_settles_whether_an_order_may_be_recreated(database: Connection) -> None:
    tables(database)
    for number, balance in ((1, "343.00000000000006"), (2, "343.004")):
        plant(database, customer_id=number, customer_balance=balance)
        database.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
            " values (%s, 1, %s, 343, 'active')",
            [number, number],
        )
    assert found(database, "recreation.decision_survives_rounding") == [1, 2]
    fixed(database, "customers.balance_is_whole_cents")
    assert found(database, "recreation.decision_survives_rounding") == [2]
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert not found(database, "recreation.decision_survives_rounding")


@pytest.mark.parametrize("kind", ["float", "numeric", "numeric(12, 2)"])
def test_what_is_no_amount_becomes_zero(database: Connection, kind: str) -> None:
    tables(database, customer_balance=kind)
    balances = ["NaN", None, *([] if kind == "numeric(12, 2)" else ["Infinity", "-Infinity"]), "5"]
    for number, balance in enumerate(balances):
        plant(database, customer_id=number, customer_balance=balance)
    fixed(database, "customers.balance_is_finite", "zero")
    assert [float(balance) for balance in column(database, "customer_balance").values()] == [
        *[0] * (len(balances) - 1), 5
    ]  # fmt: skip
