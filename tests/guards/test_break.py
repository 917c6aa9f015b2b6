"""Guards hold against an application: in any order of statements, in concurrent transactions, with any value."""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from order_audit.expectations import load
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import install

ROOT = Path(__file__).parents[2]
RULES = {rule.id: rule for rule in load("current").rules}
GUARDS = guards()
LINEAGE = ("order_ref_exists", "order_ref_is_first_ancestor", "keeps_customer", "root_is_not_closed")
LIVE = ("pending", "active", "paused")
ORDER = (
    "insert into orders (order_id, order_ref, customer_id, order_status, order_amount, order_schedule,"
    " delivery_script_name) values ({}, {}, {}, '{}', {}, repeat('1', 336)::bit(336), 'x')"
)


def order(id: int, ref: int, customer: int = 1, status: str = "active", amount: object = 5) -> str:
    """The statement that inserts an order."""
    return ORDER.format(id, ref, customer, status, amount)


@pytest.fixture
def shop(dsn: str) -> str:
    """The current schema with three customers who have 100 each, and without a constraint but the keys'."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        connection.execute("alter table orders drop constraint chk_status")
        connection.execute(
            "insert into customers select g, 'Customer ' || g, 'c' || g || '@example.com', 'Ann', null, 'Street ' || g,"
            " 'CA', 100 from generate_series(1, 3) as g"
        )
    return dsn


def made(dsn: str, *names: str) -> None:
    """Install guards."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in names:
            install(connection, GUARDS[name], Throttle())


def found(connection: psycopg.Connection, *names: str) -> set[str]:
    """The rules of guards that find something."""
    rules = [rule for name in names for rule in GUARDS[name].protects]
    return {rule.id for rule in rules if connection.execute(f"select from (\n{rule.sql}\n) as v".encode()).rowcount}


# One transaction -----------------------------------------------------------------------------------


def test_a_root_and_its_recreation_are_inserted_in_either_order(shop: str) -> None:
    made(shop, *LINEAGE, "ancestor_is_older", "one_live_order", "is_covered_by_balance")
    with psycopg.connect(shop, autocommit=True) as connection:
        for root, recreation in ((1, 2), (11, 12)):
            statements = [order(root, root, status="recreated"), order(recreation, root)]
            with connection.transaction():
                for statement in statements if root == 1 else reversed(statements):
                    connection.execute(statement.encode())
        # both in one statement
        connection.execute((order(22, 21) + ", " + order(21, 21, status="recreated").split(" values ")[1]).encode())
        assert connection.execute("select count(*) from orders").fetchone() == (6,)
        for bad in (order(31, 30), order(32, 2), order(33, 21, customer=2), "update orders set order_ref = null"):
            with pytest.raises(errors.IntegrityError):
                connection.execute(bad.encode())
        # from one root to another, whichever is written first (the younger one may not be the root meanwhile)
        connection.execute("alter table orders drop constraint order_audit_ancestor_is_older")
        move = [
            "update orders set order_ref = 2 where order_id = 1",
            "update orders set order_ref = 2 where order_id = 2",
        ]
        with pytest.raises(errors.ForeignKeyViolation):
            connection.execute(move[0].encode())
        for statements in (move, [step.replace("order_ref = 2", "order_ref = 1") for step in reversed(move)]):
            with connection.transaction():
                for statement in statements:
                    connection.execute(statement.encode())
        # a lineage moves to another customer, and ends, from either end
        for steps in itertools.permutations([
            "update orders set customer_id = 3 - customer_id where order_id = 1",
            "update orders set customer_id = 3 - customer_id where order_id = 2",
        ]):  # fmt: skip
            with pytest.raises(errors.ForeignKeyViolation):
                connection.execute(steps[0].encode())
            with connection.transaction():
                for statement in steps:
                    connection.execute(statement.encode())
        for root, closed in ((11, "cancelled"), (21, "expired")):
            close = f"update orders set order_status = '{closed}' where order_id = {root}"
            end = f"update orders set order_status = 'recreated' where order_id = {root + 1}"
            with pytest.raises(errors.CheckViolation, match=f"order {root} is {closed}, and a live"):
                connection.execute(close.encode())
            with connection.transaction():
                for statement in (close, end) if closed == "cancelled" else (end, close):
                    connection.execute(statement.encode())
            with pytest.raises(errors.CheckViolation, match=f"and its first ancestor {root} is {closed}"):
                connection.execute(f"update orders set order_status = 'active' where order_id = {root + 1}".encode())
        assert not found(connection, *LINEAGE)


