"""The comparison of both sides names every difference, and writes of both sides arrive on the other."""

from __future__ import annotations

import re
from decimal import Decimal

import psycopg
import pytest

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import migrate
from tests.support.clients import psql

SIDES = [
    ("customers", 3, "update migration.old_customers set {} where customer_id = 3", [
        "customer_name = 'x'", "customer_email = 'x@example.com'", "customer_contact_name = 'x'",
        "customer_phone = null",
        "address = 'x'", "address_state = 'AK'", "customer_balance = 500.01"]),
    ("orders", 1009, "update migration.old_orders set {} where order_id = 1009", [
        "order_ref = 1001", "customer_id = 1", "order_schedule = repeat('10', 168)::bit(336)",
        "delivery_script_name = null", """delivery_script_args = '{"a": 1}'""", "order_amount = 1",
        "order_status = 'paused'"]),
    ("customers", 3, "update sales.customers set {} where customer_id = 3", ["name = 'x'"]),
    ("customers", 3, "update sales.contacts set {} where customer_id = 3", [
        "name = 'x'", "email = 'x@example.com'", "phone = '1'", "is_main = false"]),
    ("customers", 3, "update sales.addresses set {} where customer_id = 3", [
        "street = 'x'", "state_code = 'AK'", "is_main = false"]),
    ("orders", 1009, "update sales.orders set {} where order_id = 1009", [
        "schedule_id = null, order_status = 'paused'", "amount = 1", "order_status = 'paused'"]),
    ("orders", 1010, "update sales.deliveries as d set {} from sales.orders as o"
     " where d.delivery_id = o.delivery_id and order_id = 1010", [
        "script_name = 'bulk_delivery', checked_as = 'anything'"]),
    ("orders", 1002, "update sales_old.delivery_texts as d set {} from sales.orders as o"
     " where d.delivery_id = o.delivery_id and order_id = 1002", ["args_text = '{}'"]),
    ("orders", 1003, "insert into sales_old.null_args values (1003){}", [""]),
    ("schedules", 1, "update sales_old.schedule_bits set {} where schedule_id = 1", ["bits = repeat('10', 168)"]),
    ("orders", 1003, "delete from migration.old_orders where order_id = 1003{}", [""]),
    ("orders", 1003, "delete from sales.orders where order_id = 1003{}", [""]),
]  # fmt: skip


@pytest.mark.both_versions
def test_verify_names_the_row_of_any_value_that_was_changed(sample: str) -> None:
    migrate(sample, "run", "--to", "verify", "--quiet")
    with psycopg.connect(sample) as connection:
        for table, key, statement, changes in SIDES:
            for change in changes:
                # past every trigger, as nothing but an owner with bad intentions can
                connection.execute(
                    "alter table orders disable trigger user; alter table customers disable trigger user;"
                    "alter table sales.orders disable trigger user; alter table sales.customers disable trigger user;"
                    "alter table sales.contacts disable trigger user; alter table sales.addresses disable trigger user;"
                    "alter table sales.deliveries disable trigger user;"
                    "alter table sales_old.delivery_texts disable trigger user;"
                    "alter table orders disable trigger all; set constraints all deferred"
                )
                connection.execute(statement.format(change).encode())
                found = connection.execute(
                    "select tab, r.id from (values ('customers'), ('orders')) as w (tab)"
                    " cross join lateral migration.differing_ranges(tab, 10000) as d"
                    " cross join lateral migration.differing_rows(tab, d.first_id, d.last_id) as r"
                    " union all select 'schedules', schedule_id from migration.differing_schedules"
                ).fetchall()
                assert (table, key) in found, (statement, change)
                connection.rollback()
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table sales.orders disable trigger to_old")
        connection.execute("update sales.orders set amount = 1 where order_id = 1009")
        connection.execute("alter table sales.orders enable always trigger to_old")
        assert [(it.table, it.key) for it in verify(connection, lambda *_: None).differences] == [("orders", 1009)]
    said = migrate(sample, "verify", "--quiet", code=1)
    assert "orders 1009: other values" in said
    assert "orders 1009: other values" in migrate(sample, "rollback", "--to", "backfill", "--quiet") + migrate(
        sample, "run", "--quiet", code=1
    )


