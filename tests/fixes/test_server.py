"""What servers do that one would not guess, and that fixes and guards must not be misled by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.audit.scans.count import count
from order_audit.expectations import Rule, load
from order_audit.fixes.applied import Applied
from order_audit.fixes.apply import apply
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import install as make_journal
from order_audit.fixes.engine.batches import list_rows, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Fix, fixes
from order_audit.fixes.guarding.constraints import Check
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.install import install, remove
from order_audit.fixes.guarding.stored_definition import ruled_out
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.rehearse import rehearse
from tests.fixes.test_emit import psql
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


def own(folder: Path, rule: str, fix: str) -> tuple[tuple[Rule, ...], dict[str, Fix]]:
    """A rule on the table parcels by its query, and its fix by its steps."""
    for name, text in {
        "rules": f"-- title: Parcel is too heavy\n-- severity: warning\n-- key: id\n{rule}\n",
        "fixes": f"-- assumes: nothing\n-- leave: nothing\n\n{fix}\n",
    }.items():
        (folder / name / "parcels").mkdir(parents=True)
        (folder / name / "parcels" / "is_light.sql").write_text(text, encoding="utf-8")
    rules = load(str(folder / "rules")).rules
    return rules, fixes(rules, folder / "fixes")


LIGHTER = "-- automatic: cut\n-- update parcels by id:\nselect v.id, 100 as weight from violation as v;"


def changed(done: Applied) -> dict[str, int]:
    return {rule: became.changed for rule, _, became in done.done}


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
    # what a file does, in a session of its own
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
    """Its rule is judged without what the planner believes; what others have made is told with it, all the same."""
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
    # one of a guard's own that somebody has switched off is no guard either; it is theirs, and stays
    on_18.execute("alter table orders alter constraint order_audit_order_ref_exists not enforced")
    on_18.execute("alter table orders drop constraint order_audit_amount_is_not_negative")
    on_18.execute(
        "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount >= 0) not enforced"
    )
    for guard in (amount, reference):
        assert state(on_18, guard) == "different"
        with pytest.raises(GuardError, match="is there already, with another definition"):
            install(on_18, guard, PACE)
        remove(on_18, guard, PACE)
        left = "select from pg_constraint where conname = %s and not conenforced"
        assert on_18.execute(left, [f"order_audit_{guard.name}"]).rowcount == 1
    # once it is enforced again, it is what it was
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


# A LIMIT lets SKIP LOCKED count what it skips to; an OFFSET would lock what it skips.
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