@pytest.mark.both_versions
def test_any_series_of_statements_is_refused_where_it_ends_in_a_violation(shop: str) -> None:
    """Random transactions on four orders, against what the rules say of the state that each would lead to."""
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("alter table orders alter order_ref drop not null, drop constraint orders_customer_id_fkey")
        connection.execute("create schema free")
        connection.execute("create table free.orders (like orders including defaults including indexes)")
        connection.execute("create table free.customers as table customers")
    made(shop, *LINEAGE)
    rng = random.Random(5)
    outcomes: list[bool] = []
    with psycopg.connect(shop) as connection:
        for _ in range(400):
            steps = [_step(rng) for _ in range(rng.randrange(1, 7))]
            connection.execute("set search_path = free, public")
            connection.execute("savepoint before")
            done = []
            for step in steps:
                connection.execute("savepoint step")
                try:
                    connection.execute(step.encode())
                    done.append(step)
                except errors.UniqueViolation:
                    connection.execute("rollback to step")
            bad = found(connection, *LINEAGE)
            if bad:
                connection.execute("rollback to before")
            connection.execute("set search_path = public")
            connection.execute("savepoint before")
            try:
                for step in done:
                    connection.execute(step.encode())
                connection.execute("set constraints all immediate")
                connection.execute("set constraints all deferred")
                refused = False
            except errors.IntegrityError:
                refused = True
                connection.execute("rollback to before")
            assert refused == bool(bad), (done, bad)
            connection.execute("set search_path = public, free")
            outcomes.append(refused)
            connection.commit()
    assert 80 < sum(outcomes) < 320


def _step(rng: random.Random) -> str:
    id, ref = rng.randrange(1, 5), rng.choice((1, 2, 3, 4, 4, 1))
    kind = rng.random()
    if kind < 0.35:
        return order(id, rng.choice((id, ref)), rng.choice((1, 1, 2)), rng.choice(("active", "cancelled", "recreated")))
    if kind < 0.5:
        return f"delete from orders where order_id = {id}"
    if kind < 0.7:
        return f"update orders set order_ref = {rng.choice((id, ref))} where order_id = {id}"
    if kind < 0.85:
        return (
            f"update orders set order_status = '{rng.choice(('paused', 'expired', 'recreated'))}' where order_id = {id}"
        )
    if kind < 0.95:
        return f"update orders set customer_id = {rng.choice((1, 2))} where order_ref = {ref}"
    return f"update orders set order_id = {ref} where order_id = {id}"


@pytest.mark.parametrize("balance_type", ["float", "numeric", "bigint"])
def test_a_recreation_is_refused_where_the_rule_finds_it(shop: str, balance_type: str) -> None:
    balances = [None, 0, -1, 5, 6] if balance_type == "bigint" else [
        None, 0, -1, 5, "5.000000000000001", "4.999999999999999", "NaN", "Infinity", "-Infinity"
    ]  # fmt: skip
    name = "is_covered_by_balance"
    with psycopg.connect(shop) as connection:
        connection.execute(
            f"alter table customers alter customer_balance drop not null, alter customer_balance drop default,"
            f" alter customer_balance type {balance_type}, add balance {balance_type}".encode()
        )
        connection.execute("alter table orders alter order_amount type numeric, alter order_amount drop not null")
        connection.execute(order(1, 1, status="recreated").encode())
        connection.commit()
        made(shop, name)
        seen = set()
        for balance, amount, status in itertools.product(balances, (None, 0, 5, "NaN", -5), (*LIVE, "expired")):
            connection.execute("update customers set customer_balance = %s where customer_id = 1", [balance])
            value = "null" if amount is None else f"'{amount}'"
            connection.execute("savepoint before")
            try:
                connection.execute(order(2, 1, status=status, amount=value).encode())
                refused = False
            except errors.CheckViolation:
                refused = True
                connection.execute("rollback to before")
                connection.execute("set local session_replication_role = replica")
                connection.execute(order(2, 1, status=status, amount=value).encode())
                connection.execute("set local session_replication_role = origin")
            assert refused == bool(found(connection, name)), (balance, amount, status)
            seen.add(refused)
            connection.rollback()
        assert seen == {True, False}