def test_a_comparison_of_yesterday_is_repeated_before_the_switch(sample: str) -> None:
    migrate(sample, "run", "--to", "verify", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("update migration.step set done_at = done_at - interval '1 day'")
    assert "within the last day" in psql(sample, PROPOSED / "deploy" / "switch.sql").stderr
    assert re.search(r"^verify: .*\nswitch: ", migrate(sample, "run", "--quiet"), re.MULTILINE)


def test_verify_sees_rows_that_a_check_would_hide(sample: str) -> None:
    """A CHECK says nothing of rows that came in before its function was replaced, and the planner believes it."""
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "create function most() returns integer language sql immutable as $$ select 100000 $$;"
            "alter table orders add check (order_id < most());"
            "create or replace function most() returns integer language sql immutable as $$ select 0 $$"
        )
        migrate(sample, "run", "--to", "backfill", "--quiet")
        assert verify(connection, lambda *_: None).equal
        connection.execute("alter table sales.orders disable trigger to_old")
        connection.execute("update sales.orders set amount = 1 where order_id = 1009")
        connection.execute("alter table sales.orders enable always trigger to_old")
        assert [(it.key, it.difference) for it in verify(connection, lambda *_: None).differences] == [
            (1009, "other values")
        ]


def test_what_merge_writes_is_on_both_sides(sample: str) -> None:
    """It fires the triggers of all its actions, whether they found a row or not."""
    migrate(sample, "run", "--to", "backfill", "--quiet")
    merges = (
        """
        merge into customers as c
        using (values (1, 'Changed', 10), (901, 'New', 7.25), (902, 'Other', 9)) as s (id, name, balance)
          on c.customer_id = s.id
        when matched then update set customer_name = s.name, customer_balance = s.balance
        when not matched then insert
          (customer_id, customer_name, customer_email, customer_contact_name, address, address_state, customer_balance)
          values (s.id, s.name, s.name || '@new.example', 'Ann', '1 Main Street', 'CA', s.balance)
        """,
        """
        merge into orders as o
        using (values (1009, 'update'), (9001, 'insert'), (9002, 'insert')) as s (id, what) on o.order_id = s.id
        when matched and s.what = 'delete' then delete
        when matched then update set order_amount = o.order_amount + 3
        when not matched then insert (order_id, order_ref, customer_id, order_amount) values (s.id, s.id, 901, 12)
        """,
        """
        merge into orders as o
        using (values (9001, 'update'), (9002, 'delete'), (9003, 'insert')) as s (id, what) on o.order_id = s.id
        when matched and s.what = 'delete' then delete
        when matched then update set order_status = 'expired', order_amount = 1
        when not matched then insert (order_id, order_ref, customer_id, order_amount) values (s.id, s.id, 901, 5)
        """,
        # none of its actions has a row
        """
        merge into orders as o using (values (-5)) as s (id) on o.order_id = s.id
        when matched and s.id = 0 then update set order_amount = 0
        when matched then delete
        when not matched and s.id = 0 then insert (order_id, order_ref, customer_id) values (s.id, s.id, 901)
        """,
    )
    with psycopg.connect(sample, autocommit=True) as connection:
        for merge in merges:
            connection.execute(merge.encode())
            assert verify(connection, lambda *_: None).equal
        assert connection.execute(
            "select order_id, amount, order_status from sales.orders where order_id > 9000 order by 1"
        ).fetchall() == [(9001, 1, "expired"), (9003, 5, "pending")]
        assert connection.execute(
            "select customer_id, name, balance from sales.customers where customer_id in (1, 901, 902) order by 1"
        ).fetchall() == [(1, "Changed", 10), (901, "New", Decimal("7.25")), (902, "Other", 9)]


