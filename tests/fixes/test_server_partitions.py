"""Partitions, inheritance and checks: what servers do there must not mislead fixes and guards."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.scans.count import count
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import install as make_journal
from order_audit.fixes.engine.batches import list_rows, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.guarding.constraints import Check
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.install import install, remove
from order_audit.fixes.guarding.stored_definition import ruled_out
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from tests.fixes.own import LIGHTER, changed, own
from tests.support.clients import psql

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


# A CHECK says nothing of rows that came in before its function was replaced, and the planner believes it all the same.
REPLACED = """
create function most() returns integer language sql immutable as $$ select 1000 $$;
create table parcels (id integer primary key, weight integer) {of};
{child}
alter table heavy add check (weight < most());
insert into {into} values (1, 500), (2, 70);
create or replace function most() returns integer language sql immutable as $$ select 101 $$;
"""
KINDS = {
    "partition": {
        "of": "partition by range (id)",
        "child": "create table heavy partition of parcels for values from (0) to (10);",
        "into": "parcels",
    },
    "child": {"of": "", "child": "create table heavy (primary key (id)) inherits (parcels);", "into": "heavy"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_no_row_goes_unseen_for_a_check_that_it_breaks(
    connection: Connection, dsn: str, tmp_path: Path, kind: str
) -> None:
    connection.execute(REPLACED.format(**KINDS[kind]).encode())
    query = "select p.id, p.weight from parcels as p where p.weight > 200"
    assert connection.execute(query.encode()).rowcount == 0, "the planner leaves the row out: this is what is tested"
    rules, wanted = own(tmp_path, query, LIGHTER)
    assert count(connection, rules) == {"parcels.is_light": 1}
    assert [(step.found, step.automatic, step.left) for step in plan(connection, rules, wanted, {}).steps] == [
        (1, 1, 0)
    ]
    rehearsed = rehearse(connection, rules, wanted, {}, PACE)
    assert (rehearsed.before, rehearsed.after) == ({"parcels.is_light": 1}, {"parcels.is_light": 0})
    # what a file does, in a separate session
    assert emit(connection, wanted, {}, tmp_path / "project").rows == {"parcels.is_light": 1}
    journal, deploy, verify = (
        tmp_path / "project" / name
        for name in ("deploy/journal.sql", "deploy/parcels.is_light.sql", "verify/parcels.is_light.sql")
    )
    assert psql(dsn, journal).returncode == 0
    assert "1 rows still to change" in psql(dsn, verify).stderr
    assert psql(dsn, deploy).returncode == 0
    assert connection.execute("select * from parcels order by 1").fetchall() == [(1, 100), (2, 70)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_finds_what_a_check_would_hide(connection: Connection, tmp_path: Path, kind: str) -> None:
    connection.execute(REPLACED.format(**KINDS[kind]).encode())
    rules, wanted = own(tmp_path, "select p.id, p.weight from parcels as p where p.weight > 200", LIGHTER)
    assert changed(apply(connection, rules, wanted, {}, None, PACE)) == {"parcels.is_light": 1}
    connection.execute("create or replace function most() returns integer language sql immutable as $$ select 1000 $$")
    assert revert(connection, "parcels.is_light", TARGET, PACE).changed == 1
    assert connection.execute("select * from parcels order by 1").fetchall() == [(1, 500), (2, 70)]


def test_a_guard_is_refused_for_rows_that_a_check_would_hide(connection: Connection) -> None:
    """Its rule is judged without the planner's assumptions; objects of others are still reported."""
    connection.execute(SCHEMA.encode())
    connection.execute(
        """
        create function least_amount() returns integer language sql immutable as $$ select -100 $$;
        insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)
        values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA');
        create table more_orders (check (order_amount >= least_amount())) inherits (orders);
        insert into more_orders (order_ref, customer_id, order_amount) values (1, 1, -5);
        create or replace function least_amount() returns integer language sql immutable as $$ select 0 $$;
        """
    )
    guard = guards()["amount_is_not_negative"]
    assert connection.execute("select from orders where order_amount < 0").rowcount == 0
    assert refuses(connection, guard) == 1
    with pytest.raises(GuardError, match="1 rows are left"):
        install(connection, guard, PACE)
    connection.execute("set constraint_exclusion = off")
    connection.execute("alter table orders add constraint amount check (order_amount >= 0) not valid")
    assert state(connection, guard) == "missing"
    connection.execute("update orders set order_amount = 0 where order_amount < 0")
    connection.execute("alter table orders validate constraint amount")
    # the planner is asked to prove it, whatever the session is set to
    assert state(connection, guard) == "valid"
    assert connection.execute("show constraint_exclusion").fetchone() == ("off",)