def test_only_what_decides_on_money_is_checked_against_the_balance(shop: str) -> None:
    made(shop, "is_covered_by_balance")
    with psycopg.connect(shop, autocommit=True) as connection:
        for statement in (order(1, 1, amount=500), order(2, 1, amount=99), order(3, 3, 2, "recreated")):
            connection.execute(statement.encode())
        # a debit is never refused, whatever it leaves, and who is uncovered since may still be paused, or ended
        for balance in ("99", "0", "-5", "'NaN'", "'-Infinity'"):
            connection.execute(f"update customers set customer_balance = {balance} where customer_id = 1".encode())
        for status in ("paused", "active", "pending", "recreated"):
            connection.execute(f"update orders set order_status = '{status}' where order_id = 2".encode())
        for change in (
            "order_status = 'active'",
            "order_status = 'paused', order_amount = 1",
        ):
            with pytest.raises(errors.CheckViolation, match="the balance of customer 1 does not cover"):
                connection.execute(f"update orders set {change} where order_id = 2".encode())
        connection.execute("update orders set order_amount = 5, order_ref = 3, customer_id = 2, order_status = 'active'"
                           " where order_id = 2")  # fmt: skip
        for change in ("order_amount = 100", "customer_id = 1", "order_amount = 6, order_ref = 1, customer_id = 1"):
            with pytest.raises(errors.CheckViolation):
                connection.execute(f"update orders set {change} where order_id = 2".encode())
        # a root may cost what it likes, until it is one no more
        with pytest.raises(errors.CheckViolation):
            connection.execute("update orders set order_ref = 3 where order_id = 1")
        # money that comes in the same transaction comes first, or the check is put off
        pay = "update customers set customer_balance = 1000 where customer_id = 3"
        with pytest.raises(errors.CheckViolation):
            connection.execute((order(5, 3, 3, amount=900) + ";" + pay).encode())
        with connection.transaction():
            connection.execute("set constraints all deferred")
            connection.execute(order(5, 3, 3, amount=900).encode())
            connection.execute(pay.encode())
        late = [
            "set constraints all deferred",
            order(6, 3, 3, amount=1),
            "update orders set order_amount = 1000 where order_id = 6",
        ]
        with pytest.raises(errors.CheckViolation):
            connection.execute(";".join(late).encode())
        with connection.transaction():
            connection.execute("set constraints all deferred")
            connection.execute(order(6, 3, 3, amount=1000).encode())
            connection.execute("update orders set order_amount = 1 where order_id = 6")


def test_values_that_are_no_numbers_get_in_nowhere(shop: str) -> None:
    made(shop, "balance_is_finite", "balance_is_not_negative", "balance_is_whole_cents", "amount_is_not_negative")
    with psycopg.connect(shop, autocommit=True) as connection:
        connection.execute("set extra_float_digits = 0")
        for balance in ("'NaN'", "'Infinity'", "'-Infinity'", "-0.01", "0.1::float + 0.2::float", "0.001", "1e-320"):
            with pytest.raises(errors.CheckViolation):
                connection.execute(f"update customers set customer_balance = {balance}".encode())
        for balance in ("0", "-0.0", "0.3", "12345678901234.56", "1e23"):
            connection.execute(f"update customers set customer_balance = {balance}".encode())
        with pytest.raises(errors.CheckViolation):
            connection.execute(order(1, 1, amount=-1).encode())


# Two transactions ----------------------------------------------------------------------------------


@dataclass
class Session:
    """A connection whose statements run in the background, one after the other, to the first error."""

    connection: psycopg.Connection
    watcher: psycopg.Connection
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    waiting: list[Future[None]] = field(default_factory=list)
    error: psycopg.Error | None = None

    def give(self, statement: str) -> None:
        """Run a statement, and come back when it is done or waits for another session."""
        self.waiting.append(self.pool.submit(self._run, statement))
        self.settle()

    def settle(self) -> None:
        """Come back when nothing of it runs, or it waits for another session."""
        while not self.idle:
            blocked = self.watcher.execute(
                "select cardinality(pg_blocking_pids(%s)) > 0", [self.connection.info.backend_pid]
            ).fetchone()
            if blocked == (True,):
                return
            time.sleep(0.001)

    @property
    def idle(self) -> bool:
        return all(future.done() for future in self.waiting)

    def _run(self, statement: str) -> None:
        try:
            if self.error is None:
                self.connection.execute(statement.encode())
        except psycopg.Error as error:
            self.error = error
            self.connection.execute("rollback")

    def finish(self) -> psycopg.Error | None:
        """Wait for the end; gives why it was not committed."""
        for future in self.waiting:
            future.result(timeout=30)
        self.waiting.clear()
        error, self.error = self.error, None
        return error


