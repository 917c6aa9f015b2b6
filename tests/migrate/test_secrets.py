"""Secrets: rotated by one statement, hidden from old applications, forgotten after a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.steps import nothing, one, take
from tests.support import servers
from tests.support.results import run

pytestmark = pytest.mark.both_versions

#: The customer of order 1002 of the sample, and its key.
KEY = "not-a-real-key-hudson-7f3a"
PAGE = Path(__file__).parents[2] / "docs" / "migration.md"
#: The statement of the documentation.
(ROTATE,) = (
    text.replace("'NEW'", "%s").replace("'OLD'", "%s")
    for text in re.findall(r"`(update sales_private\.secrets [^`]+)`", PAGE.read_text(encoding="utf-8"))
)
OLD = "select delivery_script_args ->> 'api-key' from {} where order_id = 1002"
NEW = """
select s.secret from sales.orders as o
join sales.deliveries as d using (delivery_id)
join sales_private.secrets as s on d.args ->> 'api-key' = 'secret-ref:sales/' || s.secret_id
where o.order_id = 1002
"""
#: An old application that writes an order with a key.
ORDER = """
with n as (select nextval('orders_order_id_seq')::integer as id)
insert into orders (order_id, order_ref, customer_id, order_amount, delivery_script_name, delivery_script_args)
select n.id, n.id, 2, 5, 'custom_crm', %s::json from n returning order_id, delivery_script_args::text
"""


@pytest.fixture(scope="module")
def contracted(server: Server) -> Iterator[str]:
    """The sample data after contract; tests roll back."""
    with servers.database(server, "sample") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, steps(PROPOSED), CONTRACT)
        yield dsn


@contextmanager
def rolled_back(dsn: str) -> Iterator[psycopg.Connection]:
    """A transaction that leaves nothing."""
    with psycopg.connect(dsn) as connection:
        yield connection
        connection.rollback()


def value(connection: psycopg.Connection, query: str, *values: object) -> Any:
    """The first value of a query."""
    row = connection.execute(query.encode(), values).fetchone()
    return row[0] if row else None


def age(connection: psycopg.Connection) -> None:
    """Let everything be a year old."""
    connection.execute("set local session_replication_role = replica; set local sales.correcting = 'on'")
    for table in ("sales_private.secrets", "sales.deliveries", "sales.orders", "sales.order_status_changes"):
        when = "created_at - interval '1 year'"
        connection.execute(f"update {table} set created_at = {when} where created_at is not null".encode())
    connection.execute("set local session_replication_role = origin; set local sales.correcting = ''")


def test_one_statement_rotates_a_secret_everywhere(server: Server) -> None:
    """Before the switch, after it, and after contract; orders of a lineage share the secret."""
    key = KEY
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for phase in ("backfill", "switch", CONTRACT):
            take(connection, steps(PROPOSED), phase)
            if phase == "switch":
                made = value(connection, "select sales.recreate(1002)")
                assert value(connection, OLD.format("orders").replace("1002", str(made))) == key
            assert connection.execute(ROTATE.encode(), [f"{key}-2", key]).rowcount == 1
            key += "-2"
            sides = [OLD.format("orders"), NEW]
            if phase != CONTRACT:
                sides.append(OLD.format("public.orders" if phase == "backfill" else "migration.orders"))
                sides.append(OLD.format("sales_old.orders" if phase == "backfill" else "public.orders"))
                assert verify(connection, nothing).equal
            assert {value(connection, side) for side in sides} == {key}
            if phase != "backfill":
                assert value(connection, OLD.format("orders").replace("1002", str(made))) == key


def test_hidden_secrets_do_not_come_back(server: Server, tmp_path: Path) -> None:
    """The old view shows references, which can be written back; what is written in clear is stored as a reference."""
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "switch")
        with pytest.raises(errors.ObjectNotInPrerequisiteState, match="secrets cannot be hidden before contract"):
            connection.execute("call sales_old.hide_secrets()")
        take(connection, steps(PROPOSED), CONTRACT)
        emails = "select array_agg(delivery_script_args::text) from orders where order_id in (1001, 1007)"
        before = value(connection, emails)
        with psycopg.connect(dsn) as busy:
            busy.execute("select sales.delivery(2, 'custom_crm', '{\"api-key\": \"k-busy\"}')")
            with pytest.raises(errors.LockNotAvailable):
                connection.execute("call sales_old.hide_secrets()")
            busy.rollback()
        assert value(connection, "call sales_old.hide_secrets()") == 2
        assert value(connection, "call sales_old.hide_secrets()") == 0
        reference = value(connection, OLD.format("orders"))
        assert reference.startswith("secret-ref:sales/")
        assert value(connection, NEW) == KEY
        assert value(connection, emails) == before
        # the old job writes what it reads
        number, text = connection.execute(ORDER.encode(), [f'{{"api-key": "{reference}"}}']).fetchone() or (0, "")
        same = "select count(distinct delivery_id) from sales.orders where order_id in (1002, %s)"
        assert (value(connection, same, number), reference in text) == (1, True)
        # a key that is stored already, and one that is new
        for key in (KEY, "k-new"):
            number, text = connection.execute(ORDER.encode(), [f'{{"api-key":  "{key}"}}']).fetchone() or (0, "")
            assert value(connection, same, number) == (1 if key == KEY else 2)
            assert value(connection, NEW.replace("1002", str(number))) == key
            shown = value(connection, OLD.format("orders").replace("1002", str(number)))
            assert shown.startswith("secret-ref:sales/")
        connection.execute(
            "update orders set delivery_script_args = %s where order_id = 1002", ['{"api-key": "k-updated"}']
        )
        assert value(connection, NEW) == "k-updated"
        # a new application's
        connection.execute(
            "update sales.orders set delivery_id = sales.delivery(2, 'custom_crm', '{\"api-key\": \"k-app\"}')"
            " where order_id = 1002"
        )
        assert connection.execute(ROTATE.encode(), ["k-rotated", "k-app"]).rowcount == 1
        assert value(connection, NEW) == "k-rotated"
        texts = value(connection, "select string_agg(t::text, ' ') from sales_old.delivery_texts as t")
        assert not [key for key in (KEY, "k-new", "k-updated", "k-app", "k-rotated") if key in texts]
        with pytest.raises(errors.CheckViolation):
            connection.execute('update sales_old.delivery_texts set args_text = \'{"token": "x"}\'')
        document = run(dsn, tmp_path, Options(suites=("proposed",), lint=False, profile=False))
        statuses = {it["rule"]: it["status"] for it in document["results"] if it["rule"].startswith("secrets.")}
        assert statuses == {
            "secrets.original_says_the_same": "passed",
            "secrets.reference_leads_to_secret": "passed",
            "secrets.secret_is_referred_to": "passed",
        }


def test_hiding_secrets_goes_on_where_it_was(server: Server) -> None:
    """Batches lock only their rows. Between them no new secret is stored, and a rotated one is hidden at once."""
    count = "select count(*) from sales_old.delivery_texts as t where sales.holds_secret(t.args_text::jsonb)"
    last = "select * from sales_old.delivery_texts order by delivery_id desc limit 1"
    with servers.database(server, "sample") as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        take(connection, steps(PROPOSED), CONTRACT)
        connection.execute(
            "select sales.delivery(2, 'custom_crm', jsonb_build_object('api-key', 'k-' || n))"
            " from generate_series(1, 600) as n"
        )
        with psycopg.connect(dsn) as busy:
            busy.execute("lock table sales.deliveries in access exclusive mode")
            with pytest.raises(errors.LockNotAvailable):
                connection.execute("call sales_old.hide_secrets()")
            busy.rollback()
            busy.execute(f"{last} for update".encode())
            assert strong_locks_while_waiting(connection, dsn) == set()
            left = value(connection, count)
            assert 0 < left < 200  # of 602 texts, a batch of 500 is done
            # while the rest has secrets: a new one, an old application's, a rotation
            connection.execute("select sales.delivery(2, 'custom_crm', '{\"api-key\": \"k-later\"}')")
            connection.execute(ORDER.encode(), ['{"api-key":  "k-old"}'])
            assert connection.execute(ROTATE.encode(), ["k-599-2", "k-599"]).rowcount == 1
            assert value(connection, count) == left - 1
            busy.rollback()
        assert value(connection, "call sales_old.hide_secrets()") == left - 1
        assert value(connection, "call sales_old.hide_secrets()") == value(connection, count) == 0
        assert value(
            connection, "select convalidated from pg_constraint where conname = 'delivery_texts_hold_no_secret'"
        )
        assert (
            value(
                connection,
                "select count(*) from pg_trigger where tgrelid = 'sales_private.secrets'::regclass"
                " and tgname = 'write_text'",
            )
            == 0
        )
        take(connection, steps(PROPOSED), RETIRE)


def strong_locks_while_waiting(connection: psycopg.Connection, dsn: str) -> set[str]:
    """Which tables a batch has locked more strongly than a writer does, while it waits for a row, until it gives up."""
    weak = ("AccessShareLock", "RowShareLock", "RowExclusiveLock")
    with ThreadPoolExecutor(1) as pool, psycopg.connect(dsn, autocommit=True) as hiding:
        for _ in range(20):
            call = pool.submit(hiding.execute, "call sales_old.hide_secrets()")
            while not call.done():
                rows = connection.execute(
                    "select l.relation::regclass::text, l.mode from pg_locks as l where l.pid = %s and l.granted"
                    " and l.locktype = 'relation'"
                    " and exists (select from pg_locks as w where w.pid = l.pid and not w.granted)",
                    [hiding.info.backend_pid],
                ).fetchall()
                if rows:
                    break
            with pytest.raises(errors.LockNotAvailable):
                call.result()
            if rows:
                assert ("sales_old.delivery_texts", "RowExclusiveLock") in rows
                return {name for name, mode in rows if mode not in weak}
    raise AssertionError("no wait was seen")


def test_secrets_of_closed_lineages_are_forgotten(contracted: str) -> None:
    """Only after the time, only if no order of the lineage is live, and once."""
    forget = "select sales_private.forget_secrets('90 days')"
    with rolled_back(contracted) as connection:
        connection.execute("update sales.orders set order_status = 'paused' where order_id = 1008")
        age(connection)
        assert value(connection, forget) == 0
        connection.execute("update sales.orders set order_status = 'cancelled' where order_id = 1008")
        assert value(connection, forget) == 0  # it was live until now
        age(connection)
        assert value(connection, forget) == 1
        assert value(connection, NEW) == KEY
        old = "select delivery_script_args ->> 'api-key' from orders where order_id = 1008"
        assert value(connection, old).startswith("secret-ref:sales/")
        assert value(connection, forget) == 0
        # the lineage goes on: its secret is needed
        made = value(connection, "select sales.recreate(1002)")
        assert made
        age(connection)
        assert value(connection, forget) == 0
        connection.execute("update sales.orders set order_status = 'expired' where order_id = %s", [made])
        age(connection)
        assert value(connection, forget) == 1
        assert value(connection, NEW) is None
        assert value(connection, "select count(*) from sales_private.secrets where secret is not null") == 0


@pytest.mark.parametrize("interval", ["-1 day", None])
def test_a_time_must_be_given(contracted: str, interval: str | None) -> None:
    with rolled_back(contracted) as connection, pytest.raises(errors.InvalidParameterValue):
        connection.execute("select sales_private.forget_secrets(%s)", [interval])


def test_locked_deliveries_keep_their_secrets(contracted: str) -> None:
    """An order that takes a delivery at the moment keeps it and its secret."""
    with psycopg.connect(contracted) as busy, rolled_back(contracted) as connection:
        age(connection)
        busy.execute("select from sales.deliveries where args ->> 'api-key' is not null for key share")
        connection.execute("set local lock_timeout = '1s'")
        assert value(connection, "select sales_private.forget_secrets('90 days')") == 0
        busy.rollback()
        assert value(connection, "select sales_private.forget_secrets('90 days')") == 1


def test_unused_deliveries_and_secrets_are_deleted(contracted: str) -> None:
    with rolled_back(contracted) as connection:
        connection.execute("select sales.delivery(2, 'custom_crm', '{\"api-key\": \"k-unused\"}')")
        connection.execute("insert into sales_private.secrets (customer_id, secret) values (2, 'k-left')")
        rows = "select count(*) from sales.orders join sales.deliveries using (delivery_id)"
        before = value(connection, rows)
        assert connection.execute("select * from sales_private.forget_unused()").fetchone() == (0, 0)  # too young
        age(connection)
        assert connection.execute("select * from sales_private.forget_unused()").fetchone() == (1, 2)
        assert value(connection, rows) == before
        assert value(connection, "select count(*) from sales_private.secrets where secret like 'k-%%'") == 0


def test_nothing_is_forgotten_during_the_migration(sample: str) -> None:
    """A rollback could not give it back."""
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "backfill")
    with pytest.raises(errors.ObjectNotInPrerequisiteState, match="secrets cannot be forgotten before contract"):
        one(sample, "select sales_private.forget_secrets('90 days')")
