"""What the customers' fixes make of hard cases, value by value, on tables of several types."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply, install, list_rows, revert
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET
from order_audit.fixes.fix import AUTOMATIC, fixes
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import install as install_guard
from order_audit.fixes.planning.dry_run import dry_run
from tests.support import dirty, servers

RULES = load("current").rules
FIXES = fixes(RULES)
OURS = {id: fix for id, fix in FIXES.items() if id.startswith("customers.")}
COLUMNS = dirty.CUSTOMER_COLUMNS
WHITE = " \t\n\r\f\v"

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


def tables(connection: Connection, **types: str) -> None:
    """Make the tables, nothing required, with other types than usual for the customers' columns that are named."""
    customers, orders = dirty.TYPES["current"]
    for name, columns in (("customers", {**customers, **types}), ("orders", orders)):
        key = next(iter(columns))
        body = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        connection.execute(f"create table {name} ({body}, primary key ({key}))".encode())


def plant(connection: Connection, **columns: Any) -> None:
    """Insert a customer that breaks no rule, but for the columns that are given."""
    sound = {"customer_name": f"Acme {columns['customer_id']}", "customer_contact_name": "Ann", "address_state": "CA",
             "customer_email": f"ann{columns['customer_id']}@acme.example", "address": "1 Main Street",
             "customer_balance": 0}  # fmt: skip
    row = {**sound, **columns}
    connection.execute(
        f"insert into customers ({', '.join(row)}) values ({', '.join(['%s'] * len(row))})".encode(), list(row.values())
    )


def order(connection: Connection, order_id: int, customer_id: int) -> None:
    connection.execute("insert into orders (order_id, customer_id) values (%s, %s)", [order_id, customer_id])


def fixed(connection: Connection, rule: str, option: str = AUTOMATIC) -> OptionOutcome:
    """Apply an option of a rule's fix, which nobody else is in the way of, and prove that more of it does nothing."""
    chosen = FIXES[rule].option(option)
    assert chosen is not None
    done = apply(connection, FIXES[rule], chosen, TARGET, Throttle(max_rounds=1))
    assert done.locked == done.changed_concurrently == 0
    assert list_rows(connection, FIXES[rule], chosen, TARGET) == 0
    return done


def undone(connection: Connection, rule: str) -> None:
    done = revert(connection, rule, TARGET, Throttle())
    assert done.locked == done.changed_concurrently == 0


def found(connection: Connection, rule: str) -> list[Any]:
    """The keys of a rule's violations, in order."""
    query = f"select v.{FIXES[rule].rule.key[0]} from ({FIXES[rule].rule.sql}) as v order by 1"
    return [key for (key,) in connection.execute(query.encode())]


def column(connection: Connection, name: str, table: str = "customers", key: str = "customer_id") -> dict[Any, Any]:
    """A column's values as text, by key."""
    return dict(connection.execute(f"select {key}, {name}::text from {table} order by 1".encode()).fetchall())


def everything(connection: Connection) -> list[tuple[str]]:
    rows = "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    return connection.execute(rows.encode()).fetchall()


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.id.split(".")[0] in ("customers", "recreation")])
def test_every_rule_has_a_fix_that_says_what_leaving_means(rule: str) -> None:
    fix = FIXES[rule]
    assert fix.leave
    assert all(other in FIXES for other in fix.after if other.startswith(("customers.", "recreation.")))
    assert all(reason for reason in fix.after.values())


# Balances -----------------------------------------------------------------------------------------

