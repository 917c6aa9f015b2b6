"""Columns that are added to the old tables during the migration: listed, and carried on request."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import sql

from order_audit.audit.database.server import Server
from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import migrate, shape

STEPS = steps(PROPOSED)

#: Of several kinds, one with text that JSON would not keep, one with a default.
_ADD = """
alter table orders add column note text default 'none yet';
alter table orders add column "Extra, odd" json;
alter table customers add column rating float8;
alter table customers add column vip boolean not null default false;
update orders set note = 'of ' || order_id, "Extra, odd" = '{"b": 1,  "a": [1.0, null], "a": 2}' where order_id <= 1004;
update customers set rating = 0.1 + 0.2, vip = true where customer_id = 1;
"""
_CARRY = (
    "--carry", "orders.note", "--carry", "orders.Extra, odd", "--carry", "customers.rating", "--carry", "customers.vip",
)  # fmt: skip


def one(connection: psycopg.Connection, text: str, *values: object) -> object:
    row = connection.execute(text.encode(), list(values)).fetchone()
    return row[0] if row else None


def added(connection: psycopg.Connection, orders: str, customers: str) -> list[list[tuple[object, ...]]]:
    """The exact texts of the added columns."""
    return [
        connection.execute(text.encode()).fetchall()
        for text in (
            f'select order_id, note, "Extra, odd"::text from {orders} order by 1',
            f"select customer_id, rating::text, vip from {customers} order by 1",
        )
    ]


@pytest.mark.parametrize("when", ["prepare", "backfill", "verify"])
@pytest.mark.both_versions
def test_added_columns_are_taken_along_to_the_end(sample: str, when: str) -> None:
    migrate(sample, "run", "--to", when, "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(_ADD.encode())
        before = added(connection, "orders", "customers")
        said = migrate(sample, "run", "--quiet", code=3)
        assert "orders.note (text)" in said
        assert "--carry" in said
        said = migrate(sample, "run", "--quiet", *_CARRY)
        assert "orders.note carried" in said
        assert "verify" in said
        assert migrate(sample, "status").count("done") == 6
        # old applications, by the view; new ones, by their tables
        assert added(connection, "orders", "customers") == before
        assert added(connection, "sales.orders", "sales.customers") == before
        _written(connection)
        assert verify(connection, lambda *_: None).equal
        migrate(sample, "rollback", "--to", "verify", "--quiet")
        assert added(connection, "orders", "customers") == added(connection, "sales.orders", "sales.customers")
        migrate(sample, "run", "--quiet")
        before = added(connection, "orders", "customers")
        migrate(sample, "contract", "--drop-old-tables", "--quiet")
        assert added(connection, "orders", "customers") == before
        _written(connection)
        before = added(connection, "sales.orders", "sales.customers")
        migrate(sample, "retire", "--drop-old-views", "--quiet")
        assert added(connection, "sales.orders", "sales.customers") == before


def _written(connection: psycopg.Connection) -> None:
    """Either side writes the columns, and both read it."""

    def both(key: str, table: str, column: str, row: int) -> set[object]:
        return {
            one(connection, f"select {column}::text from {there}{table} where {key} = %s", row)
            for there in ("public.", "sales.")
        }

    connection.execute("update orders set note = 'old', order_amount = order_amount + 1 where order_id = 1002")
    assert both("order_id", "orders", "note", 1002) == {"old"}
    connection.execute("update orders set order_amount = order_amount + 1 where order_id = 1002")
    assert both("order_id", "orders", "note", 1002) == {"old"}
    connection.execute("update sales.orders set note = 'new' where order_id = 1002")
    assert both("order_id", "orders", "note", 1002) == {"new"}
    connection.execute("update orders set \"Extra, odd\" = '[1,  2]', note = null where order_id = 1001")
    assert both("order_id", "orders", '"Extra, odd"', 1001) == {"[1,  2]"}
    assert both("order_id", "orders", "note", 1001) == {None}
    connection.execute("update customers set rating = 'NaN', customer_phone = '1' where customer_id = 2")
    assert both("customer_id", "customers", "rating", 2) == {"NaN"}
    connection.execute("update sales.customers set rating = 1e-300, vip = not vip where customer_id = 2")
    assert both("customer_id", "customers", "rating", 2) == {"1e-300"}
    made = one(
        connection,
        "insert into orders (order_ref, customer_id, order_schedule, order_amount, order_status, note)"
        " select order_ref, customer_id, order_schedule, 0, 'paused', 'made' from orders where order_id = 1001"
        " returning order_id",
    )
    assert isinstance(made, int)
    assert both("order_id", "orders", "note", made) == {"made"}
    connection.execute("delete from orders where order_id = %s", [made])
    # without it, its default; on either side
    ours = one(
        connection,
        "insert into sales.orders (customer_id, schedule_id, amount, order_status)"
        " select customer_id, schedule_id, 1, 'paused' from sales.orders where order_id = 1001 returning order_id",
    )
    assert isinstance(ours, int)
    assert both("order_id", "orders", "note", ours) == {"none yet"}
    theirs = one(
        connection,
        "insert into customers (customer_name, customer_email, customer_contact_name, address, address_state)"
        " values ('A', 'a%s@example.com', 'B', 'C', 'AK') returning customer_id",
        ours,
    )
    assert isinstance(theirs, int)
    assert both("customer_id", "customers", "vip", theirs) == {"false"}
    connection.execute("delete from orders where order_id = %s", [ours])
    connection.execute("delete from customers where customer_id = %s", [theirs])


def test_verify_names_rows_in_which_a_taken_column_differs(sample: str) -> None:
    migrate(sample, "run", "--to", "backfill", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute(_ADD.encode())
        migrate(sample, "run", "--to", "verify", "--quiet", *_CARRY)
        connection.execute("begin; set local migration.direction = 'to_old'")
        connection.execute("update orders set note = 'unseen' where order_id = 1003; commit")
        assert "orders 1003: another value of note" in migrate(sample, "verify", "--quiet", code=1)
        with pytest.raises(psycopg.errors.RaiseException, match="orders 1003"):
            connection.execute(STEPS[[step.name for step in STEPS].index("verify")].deploy.encode())
        connection.execute("rollback")
        # asked for once more, it is brought along
        migrate(sample, "run", "--quiet", "--carry", "orders.note")
        assert one(connection, "select note from sales.orders where order_id = 1003") == "unseen"
        assert "equal" in migrate(sample, "verify", "--quiet")


def test_quarantined_rows_keep_their_added_columns(issues: str) -> None:
    with psycopg.connect(issues, autocommit=True) as connection:
        migrate(issues, "run", "--to", "verify", "--quiet")
        connection.execute("alter table orders add column note text; update orders set note = 'of ' || order_id")
        before = connection.execute("select order_id, note from orders order by 1").fetchall()
        migrate(issues, "run", "--quiet", "--carry", "orders.note", "--accept-quarantine", "99")
        assert one(connection, "select count(*) from migration.quarantined_order")
        assert connection.execute("select order_id, note from orders order by 1").fetchall() == before
        # of one that is in quarantine, too
        held = one(connection, "select min(order_id) from migration.quarantined_order")
        connection.execute("update orders set note = 'again' where order_id = %s", [held])
        assert one(connection, "select note from orders where order_id = %s", held) == "again"
        assert "equal" in migrate(issues, "verify", "--quiet")


def test_columns_that_were_there_from_the_beginning_are_named_too(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        connection.execute("alter table customers add column rating float8 default 0.5")
        assert "customers.rating (double precision)" in migrate(sample, "plan", "--quiet")
        assert "customers.rating (double precision)" in migrate(sample, "run", "--quiet", code=3)
        migrate(sample, "run", "--quiet", "--carry", "customers.rating")
        assert one(connection, "select sum(rating) from customers") == one(
            connection, "select sum(rating) from sales.customers"
        )


@pytest.mark.both_versions
def test_rollback_leaves_the_added_columns_where_they_were(sample: str, server: Server) -> None:
    with psycopg.connect(sample, autocommit=True) as connection:
        migrate(sample, "run", "--to", "backfill", "--quiet")
        connection.execute(_ADD.encode())
        migrate(sample, "rollback", "--quiet")
        dumped, before = shape(server, sample), added(connection, "orders", "customers")
        migrate(sample, "run", "--quiet", *_CARRY)
        connection.execute("update sales.orders set note = 'new' where order_id = 1002")
        migrate(sample, "rollback", "--quiet")
        assert shape(server, sample) == dumped
        before[0] = [(key, "new" if key == 1002 else note, extra) for key, note, extra in before[0]]
        assert added(connection, "orders", "customers") == before


@pytest.mark.parametrize(
    ("change", "name", "said"),
    [
        ("", "orders.nothing", "no column nothing was added to orders"),
        ("", "orders.order_amount", "no column order_amount was added to orders"),
        ("add column twice int generated always as (order_amount * 2) stored", "orders.twice", "given by the database"),
        ("add column number int generated by default as identity", "orders.number", "given by the database"),
        ("add column amount int", "orders.amount", "already has a column amount"),
    ],
)
@pytest.mark.both_versions
def test_what_cannot_be_taken_along_is_said_in_one_line(sample: str, change: str, name: str, said: str) -> None:
    migrate(sample, "run", "--to", "synchronise", "--quiet")
    with psycopg.connect(sample, autocommit=True) as connection:
        if change:
            connection.execute(f"alter table orders {change}".encode())
        found = migrate(sample, "run", "--quiet", "--carry", name, code=3)
        assert said in found
        assert len(found.strip().splitlines()) == 1
        # nothing was begun
        assert one(connection, "select count(*) from sales_old.carried") == 0
        assert "backfill" not in migrate(sample, "status").split("to do")[0]


def test_wrong_names_are_wrong_uses(sample: str) -> None:
    for name in ("note", "people.note", "orders."):
        assert "must be customers.COLUMN" in migrate(sample, "run", "--quiet", "--carry", name, code=2)
    assert "prepare" in migrate(sample, "run", "--to", "expand", "--carry", "orders.note", "--quiet", code=2)


@pytest.mark.both_versions
def test_any_name_is_taken_along_under_any_setting(sample: str) -> None:
    """The view of old applications is extended as the server knows it, and not by its text; it can still be locked."""
    names = ("a\\1b&", "FROM migration.order_row r;", 'say "50 %s"', "$1")
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        migrate(sample, "run", "--to", "backfill", "--quiet")
        for number, name in enumerate(names):
            connection.execute(
                sql.SQL("alter table orders add {} integer default {}").format(sql.Identifier(name), number)
            )
        connection.execute(
            "do $$ begin execute format('alter database %I set quote_all_identifiers = on', current_database()); end $$"
        )
        migrate(sample, "run", "--quiet", *(word for name in names for word in ("--carry", f"orders.{name}")))
        columns = sql.SQL(", ").join(map(sql.Identifier, names))
        read = sql.SQL("select {} from orders where order_id = 1002 for update").format(columns)
        assert other.execute(read).fetchone() == (0, 1, 2, 3)
        connection.execute("set lock_timeout = '100ms'")
        for table in ("orders", "sales.orders"):
            with pytest.raises(psycopg.errors.LockNotAvailable):
                connection.execute(f"update {table} set order_status = 'paused' where order_id = 1002".encode())
        other.execute(sql.SQL("update orders set {} = 7 where order_id = 1002").format(sql.Identifier(names[0])))
        other.commit()
        assert connection.execute(read).fetchone() == (7, 1, 2, 3)
        assert verify(connection, lambda *_: None).equal
