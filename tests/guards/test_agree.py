"""A guard refuses exactly what its rules find: on random dirty rows, and on small worlds of orders and customers."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from order_audit.audit.database.server import Server
from order_audit.expectations import Rule, load
from order_audit.fixes.guarding.constraints import Check, ForeignKey
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.guard_object import GuardObject
from order_audit.fixes.guarding.indexes import UniqueIndex
from order_audit.fixes.guarding.tables import Table
from order_audit.fixes.guarding.triggers import Function, Trigger
from tests.support import dirty, dirty_tables, servers, soak
from tests.support.oracle_values import has_bad_escape

RULES = {rule.id: rule for rule in load("current").rules}
GUARDS = guards()
CHECKS = [
    guard
    for guard in GUARDS.values()
    if all(isinstance(guard_object, Check | Function) for guard_object in guard.objects)
]
UNIQUE = [GUARDS[name] for name in ("email_is_unique", "no_duplicate")]

#: Updates each row without changing it, and gives the keys of those that a check refuses.
REFUSED = """
create function pg_temp.refused(tab text, key text) returns setof text
language plpgsql
as $$
declare
  place tid;
  id text;
begin
  for place, id in execute format('select ctid, %I::text from %I', key, tab) loop
    begin
      execute format('update %I set %I = %I where ctid = %L', tab, key, key, place);
    exception when check_violation then
      return next id;
    end;
  end loop;
