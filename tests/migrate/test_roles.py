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
from tests.migrate.steps import nothing, one, take
from tests.migrate.with_roles import ROLES, database, session
from tests.support import servers
from tests.support.results import run

pytestmark = pytest.mark.both_versions

#: All privileges of a role on the objects of the migration, by the server: those of PUBLIC and of columns included.
PRIVILEGES = """
with home as (
  select n.oid, n.nspname from pg_namespace as n
  where n.nspname in ('sales', 'sales_private', 'sales_old', 'migration', 'public')
), relation as (
  select c.oid, c.relkind, format('%%s.%%s', h.nspname, c.relname) as name
  from pg_class as c join home as h on h.oid = c.relnamespace where c.relkind in ('r', 'v', 'S')
), whole as (
  select r.name, p.privilege, has_table_privilege(%(role)s, r.oid, p.privilege) as has
  from (select * from relation where relkind <> 'S' offset 0) as r,
    (values ('select'), ('insert'), ('update'), ('delete'), ('truncate'), ('references'), ('trigger'))
      as p (privilege)
)
select lower(p) || ' on schema ' || h.nspname
from home as h, unnest('{usage,create}'::text[]) as p
where h.nspname <> 'public' and has_schema_privilege(%(role)s, h.oid, p)
union all
select 'create in the database' where has_database_privilege(%(role)s, current_database(), 'create')
union all
select w.privilege || ' ' || w.name from whole as w where w.has
union all
select format('%%s %%s (%%s)', w.privilege, w.name, string_agg(a.attname, ', ' order by a.attnum))
from whole as w
join relation as r on r.name = w.name
join pg_attribute as a on a.attrelid = r.oid and a.attnum > 0
where not w.has and w.privilege in ('select', 'insert', 'update', 'references')
  and has_column_privilege(%(role)s, r.oid, a.attnum, w.privilege)
group by w.privilege, w.name
union all
select 'sequence ' || r.name from relation as r
where case when r.relkind = 'S' then has_sequence_privilege(%(role)s, r.oid, 'usage, select, update') end
union all
select 'execute ' || p.oid::regprocedure
from pg_proc as p join home as h on h.oid = p.pronamespace
where (p.provolatile = 'v' or p.prosecdef) and has_function_privilege(%(role)s, p.oid, 'execute')
"""
#: What each role may do. `select sales.*` is each table and view of the schema.
EXPECTED = {
    "sales_app": {
        "usage on schema sales",
        "select sales.*",
        "insert sales.customers (name)",
        "update sales.customers (name)",
        "insert sales.contacts (customer_id, name, email, phone, is_main)",
        "update sales.contacts (name, email, phone, is_main)",
        "delete sales.contacts",
        "insert sales.addresses (customer_id, street, state_code, is_main)",
        "update sales.addresses (street, state_code, is_main)",
        "delete sales.addresses",
        "insert sales.schedules (half_hours)",
        "insert sales.orders (customer_id, schedule_id, delivery_id, amount, order_status)",
        "update sales.orders (schedule_id, delivery_id, amount, order_status)",
        "insert sales.ledger_entries (customer_id, amount, reason, order_id)",
        "execute sales.delivery(bigint,text,jsonb)",
    },
    "sales_job": {
        "usage on schema sales",
        "select sales.orders_due",
        "select sales.orders (order_id, customer_id, first_ancestor_id, amount, order_status)",
        "select sales.customers (customer_id, balance)",
        "execute sales.recreate_due(date)",
        "execute sales.recreate_for_customer(bigint,date)",
    },
    "sales_reader": {"usage on schema sales", "select sales.*"},
    "sales_auditor": {
        "usage on schema sales",
        "select sales.*",
        "usage on schema sales_private",
        "select sales_private.secrets (secret_id, customer_id, mark, created_at, updated_at)",
    },
    # a role without any
    "stranger": set[str](),
}
#: What the auditor reads besides while there are old applications.
WHILE_MIGRATING = {
    "usage on schema sales_old",
    "usage on schema migration",
    "select sales_old.delivery_texts",
    "select sales_private.secrets",
    "select migration.quarantined_customer",
    "select migration.quarantined_order",
}
#: Refused to each role, for want of a privilege.
REFUSED = {
    "sales_app": [
        "select sales.recreate(1001)",
        "call sales.recreate_due()",
        "select * from sales_private.secrets",
        "select * from sales_old.delivery_texts",
        "select sales_private.grant_roles()",
        "update sales.customers set balance = balance + 1",
        "update sales.ledger_entries set amount = 1",
        "delete from sales.ledger_entries",
        "delete from sales.orders",
        "delete from sales.customers",
        "insert into sales.recreations (order_id) values (1001)",
        "update sales.recreations set amount = 1",
        "insert into sales.order_status_changes (order_id) values (1001)",
        "insert into sales.orders (customer_id, amount, origin) values (1, 1, 'migrated')",
        "insert into sales.orders (customer_id, amount, first_ancestor_id) values (1, 1, 1001)",
        "insert into sales.ledger_entries (customer_id, amount, created_at) values (1, 1, null)",
        "update sales.schedules set half_hours = '{[0,1)}'",
        "update sales.deliveries set script_name = 'bulk_delivery'",
        "truncate sales.contacts",
        "select * from migration.quarantined_customer",
        "create table sales.notes (note text)",
    ],
    "sales_job": [
        "select sales.recreate(1001)",
        "select sales.delivery(1, 'bulk_delivery', null)",
        "select name from sales.customers",
        "select * from sales.contacts",
        "select delivery_id from sales.orders",
        "update sales.orders set order_status = 'recreated'",
        "insert into sales.orders (customer_id, amount) values (1, 1)",
        "select * from sales_private.secrets",
    ],
    "sales_reader": [
        "insert into sales.customers (name) values ('x')",
        "update sales.contacts set name = 'x'",
        "delete from sales.contacts",
        "select sales.delivery(1, 'bulk_delivery', null)",
        "call sales.recreate_due()",
        "select * from sales_private.secrets",
        "select * from sales_old.orders",
    ],
    "sales_auditor": [
        "update sales.contacts set name = 'x'",
        "insert into sales.customers (name) values ('x')",
        "update sales_private.secrets set secret = 'x'",
        "delete from migration.quarantined_order",
        "select * from migration.customers",
        "select sales_private.grant_roles()",
        "call sales.recreate_due()",
    ],
}
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


