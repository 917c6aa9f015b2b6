"""Objects that depend on the old tables: the plan lists them, some stop the migration, and others block its end."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.dependents import dependents, retire_dependents
from tests.migrate.migrating import migrate, rows, shape
from tests.support import servers
from tests.support.clients import psql

CONTRACT: Path = PROPOSED / "contract" / "deploy" / "contract.sql"

#: Objects that the steps before `contract` leave alone, and the statement that removes each before it.
DEPENDENTS = {
    "foreign key leads_order_id_fkey on leads": "alter table leads drop constraint leads_order_id_fkey",
    "view spending": "drop view spending",
    "materialized view live": "drop materialized view live",
    "function orders_of(integer)": "drop function orders_of(integer)",
    "function all_orders()": "drop function all_orders()",
    "trigger counts on orders": "drop trigger counts on migration.orders",
    "policy own_rows on orders": "drop policy own_rows on migration.orders",
    "policy known on leads": "drop policy known on leads",
}
CREATE = """
create table leads (lead_id integer primary key, order_id integer references orders);
create table counted (times integer);
insert into counted values (0);
create view spending as
  select c.customer_name, sum(o.order_amount) as amount
  from orders as o join customers as c using (customer_id) group by 1;
create materialized view live as select order_id from orders where order_status = 'active';
create function orders_of(the_customer integer) returns bigint
  begin atomic select count(*) from public.orders as o where o.customer_id = the_customer; end;
create function all_orders() returns setof orders language sql as 'select * from public.orders';
create function named() returns bigint language plpgsql as 'begin return (select count(*) from public.orders); end';
create function count_it() returns trigger language plpgsql as
  'begin update public.counted set times = times + 1; return new; end';