end
$$
"""


def _found(connection: psycopg.Connection, *rules: Rule) -> set[str]:
    """The keys that rules find."""
    return {
        row[0]
        for rule in rules
        for row in connection.execute(f"select v.{rule.key[0]}::text from (\n{rule.sql}\n) as v".encode())
    }


def _make(connection: psycopg.Connection, guard: Guard, *kinds: type[GuardObject]) -> None:
    """Add parts of a guard to tables that may hold anything: constraints without validation."""
    for guard_object in guard.objects:
        if isinstance(guard_object, kinds):
            text = guard_object.create_sql()[0].text
            connection.execute(text.encode())


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[psycopg.Connection]:
    """An empty database with the schema that guards keep their functions in."""
    dsn = servers.new_database(server)
    with psycopg.connect(dsn) as connection:
        connection.execute("create schema order_audit")
        connection.execute(REFUSED)
        connection.commit()
        yield connection
    servers.drop_database(server, dsn)


@pytest.fixture
def bare(server: Server) -> Iterator[psycopg.Connection]:
    """The same for one test: the tables of other fixtures stay in theirs until the module ends."""
    with servers.database(server) as dsn, psycopg.connect(dsn) as connection:
        connection.execute("create schema order_audit")
        connection.execute(REFUSED)
        connection.commit()
        yield connection


@pytest.fixture(params=[pytest.param("current", marks=pytest.mark.both_versions), "other", "mixed"], scope="module")
def dirty_rows(request: pytest.FixtureRequest, database: psycopg.Connection) -> Iterator[psycopg.Connection]:
    """Tables full of dirty rows, in columns of several types."""
    rows = dirty.random_rows(7, customers=300, orders=500, nulls=True, duplicates=False)
    dirty_tables.create(database, rows, types=request.param, constraints=False)
    database.commit()
    yield database
    database.rollback()
    database.execute("drop table orders, customers")
    database.commit()


@pytest.mark.parametrize("guard", CHECKS, ids=lambda guard: guard.name)
def test_a_check_refuses_what_its_rule_finds(dirty_rows: psycopg.Connection, guard: Guard) -> None:
    connection, (rule,) = dirty_rows, guard.protects
    found = _found(connection, rule)
    if guard.requires == ("guard order_ref_exists",):  # which refuses those without an ancestor
        found |= {
            row[0]
            for row in connection.execute(
                "select order_id::text from orders as o where o.order_ref > o.order_id"
                " and not exists (select from orders as a where a.order_id = o.order_ref)"
            )
        }
    _make(connection, guard, Function, Check)
    # what the session that writes has set must make no difference
    connection.execute("set extra_float_digits = 0")
    (table,) = {guard_object.table for guard_object in guard.objects if guard_object.table}
    refused = {row[0] for row in connection.execute("select pg_temp.refused(%s, %s)", [table, rule.key[0]])}
    connection.rollback()
    assert refused == found
    # of jsonb, nothing that these find can be
    if dirty_rows.execute(
        "select data_type = 'json' from information_schema.columns where column_name = 'delivery_script_args'"
    ).fetchone() == (True,) or guard.name not in ("delivery_args_convert_to_jsonb", "delivery_args_keys_are_unique"):
        assert found
    assert len(found) < 300


@pytest.mark.parametrize("guard", UNIQUE, ids=lambda guard: guard.name)
@pytest.mark.both_versions
def test_a_unique_index_is_refused_where_its_rule_finds_something(bare: psycopg.Connection, guard: Guard) -> None:
    (guard_object,) = guard.objects
    assert isinstance(guard_object, UniqueIndex)
    seen = []
    for seed in range(soak.times(50)):
        customers, _ = dirty.random_rows(seed, customers=4, orders=1, nulls=seed % 2 > 0, duplicates=False)
        with bare.transaction(force_rollback=True):
            dirty_tables.create(bare, (customers, []), types=("current", "other", "mixed")[seed % 3], constraints=False)
            found = _found(bare, *guard.protects)
            try:
                with bare.transaction():
                    bare.execute(guard_object._create("customers").encode())
                refused = False
            except errors.UniqueViolation:
                refused = True
        assert refused == bool(found), seed
        seen.append(refused)
    assert len(seen) / 12 < sum(seen) < len(seen) * 11 / 12


def _worlds(connection: psycopg.Connection, name: str) -> None:
    """The tables twice, with an order's least columns, none of them required; with a guard and those it needs, once."""
    for schema in ("free", "guarded"):
        connection.execute(f"create schema {schema}".encode())
        connection.execute(f"set local search_path = {schema}".encode())
        connection.execute("create table customers (customer_id int primary key, customer_balance float)")
        connection.execute(
            "create table orders (order_id int primary key, order_ref int, customer_id int, order_status text,"
            " order_amount numeric, delivery_script_name text, delivery_script_args json, order_schedule bit(4))"
        )
        connection.execute("insert into customers values (1, 100), (2, 100)")
    for guard in _chain(name):
        for guard_object in guard.objects:
            if isinstance(guard_object, UniqueIndex):
                connection.execute(guard_object._create(guard_object.table).encode())
        _make(connection, guard, Function, Table, Trigger, Check, ForeignKey)


def _chain(name: str) -> list[Guard]:
    """A guard, after those that it needs."""
    chain = [name]
    for other in chain:
        chain += GUARDS[other].after
    return [GUARDS[other] for other in dict.fromkeys(reversed(chain))]


Order = tuple[int, int | None, int | None, str | None]


def _refused(connection: psycopg.Connection, orders: tuple[Order, ...]) -> bool:
    """Whether a transaction that inserts these orders is refused."""
    connection.execute("set local search_path = guarded")
    try:
        with connection.transaction(force_rollback=True):
            _insert(connection, orders)
            connection.execute("set constraints all immediate")
    except errors.IntegrityError:
        return True
    return False


