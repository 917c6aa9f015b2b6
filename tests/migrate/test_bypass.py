"""Settings of a role that may write everything, but is not the owner: they do not bypass the synchronisation."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import CONTRACT, steps
from tests.migrate.steps import take
from tests.migrate.with_roles import database, session


def _statements(text: str) -> list[str]:
    return text.strip().split(";\n")


#: Settings that the owner's functions use, as another role might set them.
SETTINGS = [
    ["migration.direction = opening_balances"],
    ["migration.direction = to_new", "sales.correcting = 'on'"],
    ["migration.direction = to_old", "sales.correcting = 'on'"],
]
#: Gets another number.
NUMBERED = """\
insert into sales.ledger_entries (customer_id, entry_number, balance_before, amount, balance_after)
values (1, 77, 0, 5, 5)"""
#: Writes of both sides.
ALLOWED = _statements("""
insert into sales.customers (name) values ('n');
update sales.customers set name = name || '+' where customer_id = 1;
update sales.contacts set phone = '555 010 ' || (1000 + contact_id + length(phone)) where customer_id = 1;
update sales.addresses set street = street || '+' where customer_id = 1;
insert into sales.contacts (customer_id, name, email, is_main) values (1, 'x', 'x@x.example', false);
delete from sales.contacts where email = 'x@x.example';
insert into sales.ledger_entries (customer_id, amount, reason) values (1, 5, 'paid'), (2, -1, 'fee');
insert into sales.orders (customer_id, schedule_id, amount) select 1, min(schedule_id), 7 from sales.schedules;
update sales.orders set amount = amount + 1 where order_id in (1001, 1002);
update sales.orders set order_status = 'paused' where order_id = 1003;
update sales.orders set delivery_id = sales.delivery(2, 'custom_crm', '{"api_key": "k-2"}') where order_id = 1002;
update sales.schedules set half_hours = case
  when half_hours @> 0 then half_hours - '{[0,1)}' else half_hours + '{[0,1)}' end where schedule_id = 1;