create trigger counts before insert or update of order_status on orders for each row execute function count_it();
create policy own_rows on orders using (customer_id = 1);
create policy known on leads using (exists (select from orders as o where o.order_id = leads.order_id));
"""


@pytest.mark.both_versions
def test_dependents_are_listed_migrated_and_named_at_the_end(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(CREATE)
        connection.execute("grant select, truncate on orders to pg_monitor; grant select on customers to public")
        planned = migrate(sample, "plan", "--quiet")
        for name in DEPENDENTS:
            assert f"\n  {name} (" in planned
        assert "view spending (customers, orders)" in planned
        assert "function named() (orders)\n    switch: has the name in its text" in planned
        assert "SELECT, TRUNCATE to pg_monitor (orders)\n    switch: is granted on the view, without TRUNC" in planned
        assert "grant SELECT to public (customers)\n    switch: is granted on the view\n" in planned
        assert "cannot begin" not in planned

        migrate(sample, "run", "--quiet")
        # what the plan says of the switch is true
        connection.execute("insert into leads values (1, 1001)")
        with pytest.raises(errors.ForeignKeyViolation):
            connection.execute("insert into leads values (2, 99)")
        with pytest.raises(errors.ForeignKeyViolation):
            connection.execute("delete from orders where order_id = 1001")
        connection.execute("insert into sales.orders (customer_id, amount) values (1, 5)")
        connection.execute("insert into orders (order_ref, customer_id, order_amount) values (1001, 1, 6)")
        connection.execute("refresh materialized view live")
        numbers = connection.execute(
            "select count(*), orders_of(1) = count(*) filter (where customer_id = 1), named() = count(*),"
            " (select count(*) from all_orders()) = count(*), (select times from counted)"
            ", (select sum(amount) from spending) = sum(order_amount) from orders"
        ).fetchone()
        assert numbers == (12, True, True, True, 2, True)
        assert connection.execute("select has_table_privilege('pg_monitor', 'orders', 'select')").fetchone() == (True,)
        before = migrate(sample, "plan", "--quiet")
        for name in DEPENDENTS:
            assert f"\n  {name} (" in before

        connection.execute("create publication feed for table migration.orders")
        refused = migrate(sample, "contract", "--drop-old-tables", "--quiet", code=3)
        by_hand = psql(sample, CONTRACT)
        assert by_hand.returncode != 0
        for name in (*DEPENDENTS, "publication feed"):
            assert f"{name} (blocks it" in refused
            assert f"{name} (blocks it" in by_hand.stderr
        connection.execute("drop publication feed")
        for number, (name, remove) in enumerate(DEPENDENTS.items()):
            if number % 3 == 0:
                assert name in psql(sample, CONTRACT).stderr
            connection.execute(remove.encode())
        # not on the old tables, but on what goes with them
        connection.execute("create view waiting as select order_id from migration.quarantined_order")
        refused = migrate(sample, "contract", "--drop-old-tables", "--quiet", code=3)
        assert "objects depend on the schema migration, which is dropped: view waiting" in refused
        connection.execute("drop view waiting")
        migrate(sample, "contract", "--drop-old-tables", "--quiet")
        assert connection.execute("select named() from leads").fetchone() == (12,)


@pytest.mark.both_versions
def test_the_files_that_find_dependents_run_alone_and_only_read(sample: str) -> None:
    """By any client: what they find is in a setting of the transaction."""
    files = (PROPOSED / "deploy/checks/dependents.sql", PROPOSED / "retire/deploy/checks/dependents.sql")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(CREATE)
        connection.execute("set default_transaction_read_only = on")
        found = {f"{it.kind} {it.name}" for it in dependents(connection)}
        assert DEPENDENTS.keys() - {name.replace("migration.", "") for name in found} == set()
        for file, names in ((files[0], found), (files[1], {it.name for it in retire_dependents(connection)})):
            with connection.transaction():
                connection.execute(file.read_bytes())
                row = connection.execute("select current_setting('migration.dependents')::jsonb").fetchone()
            assert {f"{it['kind']} {it['name']}" if "kind" in it else it["name"] for it in (row or [[]])[0]} == names


#: Statements that create what cannot be migrated, and its name.
STOPS = {
    "create publication feed for table orders": "publication feed: its subscribers would lose",
    "create publication feed for all tables": "publication feed: its subscribers would lose",
    "create publication feed for tables in schema public": "publication feed: its subscribers would lose",
    "create function price(orders) returns integer language sql as 'select $1.order_amount'": (
        "function price(orders): it takes rows of the table"
    ),
    "create table kept (one customers, more orders[])": "object table kept: it uses the type of the table's rows",
    "create rule loud as on delete to customers do also notify customers": "rule loud on customers: it would rewrite",
    "create function f() returns trigger language plpgsql as 'begin return new; end';"
    "create trigger migration_insert before insert on orders for each row execute function f()": (
        "trigger migration_insert on orders: the migration's own trigger has this name"
    ),
}


@pytest.mark.parametrize("create", STOPS)
def test_what_cannot_be_migrated_stops_the_migration_before_it_begins(
    sample: str, server: Server, create: str, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(create.encode())
    dumped = shape(server, sample)
    planned = migrate(sample, "plan", "--quiet", code=3)
    assert "    the migration cannot begin: " in planned
    assert caplog.text == ""  # as where the transaction has gone before its end
    for said in (
        planned,
        migrate(sample, "run", "--quiet", code=3),
        psql(sample, PROPOSED / "deploy/expand.sql").stderr,
    ):
        assert f"the old tables have dependents that the migration would break: {STOPS[create]}" in said
    assert shape(server, sample) == dumped


def test_subscriptions_stop_the_migration(sample: str, server: Server) -> None:
    publisher = servers.new_database(server, "schema")
    with psycopg.connect(publisher, autocommit=True) as connection:
        connection.execute("create publication feed for table orders")
    with psycopg.connect(sample, autocommit=True) as connection:
        words = publisher.replace("'", "''")
        connection.execute(
            f"create subscription reads connection '{words}' publication feed"
            " with (create_slot = false, enabled = false, copy_data = false, slot_name = none)".encode()
        )
        try:
            assert "subscription reads: it writes to the table" in migrate(sample, "run", "--quiet", code=3)
        finally:
            connection.execute("drop subscription reads")


def test_what_comes_later_stops_the_switch(sample: str) -> None:
    before = rows(sample)
    migrate(sample, "run", "--to", "verify", "--quiet")
    switch = PROPOSED / "deploy" / "switch.sql"
    with psycopg.connect(sample, autocommit=True) as connection:
        for create, drop, words in (
            ("create publication feed for table orders", "drop publication feed", "publication feed: its subscribers"),
            (
                "alter table orders enable row level security",
                "alter table orders disable row level security",
                "orders has row-level security, which its view would bypass",
            ),
            (
                "alter sequence orders_order_id_seq owned by none",
                "alter sequence orders_order_id_seq owned by orders.order_id",
                "numbers from a sequence that belongs to the key, as serial makes one: not so orders.order_id",
            ),
        ):
            connection.execute(create.encode())
            assert words in migrate(sample, "run", "--quiet", code=3)
            by_hand = psql(sample, switch)
            assert by_hand.returncode != 0
            assert words in by_hand.stderr
            connection.execute(drop.encode())
    migrate(sample, "run", "--quiet")
    assert rows(sample) == before


def test_a_rollback_names_what_it_drops(sample: str, server: Server) -> None:
    before, dumped = rows(sample), shape(server, sample)
    migrate(sample, "run", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(
            """
            create view recent as select order_id from orders;
            create view names as select name from sales.customers;
            create table visits (order_id bigint references sales.orders, kind sales.states);
            create function noted() returns trigger language plpgsql as 'begin return new; end';
            create trigger notes after insert on sales.contacts for each row execute function noted();
            create trigger notes instead of delete on customers for each row execute function noted();
            create function total() returns bigint begin atomic select count(*) from sales.orders; end;
            create publication feed for table sales.orders, tables in schema sales_private;
            create policy own_rows on visits using (exists (select from sales.orders as o where o.order_id = 1));
            """
        )
        said = migrate(sample, "rollback", "--quiet")
        assert "warning: objects that depend on the schemas sales_old, migration are dropped with them:" in said
        assert "warning: objects that depend on the schemas sales, sales_private are dropped with them:" in said
        for name in (
            "view recent",
            "view names",
            "foreign key visits_order_id_fkey on visits",
            "table visits",  # its column
            "trigger notes on sales.contacts",
            "trigger notes on sales_old.customers",
            "function total()",
            "table sales.orders in publication feed",
            "schema sales_private in publication feed",
            "policy own_rows on",
        ):
            assert name in said
        connection.execute("drop table visits; drop function noted; drop publication feed")
    assert rows(sample) == before
    assert shape(server, sample) == dumped
    migrate(sample, "run", "--quiet")
    assert "warning" not in migrate(sample, "rollback", "--quiet")