#: A balance as it is written; what becomes of it by itself; what becomes of it by `round`.
FLOATS = {
    "0.30000000000000004": ("0.3", "0.3"),
    "343.00000000000006": ("343", "343"),
    "342.99999999999994": ("343", "343"),
    "-0.30000000000000004": ("-0.3", "-0.3"),
    "-1e-300": ("0", "0"),
    "5e-324": ("0", "0"),
    "9.99e-05": ("0", "0"),
    "0.0001": ("0.0001", "0"),  # a hundredth of a cent is not less than one
    "10.0099": ("10.0099", "10.01"),
    "10.00990001": ("10.01", "10.01"),
    "99.004": ("99.004", "99"),
    "0.005": ("0.005", "0.01"),
    "-0.005": ("-0.005", "-0.01"),
    "12345678901234.56": ("12345678901234.56", "12345678901234.56"),
    "17592186044416.004": ("17592186044416.004", "17592186044416"),  # 17 digits: straight to numeric keeps 15
    "8796093022208.006": ("8796093022208.006", "8796093022208.01"),
    "1099511627776.0999": ("1099511627776.0999", "1099511627776.1"),
    "68719476736.10002": ("68719476736.1", "68719476736.1"),
    "1e+300": ("1e+300", "1e+300"),
    "NaN": ("NaN", "NaN"),
    "-Infinity": ("-Infinity", "-Infinity"),
}
NUMERICS = {
    "0.30000000000000004": ("0.30", "0.30"),
    "0.0001": ("0.0001", "0.00"),
    "-0.00009999999999999999999999": ("0.00", "0.00"),
    "123456789012345678901234567890.123456": (
        "123456789012345678901234567890.123456",
        "123456789012345678901234567890.12",
    ),
    "123456789012345678901234567890.12000001": ("123456789012345678901234567890.12",) * 2,
    "5.10": ("5.10", "5.10"),
    "5.1000": ("5.1000", "5.1000"),
    "NaN": ("NaN", "NaN"),
    "Infinity": ("Infinity", "Infinity"),
}


@pytest.mark.parametrize(("kind", "cases"), [("float", FLOATS), ("numeric", NUMERICS)], ids=["float", "numeric"])
@pytest.mark.both_versions
def test_balances_are_rounded_through_text(database: Connection, kind: str, cases: dict[str, tuple[str, str]]) -> None:
    tables(database, customer_balance=kind)
    for number, balance in enumerate(cases):
        plant(database, customer_id=number, customer_balance=balance)
    plant(database, customer_id=1000, customer_balance=None)
    before = everything(database)
    assert list(column(database, "customer_balance").values()) == [*cases, None]
    fixed(database, "customers.balance_is_whole_cents")
    assert list(column(database, "customer_balance").values()) == [
        *(by_itself for by_itself, _ in cases.values()),
        None,
    ]
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert list(column(database, "customer_balance").values()) == [*(rounded for _, rounded in cases.values()), None]
    assert not found(database, "customers.balance_is_whole_cents")
    undone(database, "customers.balance_is_whole_cents")
    assert everything(database) == before


def test_random_floats_become_whole_cents(database: Connection) -> None:
    tables(database)
    rng = random.Random(7)
    sums = [sum(rng.randrange(1, 10 ** rng.randrange(3, 16)) / 100 for _ in range(9)) for _ in range(2000)]
    for number, drifted in enumerate([*sums, *(rng.uniform(-(10**n), 10**n) for n in range(16) for _ in range(50))]):
        plant(database, customer_id=number, customer_balance=drifted)
    before = {key: Decimal(balance) for key, balance in column(database, "customer_balance").items()}
    violations = found(database, "customers.balance_is_whole_cents")
    assert len(violations) > 500
    fixed(database, "customers.balance_is_whole_cents")
    after = {key: Decimal(balance) for key, balance in column(database, "customer_balance").items()}
    cent = Decimal("0.01")
    for key, balance in before.items():
        rounded = balance.quantize(cent, "ROUND_HALF_UP")
        assert after[key] == (rounded if abs(rounded - balance) < Decimal("0.0001") else balance)
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert not found(database, "customers.balance_is_whole_cents")


def test_a_balance_that_its_column_cannot_hold_rounded_stays(database: Connection) -> None:
    tables(database, customer_balance="numeric(7, 5)")
    for number, balance in enumerate(["99.99999", "99.99500", "99.99001", "9.99999", "-99.99999"], start=1):
        plant(database, customer_id=number, customer_balance=balance)
    fixed(database, "customers.balance_is_whole_cents")
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert list(column(database, "customer_balance").values()) == [
        "99.99999", "99.99500", "99.99000", "10.00000", "-99.99999"
    ]  # fmt: skip