update sales_private.secrets set secret = secret || '+';
select sales.recreate((select min(order_id) from sales.orders_due));
call sales.recreate_due();
insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)
select 'o', 'o' || max(customer_id) || '@o.example', 'o', 'o', 'CA' from customers;
update customers set customer_balance = customer_balance + 1, customer_phone = '555 010 2222' where customer_id = 1;
update customers set customer_balance = customer_balance + 1, customer_name = 'z' where customer_id in (2, 3);
with n as (select nextval('orders_order_id_seq')::integer as id)
insert into orders (order_id, order_ref, customer_id, order_amount, delivery_script_name, delivery_script_args)
select id, id, 1, 3, 'custom_crm', '{"api_key": "k-1"}' from n;
update orders set order_amount = order_amount + 1, order_status = 'active' where order_id in (1001, 1004);
update orders set delivery_script_args = '{"api_key": "k-3"}' where order_id = 1002;
delete from orders where order_id = (select max(order_id) from orders)
""")
#: Past the ledger and past the records.
REFUSED = _statements("""
update sales.customers set balance = balance + 1, entry_number = entry_number + 1 where customer_id = 1;
update sales.ledger_entries set amount = amount + 1, balance_after = balance_after + 1 where customer_id = 1;
delete from sales.ledger_entries where customer_id = 2;
update sales.recreations set balance = balance + 1;
insert into sales.order_status_changes values (1001, 9, 'active', 'paused', now());
update sales.orders set origin = 'migrated', initial_amount = 1, created_at = null where order_id = 1001
""")
RIGHTS = """
grant select, insert, update, delete on all tables in schema sales, public to writer;
grant usage on all sequences in schema public to writer;
grant usage on schema sales, sales_private to writer;
grant select, insert, update on sales_private.secrets to writer;
grant execute on all routines in schema sales to writer
"""
#: Differences between the sides, and within the new one.
DIFFERENT = """
select array(
  select format('%s %s', s.tab, s.id) from migration.comparable_row as s
  group by s.tab, s.id having count(*) <> 2 or min(s.line) <> max(s.line)
  union all
  select format('%s %s: %s', i.tab, i.id, i.difference) from migration.differing_inside as i
  union all
  select format('schedule %s', s.schedule_id) from migration.differing_schedules as s
)
"""
#: Ledgers that are not numbered from 1 to the customer's number, or do not add up.
WRONG = """
select array(
  select c.customer_id from sales.customers as c
  left join (
    select e.customer_id, count(*) as entries, max(e.entry_number) as last, sum(e.amount) as balance
    from sales.ledger_entries as e group by e.customer_id
  ) as e on e.customer_id = c.customer_id
  where (coalesce(e.entries, 0), coalesce(e.last, 0), coalesce(e.balance, 0))
    <> (c.entry_number, c.entry_number, c.balance)
)
"""


@pytest.mark.parametrize("phase", ["backfill", pytest.param("switch", marks=pytest.mark.both_versions), CONTRACT])
def test_settings_bypass_nothing(server: Server, phase: str) -> None:
    """With the old tables, with the views, and with the new tables alone."""
    with database(server, "sample", "writer") as dsn, psycopg.connect(dsn, autocommit=True) as owner:
        take(owner, steps(PROPOSED), phase)
        owner.execute(RIGHTS)
        owner.execute("set extra_float_digits = 1")
        without_effect, refused = set(ALLOWED), []
        for settings in SETTINGS:
            with session(dsn, "writer", *settings) as connection:
                for write in (*ALLOWED, NUMBERED, *REFUSED):
                    try:
                        if connection.execute(write.encode()).rowcount:
                            without_effect.discard(write)
                    except psycopg.Error:
                        refused.append(write)
                    for query in (WRONG,) if phase == CONTRACT else (WRONG, DIFFERENT):
                        assert owner.execute(query.encode()).fetchone() == ([],), (settings, write)
        assert not without_effect
        assert refused == REFUSED * len(SETTINGS)


@pytest.mark.both_versions
def test_who_could_bypass_it_needs_more(server: Server) -> None:
    """Disabling triggers needs a superuser or the owner."""
    with database(server, "sample", "writer") as dsn:
        with psycopg.connect(dsn, autocommit=True) as owner:
            take(owner, steps(PROPOSED), "synchronise")
            owner.execute(RIGHTS)
        with session(dsn, "writer") as connection:
            for statement in (
                "set session_replication_role = replica",
                "alter table sales.ledger_entries disable trigger all",
                "alter table sales.customers disable trigger to_old",
                "drop trigger number_entry on sales.ledger_entries",
                "truncate sales.ledger_entries",
                "select migration.copy_orders_to_new('{1001}')",
            ):
                with pytest.raises(errors.InsufficientPrivilege):
                    connection.execute(statement.encode())


#: Functions with the owner's privileges that neither set a direction nor clear it, with the reason for each.
WITHOUT_DIRECTION = {
    "sales.number_entry": "the trigger clear_direction has cleared it",
    "sales.recreate": "sales.lock_customer has cleared it",
    "sales.recreate_for_customer": "sales.lock_customer has cleared it",
    "sales.delivery": "no trigger copies a new delivery",
    "sales.receive_args": "no trigger copies a new secret",
    "sales.write_status_change": "no trigger copies a history",
    "sales.detach_entries": "no trigger copies the order of an entry",
    "sales_old.give_id": "it writes no row",
    "sales_old.write_bits": "no trigger copies a schedule's bits",
    "sales_old.write_secret": "the trigger on its table has no condition",
    "sales_old.write_text": "no trigger copies a new text",
    "migration.copy_pending_customer": "it calls migration.copy_to_new",
    "migration.round_drift": "it writes no row",
}


def test_no_function_lends_its_privileges_to_the_setting_of_its_caller(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        take(connection, steps(PROPOSED), "switch")
        found = connection.execute(
            "select pronamespace::regnamespace || '.' || proname from pg_proc"
            " where pronamespace::regnamespace::text in ('sales', 'sales_private', 'sales_old', 'migration')"
            " and prosecdef and not coalesce(array_to_string(proconfig, ' ') like '%migration.direction=%', false)"
        ).fetchall()
    assert {name for (name,) in found} == set(WITHOUT_DIRECTION)


@pytest.mark.both_versions
def test_an_old_application_needs_no_new_privilege(server: Server) -> None:
    """Each write in a session of its own: a function's plan would keep the names that the owner has found."""
    writes = [it for it in ALLOWED if "sales" not in it]
    assert len(writes) == 7
    with database(server, "sample", "writer") as dsn, psycopg.connect(dsn, autocommit=True) as owner:
        owner.execute("grant select, insert, update, delete on customers, orders to writer")
        owner.execute("grant usage on all sequences in schema public to writer")
        for phase in ("synchronise", "switch", CONTRACT):
            take(owner, steps(PROPOSED), phase)
            for write in writes:
                with session(dsn, "writer") as connection:
                    assert connection.execute(write.encode()).rowcount > 0