@contextmanager
def two(dsn: str) -> Iterator[tuple[Session, Session]]:
    """Two sessions, and one that looks on."""
    connections = [psycopg.connect(dsn, autocommit=True, options="-c deadlock_timeout=20ms") for _ in range(3)]
    pair = (Session(connections[0], connections[2]), Session(connections[1], connections[2]))
    try:
        yield pair
    finally:
        for session in pair:
            session.pool.shutdown()
        for connection in connections:
            connection.close()


#: Isolation levels of the two.
LEVELS = (
    ("read committed", "read committed"),
    ("repeatable read", "repeatable read"),
    ("serializable", "serializable"),
    ("read committed", "repeatable read"),
    ("repeatable read", "read committed"),
    ("serializable", "read committed"),
)
#: All orders of two times begin, write, commit.
SCHEDULES = ["".join(order) for order in sorted(set(itertools.permutations("aaabbb")))]
CONFLICTS = {
    # name: (guards, what is there, one transaction's statement, the other's)
    "root re-pointed": (
        LINEAGE, (order(1, 1), order(9, 9)), order(2, 1), "update orders set order_ref = 9 where order_id = 1",
    ),
    "root moved": (
        LINEAGE, (order(1, 1),), order(2, 1), "update orders set customer_id = 2 where order_id = 1",
    ),
    "root closed": (
        LINEAGE, (order(1, 1),), order(2, 1), "update orders set order_status = 'cancelled' where order_id = 1",
    ),
    "recreation revived": (
        LINEAGE, (order(1, 1, status="recreated"), order(2, 1, status="paused"), order(3, 1, status="expired")),
        "update orders set order_status = 'active' where order_id = 3",
        "update orders set order_status = 'expired' where order_ref = 1",
    ),
    "recreation re-pointed": (
        LINEAGE, (order(1, 1), order(2, 1), order(9, 9)),
        "update orders set order_ref = 9 where order_id = 2",
        "update orders set order_status = 'expired' where order_id = 9",
    ),
    "root deleted": (LINEAGE, (order(1, 1),), order(2, 1), "delete from orders where order_id = 1"),
    "circle": (
        LINEAGE, (order(1, 1), order(2, 2)),
        "update orders set order_ref = 2 where order_id = 1", "update orders set order_ref = 1 where order_id = 2",
    ),
    "two live": (("one_live_order",), (order(1, 1, status="recreated"),), order(2, 1), order(3, 1)),
    "same address": (
        ("email_is_unique",), (), "update customers set customer_email = ' A@b.cd' where customer_id = 1",
        "update customers set customer_email = 'a@B.cd ' where customer_id = 2",
    ),
}  # fmt: skip


def _reset(watcher: psycopg.Connection, rows: tuple[str, ...]) -> None:
    with watcher.transaction():
        watcher.execute("delete from orders")
        watcher.execute(
            "update customers set customer_email = 'c' || customer_id || '@example.com', customer_balance = 100"
        )
        for row in rows:
            watcher.execute(row.encode())


def _play(
    pair: tuple[Session, Session],
    schedule: str,
    levels: tuple[str, str],
    writes: tuple[str, str],
    before: Callable[[str], None] = lambda _step: None,
) -> list[psycopg.Error | None]:
    """Run two transactions step by step; gives why they were not committed. `before` is told of each step: `b2`."""
    steps = [
        iter((f"begin isolation level {level}; select 1 from orders", write, "commit"))
        for level, write in zip(levels, writes, strict=True)
    ]
    for place, letter in enumerate(schedule):
        before(f"{letter}{schedule[: place + 1].count(letter)}")
        number = "ab".index(letter)
        pair[number].give(next(steps[number]))
        for session in pair:
            session.settle()
    return [session.finish() for session in pair]


#: Where each needs a row that the other has written: one of them is told of a deadlock.
CROSSING = ("circle", "recreation revived")


@pytest.mark.parametrize("conflict", list(CONFLICTS))
@pytest.mark.both_versions
def test_two_transactions_in_any_order_at_any_level_leave_no_violation(shop: str, conflict: str) -> None:
    names, rows, *writes = CONFLICTS[conflict]
    broken, outcomes = 0, set()
    with two(shop) as pair:
        watcher = pair[0].watcher
        # without the guards, the same does lead to violations: the schedules are worth something
        for schedule in SCHEDULES:
            _reset(watcher, rows)
            _play(pair, schedule, LEVELS[0], (writes[0], writes[1]))
            broken += bool(found(watcher, *names))
        _reset(watcher, rows)
        made(shop, *names)
        for levels in LEVELS:
            for schedule in SCHEDULES:
                _reset(watcher, rows)
                failed = _play(pair, schedule, levels, (writes[0], writes[1]))
                assert not found(watcher, *names), (levels, schedule, failed)
                assert None in failed, (levels, schedule)
                for error in filter(None, failed):
                    assert isinstance(error, errors.IntegrityError | errors.SerializationFailure) or (
                        conflict in CROSSING and isinstance(error, errors.DeadlockDetected)
                    ), (levels, schedule, error)
                outcomes.add(tuple(error is None for error in failed))
    assert broken
    assert outcomes >= {(True, False), (False, True)}