def test_rounding_settles_whether_an_order_may_be_recreated(database: Connection) -> None:
    tables(database)
    for number, balance in ((1, "343.00000000000006"), (2, "343.004")):
        plant(database, customer_id=number, customer_balance=balance)
        database.execute(
            "insert into orders (order_id, order_ref, customer_id, order_amount, order_status)"
            " values (%s, 1, %s, 343, 'active')",
            [number, number],
        )
    assert found(database, "recreation.decision_survives_rounding") == [1, 2]
    fixed(database, "customers.balance_is_whole_cents")
    assert found(database, "recreation.decision_survives_rounding") == [2]
    fixed(database, "customers.balance_is_whole_cents", "round")
    assert not found(database, "recreation.decision_survives_rounding")


@pytest.mark.parametrize("kind", ["float", "numeric", "numeric(12, 2)"])
def test_what_is_no_amount_becomes_zero(database: Connection, kind: str) -> None:
    tables(database, customer_balance=kind)
    balances = ["NaN", None, *([] if kind == "numeric(12, 2)" else ["Infinity", "-Infinity"]), "5"]
    for number, balance in enumerate(balances):
        plant(database, customer_id=number, customer_balance=balance)
    fixed(database, "customers.balance_is_finite", "zero")
    assert [float(balance) for balance in column(database, "customer_balance").values()] == [
        *[0] * (len(balances) - 1), 5
    ]  # fmt: skip


# Merging ------------------------------------------------------------------------------------------

MERGES = ("customers.email_is_unique", "customers.no_duplicate")
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
    # left as they are: what is no amount, and what the column cannot hold
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


def as_float(connection: Connection, number: Decimal) -> Decimal:
    """A number as the server writes it once it is a float, which is not always as Python does."""
    if abs(number) > Decimal("1.7976931348623157e308"):
        return Decimal("Infinity")
    row = connection.execute("select %s::numeric::float8::text", [number]).fetchone()
    return Decimal(row[0] if row else 0)


def unmergeable(connection: Connection, rule: str) -> list[Any]:
    """The keys of a rule's violations whose balances have no sum that the column holds to a hundredth of a cent."""
    groups = connection.execute(
        f"""
        select array_agg(distinct v.customer_id), array_agg(distinct v.customer_id || ' ' || c.customer_balance)
            || array_agg(distinct 'first ' || f.customer_balance),
          bool_and(c.customer_balance is not null and f.customer_balance is not null),
          min(pg_typeof(f.customer_balance)::text)
        from ({FIXES[rule].rule.sql}) as v
        join customers as c on c.customer_id = v.customer_id
        join customers as f on f.customer_id = v.first_customer_id
        group by v.first_customer_id
        """.encode()
    ).fetchall()
    left = []
    for keys, balances, known, kind in groups:
        numbers = [Decimal(balance.split(" ")[1]) for balance in balances if balance is not None]
        if known and all(number.is_finite() for number in numbers):
            with localcontext(prec=1000):
                total = sum(numbers, Decimal(0))
                if kind == "numeric" or abs(total - as_float(connection, total)) < Decimal("0.0001"):
                    continue
        left += keys
    return sorted(left)


@pytest.mark.parametrize("types", [pytest.param("current", marks=pytest.mark.both_versions), "other", "mixed"])
def test_random_customers_are_merged_without_a_loss(database: Connection, types: str) -> None:
    rows = dirty.random_rows(11, customers=150, orders=300, nulls=True, duplicates=False)
    dirty.create(database, rows, types=types, constraints=False)
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
    """Apply what is listed; gives rows changed, places busy, places taken off the list."""
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


# Texts --------------------------------------------------------------------------------------------

TEXTS = {
    f"{WHITE}Acme{WHITE}": "Acme",
    "Acme\tLeads\r\nLtd\rand\nSons": "Acme Leads Ltd and Sons",
    "Ac\x01me\x1f": "Acme",
    "\x7fAc\x80me\x9f": "Acme",
    "Acme\u00a0Leads\u00a0": "Acme Leads",
    "\u00a0\u200b\t \ufeff": "",
    "": "",
    "So\u00adft\u200bZero\u200fRight\u202eOver\u2060\u2064\u2066\u2069": "SoftZeroRightOver",
    "\u200b \u200b Acme \u200b": "Acme",
    "Acme  Leads": "Acme  Leads",
    "\u2003Acme\u3000\u2028": "\u2003Acme\u3000\u2028",
    "\u2065\u206a\ufffc": "\u2065\u206a\ufffc",
    "e\u200b\u0301t\u00e9": "\u00e9t\u00e9",  # composed once nothing stands between
    "Cafe\u0301 ": "Caf\u00e9",
    "\u212bcme": "\u00c5cme",
    "a\u0301\u0323": "\u1ea1\u0301",
    "\u0958": "\u0915\u093c",  # longer in normal form
    "\ufb01r \u0131 \u00df": "\ufb01r \u0131 \u00df",
    "\U0001f469\u200d\U0001f469": "\U0001f469\U0001f469",
    "%s \\n ' \" $1 {}": "%s \\n ' \" $1 {}",
}


