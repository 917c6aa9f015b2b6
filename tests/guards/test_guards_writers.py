"""Guards and those who write: without rights on our schema, and with a search path of their own."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors, sql

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.install import install
from tests.guards.installing import GUARDS, connected

pytestmark = pytest.mark.both_versions
PACE = Throttle()


def test_roles_without_a_right_on_our_schema_write_as_before(server: Server, shop: str) -> None:
    with connected(shop) as connection:
        for guard in GUARDS.values():
            install(connection, guard, PACE)
        connection.execute("drop role if exists clerk")
        connection.execute("create role clerk login")
        connection.execute("grant insert, update, select on orders to clerk")
        connection.execute("grant usage on all sequences in schema public to clerk")
        rich = connection.execute(
            "select customer_id, order_id from orders where order_ref = order_id and order_status = 'active' limit 1"
        ).fetchone()
        assert rich is not None
        connection.execute("update customers set customer_balance = 51273 where customer_id = %s", [rich[0]])
    name = psycopg.conninfo.conninfo_to_dict(shop)["dbname"]
    insert = (
        "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
        " order_amount, order_status) select order_ref, customer_id, order_schedule, delivery_script_name,"
        " delivery_script_args, {}, 'active' from orders where order_id = {}"
    )
    with psycopg.connect(server.dsn(str(name)), user="clerk", autocommit=True) as clerk:
        assert clerk.execute("select current_user, has_schema_privilege('order_audit', 'usage')").fetchone() == (
            "clerk",
            False,
        )
        clerk.execute("update orders set order_status = 'recreated' where order_id = %s", [rich[1]])
        with pytest.raises(errors.CheckViolation) as caught:
            clerk.execute(sql.SQL(insert).format(51273, rich[1]))
        assert caught.value.diag.constraint_name == "order_audit_is_covered_by_balance_inserted"
        assert caught.value.diag.table_name == "orders"
        # one bit a try, and no value: docs/security.md
        diag = caught.value.diag
        assert "51273" not in f"{diag.message_primary} {diag.message_detail} {diag.message_hint} {diag.context}"
        clerk.execute(sql.SQL(insert).format(51272, rich[1]))
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute("select customer_balance from customers")
        # nor may other roles use our functions on their tables
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute("select order_audit.is_covered_by_balance()")
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute(
                "create temporary table orders (order_id int); create trigger t after insert on pg_temp.orders"
                " for each row execute function order_audit.root_is_not_closed()"
            )
    with connected(shop) as connection:
        connection.execute("drop owned by clerk")
        connection.execute("drop role clerk")


def test_a_search_path_of_the_writer_misleads_no_guard(shop: str) -> None:
    """A writing role may have tables, functions and operators with the same names."""
    with connected(shop) as connection:
        for guard in GUARDS.values():
            install(connection, guard, PACE)
        row = connection.execute(
            "select customer_id, order_id from orders where order_ref = order_id limit 1"
        ).fetchone()
        assert row is not None
        connection.execute("create temporary table customers (customer_id int, customer_balance float)")
        connection.execute("create temporary table orders (like public.orders)")
        connection.execute("insert into pg_temp.customers values (%s, 1e9)", [row[0]])
        connection.execute("create function pg_temp.yes(float, int) returns boolean language sql as 'select true'")
        connection.execute("create operator pg_temp.> (leftarg = float, rightarg = int, function = pg_temp.yes)")
        connection.execute("update public.customers set customer_balance = 1 where customer_id = %s", [row[0]])
        connection.execute("set search_path = pg_temp, public, pg_catalog")
        connection.execute("update public.orders set order_status = 'recreated' where order_id = %s", [row[1]])
        with pytest.raises(errors.CheckViolation, match="does not cover"):
            connection.execute(
                "insert into public.orders (order_ref, customer_id, order_schedule, delivery_script_name, order_amount,"
                " order_status) select order_ref, customer_id, order_schedule, 'x', 5, 'paused'"
                " from public.orders where order_id = %s",
                [row[1]],
            )
