"""Privileges of applications on the way to the proposed schema."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg import errors

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import Step, steps
from tests.migrate.steps import back, take


@pytest.mark.both_versions
def test_rights_go_along_and_secrets_stay_where_few_read_them(sample: str) -> None:
    def ask(text: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(sample, autocommit=True) as connection:
            cursor = connection.execute(text.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def go(way: Callable[[psycopg.Connection, list[Step], str], None], step: str) -> None:
        with psycopg.connect(sample, autocommit=True) as connection:
            way(connection, steps(PROPOSED), step)

    ask("create role seller_of_leads")
    try:
        ask("grant select, insert on orders to seller_of_leads")
        ask("grant usage on sequence orders_order_id_seq to seller_of_leads")
        ask("grant select (customer_id, customer_name) on customers to seller_of_leads")
        go(take, "switch")
        with psycopg.connect(sample, autocommit=True) as connection:
            connection.execute("set role seller_of_leads")
            insert = "insert into orders (order_ref, customer_id) values (1001, 1) returning order_amount"
            assert connection.execute(insert).fetchone() == (0,)
            args = connection.execute("select delivery_script_args::text from orders where order_id = 1002").fetchone()
            assert args
            assert "not-a-real-key" in args[0]
            assert connection.execute("select count(customer_name) from customers").fetchone() == (5,)
            for refused in (
                "select customer_email from customers",
                "delete from orders",
                "select * from sales_private.secrets",
                "select * from sales.deliveries",
                "select * from sales_old.delivery_texts",
                "select * from migration.quarantined_order",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(refused)
        # what is granted and revoked on the views holds for the tables after a rollback
        ask("grant update (order_status) on orders to seller_of_leads")
        ask("revoke insert on orders from seller_of_leads")
        go(back, "verify")
        rights = "select has_table_privilege('seller_of_leads', 'orders', %s)"
        assert [ask(rights, kind) for kind in ("select", "insert", "update")] == [[(True,)], [(False,)], [(False,)]]
        assert ask("select has_column_privilege('seller_of_leads', 'orders', 'order_status', 'update')") == [(True,)]
        assert ask("select has_column_privilege('seller_of_leads', 'customers', 'customer_name', 'select')") == [
            (True,)
        ]
    finally:
        ask("drop owned by seller_of_leads")
        ask("drop role seller_of_leads")