@pytest.mark.parametrize("kind", ["text", "varchar(40)", "char(40)"])
@pytest.mark.both_versions
def test_texts_are_clean_and_normal(database: Connection, kind: str) -> None:
    for name in COLUMNS:
        if name in ("customer_id", "customer_balance"):
            continue
        with database.transaction(force_rollback=True):
            tables(database, **{name: kind})
            for number, value in enumerate(TEXTS):
                plant(database, customer_id=number, **{name: value})
            plant(database, customer_id=100, **{name: None})
            plant(database, customer_id=101, **{name: " lo\ufffdst"})
            before = everything(database)
            fixed(database, "customers.text_is_clean")
            fixed(database, "customers.text_is_normalised")
            assert list(column(database, name).values()) == [*TEXTS.values(), None, " lo\ufffdst"]
            assert found(database, "customers.text_is_clean") == [101]
            assert not found(database, "customers.text_is_normalised")
            undone(database, "customers.text_is_normalised")
            undone(database, "customers.text_is_clean")
            assert everything(database) == before


def test_a_customer_with_lost_letters_is_left_whole(database: Connection) -> None:
    tables(database)
    plant(database, customer_id=1, customer_name="lost\ufffd", address=" 1 Main\tStreet ", customer_phone=" 5550100001")
    before = everything(database)
    fixed(database, "customers.text_is_clean")
    assert everything(database) == before


@pytest.mark.parametrize(
    ("encoding", "stored", "clean"),
    [
        ("LATIN1", b" x\xa0y\x92", "x y"),
        ("WIN1252", b" O\x92Brien", " O\u2019Brien"),
        ("EUC_JP", b" \xa4\xa2", " \u3042"),
    ],
)
@pytest.mark.both_versions
def test_letters_of_other_encodings_are_not_taken_for_invisible(
    server: Server, encoding: str, stored: bytes, clean: str
) -> None:
    dsn = servers.new_database(server, options=f"encoding '{encoding}' locale 'C'")
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        install(connection, TARGET)
        tables(connection)
        plant(connection, customer_id=1)
        connection.execute(
            "update customers set customer_name = convert_from(%s, %s), customer_email = 'Ann@acme.example'",
            [stored, encoding],
        )
        fixed(connection, "customers.text_is_clean")
        fixed(connection, "customers.email_is_canonical")
        assert column(connection, "customer_name") == {1: clean}
        assert column(connection, "customer_email") == {1: "ann@acme.example"}
    servers.drop_database(server, dsn)


@pytest.mark.parametrize(
    ("encoding", "sound"),
    [("LATIN1", b"Andr\xe9"), ("WIN1252", b"O\x92Brien \x96 \x80 5"), ("EUC_JP", b"\xa4\xa2 \xa2\xa6")],
)
@pytest.mark.both_versions
def test_letters_of_other_encodings_are_no_stray_characters(server: Server, encoding: str, sound: bytes) -> None:
    """Neither for the rule nor for its guard; white space and control characters are some in any encoding."""
    rule, guard = FIXES["customers.text_is_clean"].rule, guards()["text_is_clean"]
    dsn = servers.new_database(server, options=f"encoding '{encoding}' locale 'C'")
    with psycopg.connect(dsn, autocommit=True, client_encoding="utf8") as connection:
        tables(connection)
        for id, name in enumerate([sound, b" " + sound, sound + b"\n", b"a\tb", b"\x7f"], start=1):
            plant(connection, customer_id=id)
            connection.execute(
                "update customers set customer_name = convert_from(%s, %s) where customer_id = %s", [name, encoding, id]
            )
        found = connection.execute(f"select v.customer_id from ({rule.sql}) as v order by 1".encode()).fetchall()
        assert found == [(2,), (3,), (4,), (5,)]
        connection.execute("delete from customers where customer_id > 1")
        assert install_guard(connection, guard, Throttle())
        for name in (b" " + sound, b"\x07"):
            with pytest.raises(psycopg.errors.CheckViolation):
                connection.execute("update customers set customer_name = convert_from(%s, %s)", [name, encoding])
    servers.drop_database(server, dsn)


