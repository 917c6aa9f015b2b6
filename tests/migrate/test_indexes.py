"""Indexes for old applications: those of the keys, and those that the old tables have."""

from __future__ import annotations

import psycopg
import pytest

from order_audit.progress import start_ignored
from order_audit.scenario.generate import generate
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import run as migrate
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from tests.migrate.steps import one


@pytest.mark.both_versions
def test_old_applications_find_rows_as_before(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=2_000, customers=200, seed=1, defects=0.0)
        connection.execute("create index on orders (order_ref, order_status)")
        connection.execute("create index on orders (order_amount, customer_id)")
        migrate(connection, steps(PROPOSED), "switch", MigrationThrottle(), start_ignored)
        found = connection.execute(
            "select indexrelname, (select count(*) from pg_stats as s"
            " where s.schemaname = i.schemaname and s.tablename = i.indexrelname)"
            " from pg_stat_user_indexes as i where schemaname = 'sales' and indexrelname ~ '_old_' order by 1"
        ).fetchall()
        # with statistics, without which a query by an expression may read all rows in another order
        assert found == [("customers_old_id", 1), ("orders_old_id", 1), ("orders_old_ref", 1)]
        connection.execute("set enable_seqscan = off")
        plan = "\n".join(line for (line,) in connection.execute("explain select * from orders where order_ref = 5"))
        assert "Index Scan using orders_old_ref" in plan


def test_a_new_delivery_does_not_read_all_of_its_script(dsn: str) -> None:
    """Whatever statistics say: even where the index of the script is the only one, it is not read."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        generate(connection, orders=2_000, customers=200, seed=1, defects=0.0)
        migrate(connection, steps(PROPOSED), "verify", MigrationThrottle(), start_ignored)
        customer = one(dsn, "select min(customer_id) from sales.deliveries")
        connection.execute("select pg_stat_reset()")
        with connection.transaction(force_rollback=True):
            connection.execute("set local enable_seqscan = off")
            connection.execute(
                "update pg_index set indisvalid = false where indrelid = 'sales.deliveries'::regclass"
                " and indexrelid <> 'sales.deliveries_script'::regclass"
            )
            for number in range(3):
                connection.execute(
                    "select sales.delivery(%s, 'bulk_delivery', %s::jsonb),"
                    " sales_old.delivery(%s, 'bulk_delivery', %s::json, true),"
                    " sales_old.delivery(%s, 'bulk_delivery', %s::json, true)",
                    [customer, f'{{"batch": {number}}}', *[customer, f'{{"part": {number}}}'] * 2],
                )
        connection.execute("select pg_stat_force_next_flush()")
    assert one(dsn, "select idx_tup_read from pg_stat_user_indexes where indexrelname = 'deliveries_script'") == 0