def privileges(dsn: str, role: str) -> set[str]:
    """What a role may do, with the reading of all of the schema sales as one."""
    with psycopg.connect(dsn) as connection:
        found = {str(it) for (it,) in connection.execute(PRIVILEGES.encode(), {"role": role})}
        tables = connection.execute(
            "select 'select sales.' || relname from pg_class"
            " where relnamespace = 'sales'::regnamespace and relkind in ('r', 'v')"
        )
        everything = {str(it) for (it,) in tables}
    return found - everything | {"select sales.*"} if everything <= found else found


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
        connection.execute("drop owned by sales_app, sales_job, sales_reader, sales_auditor")
        connection.execute("drop schema sales_old cascade")
        assert connection.execute("select sales_private.grant_roles()").fetchone() == ([],)
        for role in ROLES:
            assert privileges(migrated, role) == EXPECTED[role]
        connection.execute("create table sales.notes (note text)")
        connection.execute("create function sales.note() returns void language sql volatile as 'select'")
        for role in ROLES:
            assert ("select sales.*" in privileges(migrated, role)) == (role != "sales_job")
            # of PUBLIC, as for each new function, until the next call
            assert "execute sales.note()" in privileges(migrated, role)
        connection.execute("select sales_private.grant_roles()")
        for role in ROLES:
            assert privileges(migrated, role) == EXPECTED[role]