def test_a_text_is_not_cut_to_its_column(database: Connection) -> None:
    tables(database, customer_name="varchar(2)", customer_phone="char(2)", address_state="varchar(2)")
    plant(database, customer_id=1, customer_name="\u0958x", customer_phone="x\u0958", address_state="a\u0301")
    plant(database, customer_id=2, customer_name="\u0958", customer_phone="\u0958")
    fixed(database, "customers.text_is_normalised")
    assert column(database, "customer_name") == {1: "\u0958x", 2: "\u0915\u093c"}
    assert column(database, "customer_phone") == {1: "x\u0958", 2: "\u0915\u093c"}
    assert column(database, "address_state") == {1: "\u00e1", 2: "CA"}


def test_no_character_becomes_unclean_in_normal_form(server_18: Server) -> None:
    """Were there one, cleaning would have to come after normalising as well as before it."""
    with psycopg.connect(server_18.dsn()) as connection:
        row = connection.execute(
            r"""
            select count(*) filter (where n.normal <> n.plain),
              count(*) filter (
                where n.normal
                  ~ '[\u0001-\u0020\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
              )
            from (
              select chr(code) as plain, normalize(chr(code), nfc) as normal
              from generate_series(33, 1114111) as code
              where code not between 55296 and 57343
            ) as n
            where n.plain !~ '[\u007f-\u00a0\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ufffd]'
            """
        ).fetchone()
    assert row is not None
    assert row[0] > 1000
    assert row[1] == 0


# Addresses ----------------------------------------------------------------------------------------


@pytest.mark.both_versions
def test_an_address_is_canonical_unless_another_customer_has_it(database: Connection) -> None:
    tables(database, customer_email="varchar(20)")
    cases = {
        1: ("Ann@acme.example", "ann@acme.example"),
        2: (" bob@acme.example ", "bob@acme.example"),
        3: ("Cid@acme.example", "Cid@acme.example"),  # as 4, which is canonical already
        4: ("cid@acme.example", "cid@acme.example"),
        5: ("Dan@acme.example", "Dan@acme.example"),  # as 6, neither of which is
        6: ("DAN@acme.example", "DAN@acme.example"),
        7: ("  ", ""),
        8: ("", ""),
        9: (None, None),
        10: ("No Address", "no address"),
        11: ("Eve@acme.example\t", "eve@acme.example\t"),
        12: ("J\u030cX@acme.example", "\u01f0x@acme.example"),  # small, the letter and its accent are one
        13: ("\u1e9e@acme.example", None),
    }
    for number, (email, _) in cases.items():
        plant(database, customer_id=number, customer_email=email)
    smaller = database.execute("select lower(E'\\u1e9e@acme.example')").fetchone()
    cases[13] = ("", smaller[0] if smaller else "")  # as the server's own lower() has it
    before = everything(database)
    fixed(database, "customers.email_is_canonical")
    assert column(database, "customer_email") == {number: expected for number, (_, expected) in cases.items()}
    assert found(database, "customers.email_is_canonical") == [3, 5, 6]
    assert not found(database, "customers.text_is_normalised")
    undone(database, "customers.email_is_canonical")
    assert everything(database) == before


