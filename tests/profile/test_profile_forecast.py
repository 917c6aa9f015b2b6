"""The profile of orders and customers: the next recreation, schedules, attributes that recreations repeat."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
import pytest

from order_audit.domain import Chart, table_figures
from tests.profile.profiled import profile_of
from tests.rules import recreation as rules_of_recreation
from tests.support import oracle_rows
from tests.support.oracle import ORDER_RULES, Ledger

pytestmark = pytest.mark.both_versions
assert rules_of_recreation

#: Customers 1 to 6 have balances; what is due of each stands beside its orders.
BALANCES = ("100", "60.5", "'NaN'", "'Infinity'", "343.00000000000006", "-5")
ORDERS = """
(1, 1, 1, 60, 'recreated'), (2, 1, 1, 60, 'active'), -- due: 60 of 100
(3, 3, 1, 70, 'paused'), -- due: 70 of the same 100
(4, 4, 2, 60, 'pending'), (5, 5, 2, 61, 'active'), -- due: one is covered, the other is not
(6, 6, 3, 1, 'active'), (7, 7, 4, 1000, 'active'), (8, 8, 5, 343, 'active'), (9, 9, 6, 0, 'active'),
(10, 10, 5, 5, 'active'), (11, 10, 5, 5, 'cancelled'), -- not due: the last of the lineage is closed
(12, 12, 99, 5, 'active') -- due, of nobody
"""


def _drawn(name: str, figures: Any) -> list[Chart]:
    (of_domain,) = [it for it in table_figures() if it.name == name]
    return [it for it in of_domain.show(figures) if isinstance(it, Chart)]


@pytest.fixture
def planted(schema: str) -> str:
    """Customers and orders with all kinds of balances."""
    with psycopg.connect(schema) as connection:
        connection.execute("alter table orders drop constraint if exists orders_customer_id_fkey")
        for number, balance in enumerate(BALANCES, start=1):
            connection.execute(
                f"insert into customers values ({number}, 'n', 'e', 'c', null, 'a', 's', {balance})".encode()
            )
        columns = "order_id, order_ref, customer_id, order_amount, order_status"
        connection.execute(f"insert into orders ({columns}) values {ORDERS}".encode())
    return schema


def test_the_forecast_applies_the_condition_to_each_order(planted: str) -> None:
    """Alone, as the business says; together, two orders overdraw a customer."""
    found = profile_of(planted, "orders", "customers")["customers"]["next_recreation"]
    assert found["orders"] == {"recreated": 5, "not_covered": 3, "without_customer": 1}
    assert found["amount"] == 60 + 70 + 60 + 1000 + 343
    assert found["rounding_decides"] == {"orders": 1, "first": ["8"]}
    assert found["customers"] == {"charged": 4, "overdrawn": 1}
    by_customer = {it["customer_id"]: (it["first_orders"], it["amount"], it["remains"]) for it in found["first"]}
    assert list(by_customer) == ["1", "5", "2", "4"]
    assert by_customer["1"] == (["2", "3"], 130, -30)
    assert by_customer["2"] == (["4"], 60, 0.5)
    assert by_customer["4"] == (["7"], 1000, "Infinity")
    outcomes, customers = _drawn("next_recreation", found)
    assert "compared in whole cents, 1 order would be decided otherwise: 8" in outcomes.note
    assert customers.notes[0] == "costs 130 of 100, −30 left: orders 2, 3"
    assert customers.notes[1].startswith("costs 343 of 343.00000000000006, ")
    assert "4 customers charged, 1 overdrawn" in customers.note


def test_no_forecast_where_customers_repeat(planted: str) -> None:
    """Each order would count once for each of them."""
    with psycopg.connect(planted) as connection:
        connection.execute("alter table customers drop constraint customers_pkey cascade")
        connection.execute("insert into customers select * from customers where customer_id = 1")
    found = profile_of(planted, "orders", "customers")["customers"]["next_recreation"]
    assert found == {"error": "customer_id is not known to be different in each row"}


def test_the_forecast_agrees_with_the_rules(issues: str) -> None:
    """On the labelled issues, with what the oracle of the rules says of each order."""
    found = profile_of(issues, "orders", "customers")["customers"]["next_recreation"]
    with psycopg.connect(issues) as connection:
        tables = oracle_rows.read(connection, "public")
    ledger = Ledger(tables)
    last: dict[Any, Any] = defaultdict(int)
    for order in tables.orders:
        last[order.order_ref] = max(last[order.order_ref], order.order_id)
    due = [order for order in tables.orders if order.is_live and order.order_id == last[order.order_ref]]
    uncovered = [order for order in due if ledger.is_uncovered(order)]
    nobody = [order for order in due if not ledger.customers_of(order)]
    assert found["orders"] == {
        "recreated": len(due) - len(uncovered) - len(nobody),
        "not_covered": len(uncovered),
        "without_customer": len(nobody),
    }
    close = [it for it in due if ORDER_RULES["recreation.decision_survives_rounding"](it, ledger)]
    assert found["rounding_decides"]["first"] == [str(order.order_id) for order in close]


def test_schedules_of_live_orders(planted: str) -> None:
    """Always, at night, by day, never; another length is none of them. Closed orders do not count."""
    night, day = "1" * 12 + "0" * 324, ("0" * 12 + "1" * 32 + "0" * 4) * 7
    with psycopg.connect(planted) as connection:
        for ids, bits in (((2, 3), "1" * 336), ((4, 11), night), ((5,), day), ((6,), "0" * 335 + "1")):
            connection.execute(
                "update orders set order_schedule = %s::bit(336) where order_id = any(%s)", (bits, list(ids))
            )
    found = profile_of(planted, "orders", "customers")["orders"]["schedules"]
    assert found["orders"] == {"always": 2, "night": 2, "day": 1, "never": 5, "other": 0}
    assert found["different"] == {"always": 1, "night": 2, "day": 1, "never": 1, "other": 0}
    (chart,) = _drawn("schedules", found)
    assert [count for _, count in chart.rows] == [2, 2, 1, 5]
    with psycopg.connect(planted) as connection:
        connection.execute(
            "alter table orders alter order_schedule type bit(48) using substring(order_schedule, 1, 48)"
        )
    found = profile_of(planted, "orders", "customers")["orders"]["schedules"]
    assert found["orders"] == {"always": 0, "night": 0, "day": 0, "never": 0, "other": 10}


def test_attributes_that_recreations_repeat(planted: str) -> None:
    """A difference is counted, NULL equals NULL, and bytes are those of the equal values."""
    with psycopg.connect(planted) as connection:
        connection.execute("update orders set order_amount = 6, delivery_script_name = 'crm' where order_id = 11")
        connection.execute("update orders set order_ref = 77 where order_id = 12")
    found = profile_of(planted, "orders", "customers")["orders"]["repeated"]
    assert (found["recreations"], found["hundredfold"]) == (2, 0)
    counts = {name: (it["same"], it["differ"]) for name, it in found["attributes"].items()}
    assert counts == {
        "customer_id": (2, 0),
        "order_schedule": (2, 0),
        "delivery_script_name": (1, 1),
        "delivery_script_args": (2, 0),
        "order_amount": (1, 1),
    }
    assert found["attributes"]["customer_id"]["bytes"] == 8
    assert found["attributes"]["delivery_script_args"]["bytes"] == 0
    (chart,) = _drawn("repeated", found)
    assert (
        dict(zip([name for name, _ in chart.rows], chart.notes, strict=True))["customer_id"] == "8 bytes; no difference"
    )


def test_amounts_in_another_unit(planted: str) -> None:
    """A hundred times, or a hundredth: in both directions, and not of 0."""
    with psycopg.connect(planted) as connection:
        for order_id, amount in ((2, 6000), (11, 500), (5, 0)):
            connection.execute("update orders set order_amount = %s where order_id = %s", (amount, order_id))
        connection.execute("update orders set order_ref = 8, order_amount = 34300 where order_id = 3")
        connection.execute("update orders set order_ref = 9, order_amount = 0 where order_id = 12")
        connection.execute("update orders set order_ref = 3, order_amount = 343 where order_id = 8")
    found = profile_of(planted, "orders", "customers")["orders"]["repeated"]
    assert (found["recreations"], found["hundredfold"]) == (5, 4)
    (chart,) = _drawn("repeated", found)
    assert chart.notes[-1].endswith("differences, 4 of them 100 times or a hundredth of it")
