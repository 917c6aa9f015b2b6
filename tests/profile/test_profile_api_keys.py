"""The profile of orders: customers with several API keys for one script."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.domain import Chart, table_figures
from tests.profile.profiled import profile_of

pytestmark = pytest.mark.both_versions

#: Customers, scripts and arguments of orders.
ORDERS = (
    # customer 1: two keys for one script, however the key is spelled
    (1, "custom_crm", '{"api-key": "made-up-a"}'),
    (1, "custom_crm", '{"apiKey": "made-up-b", "size": 1}'),
    (1, "custom_crm", '{"api-key": "made-up-a"}'),
    # customer 2: one for each script
    (2, "custom_crm", '{"api-key": "made-up-a"}'),
    (2, "other_crm", '{"api-key": "made-up-b"}'),
    # customer 3: an empty one, one that is no string, one that text cannot hold, other keys, other documents
    (3, "custom_crm", '{"api-key": "made-up-c"}'),
    (3, "custom_crm", '{"api-key": ""}'),
    (3, "custom_crm", '{"api-key": 5}'),
    (3, "custom_crm", '{"api-key": "made-up\\u0000"}'),
    (3, "custom_crm", '{"keys": "made-up-d"}'),
    (3, "custom_crm", '["api-key"]'),
    (3, "custom_crm", '"api-key"'),
    # customer 4: of a repeated key the last value counts; without a script
    (4, None, '{"api-key": "made-up-a", "api-key": "made-up-b"}'),
    (4, None, ' {"API_KEY": "made-up-b"}'),
    (4, None, '{"API_KEY": "made-up-c"}'),
)  # fmt: skip


def test_several_keys_for_one_script(schema: str) -> None:
    with psycopg.connect(schema) as connection:
        connection.execute(
            "insert into customers select g, 'n', 'e', 'c', null, 'a', 's', 0 from generate_series(1, 4) as g"
        )
        for number, (customer, script, args) in enumerate(ORDERS, start=1):
            connection.execute(
                "insert into orders (order_id, order_ref, customer_id, delivery_script_name, delivery_script_args)"
                " values (%s, %s, %s, %s, %s)",
                (number, number, customer, script, args),
            )
    found = profile_of(schema, "orders")["orders"]["api_keys"]
    assert found == {
        "pairs": 3,
        "first": [
            {"customer_id": "1", "script": "custom_crm", "keys": 2, "orders": 3},
            {"customer_id": "4", "script": None, "keys": 2, "orders": 3},
            {"customer_id": "3", "script": "custom_crm", "keys": 2, "orders": 2},
        ],
    }
    assert "made-up" not in str(found)
    (of_domain,) = [it for it in table_figures() if it.name == "api_keys"]
    (chart,) = of_domain.show(found)
    assert isinstance(chart, Chart)
    assert chart.rows == [("1: custom_crm", 3), ("4: no script", 3), ("3: custom_crm", 2)]
    assert "not proven" in chart.note


def test_the_clean_sample_has_none(sample: str) -> None:
    assert profile_of(sample, "orders")["orders"]["api_keys"] == {"pairs": 0, "first": []}