@pytest.mark.parametrize(
    ("major", "provider"), [(15, "icu icu_locale 'und'"), (18, "builtin builtin_locale 'PG_UNICODE_FAST'")]
)
def test_an_address_that_grows_in_small_letters_is_not_cut(
    servers_by_major: dict[int, Server], major: int, provider: str
) -> None:
    server = servers_by_major[major]
    options = f"locale_provider {provider} locale 'C.UTF-8' encoding 'UTF8'"
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        tables(connection, customer_email="varchar(5)")
        plant(connection, customer_id=1, customer_email="\u0130@b.c")
        plant(connection, customer_id=2, customer_email="\u0130@c")
        plant(connection, customer_id=3, customer_email="\u0130\u0327@d")
        fixed(connection, "customers.email_is_canonical")
        assert column(connection, "customer_email") == {
            1: "\u0130@b.c", 2: "i\u0307@c", 3: "i\u0327\u0307@d"
        }  # fmt: skip
        assert not found(connection, "customers.text_is_normalised")
    servers.drop_database(server, dsn)


def test_an_address_becomes_canonical_once_its_customers_are_merged(database: Connection) -> None:
    tables(database)
    plant(database, customer_id=1, customer_email="Ann@acme.example")
    plant(database, customer_id=2, customer_email="ann@acme.example")
    assert fixed(database, "customers.email_is_canonical").changed == 0
    fixed(database, "customers.email_is_unique", "merge")
    fixed(database, "customers.email_is_canonical")
    assert column(database, "customer_email") == {1: "ann@acme.example"}


def test_an_address_is_trimmed_where_that_makes_it_valid(database: Connection) -> None:
    tables(database)
    long = "a" * 63
    cases = {
        f"{WHITE}Ann@acme.example{WHITE}": "Ann@acme.example",
        f" a@{long}.example": f"a@{long}.example",
        f" a@{long}a.example": f" a@{long}a.example",
        " ann@acme": " ann@acme",
        "ann @acme.example ": "ann @acme.example ",
        "ann@acme.example\nbob@acme.example": "ann@acme.example\nbob@acme.example",
        "\u00a0ann@acme.example": "\u00a0ann@acme.example",
        " \n": " \n",
        "": "",
        f" {'x' * 500_000}@acme.example": f"{'x' * 500_000}@acme.example",
        f" a@{'x.' * 200_000}": f" a@{'x.' * 200_000}",
    }
    for number, email in enumerate(cases):
        plant(database, customer_id=number, customer_email=email)
    plant(database, customer_id=100, customer_email=None)
    left = len(cases) - sum(before != after for before, after in cases.items())
    fixed(database, "customers.email_is_valid")
    assert list(column(database, "customer_email").values()) == [*cases.values(), None]
    assert len(found(database, "customers.email_is_valid")) == left


STATES = {
    "ca": "CA", " Ca\t": "CA", "California": "CA", "CALIFORNIA": "CA", "new  york": "NY", "New\r\nYork ": "NY",
    "west virginia": "WV", "Virginia": "VA", "washington": "WA", "District of Columbia": "DC", "dc": "DC",
    "Puerto Rico": "PR", "guam": "GU", "American Samoa": "AS", "Northern Mariana Islands": "MP",
    "Virgin Islands": "VI", "U.S. Virgin Islands": "VI", "vi": "VI", "ae": "AE", "Ap ": "AP", "ID": "ID",
    "ILLINOIS": "IL", "mississippi": "MS",
    # left as they are
    "Calif.": "Calif.", "XX": "XX", "Ontario": "Ontario", "": "", " ": " ", "CA NY": "CA NY", "NewYork": "NewYork",
    "Washington, D.C.": "Washington, D.C.", "M\u0130": "M\u0130", "\ufb02": "\ufb02", "C\u200bA": "C\u200bA",
}  # fmt: skip


@pytest.mark.parametrize("locale", ["und", "tr"])
def test_states_become_codes(servers_by_major: dict[int, Server], locale: str) -> None:
    """In Turkish, too, where the small letter of I is another one. The server 18 of the tests has no such locale."""
    server = servers_by_major[15]
    options = f"locale_provider icu icu_locale '{locale}' locale 'C.UTF-8' encoding 'UTF8'"
    dsn = servers.new_database(server, options=options)
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        tables(connection)
        for number, state in enumerate(STATES):
            plant(connection, customer_id=number, address_state=state)
        plant(connection, customer_id=100, address_state=None)
        fixed(connection, "customers.state_is_usps_code")
        assert list(column(connection, "address_state").values()) == [*STATES.values(), None]
    servers.drop_database(server, dsn)