@pytest.mark.both_versions
def test_a_recreation_and_a_debit_wait_for_each_other(shop: str) -> None:
    """An order is decided on by a balance that nobody is changing, and a debit is never refused."""
    made(shop, "is_covered_by_balance")
    writes = (order(2, 1), "update customers set customer_balance = 0 where customer_id = 1")
    outcomes = set()
    with two(shop) as pair:
        watcher = pair[0].watcher
        for levels in LEVELS:
            for schedule in SCHEDULES:
                _reset(watcher, (order(1, 1, status="recreated"),))
                debited: list[bool] = []

                def look(step: str, debited: list[bool] = debited) -> None:
                    if step == "a3":
                        debited.append(len(pair[1].waiting) > 1 and pair[1].waiting[1].done())

                failed = _play(pair, schedule, levels, writes, look)
                # at READ COMMITTED nothing stops a debit; above, it may have to be tried again, as ever
                assert failed[1] is None or isinstance(failed[1], errors.SerializationFailure)
                if failed == [None, None]:
                    # then the balance was as it had been when the order was committed
                    assert debited == [False], (levels, schedule)
                outcomes.add(tuple(error is None for error in failed))
    assert outcomes >= {(True, True), (False, True)}


def test_two_recreations_and_debits_of_one_customer_do_not_deadlock(shop: str) -> None:
    made(shop, "is_covered_by_balance")
    debit = "update customers set customer_balance = customer_balance - 5 where customer_id = 1"
    with two(shop) as pair:
        _reset(pair[0].watcher, (order(1, 1, status="recreated"),))
        for session, id in zip(pair, (2, 3), strict=True):
            session.give("begin")
            session.give(order(id, 1))
        for session in pair:
            session.give(debit)
            session.give("commit")
            pair[0].settle()
        assert [session.finish() for session in pair] == [None, None]
        assert pair[0].watcher.execute("select customer_balance from customers where customer_id = 1").fetchone() == (
            90,
        )


@pytest.mark.both_versions
def test_a_sequence_is_moved_forward_and_never_back(shop: str) -> None:
    guard = GUARDS["sequence_is_ahead_of_data"]
    with psycopg.connect(shop, autocommit=True) as connection, psycopg.connect(shop) as other:
        connection.execute(
            """
            alter table orders alter order_id drop default;
            drop sequence orders_order_id_seq;
            alter table orders alter order_id add generated always as identity (increment by 10 start with 3);
            """
        )
        connection.execute(order(57, 57).replace("values", "overriding system value values").encode())
        assert install(connection, guard, Throttle())
        assert connection.execute("select nextval('orders_order_id_seq')").fetchone() == (73,)
        # three customers were inserted with ids of their own
        assert connection.execute("select nextval('customers_customer_id_seq')").fetchone() == (4,)
        assert not install(connection, guard, Throttle())
        connection.execute("select setval('customers_customer_id_seq', 1)")
        # somebody draws numbers meanwhile
        with ThreadPoolExecutor(1) as pool:
            drawn = [other.execute("select nextval('customers_customer_id_seq')").fetchone() for _ in range(2)]
            assert drawn == [(2,), (3,)]
            installing = pool.submit(install, connection, guard, Throttle())
            time.sleep(0.3)
            drawn = [other.execute("select nextval('customers_customer_id_seq')").fetchone() for _ in range(4)]
            assert drawn == [(4,), (5,), (6,), (7,)]
            other.commit()
            installing.result()
        assert connection.execute("select nextval('customers_customer_id_seq')").fetchone() == (8,)
        # shared, and named by a default alone
        connection.execute(
            """
            create sequence shared;
            alter table orders alter order_id drop identity;
            alter table orders alter order_id set default nextval('shared');
            alter table customers alter customer_id set default nextval('shared');
            """
        )
        assert install(connection, guard, Throttle())
        assert connection.execute("select nextval('shared')").fetchone() == (58,)
