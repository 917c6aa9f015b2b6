"""What each role of the proposed schema may do, exactly, and statements that are refused to it."""

from __future__ import annotations

from typing import Final

import psycopg

#: All privileges of a role on the objects of the migration, by the server: those of PUBLIC and of columns included.
_PRIVILEGES: Final = """
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
EXPECTED: Final = {
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
    "sales_delivery": {
        "usage on schema sales",
        "usage on schema sales_private",
        "select sales.orders (order_id, customer_id, schedule_id, delivery_id, order_status)",
        "select sales.deliveries",
        "select sales.schedules",
        "select sales.schedule_ranges",
        "select sales_private.secrets (secret_id, secret)",
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
WHILE_MIGRATING: Final = {
    "usage on schema sales_old",
    "usage on schema migration",
    "select sales_old.delivery_texts",
    "select sales_private.secrets",
    "select migration.quarantined_customer",
    "select migration.quarantined_order",
}
#: Refused to each role, for want of a privilege.
REFUSED: Final = {
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
    "sales_delivery": [
        "select amount from sales.orders",
        "select balance from sales.customers",
        "select * from sales.contacts",
        "select mark from sales_private.secrets",
        "update sales_private.secrets set secret = 'x'",
        "delete from sales_private.secrets",
        "select * from sales_old.delivery_texts",
        "update sales.orders set order_status = 'paused'",
        "select sales.delivery(1, 'bulk_delivery', null)",
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


def privileges(dsn: str, role: str) -> set[str]:
    """What a role may do, with the reading of all of the schema sales as one."""
    with psycopg.connect(dsn) as connection:
        found = {str(it) for (it,) in connection.execute(_PRIVILEGES.encode(), {"role": role})}
        tables = connection.execute(
            "select 'select sales.' || relname from pg_class"
            " where relnamespace = 'sales'::regnamespace and relkind in ('r', 'v')"
        )
        everything = {str(it) for (it,) in tables}
    return found - everything | {"select sales.*"} if everything <= found else found
