"""The shipped rules against a second computation of them, on dirty data; first, that computation alone."""

import json
from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import replace
from decimal import Decimal
from typing import Any

import psycopg
import pytest

from tests import rules
from tests.rules import NOT_CHECKABLE, orders_jsonb
from tests.rules.cases import CLEAN_CUSTOMER, CLEAN_ORDER, PAIRINGS, SINGLE_VALUES, funded, order
from tests.support import dirty, dirty_json, dirty_tables, dirty_values, oracle, oracle_rows, oracle_values
from tests.support.oracle_rows import Customer, Key, Order, Tables

RULES = (*oracle.ORDER_RULES, *oracle.CUSTOMER_RULES)
SEEDS = range(12)


def violations(rule: str, *rows: Order | Customer, float_balances: bool = True) -> set[Key]:
    """The keys of these rows that violate a rule; customer 1 is there unless others are."""
    customers = tuple(row for row in rows if isinstance(row, Customer)) or (CLEAN_CUSTOMER,)
    orders = tuple(row for row in rows if isinstance(row, Order))
    return rules.judge(Tables(customers, orders, float_balances))[rule]


# Single values ------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", SINGLE_VALUES)
def test_single_values(rule: str) -> None:
    """Each value separately, in an otherwise clean row."""
    clean: Order | Customer = CLEAN_ORDER if rule.startswith("orders") else CLEAN_CUSTOMER
    for broken, rows in zip((True, False), SINGLE_VALUES[rule], strict=True):
        for columns in rows:
            assert violations(rule, replace(clean, **columns)) == ({1} if broken else set()), columns


# Rows and other rows ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "rows", "broken"),
    [
        pytest.param(rule, rows, broken, id=f"{rule}-{number}")
        for rule, cases in PAIRINGS.items()
        for number, (rows, broken) in enumerate(cases, 1)
    ],
)
def test_pairings(rule: str, rows: tuple[Order | Customer, ...], broken: AbstractSet[Key]) -> None:
    """Rows that are judged by other rows."""
    assert violations(rule, *rows) == broken


@pytest.mark.parametrize(
    ("rule", "balance", "amount", "by_float", "by_numeric"),
    [
        ("recreation.is_covered_by_balance", "343.000000000000001", "343", {1}, set()),
        ("recreation.is_covered_by_balance", "9007199254740993", "9007199254740992", {1}, set()),
        ("recreation.is_covered_by_balance", "343", "342.99999999999999999", {1}, set()),
        ("recreation.closed_is_covered_by_balance", "343.000000000000001", "343", {1}, set()),
        ("recreation.customer_is_not_overcommitted", "343", "343.000000000000001", set(), {1}),
        ("recreation.decision_survives_rounding", "343.000000000000001", "343", set(), {1}),
        ("recreation.decision_survives_rounding", "343", "342.99999999999999999", {1}, set()),
    ],
)
def test_float_and_numeric_balances_compare_differently(
    rule: str, balance: str, amount: str, by_float: set[Key], by_numeric: set[Key]
) -> None:
    """Numbers beyond the reach of a float."""
    only = order(1, 2, "expired" if "closed" in rule else "active", order_amount=Decimal(amount))
    assert violations(rule, *funded(balance, only)) == by_float
    assert violations(rule, *funded(balance, only), float_balances=False) == by_numeric


def test_every_rule_has_cases_of_both_kinds() -> None:
    """Every rule is seen broken and kept."""
    values_of_both_kinds = {rule for rule, (broken, kept) in SINGLE_VALUES.items() if broken and kept}
    rows_of_both_kinds = {
        rule for rule, cases in PAIRINGS.items() if {bool(broken) for _, broken in cases} == {True, False}
    }
    assert sorted(values_of_both_kinds | rows_of_both_kinds) == sorted(RULES)


def test_clean_rows_break_nothing() -> None:
    """The rows that the cases start from are clean."""
    verdicts = rules.judge(Tables((CLEAN_CUSTOMER,), (CLEAN_ORDER, order(2, 1, "expired"))))
    assert {rule for rule, keys in verdicts.items() if keys} == set()


def test_long_cycles_and_chains() -> None:
    """A long cycle, and a long chain into it, need neither depth nor patience."""
    size = 20_000
    ring = [(node, (node + 1) % size) for node in range(size)]
    chain = [(node, node - 1) for node in range(size, 2 * size)]
    numbers = oracle.components([*chain, *ring])
    assert len({numbers[node] for node in range(size)}) == 1
    assert len(set(numbers.values())) == size + 1


# The dirty data -----------------------------------------------------------------------------------


def dirty_rows(seed: int, *, constraints: bool) -> dirty_values.Rows:
    """The rows of a seed; without constraints there are NULLs, and in some seeds keys that repeat."""
    repeats = not constraints and seed % 3 == 0
    return dirty.random_rows(seed, customers=60, orders=200, nulls=not constraints, duplicates=repeats)


def as_tables(rows: dirty_values.Rows) -> Tables:
    """The rows as they would be read."""
    customers, orders = rows
    return Tables(tuple(Customer(**row) for row in customers), tuple(Order(**row) for row in orders))


@pytest.mark.parametrize("constraints", [False, True], ids=["bare", "constraints"])
def test_dirty_rows_break_every_rule_often(constraints: bool) -> None:
    """Every rule is broken in most seeds, and never by all rows."""
    broken = dict.fromkeys(RULES, 0)
    for seed in SEEDS:
        rows = dirty_rows(seed, constraints=constraints)
        tables = as_tables(dirty_tables.lawful(*rows) if constraints else rows)
        for rule, keys in rules.judge(tables).items():
            broken[rule] += bool(keys)
            assert len(keys) < len(tables.customers if rule in oracle.CUSTOMER_RULES else tables.orders)
    forbidden = {"orders.status_is_known", "orders.customer_exists"} if constraints else set()
    assert {rule for rule, seeds in broken.items() if seeds <= len(SEEDS) / 2} == forbidden


