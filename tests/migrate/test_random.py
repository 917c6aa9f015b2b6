"""Random dirty databases, and random writes of old applications on the way: nothing is lost, both sides are equal."""

from __future__ import annotations

import random
from typing import Any

import psycopg
import pytest
from psycopg import sql

from order_audit.progress import start_ignored
from order_audit.scenario.load import PROPOSED, SCHEMA
from order_audit.scenario.migrate.left_over import copy_left_over
from order_audit.scenario.migrate.run import rollback, run
from order_audit.scenario.migrate.steps import steps
from order_audit.scenario.migrate.throttle import MigrationThrottle
from order_audit.scenario.migrate.verify import verify
from tests.migrate.migrating import without_drift
from tests.support import dirty, dirty_tables, dirty_values, soak

STEPS = steps(PROPOSED)[:-1]  # up to the contract
SEEDS = range(soak.times(4))
TABLES = {
    "customers": ("customer_id", dirty_values.CUSTOMER_COLUMNS),
    "orders": ("order_id", dirty_values.ORDER_COLUMNS),
}


def loosen(connection: psycopg.Connection[Any]) -> None:
    """The scenario's tables with nothing but their primary keys, so that anything can stand in them."""
    connection.execute(SCHEMA[0].read_bytes())
    connection.execute("alter table orders drop constraint chk_status, drop constraint orders_customer_id_fkey")
    for table, (key, columns) in TABLES.items():
        for column in columns:
            if column != key:
                connection.execute(f"alter table {table} alter column {column} drop not null".encode())


