"""Script names that resemble a more frequent one."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.domain import Chart, table_figures
from order_audit.scenario.domain.scripts import is_one_letter_off
from tests.profile.profiled import profile_of


@pytest.mark.parametrize(
    ("one", "other", "is_near"),
    [
        ("bulk_delivery", "bulk_delivry", True),
        ("bulk_delivery", "bulk_deliveryy", True),
        ("bulk_delivery", "Bulk_Delivary", True),
        ("bulk_delivery", "bulk_deilvery", True),
        ("bulk_delivery", "ulk_delivery", True),
        ("bulk_delivery", "bulk_delivery", False),
        ("bulk_delivery", "BULK_DELIVERY", False),
        ("bulk_delivery", "bulk_deliv", False),
        ("bulk_delivery", "bulk_leivery", False),
        ("custom_crm", "email_delivery", False),
        ("abcd", "badc", False),
    ],
)
def test_one_letter(one: str, other: str, is_near: bool) -> None:
    """Inserted, removed, replaced or swapped, in either direction."""
    assert is_one_letter_off(one, other) is is_one_letter_off(other, one) is is_near


@pytest.mark.both_versions
def test_names_that_resemble_a_more_frequent_one(sample: str) -> None:
    """The sample data has none; a misspelled name leads to the name that it resembles."""
    found = profile_of(sample, "orders")["orders"]["scripts"]
    assert found == {"names": 3, "resembling": []}
    with psycopg.connect(sample) as connection:
        connection.execute("update orders set delivery_script_name = 'bulk_delivry' where order_id = 1009")
        connection.execute("update orders set delivery_script_name = 'crm' where order_id = 1008")
        connection.execute("update orders set delivery_script_name = 'a@b.example' where order_id = 1003")
    found = profile_of(sample, "orders")["orders"]["scripts"]
    assert found["names"] == 4
    assert found["resembling"] == [{"name": "bulk_delivry", "orders": 1, "like": "bulk_delivery", "like_orders": 3}]
    (figures,) = [it for it in table_figures() if it.name == "scripts"]
    (chart,) = figures.show(found)
    assert isinstance(chart, Chart)
    assert (chart.rows, chart.notes) == ([("bulk_delivry", 1)], ["like bulk_delivery, 3 orders"])
