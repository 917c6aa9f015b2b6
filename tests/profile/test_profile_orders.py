"""The profile of orders and customers: their lineages, and both together."""

from __future__ import annotations

import psycopg
import pytest

from order_audit import scenario
from tests.profile.profiled import profile_of


def test_lineages_take_orders_that_can_be_told_apart(dsn: str) -> None:
    """Where an order_id stands twice, each step along a chain would double the rows."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        scenario.load(connection)
        connection.execute("alter table orders drop constraint orders_pkey")
        assert profile_of(dsn, "orders", "customers")["orders"]["lineages"]["lineages"] == 8
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id)"
            " select g, g - 1, 1 from generate_series(2000, 2200) as g cross join generate_series(1, 3)"
        )
    found = profile_of(dsn, "orders", "customers")
    assert found["orders"]["lineages"] == {"error": "order_id is not known to be different in each row"}
    assert "bands" in found["customers"]["orders_per_customer"]


@pytest.mark.both_versions
def test_orders_and_customers_together(dsn: str) -> None:
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
        connection.execute("truncate orders, customers")
        connection.execute(
            "insert into customers select g, 'n', 'e', 'c', null, 'a', 's', b from unnest(array[100, 100, 100, 100,"
            " 'NaN'::float8]) with ordinality as c (b, g)"
        )
        # 1 has a chain by parents, 2 one by first ancestors, 3 a circle, 4 none
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status) values"
            " (1, 1, 1, 10, 'recreated'), (2, 1, 1, 10, 'recreated'), (3, 2, 1, 30, 'active'),"
            " (4, 4, 2, 60, 'recreated'), (5, 4, 2, 60, 'recreated'), (6, 4, 2, 101, 'active'),"
            " (7, 8, 3, 50, 'paused'), (8, 7, 3, 50, 'expired'), (9, 9, 5, 1, 'pending')"
        )
    found = profile_of(dsn, "orders", "customers")
    lineages = found["orders"]["lineages"]
    assert lineages["sizes"] == [[1, 1], [3, 2]]
    assert lineages["depths"] == [[0, 1], [1, 1], [2, 1]]
    assert lineages["outside"] == 2
    assert lineages["status_by_position"] == {
        "1": {"active": 0, "pending": 1, "recreated": 2},
        "2": {"active": 0, "pending": 0, "recreated": 2},
        "3": {"active": 2, "pending": 0, "recreated": 0},
        "last": {"active": 2, "pending": 1, "recreated": 0},
    }
    exposure = found["customers"]["exposure"]
    assert {band: figures["customers"] for band, figures in exposure.items()} == {
        "none": 1, "under_half": 1, "half_to_all": 1, "over": 1, "unknown": 1,
    }  # fmt: skip
    assert found["customers"]["orders_per_customer"]["bands"] == [[0, 0, 1], [1, 1, 1], [2, 2, 1], [3, 3, 2]]


def test_positions_in_long_lineages(dsn: str) -> None:
    """From the 11th on they count together, orders without a status have a column, and the last ones come last."""
    with psycopg.connect(dsn) as connection:
        scenario.load(connection)
        connection.execute("truncate orders, customers")
        connection.execute("alter table orders alter order_status drop not null")
        connection.execute("insert into customers values (1, 'n', 'e', 'c', null, 'a', 's', 100)")
        connection.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
            " select g, 1, 1, 10, case when g < 13 then 'recreated' end from generate_series(1, 13) as g"
        )
    counts = profile_of(dsn, "orders", "customers")["orders"]["lineages"]["status_by_position"]
    recreated = {str(place): {"null": 0, "recreated": 1} for place in range(1, 11)}
    assert counts == recreated | {"11+": {"null": 1, "recreated": 2}, "last": {"null": 1, "recreated": 0}}
    assert list(counts) == [*recreated, "11+", "last"]
