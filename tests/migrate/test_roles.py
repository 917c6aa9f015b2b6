"""The roles of the proposed schema: what each may do, exactly, and tries of what it may and may not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo, errors

from order_audit.audit.database.server import Server
from order_audit.audit.run import Options
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.monitoring import alerts, raised
from tests.migrate.privileges import EXPECTED, REFUSED, WHILE_MIGRATING, privileges
from tests.migrate.steps import nothing, one, take
from tests.migrate.with_roles import ROLES, database, session
from tests.support import servers
from tests.support.results import run

pytestmark = pytest.mark.both_versions

#: What an application does: a customer with everything that an order needs, and changes of it.
APPLICATION = """
with made as (insert into sales.customers (name) values ('New & Co') returning customer_id),
  contact as (insert into sales.contacts (customer_id, name, email) select customer_id, 'N', 'n@new.example' from made),
  address as (
    insert into sales.addresses (customer_id, street, state_code) select customer_id, '1 Street', 'AK' from made
  )
insert into sales.ledger_entries (customer_id, amount, reason) select customer_id, 900, 'paid' from made;
insert into sales.schedules (half_hours) values ('{[0,2)}');
insert into sales.orders (customer_id, schedule_id, amount, order_status, delivery_id)
select c.customer_id, (select max(s.schedule_id) from sales.schedules as s), 100, 'active',
  sales.delivery(c.customer_id, 'custom_crm', '{"api_key": "k-app"}')