@pytest.mark.both_versions
def test_every_code_is_found_by_itself_and_by_its_name(database: Connection) -> None:
    query = next(change.sql for change in FIXES["customers.state_is_usps_code"].automatic.changes)  # type: ignore[union-attr]
    rule = FIXES["customers.state_is_usps_code"].rule.sql
    codes = {part for part in rule.split("'") if len(part) == 2 and part.isupper()}
    named = {part for part in query.split("'") if len(part) == 2 and part.isupper()}
    assert len(codes) == 59
    assert named == codes
    tables(database)
    for number, code in enumerate(sorted(codes)):
        plant(database, customer_id=number, address_state=f" {code.lower()}")
    fixed(database, "customers.state_is_usps_code")
    assert list(column(database, "address_state").values()) == sorted(codes)


# All together -------------------------------------------------------------------------------------


def legal_orders(rng: random.Random, count: int) -> Iterator[list[str]]:
    """Orders of the customers' rules in which each comes after those that it waits for."""
    for _ in range(count):
        left, done = sorted(OURS), []
        while left:
            ready = [id for id in left if not any(other in left for other in OURS[id].after)]
            done.append(rng.choice(ready))
            left.remove(done[-1])
        yield done


@pytest.mark.parametrize(
    ("major", "types", "decided"),
    [(15, "current", True), (15, "other", True), (18, "mixed", True), (15, "mixed", False), (18, "current", False)],
)
def test_one_pass_in_any_legal_order_leaves_nothing_automatic(
    servers_by_major: dict[int, Server], major: int, types: str, decided: bool
) -> None:
    server = servers_by_major[major]
    rng = random.Random(f"{types} {decided}")
    template = servers.new_database(server)
    with psycopg.connect(template, autocommit=True) as connection:
        install(connection, TARGET)
        rows = dirty.random_rows(rng.randrange(10**6), customers=300, orders=150, nulls=True, duplicates=False)
        dirty.create(connection, rows, types=types, constraints=False)
        before = everything(connection)
    ends = set()
    for sequence in legal_orders(rng, 2):
        dsn = servers.new_database(server, template=str(psycopg.conninfo.conninfo_to_dict(template)["dbname"]))
        with psycopg.connect(dsn, autocommit=True) as connection:
            changed = 0
            for id in sequence:
                if OURS[id].automatic:
                    changed += fixed(connection, id).changed
                for option in OURS[id].options if decided else ():
                    fixed(connection, id, option.name)
            assert changed > 100
            for id, fix in OURS.items():
                if fix.automatic:
                    assert list_rows(connection, fix, fix.automatic, TARGET) == 0, f"{id} after {sequence}"
            lost = set(
                connection.execute("select customer_id from customers as c where c::text ~ '\\ufffd'").fetchall()
            )
            assert {(key,) for key in found(connection, "customers.text_is_clean")} == lost
            assert not found(connection, "customers.text_is_normalised")
            if decided:
                assert all(found(connection, id) == unmergeable(connection, id) for id in MERGES)
                assert not found(connection, "customers.balance_is_whole_cents")
            ends.add(tuple(everything(connection)))
            for id in reversed(sequence):
                undone(connection, id)
            assert everything(connection) == before
        servers.drop_database(server, dsn)
    assert len(ends) == 1
    servers.drop_database(server, template)


def test_a_trial_foretells_what_becomes_of_the_customers(database: Connection, dsn: str) -> None:
    rows = dirty.random_rows(5, customers=200, orders=200, nulls=True, duplicates=False)
    dirty.create(database, rows, types="current", constraints=False)
    before = everything(database)
    steps = [
        (fix, option)
        for fix in OURS.values()
        for option in itertools.chain([fix.automatic] if fix.automatic else [], fix.options)
    ]
    foretold = []
    with (
        psycopg.connect(dsn, autocommit=True) as other,
        dry_run(other, {"customers": ("customer_id",), "orders": ("order_id",)}),
    ):
        for fix, option in steps:
            foretold.append(apply(other, fix, option, STAGING, Throttle(max_lock_wait_ms=0, vacuum_after=0)).changed)
        after = everything(other)
    assert everything(database) == before
    assert [fixed(database, fix.rule.id, option.name).changed for fix, option in steps] == foretold
    assert everything(database) == after
    assert sum(foretold) > 100