def test_only_what_every_partition_has_rules_rows_out(connection: Connection) -> None:
    """A partitioned table itself is never read: that proves nothing of its rows."""
    connection.execute(
        """
        create table parted (id integer not null, n integer) partition by range (id);
        create table parted_1 partition of parted for values from (0) to (10);
        alter table parted_1 add check (n > 0);
        insert into parted values (1, 1);
        create table parent (id integer not null, n integer, check (n > 0) no inherit);
        create table child () inherits (parent);
        insert into child values (1, -1);
        """
    )
    for table in ("parted", "parent"):
        assert not ruled_out(connection, table, "n <= 0")
        assert not ruled_out(connection, table, "n is null")
        assert ruled_out(connection, table, "id is null")
    check = Check("order_audit_n", "parted", "n > 0")
    assert check.state(connection) == "missing"
    connection.execute("delete from child; alter table parted add check (n > 0); alter table parent add check (n > 0)")
    for table in ("parted", "parent"):
        assert ruled_out(connection, table, "n <= 0")
        assert not ruled_out(connection, table, "n <= 1")
    assert check.state(connection) == "valid"
    # where nothing can be made, nothing is proven
    with connection.transaction():
        connection.execute("set transaction read only")
        assert check.state(connection) == "missing"


def test_a_guard_is_made_on_a_partitioned_table(connection: Connection) -> None:
    connection.execute(SCHEMA.split("create table orders")[0].encode())
    connection.execute(
        "create table orders (order_id int primary key, order_ref int, customer_id int, order_amount int,"
        " order_status text) partition by range (order_id);"
        "create table orders_1 partition of orders for values from (0) to (100);"
        "insert into orders values (1, 1, 1, 5, 'pending')"
    )
    guard = guards()["amount_is_not_negative"]
    assert state(connection, guard) == "missing"
    assert install(connection, guard, PACE)
    with pytest.raises(errors.CheckViolation):
        connection.execute("insert into orders_1 values (2, 2, 1, -5, 'pending')")
    connection.execute("create table orders_2 partition of orders for values from (100) to (200)")
    with pytest.raises(errors.CheckViolation):
        connection.execute("insert into orders values (102, 2, 1, -5, 'pending')")
    assert remove(connection, guard, PACE)


# A row that moves to another partition fires triggers of an insert and a delete, and none of an update.
def test_guards_see_rows_that_move_to_another_partition(connection: Connection) -> None:
    connection.execute(SCHEMA.split("create table orders")[0].encode())
    connection.execute(
        """
        create table orders (order_id integer primary key, order_ref integer not null, customer_id integer not null,
          order_amount integer not null default 0, order_status text not null default 'pending')
          partition by range (order_id);
        create table orders_1 partition of orders for values from (0) to (100);
        create table orders_2 partition of orders for values from (100) to (200);
        alter table orders add foreign key (order_ref) references orders (order_id) deferrable initially deferred;
        create index on orders (order_ref);
        insert into customers (customer_name, customer_email, customer_contact_name, address, address_state,
          customer_balance)
        values ('Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', 100);
        insert into orders values (1, 1, 1, 10, 'pending'), (2, 1, 1, 500, 'expired'), (3, 3, 1, 10, 'cancelled');
        """
    )
    for name in ("is_covered_by_balance", "root_is_not_closed"):
        assert install(connection, guards()[name], PACE), name
    # it becomes live, within its partition and on its way to another
    for id in (2, 102):
        with pytest.raises(errors.CheckViolation, match="does not cover"):
            connection.execute("update orders set order_id = %s, order_status = 'active' where order_id = 2", [id])
        with pytest.raises(errors.CheckViolation, match="its first ancestor 3 is cancelled"):
            connection.execute(
                "update orders set order_id = %s, order_ref = 3, order_amount = 5, order_status = 'active'"
                " where order_id = 2",
                [id],
            )
    connection.execute("update orders set order_id = 102 where order_id = 2")
    assert connection.execute("select from orders_2 where order_id = 102").rowcount == 1


# A LIMIT counts the rows after SKIP LOCKED; an OFFSET would lock the skipped rows.
@pytest.mark.parametrize("step", ["apply", "revert"])
def test_a_batch_locks_its_own_rows_alone(dsn: str, tmp_path: Path, step: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection, psycopg.connect(dsn, autocommit=True) as other:
        connection.execute(
            "create table parcels (id integer primary key, weight integer);"
            "insert into parcels select g, 500 from generate_series(1, 6) as g"
        )
        rules, wanted = own(tmp_path, "select p.id, p.weight from parcels as p where p.weight > 200", LIGHTER)
        fix = wanted["parcels.is_light"]
        assert fix.automatic is not None
        make_journal(connection, TARGET)
        if step == "revert":
            apply(connection, rules, wanted, {}, None, PACE)
            batch = "select last, reverted from order_audit.revert_batch('parcels.is_light', 4, 2)"
            free = [1, 4, 5, 6]
        else:
            list_rows(connection, fix, fix.automatic, TARGET)
            batch = (
                "select last, changed from order_audit.apply_batch('parcels.is_light',"
                " (select min(place) from order_audit.todo), 2)"
            )
            free = [1, 4, 5, 6]
        with connection.transaction():
            row = connection.execute(batch.encode()).fetchone()
            assert row is not None
            assert row[1] == 2
            unlocked = other.execute("select id from parcels order by id for update skip locked").fetchall()
            assert [id for (id,) in unlocked] == free
