"""Constraints that are not enforced and virtual columns of PostgreSQL 18 must not mislead fixes and guards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.fixes.apply import apply
from order_audit.fixes.engine.batches import revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_state import state
from order_audit.fixes.guarding.install import install, remove
from order_audit.fixes.guarding.stored_definition import ruled_out
from order_audit.fixes.planning.planner import plan
from tests.fixes.own import LIGHTER, changed, own
from tests.support import servers

pytestmark = pytest.mark.both_versions

ROOT = Path(__file__).parents[2]
SCHEMA = (ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_text(encoding="utf-8")
PACE = Throttle()

Connection = psycopg.Connection


@pytest.fixture
def connection(dsn: str) -> Iterator[Connection]:
    """An empty database on each server in turn."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


@pytest.fixture
def on_18(server_18: Server) -> Iterator[Connection]:
    """An empty database on PostgreSQL 18."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection
    servers.drop_database(server_18, dsn)


# Constraints of PostgreSQL 18 that are not enforced.
def test_what_is_not_enforced_is_no_guard(on_18: Connection) -> None:
    on_18.execute(SCHEMA.encode())
    on_18.execute(
        """
        insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)
        values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');
        insert into orders (order_ref, customer_id, order_amount) values (1, 1, 5);
        alter table orders add constraint amount check (order_amount >= 0) not enforced,
          add constraint ref foreign key (order_ref) references orders (order_id) not enforced;
        create index on orders (order_ref);
        """
    )
    amount, reference = guards()["amount_is_not_negative"], guards()["order_ref_exists"]
    for guard in (amount, reference):
        assert state(on_18, guard) == "missing"
        assert install(on_18, guard, PACE)
        assert state(on_18, guard) == "valid"
    with pytest.raises(errors.CheckViolation):
        on_18.execute("insert into orders (order_ref, customer_id, order_amount) values (1, 1, -5)")
    with pytest.raises(errors.ForeignKeyViolation):
        on_18.execute("insert into orders (order_ref, customer_id) values (99, 1)")
    # a disabled object of a guard does not count, and stays
    on_18.execute("alter table orders alter constraint order_audit_order_ref_exists not enforced")
    on_18.execute("alter table orders drop constraint order_audit_amount_is_not_negative")
    on_18.execute(
        "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount >= 0) not enforced"
    )
    for guard in (amount, reference):
        assert state(on_18, guard) == "different"
        with pytest.raises(GuardError, match="already exists with another definition"):
            install(on_18, guard, PACE)
        remove(on_18, guard, PACE)
        left = "select from pg_constraint where conname = %s and not conenforced"
        assert on_18.execute(left, [f"order_audit_{guard.name}"]).rowcount == 1
    # once it is enforced again, it counts again
    on_18.execute("alter table orders alter constraint order_audit_order_ref_exists enforced")
    assert state(on_18, reference) == "valid"
    assert remove(on_18, reference, PACE)


def test_a_not_null_that_was_not_validated_proves_nothing(on_18: Connection) -> None:
    on_18.execute("create table one (n integer); create table many (id integer, n integer) partition by range (id)")
    for table in ("one", "many"):
        on_18.execute(f"alter table {table} add constraint n_there not null n not valid".encode())
        assert not ruled_out(on_18, table, "n is null")
        on_18.execute(f"alter table {table} validate constraint n_there".encode())
        assert ruled_out(on_18, table, "n is null")


def test_a_foreign_key_that_is_not_enforced_reads_no_table(on_18: Connection, tmp_path: Path) -> None:
    """A delete is not refused for the time that it would take; a row that others refer to stays."""
    on_18.execute(
        """
        create table parcels (id integer primary key, weight integer);
        insert into parcels select g, 500 from generate_series(1, 3) as g;
        create table stops (parcel_id integer references parcels (id) not enforced, note text);
        alter table stops alter note set storage plain;
        insert into stops select 1, repeat('x', 7000) from generate_series(1, 5000);
        """
    )
    size = on_18.execute("select pg_relation_size('stops')").fetchone()
    assert size is not None
    assert size[0] > 32 * 2**20
    fix = "-- automatic: taken away\n-- delete parcels by id:\nselect v.id from violation as v;"
    rules, wanted = own(tmp_path, "select p.id from parcels as p where p.weight > 200", fix)
    done = apply(on_18, rules, wanted, {}, None, PACE)
    assert (changed(done), done.rejected) == ({"parcels.is_light": 2}, ())
    assert on_18.execute("select id from parcels").fetchall() == [(1,)]


# Virtual generated columns of PostgreSQL 18, which a trigger is not shown.
def test_guards_see_columns_that_are_virtual(on_18: Connection) -> None:
    on_18.execute(SCHEMA.encode())
    on_18.execute(
        """
        alter table orders drop order_status, add stage integer not null default 0;
        alter table orders add order_status text generated always as
          (case stage when 0 then 'pending' when 1 then 'active' when 2 then 'cancelled' else 'expired' end) virtual;
        insert into customers (customer_name, customer_email, customer_contact_name, address, address_state,
          customer_balance)
        values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', 100);
        insert into orders (order_id, order_ref, customer_id, order_amount) values (1, 1, 1, 10);
        """
    )
    for name in ("is_covered_by_balance", "order_ref_exists", "root_is_not_closed"):
        assert install(on_18, guards()[name], PACE)
    insert = "insert into orders (order_id, order_ref, customer_id, order_amount, stage) values (%s, 1, 1, %s, %s)"
    with pytest.raises(errors.CheckViolation, match="does not cover"):
        on_18.execute(insert, [2, 500, 0])
    on_18.execute(insert, [3, 500, 3])
    with pytest.raises(errors.CheckViolation, match="does not cover"):
        on_18.execute("update orders set stage = 1 where order_id = 3")
    on_18.execute(insert, [4, 5, 0])
    with pytest.raises(errors.CheckViolation, match="a live recreation continues it"):
        on_18.execute("update orders set stage = 2 where order_id = 1")


@pytest.mark.parametrize("what", ["update", "delete"])
def test_rows_with_virtual_columns_are_changed_and_put_back(on_18: Connection, tmp_path: Path, what: str) -> None:
    on_18.execute(
        """
        create table parcels (id integer primary key, weight integer,
          is_heavy boolean generated always as (weight > 200) virtual,
          pounds integer generated always as (weight * 2) stored);
        insert into parcels select g, g * 100 from generate_series(1, 4) as g;
        """
    )
    before = on_18.execute("select * from parcels order by 1").fetchall()
    fix = (
        LIGHTER
        if what == "update"
        else "-- automatic: taken away\n-- delete parcels by id:\nselect v.id from violation as v;"
    )
    rules, wanted = own(tmp_path, "select p.id, p.is_heavy from parcels as p where p.is_heavy", fix)
    assert [(step.found, step.automatic, step.left) for step in plan(on_18, rules, wanted, {}).steps] == [(2, 2, 0)]
    done = apply(on_18, rules, wanted, {}, None, PACE)
    assert changed(done) == {"parcels.is_light": 2}
    assert done.verification is not None
    assert not any(done.verification.others.values())
    assert on_18.execute("select from parcels where is_heavy").rowcount == 0
    assert revert(on_18, "parcels.is_light", TARGET, PACE).changed == 2
    assert on_18.execute("select * from parcels order by 1").fetchall() == before
