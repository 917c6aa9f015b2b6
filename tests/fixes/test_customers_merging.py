"""Merging of customers: balances add up exactly, groups change or are locked meanwhile, nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

import psycopg
import pytest

from order_audit.fixes.engine.batches import apply, install, list_rows
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET
from order_audit.fixes.planning.dry_run import dry_run
from tests.fixes.customers import FIXES, MERGES, column, everything, fixed, found, plant, tables, undone, unmergeable
from tests.support import dirty, dirty_tables

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


def order(connection: Connection, order_id: int, customer_id: int) -> None:
    connection.execute("insert into orders (order_id, customer_id) values (%s, %s)", [order_id, customer_id])


SAME = {
    "customers.email_is_unique": {"customer_email": "ann@acme.example"},
    "customers.no_duplicate": {"customer_name": "Acme"},
}

#: A column's type; the balances of customers that are one; what they come to, None where they are not merged.
SUMS: list[tuple[str, list[str | None], str | None]] = [
    ("float", ["0.1", "0.2", "0.3"], "0.6"),
    ("float", ["12345678901234.56", "0.01", "-0.02"], "12345678901234.55"),
    ("float", ["5", "-5", "0"], "0"),
    ("float", ["-0", "0", "0"], "0"),
    ("float", ["1e300", "1e300", "-1e300"], "1e+300"),
    ("float", ["0.12345678901234566", "1234567.8901234567", "0"], "1234568.0135802457"),  # off by less than 1e-10
    ("numeric", ["0.1", "0.20", "123456789012345678901234567890.123"], "123456789012345678901234567890.423"),
    ("numeric(12, 2)", ["9999999999.00", "0.99", "0"], "9999999999.99"),
    ("integer", ["5", "6", "-7"], "4"),
    # unchanged: values that are no amount, and values that the column cannot store
    ("float", ["5", "NaN", "6"], None),
    ("float", ["NaN", "5", "6"], None),
    ("float", ["5", "Infinity", "-Infinity"], None),
    ("float", ["5", None, "6"], None),
    ("float", [None, None, None], None),
    ("float", ["1.7e308", "1.7e308", "0"], None),
    ("float", ["1e300", "0.01", "0"], None),
    ("float", ["90071992547409.93", "0.001", "0"], None),
    ("numeric", ["5", "NaN", "6"], None),
    ("numeric(12, 2)", ["9999999999.00", "1.00", "0"], None),
    ("integer", ["2147483647", "1", "0"], None),
]


@pytest.mark.parametrize("rule", MERGES)
def test_balances_add_up_exactly_or_nothing_is_merged(database: Connection, rule: str) -> None:
    for kind, balances, total in SUMS:
        with database.transaction(force_rollback=True):
            tables(database, customer_balance=kind)
            plant(database, customer_id=1, customer_balance="7")
            for number, balance in enumerate(balances, start=2):
                plant(database, customer_id=number, customer_balance=balance, **SAME[rule])
                order(database, 10 + number, number)
            order(database, 11, 1)
            order(database, 10, 2)
            before, one = everything(database), column(database, "customer_balance")[1]
            done = fixed(database, rule, "merge")
            if total is None:
                assert done.changed == 0, balances
                assert everything(database) == before
                assert found(database, rule) == [3, 4]
                continue
            assert column(database, "customer_balance") == {1: one, 2: total}
            assert column(database, "customer_id", "orders", "order_id") == {
                10: "2",
                11: "1",
                12: "2",
                13: "2",
                14: "2",
            }
            assert not found(database, rule)
            undone(database, rule)
            assert everything(database) == before


def test_each_group_is_merged_into_the_smallest_id_of_its_own(database: Connection) -> None:
    """1 and 3 have one address, 3 and 5 are one company, 5 and 7 have one address again; 9 has nothing of them."""
    tables(database)
    for number, email, name in (
        (1, "a@x.example", "One"), (3, "a@x.example", "Three"), (5, "b@x.example", "Three"), (6, "", "Six"),
        (7, "B@x.example ", "Seven"), (9, "c@x.example", "Nine"), (2, None, "Three"), (4, "a@x.example", None),
        (8, " ", "Eight"),
    ):  # fmt: skip
        plant(database, customer_id=number, customer_email=email, customer_name=name, customer_balance=number)
        order(database, number, number)
    before = everything(database)
    assert found(database, "customers.no_duplicate") == [3, 5]
    assert found(database, "customers.email_is_unique") == [3, 4, 7]
    fixed(database, "customers.no_duplicate", "merge")
    assert column(database, "customer_balance") == {
        1: "1", 2: "10", 4: "4", 6: "6", 7: "7", 8: "8", 9: "9"
    }  # fmt: skip
    assert found(database, "customers.email_is_unique") == [4]  # the others went into 2, which has no address
    fixed(database, "customers.email_is_unique", "merge")
    assert column(database, "customer_balance") == {1: "5", 2: "10", 6: "6", 7: "7", 8: "8", 9: "9"}
    assert column(database, "customer_id", "orders", "order_id") == {
        1: "1", 2: "2", 3: "2", 4: "1", 5: "2", 6: "6", 7: "7", 8: "8", 9: "9"
    }  # fmt: skip
    undone(database, "customers.email_is_unique")
    undone(database, "customers.no_duplicate")
    assert everything(database) == before


@pytest.mark.parametrize("types", [pytest.param("current", marks=pytest.mark.both_versions), "other", "mixed"])
def test_random_customers_are_merged_without_a_loss(database: Connection, types: str) -> None:
    rows = dirty.random_rows(11, customers=150, orders=300, nulls=True, duplicates=False)
    dirty_tables.create(database, rows, types=types, constraints=False)
    before = everything(database)

    def books() -> tuple[Any, Decimal]:
        """Orders, those of no customer, and the sum of what amounts there are."""
        row = database.execute(
            """
            select array[count(*), count(*) filter (where c.customer_id is null)], (
                select sum(b.customer_balance::text::numeric)
                from customers as b
                where b.customer_balance::text not in ('NaN', 'Infinity', '-Infinity')
              )
            from orders as o
            left join customers as c using (customer_id)
            """
        ).fetchone()
        assert row is not None
        return row[0], row[1]

    orders, money = books()
    for rule in ("customers.no_duplicate", "customers.email_is_unique"):
        left = unmergeable(database, rule)
        assert len(left) < len(found(database, rule))
        fixed(database, rule, "merge")
        assert found(database, rule) == left
        now = books()
        assert now[0] == orders
        with localcontext(prec=1000):
            assert abs(now[1] - money) < Decimal("0.001")
    undone(database, "customers.email_is_unique")
    undone(database, "customers.no_duplicate")
    assert everything(database) == before


def listed(connection: Connection, rule: str, option: str) -> int:
    chosen = FIXES[rule].option(option)
    assert chosen is not None
    return list_rows(connection, FIXES[rule], chosen, TARGET)


def batch(connection: Connection, rule: str) -> tuple[int, int, int]:
    """Apply the work list; return changed rows, locked positions and stale positions."""
    row = connection.execute("select * from order_audit.apply_batch(%s, 0, 1000)", [rule]).fetchone()
    assert row is not None
    return row[1], row[2], row[3]


@pytest.mark.parametrize(
    ("meanwhile", "left"),
    [
        # the one that stays gets another address, though its balance would not change
        ("update customers set customer_email = 'other@acme.example' where customer_id = 1", []),
        ("update customers set customer_balance = 9 where customer_id = 2", [2]),
        ("delete from customers where customer_id = 1", []),
        ("insert into orders (order_id, customer_id) values (9, 2)", [2]),
        ("update orders set order_status = 'paused' where order_id = 7", [2]),
    ],
)
def test_a_group_that_changes_meanwhile_is_looked_at_anew(
    database: Connection, meanwhile: str, left: list[int]
) -> None:
    tables(database)
    database.execute("alter table orders add foreign key (customer_id) references customers")
    plant(database, customer_id=1, **SAME["customers.email_is_unique"])
    plant(database, customer_id=2, **SAME["customers.email_is_unique"])
    plant(database, customer_id=3, customer_email="three@acme.example")
    plant(database, customer_id=4, customer_email="three@acme.example")
    order(database, 7, 2)
    order(database, 8, 4)
    assert listed(database, "customers.email_is_unique", "merge") == 4
    database.execute(meanwhile.encode())
    middle = everything(database)
    assert batch(database, "customers.email_is_unique") == (2, 0, 1)  # the other group only
    assert len(middle) - len(everything(database)) == 1
    assert found(database, "customers.email_is_unique") == left
    fixed(database, "customers.email_is_unique", "merge")
    assert not found(database, "customers.email_is_unique")
    assert set(column(database, "customer_id", "orders", "order_id").values()) <= {
        str(key) for key in column(database, "customer_id")
    }


def test_a_group_that_somebody_holds_is_left_for_later(database: Connection, dsn: str) -> None:
    tables(database)
    database.execute("alter table orders add foreign key (customer_id) references customers")
    plant(database, customer_id=1, **SAME["customers.email_is_unique"])
    plant(database, customer_id=2, **SAME["customers.email_is_unique"])
    before = everything(database)
    assert listed(database, "customers.email_is_unique", "merge") == 1
    with psycopg.connect(dsn) as other:
        other.execute("select from customers where customer_id = 1 for update")
        assert batch(database, "customers.email_is_unique") == (0, 1, 0)
        other.rollback()
        order(other, 5, 2)  # not yet committed: it holds the customer that it is of
        assert batch(database, "customers.email_is_unique") == (0, 1, 0)
        other.commit()
    assert batch(database, "customers.email_is_unique") == (0, 0, 1)
    fixed(database, "customers.email_is_unique", "merge")
    undone(database, "customers.email_is_unique")
    assert [row for row in everything(database) if row[0].startswith("c")] == before


@pytest.mark.parametrize("action", ["no action", "cascade", "set null"])
@pytest.mark.both_versions
def test_a_customer_that_other_tables_refer_to_is_not_deleted(database: Connection, action: str) -> None:
    tables(database, customer_id="bigint")
    database.execute("create schema elsewhere")
    database.execute(
        'create table elsewhere."In voices" (id int primary key,'
        f' "of" int references customers on delete {action})'.encode()
    )
    for number in range(1, 5):
        plant(database, customer_id=number, customer_email=f"{number % 2}@acme.example")
        order(database, number, number)
    database.execute("alter table orders add foreign key (customer_id) references customers")
    assert listed(database, "customers.email_is_unique", "merge") == 4
    database.execute('insert into elsewhere."In voices" values (1, 4), (2, 1)')
    assert batch(database, "customers.email_is_unique") == (2, 0, 1)
    with dry_run(database, {"customers": ("customer_id",), "orders": ("order_id",)}) as copies:
        fix = FIXES["customers.email_is_unique"]
        assert apply(copies, fix, fix.options[0], STAGING, Throttle(max_lock_wait_ms=0, vacuum_after=0)).changed == 0
    assert fixed(database, "customers.email_is_unique", "merge").changed == 0
    assert sorted(column(database, "customer_id")) == [1, 2, 4]
    assert column(database, "customer_id", "orders", "order_id") == {1: "1", 2: "2", 3: "1", 4: "4"}
    assert column(database, '"of"', 'elsewhere."In voices"', "id") == {1: "4", 2: "1"}