def test_dirty_rows_repeat() -> None:
    """The same seed makes the same rows, another one others."""
    one, same, other = (dirty_rows(seed, constraints=False) for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize("types", dirty_tables.TYPES)
def test_read_finds_what_create_wrote(dsn: str, types: str) -> None:
    """Every row comes back; but a type writes balances, and `jsonb` everything, in its own way."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        rows = dirty_tables.create(
            conn, dirty_rows(0, constraints=False), types=types, constraints=False, schema="odd %s name"
        )
        found = oracle_rows.read(conn, "odd %s name")
    written = as_tables(rows)

    def comparable(tables: Tables) -> Counter[object]:
        number = float if types != "other" else Decimal
        rows: Counter[object] = Counter()
        for row in tables.customers:
            balance = row.customer_balance
            rows[replace(row, customer_balance=None), balance and oracle_values.rank(number(balance))] += 1
        rows.update(replace(row, delivery_script_args=None) if types == "other" else row for row in tables.orders)
        return rows

    assert len(written.orders) > 150
    assert found.float_balances == (types != "other")
    assert comparable(found) == comparable(written)


@pytest.mark.both_versions
def test_documents_are_judged_as_the_server_judges_them(dsn: str) -> None:
    """`jsonb` refuses a JSON text for its escapes or numbers only; the repaired text has the same meaning."""
    documents = {
        row["delivery_script_args"]
        for seed in SEEDS
        for row in dirty_rows(seed, constraints=False)[1]
        if row["delivery_script_args"] is not None
    }
    documents |= {f'"{one}{other}"' for one in dirty_json.ESCAPES for other in dirty_json.ESCAPES}
    with psycopg.connect(dsn, autocommit=True) as conn:
        judged = documents | set(orders_jsonb.NUMBERS_BEYOND) | set(orders_jsonb.NUMBERS_WITHIN)
        accepted = dirty_tables.jsonb_accepts(conn, judged)
        assert accepted == {document for document in judged if not oracle_values.is_rejected_by_jsonb(document)}
        mended = sorted(
            text for text in map(oracle_values.mend, documents) if not oracle_values.is_rejected_by_jsonb(text)
        )
        converted = conn.execute(
            "select document::jsonb::text from unnest(%s::text[]) with ordinality as t (document, n) order by n",
            (mended,),
        ).fetchall()
    assert [json.loads(text) for (text,) in converted] == [json.loads(text) for text in mended]


# The shipped rules --------------------------------------------------------------------------------


def disagreement(rule: str, expected: set[Key], found: set[Key], tables: Tables) -> str:
    """The message for a rule with unexpected keys: the keys, and some of their rows."""
    keys = sorted(expected ^ found)[:4]
    rows: list[object] = []
    if rule in oracle.CUSTOMER_RULES:
        rows += [row for row in tables.customers if row.customer_id in keys]
    else:
        orders = [row for row in tables.orders if row.order_id in keys]
        rows += orders
        rows += [row for row in tables.orders if row.order_id in {order.order_ref for order in orders}]
        rows += [row for row in tables.customers if row.customer_id in {order.customer_id for order in orders}]
    summary = f"{rule}: missing {sorted(expected - found)}, extra {sorted(found - expected)}"
    return "\n".join([summary, *(f"  {row}" for row in rows)])


def test_the_oracle_knows_every_shipped_rule() -> None:
    """No rule on rows goes unchecked, and none is checked that is not shipped."""
    from order_audit import expectations

    shipped = {rule.id for rule in expectations.load("current").rules}
    areas = {rule.partition(".")[0] for rule in RULES}
    assert {rule for rule in shipped if rule.partition(".")[0] in areas} - NOT_CHECKABLE == set(RULES)


def troubles(conn: psycopg.Connection[Any]) -> list[str]:
    """Where the shipped rules find other rows than the oracle, or fail."""
    from order_audit import expectations

    tables = oracle_rows.read(conn)
    verdicts = rules.judge(tables)
    found_troubles = []
    for rule in expectations.load("current").rules:
        if rule.id not in verdicts:
            continue
        query = f"select distinct {', '.join(rule.key)} from (\n{rule.sql}\n) as v"
        try:
            found = {key for (key,) in conn.execute(query.encode())}
        except psycopg.Error as error:
            found_troubles.append(f"{rule.id}: {error}")
            continue
        if found != verdicts[rule.id]:
            found_troubles.append(disagreement(rule.id, verdicts[rule.id], found, tables))
    return found_troubles


@pytest.mark.parametrize("types", dirty_tables.TYPES)
@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.both_versions), *SEEDS[1:]])
def test_shipped_rules_find_what_the_oracle_finds(dsn: str, seed: int, types: str) -> None:
    """Key by key, for each rule, on each server; with the constraints and without."""
    with psycopg.connect(dsn, autocommit=True) as conn:
        conn.execute("set extra_float_digits = 1")
        conn.execute("set statement_timeout = '20s'")
        for schema, constraints in (("bare", False), ("constrained", True)):
            rows = dirty_rows(seed, constraints=constraints)
            dirty_tables.create(conn, rows, types=types, constraints=constraints, schema=schema)
            conn.execute(f"set search_path = {schema}".encode())
            assert not (found := troubles(conn)), "\n".join([f"{schema} tables:", *found])
