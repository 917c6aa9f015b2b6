"""Ledger entries and the orders that they pay for: both are of one customer, in every phase."""

from __future__ import annotations

import re

import psycopg
import pytest
from psycopg import errors

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import Later, compare_again, nothing, one, take

ENTRY = "insert into sales.ledger_entries (customer_id, amount, reason, order_id) values ({}, -1, 'paid', 1001)"
MOVE = "update orders set customer_id = {} where order_ref = 1001"
#: Customer, amount and order of the entries that this module writes.
PAID = "select customer_id, amount, order_id from sales.ledger_entries where reason = 'paid' order by entry_number"
OTHERS = (
    "select count(*) from sales.ledger_entries as e join sales.orders as o on o.order_id = e.order_id"
    " where o.customer_id <> e.customer_id"
)


@pytest.mark.both_versions
def test_an_entry_names_no_order_of_another_customer(sample: str) -> None:
    all_steps = steps(PROPOSED)
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        take(connection, all_steps, "backfill")
        connection.execute(ENTRY.format(1).encode())
        connection.execute(MOVE.format(2).encode())
        assert connection.execute(PAID).fetchall() == [(1, -1, None)]
        # an entry that waits for the move sees it
        other.execute(MOVE.format(1).encode())
        later = Later(connection, ENTRY.format(2))
        other.commit()
        later.end()
        assert isinstance(later.said, errors.ForeignKeyViolation)
        assert "customer 2 has no order 1001" in str(later.said)
        connection.execute(ENTRY.format(1).encode())
        # without the trigger, the comparison finds it
        connection.execute("alter table sales.orders disable trigger detach_entries")
        connection.execute(MOVE.format(2).encode())
        (found,) = verify(connection, nothing).differences
        assert found.table == "customers"
        assert re.fullmatch(r"ledger entry \d names order 1001 of another customer", found.difference)
        connection.execute(MOVE.format(1).encode())
        connection.execute("alter table sales.orders enable always trigger detach_entries")
        take(connection, all_steps, "switch")
        compare_again(sample)
        take(connection, all_steps, CONTRACT)
        connection.execute(MOVE.format(2).encode())
        assert connection.execute(PAID).fetchall() == [(1, -1, None), (1, -1, None)]
        assert one(sample, OTHERS) == 0