def drawn(seed: int, customers: int, orders: int) -> dict[str, list[dirty_values.Row]]:
    """Random rows that the types of the scenario can hold, each key once."""
    types = dict(zip(TABLES, dirty_tables.TYPES["current"], strict=True))
    rows = dict(
        zip(
            TABLES,
            dirty.random_rows(seed, customers=customers, orders=orders, nulls=True, duplicates=False),
            strict=True,
        )
    )
    rng = random.Random(seed)
    found = {}
    for table, (key, _) in TABLES.items():
        mended = [mostly_sound(rng, table, row, customers // 4) for row in rows[table]]
        fitting = [dirty_tables.fitted(row, types[table]) for row in mended if dirty_tables.holds(row, types[table])]
        found[table] = list({row[key]: row for row in fitting if row[key] is not None}.values())
    return found


def mostly_sound(rng: random.Random, table: str, row: dirty_values.Row, customers: int) -> dirty_values.Row:
    """A row that keeps few of its faults, so that there is something to lose."""
    if table == "customers":
        sound = {
            "customer_name": "Acme",
            "customer_email": f"c{row['customer_id']}@example.com",
            "customer_contact_name": "Ann",
            "customer_phone": rng.choice([None, "555-0100"]),
            "address": "1 Main Street",
            "address_state": rng.choice(["CA", "NY"]),
            "customer_balance": rng.randrange(100_000) / 100,
        }
    else:
        script = rng.choice([None, "bulk_delivery", "email_delivery", "custom_crm"])
        args = {
            "email_delivery": '{"email_address": "a@example.com",  "password": "p%"}',
            "custom_crm": rng.choice(['{"api_key": "k"}', '{"x": {"token": "t"}, "Api-Key":"k"}']),
            "bulk_delivery": rng.choice([None, "null", '{"n": 1.50}', '[{"secret": "s"}]']),
        }
        sound = {
            "order_ref": row["order_id"] if rng.random() < 0.5 else rng.randrange(20),
            "customer_id": rng.randrange(customers),
            "order_schedule": rng.choice(["1" * 336, "01" * 168, "1" * 8 + "0" * 328]),
            "delivery_script_name": script,
            "delivery_script_args": args[script] if script else rng.choice([None, "null"]),
            "order_amount": rng.randrange(500),
            "order_status": rng.choice(dirty_values.STATUSES),
        }
    return row | {column: value for column, value in sound.items() if rng.random() < 0.985}


def lines(connection: psycopg.Connection[Any], table: str) -> list[str]:
    """Rows as text, with the balances of the new tables, which views show."""
    found = connection.execute(f"select t::text from public.{table} as t order by 1".encode())
    texts = [line.replace(",-0)", ",0)") for (line,) in found]
    return sorted(map(without_drift, texts) if table == "customers" else texts)


def write(connection: psycopg.Connection[Any], rng: random.Random, other: dict[str, list[dirty_values.Row]]) -> None:
    """What an old application might do: insert, change or delete some row, or several."""
    table = rng.choice([*TABLES])
    key, columns = TABLES[table]
    what = rng.choice(["insert", "change", "change", "change", "delete", "many"])
    row = rng.choice(other[table])
    name = sql.Identifier(table)
    there = [id for (id,) in connection.execute(sql.SQL("select {} from {}").format(sql.Identifier(key), name))]
    if what == "insert" or not there:
        row = {**row, key: max([*there, 0]) + 1}
        connection.execute(
            sql.SQL("insert into {} ({}) values ({})").format(
                name,
                sql.SQL(", ").join(map(sql.Identifier, columns)),
                sql.SQL(", ").join(map(sql.Placeholder, columns)),
            ),
            row,
        )
        return
    id = rng.choice(there)
    if what == "delete":
        connection.execute(sql.SQL("delete from {} where {} = %s").format(name, sql.Identifier(key)), [id])
        return
    wanted = rng.sample([column for column in columns if column != key], rng.choice([1, 1, 2, 7]))
    sets = sql.SQL(", ").join(sql.SQL("{} = {}").format(sql.Identifier(it), sql.Placeholder(it)) for it in wanted)
    test = sql.SQL("{} = %(the_key)s") if what == "change" else sql.SQL("{} %% 3 = %(the_key)s %% 3")
    connection.execute(
        sql.SQL("update {} set {} where ").format(name, sets) + test.format(sql.Identifier(key)),
        {**{it: row[it] for it in wanted}, "the_key": id},
    )


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.both_versions), *SEEDS[1:]])
def test_nothing_is_lost_whatever_stands_there_and_is_written(dsn: str, seed: int) -> None:
    rng = random.Random(seed)
    with psycopg.connect(dsn, autocommit=True) as connection:
        loosen(connection)
        for table, rows in drawn(seed, 60, 120).items():
            dirty_tables.fill_table(connection, sql.Identifier(table), TABLES[table][1], rows)
        before = {table: lines(connection, table) for table in TABLES}
        other = drawn(seed + 1000, 60, 120)
        for step in STEPS[:-1]:
            throttle = MigrationThrottle(batch_size=rng.choice([1, 7, 1000]))
            run(connection, STEPS, step.name, throttle, start_ignored, accept_quarantine=999)
            assert {table: lines(connection, table) for table in TABLES} == before, step.name
            for _ in range(15):
                write(connection, rng, other)
            before = {table: lines(connection, table) for table in TABLES}
            if step.name in ("backfill", "verify", "switch"):
                found = verify(connection, lambda *_: None)
                assert found.equal, (step.name, found.differences)
        rollback(connection, STEPS, "verify", MigrationThrottle(), start_ignored)
        assert {table: lines(connection, table) for table in TABLES} == before
        for _ in range(5):
            write(connection, rng, other)
        run(connection, STEPS, "switch", MigrationThrottle(), start_ignored, accept_quarantine=999)
        assert verify(connection, lambda *_: None).equal
        # every reason is still a reason
        copy_left_over(connection, MigrationThrottle())
        assert connection.execute(
            "select count(*) from migration.quarantined_order where coalesce(cardinality(reasons), 0) = 0"
        ).fetchone() == (0,)
        before = {table: lines(connection, table) for table in TABLES}
        rollback(connection, STEPS, "", MigrationThrottle(), start_ignored)
        assert {table: lines(connection, table) for table in TABLES} == before