from sales.customers as c where c.name = 'New & Co';
update sales.orders as o set amount = 120, order_status = 'paused'
from sales.customers as c where c.name = 'New & Co' and o.customer_id = c.customer_id;
insert into sales.ledger_entries (customer_id, amount, reason, order_id)
select o.customer_id, -120, 'fee', o.order_id
from sales.customers as c join sales.orders as o using (customer_id) where c.name = 'New & Co';
insert into sales.contacts (customer_id, name, email, is_main)
select customer_id, 'M', 'm@new.example', false from sales.customers where name = 'New & Co';
update sales.contacts set name = 'Mm' where email = 'm@new.example';
delete from sales.contacts where email = 'm@new.example'
"""


@pytest.fixture(scope="module")
def migrated(server: Server) -> Iterator[str]:
    """The sample data after the switch, which the tests below change by committed writes of applications only."""
    with database(server, "sample", "stranger") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            take(connection, steps(PROPOSED), "switch")
        yield dsn


@pytest.mark.parametrize("role", EXPECTED)
def test_a_role_may_do_what_is_listed_and_nothing_else(migrated: str, role: str) -> None:
    """All tables, columns, sequences, schemas, and functions that write."""
    expected = EXPECTED[role]
    if role == "sales_auditor":
        expected = {it for it in expected if "(" not in it} | WHILE_MIGRATING
    assert privileges(migrated, role) == expected


@pytest.mark.parametrize("role", REFUSED)
def test_a_role_may_not(migrated: str, role: str) -> None:
    with session(migrated, role) as connection:
        for statement in REFUSED[role]:
            with pytest.raises(errors.InsufficientPrivilege):
                connection.execute(statement.encode())


def test_an_application_writes_and_reads(migrated: str) -> None:
    with session(migrated, "sales_app") as connection:
        connection.execute(APPLICATION.encode())
        row = connection.execute(
            "select c.balance, o.amount, o.order_status, d.args->>'api_key' ~ '^secret-ref:' from sales.customers as c"
            " join sales.orders as o using (customer_id) join sales.deliveries as d using (delivery_id)"
            " where c.name = 'New & Co'"
        ).fetchone()
    assert row == (780, 120, "paused", True)
    with psycopg.connect(migrated, autocommit=True) as connection:
        assert verify(connection, nothing).equal


def test_the_job_recreates_and_sees_what_is_due(migrated: str) -> None:
    with session(migrated, "sales_job") as connection:
        due = connection.execute("select count(*) from sales.orders_due").fetchone()
        connection.execute("call sales.recreate_due()")
    assert due is not None
    assert due[0] > 0
    assert one(migrated, "select count(*) from sales.recreations") == due[0]
    with psycopg.connect(migrated, autocommit=True) as connection:
        assert verify(connection, nothing).equal


def test_a_reader_reads(migrated: str) -> None:
    with session(migrated, "sales_reader") as connection:
        for view in ("orders_due", "schedule_ranges", "contacts", "ledger_entries", "recreations"):
            connection.execute(f"select * from sales.{view}".encode())


def test_who_delivers_reads_secrets_without_an_alert(migrated: str) -> None:
    """A live order of this half-hour, its script and arguments, and the secret to which these refer."""
    (alert,) = (it for it in alerts() if it.name == "secrets_are_readable")
    with session(migrated, "sales_delivery") as connection:
        found = connection.execute(
            "select o.order_id, d.script_name, s.secret from sales.orders as o"
            " join sales.schedule_ranges using (schedule_id) join sales.deliveries as d using (delivery_id)"
            " cross join lateral jsonb_each_text(d.args) as a (key, value)"
            " join sales_private.secrets as s on a.value = 'secret-ref:sales/' || s.secret_id"
            " where o.order_status = 'active'"
        ).fetchall()
    assert found
    assert all(secret and "secret-ref" not in secret for *_, secret in found)
    with psycopg.connect(migrated) as connection:
        assert raised(connection, alert) == []
        connection.execute("grant select on sales_old.delivery_texts to sales_delivery")
        connection.execute("grant select (secret) on sales_private.secrets to sales_app")
        assert raised(connection, alert) == [
            "secrets_are_readable: role sales_app may read secrets: sales_private.secrets",
            "secrets_are_readable: role sales_delivery may read secrets: sales_old.delivery_texts",
        ]
        connection.rollback()


def test_an_auditor_runs_the_whole_suite(server: Server, migrated: str, tmp_path: Path) -> None:
    """During the migration, and on the new schema alone, where it reads no secret."""
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute("alter role sales_auditor login")
    with servers.database(server, "schema") as alone:
        with psycopg.connect(alone, autocommit=True) as connection:
            take(connection, steps(PROPOSED), "expand")
        assert privileges(alone, "sales_auditor") == EXPECTED["sales_auditor"]
        for dsn, skipped in ((migrated, 0), (alone, 5)):
            as_auditor = conninfo.make_conninfo(dsn, user="sales_auditor")
            document = run(as_auditor, tmp_path, Options(suites=("proposed",), lint=False, profile=False))
            statuses = [it["status"] for it in document["results"]]
            assert set(statuses) <= {"passed", "failed", "skipped"}, document["results"]
            assert statuses.count("skipped") == skipped


def test_roles_that_come_late_get_the_same(migrated: str) -> None:
    """Without old applications, the auditor reads no secret. Those who read the schema read what the owner adds."""
    with psycopg.connect(migrated, autocommit=True) as connection:
        take(connection, steps(PROPOSED), CONTRACT)
        connection.execute(f"drop owned by {', '.join(ROLES)}".encode())
        connection.execute("drop schema sales_old cascade")
        assert connection.execute("select sales_private.grant_roles()").fetchone() == ([],)
        for role in ROLES:
            assert privileges(migrated, role) == EXPECTED[role]
        connection.execute("create table sales.notes (note text)")
        connection.execute("create function sales.note() returns void language sql volatile as 'select'")
        for role in ROLES:
            assert ("select sales.*" in privileges(migrated, role)) == (role not in ("sales_job", "sales_delivery"))
            # of PUBLIC, as for each new function, until the next call
            assert "execute sales.note()" in privileges(migrated, role)
        connection.execute("select sales_private.grant_roles()")
        for role in ROLES:
            assert privileges(migrated, role) == EXPECTED[role]