def _insert(connection: psycopg.Connection, orders: tuple[Order, ...]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany("insert into orders values (%s, %s, %s, %s, 50)", orders)


REFS = (None, 1, 2, 3, 9)
STATUSES = (None, "active", "cancelled", "recreated")
#: For each guard, what becomes of three orders: refs, customers and statuses, in all combinations.
WORLDS = {
    "order_ref_exists": (REFS, (1,), ("active",)),
    "order_ref_is_first_ancestor": (REFS, (1,), ("active",)),
    "ancestor_is_older": (REFS, (1,), ("active",)),
    "keeps_customer": ((1, 2), (1, 2), ("active",)),
    "customer_exists": ((1,), (None, 1, 2, 9), ("active",)),
    "one_live_order": ((None, 1, 2), (1,), ("active", "paused", "expired", None)),
    "root_is_not_closed": ((1, 2), (1,), ("active", "pending", "cancelled", "expired", "recreated", None)),
    "no_duplicate_live_order": ((1, 2, 3), (None, 1), ("active", "recreated")),
}


@pytest.mark.parametrize("name", list(WORLDS))
@pytest.mark.both_versions
def test_every_small_world_is_refused_where_the_rules_find_something(database: psycopg.Connection, name: str) -> None:
    kinds = list(itertools.product(*WORLDS[name]))
    worlds = list(itertools.product(kinds, repeat=3))
    chain = _chain(name)
    seen = set()
    with database.transaction(force_rollback=True):
        _worlds(database, name)
        for world in random.Random(1).sample(worlds, min(len(worlds), soak.times(100))):
            orders = tuple((number, *kind) for number, kind in enumerate(world, start=1))
            refused = _refused(database, orders)
            database.execute("set local search_path = free")
            with database.transaction(force_rollback=True):
                _insert(database, orders)
                found = {guard.name for guard in chain if _found(database, *guard.protects)}
            assert refused == bool(found), (orders, found)
            seen.add((refused, name in found))
    assert {(True, True), (False, False)} <= seen


def test_schedules_of_every_period_and_length_are_refused_where_the_rule_finds_them(
    bare: psycopg.Connection,
) -> None:
    """Dirty rows have one length of bitmap, and few periods."""
    guard = GUARDS["schedule_repeats_by_day"]
    rng = random.Random(2)
    bits = []
    for length in (1, 2, 3, 5, 47, 48, 49, 97, 144, 150, 167, 168, 169, 200, 335, 336, 337, 400):
        for period in range(1, min(length, 190) + 1):
            schedule = (dirty.random_bits(rng, period) * length)[:length]
            spot = rng.randrange(length)
            bits += [schedule, schedule[:spot] + "10"[int(schedule[spot])] + schedule[spot + 1 :]]
    with bare.transaction(force_rollback=True):
        bare.execute(
            "create table orders (order_id serial primary key, order_ref int, customer_id int, order_status text,"
            " order_amount int, order_schedule bit varying)"
        )
        with bare.cursor() as cursor:
            cursor.executemany("insert into orders (order_schedule) values (%s::bit varying)", [(bit,) for bit in bits])
        _make(bare, guard, Function, Check)
        found = _found(bare, *guard.protects)
        refused = {row[0] for row in bare.execute("select pg_temp.refused('orders', 'order_id')")}
    assert refused == found
    assert len(bits) / 10 < len(found) < len(bits)


@pytest.mark.both_versions
def test_escapes_in_small_and_capital_letters_are_refused_where_the_rule_finds_them(bare: psycopg.Connection) -> None:
    """Each half of a surrogate pair by itself, and before each other one; dirty rows have few of them."""
    guard = GUARDS["delivery_args_convert_to_jsonb"]
    escapes = [rf"\u{letter}{digit}00" for letter in "dD" for digit in "79abcfABCF"]
    texts = [f'["{one}{other}"]' for one in escapes for other in ("", *escapes)]
    with bare.transaction(force_rollback=True):
        bare.execute("create table orders (order_id int, order_ref int, customer_id int, order_status text)")
        bare.execute("alter table orders add order_amount int, add delivery_script_name text")
        bare.execute("alter table orders add delivery_script_args json")
        with bare.cursor() as cursor:
            cursor.executemany("insert into orders (order_id, delivery_script_args) values (%s, %s)", enumerate(texts))
        _make(bare, guard, Function, Check)
        found = _found(bare, *guard.protects)
        refused = {row[0] for row in bare.execute("select pg_temp.refused('orders', 'order_id')")}
    assert found == {str(number) for number, text in enumerate(texts) if has_bad_escape(text)}
    assert refused == found
    assert len(texts) / 10 < len(found) < len(texts)