def test_a_batch_of_the_backfill_locks_no_old_row(sample: str) -> None:
    migrate(sample, "run", "--to", "synchronise", "--quiet")
    with psycopg.connect(sample, autocommit=True) as one, psycopg.connect(sample, autocommit=True) as other:
        ids = [id for (id,) in one.execute("select customer_id from customers order by 1")]
        with one.transaction():
            row = one.execute("select * from migration.backfill('customers', %s, 2)", [ids[0]]).fetchone()
            assert row == (ids[2], 2, 0)
            free = other.execute("select customer_id from customers order by 1 for update skip locked").fetchall()
            assert [id for (id,) in free] == ids


@pytest.mark.parametrize(
    ("statement", "table", "difference"),
    [
        ("update sales.ledger_entries set balance_before = 1, amount = balance_after - 1 where customer_id = 3"
         " and entry_number = 2", "customers", "entry 2 does not begin"),
        ("update sales.ledger_entries set amount = amount + 1 where customer_id = 3 and entry_number = 1",
         "customers", "entry 1 does not begin"),
        ("update sales.ledger_entries set amount = amount + 1, balance_after = balance_after + 1 where customer_id = 3"
         " and entry_number = 2", "customers", "its balance is not the one after its last ledger entry"),
        ("delete from sales.ledger_entries where customer_id = 3 and entry_number = 2",
         "customers", "its balance is not the one after its last ledger entry"),
        ("insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)"
         " select customer_id, 3, balance_after, 1, balance_after + 1 from sales.ledger_entries where customer_id = 3"
         " and entry_number = 2", "customers", "ledger entry 3 is beyond the number of its entries"),
        ("update sales.order_status_changes set status_after = 'expired' where order_id = 1009 and change_number = 1",
         "orders", "status change 2 does not begin with"),
        ("update sales.order_status_changes set status_after = 'expired' where order_id = 1009 and change_number = 2",
         "orders", "its status is not the one after its last status change"),
        ("delete from sales.order_status_changes where order_id = 1009 and change_number = 1", "orders", "change 2"),
        ("update sales.recreations set balance = 0", "orders", "recreation"),
        ("update sales.recreations set predecessor_id = 1010", "orders", "recreation"),
        ("update sales.recreations set first_ancestor_id = 1010", "orders", "recreation"),
        ("delete from sales.recreations", "orders", "recreation"),
        ("update sales.deliveries set args = '{\"email_address\": \"x@example.com\"}'"
         " where script_name = 'email_delivery'", "deliveries", "other arguments"),
        ("update sales_private.secrets set secret = 'x'", "deliveries", "other arguments"),
        ("delete from sales_old.delivery_texts where args_text is not null", "deliveries", "other arguments"),
        ("insert into sales_old.null_args select order_id from sales.orders where delivery_id is not null limit 1",
         "orders", "it has a delivery"),
    ],
)  # fmt: skip
def test_verify_holds_what_only_the_new_tables_know_against_itself(
    sample: str, statement: str, table: str, difference: str
) -> None:
    migrate(sample, "run", "--to", "backfill", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            "update customers set customer_balance = customer_balance + 1 where customer_id = 3;"
            "update orders set order_status = 'pending' where order_id = 1009;"
            "update orders set order_status = 'paused' where order_id = 1009;"
            "update orders set order_ref = order_id, order_status = 'active' where order_id = 1001;"
            "update customers set customer_balance = 1000 where customer_id ="
            " (select customer_id from orders where order_id = 1001)"
        )
        assert connection.execute("select sales.recreate(1001)").fetchone() != (None,)
        assert verify(connection, lambda *_: None).equal
        connection.execute("set session_replication_role = replica")
        connection.execute("set sales.correcting = 'on'")
        connection.execute("alter table sales.recreations drop constraint recreations_balance_covers_amount")
        for name in ("sales.ledger_entries", "sales.orders", "sales.deliveries", "sales_private.secrets"):
            connection.execute(f"alter table {name} disable trigger user".encode())
        if "entry_number = 1" in statement:
            connection.execute("alter table sales.ledger_entries drop constraint ledger_entries_add_up")
        assert connection.execute(statement.encode()).rowcount
        found = [(it.table, it.difference) for it in verify(connection, lambda *_: None).differences]
        assert any(it == table and difference in said for it, said in found), found
