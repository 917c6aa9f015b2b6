"""Plant one fault at a time in clean data: exactly the rules that it concerns must turn red."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import psycopg
import pytest

from order_audit import expectations
from order_audit.expectations import Rule
from tests.rules import NOT_CHECKABLE
from tests.rules.mutations import CLEAN, LOOSEN, MUTATIONS

SCHEMA = Path(__file__).parents[2] / "order_audit" / "scenario" / "current" / "schema.sql"
RULES = [rule for rule in expectations.load("current").rules if rule.id not in NOT_CHECKABLE]


def _violated(connection: psycopg.Connection, rule: Rule) -> bool:
    row = connection.execute(f"select exists (\n{rule.sql}\n)".encode()).fetchone()
    return row is not None and bool(row[0])


def _red(connection: psycopg.Connection) -> frozenset[str]:
    return frozenset(rule.id for rule in RULES if _violated(connection, rule))


def test_every_rule_is_turned_red_by_a_mutation() -> None:
    """The list of mutations keeps up with the rules, and names none that do not exist."""
    assert {rule.id for rule in RULES} == {rule_id for mutation in MUTATIONS for rule_id in mutation.expected}


def test_mutations_have_names_of_their_own() -> None:
    """A mismatch is reported by name."""
    names = [mutation.name for mutation in MUTATIONS]
    assert len(names) == len(set(names))


def test_clean_data_is_clean(dsn: str) -> None:
    """No rule complains about the clean data, and the schema's constraints accept it."""
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(CLEAN.encode())
        assert _red(connection) == frozenset()


def test_mutations_turn_exactly_their_rules_red(dsn: str) -> None:
    """All mutations in one database, each in a transaction that is rolled back."""
    wrong = []
    # Mutations change the types of columns, so no plan is kept from one to the next.
    with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
        for sql in (SCHEMA.read_text(encoding="utf-8"), CLEAN, LOOSEN):
            connection.execute(sql.encode())
        for mutation in MUTATIONS:
            try:
                with connection.transaction(force_rollback=True):
                    connection.execute(mutation.sql.encode())
                    red = _red(connection)
            except psycopg.Error as error:
                wrong.append(f"{mutation.name}: {error}")
                continue
            if red != mutation.expected:
                missed, surplus = sorted(mutation.expected - red), sorted(red - mutation.expected)
                wrong.append(f"{mutation.name}: missed {missed}, not expected {surplus}")
    assert not wrong, "\n".join(wrong)


def _chain(orders: Sequence[int], ref: int) -> list[tuple[int, int]]:
    """Orders that each refer to the one before; the first of them refers to `ref`."""
    return list(zip(orders, [ref, *orders[:-1]], strict=True))


@pytest.mark.parametrize("in_order", [True, False], ids=["in order", "shuffled"])
def test_long_cycles_and_chains_are_named_exactly(dsn: str, in_order: bool) -> None:
    """Cycles of many lengths with long ways into them, beside long chains that end elsewhere."""
    pool = list(range(1, 25_001))
    if not in_order:
        random.Random(7).shuffle(pool)
    remaining = iter(pool)

    def take(length: int) -> list[int]:
        return list(itertools.islice(remaining, length))

    cycles, others = [], []
    for length in (2, 3, 5, 64, 127, 128, 129, 1000, 1025):
        cycle, way_in, branch = take(length), take(1500), take(1)
        cycles += _chain(cycle, cycle[-1])
        others += _chain(way_in, cycle[length // 2]) + _chain(branch, way_in[-1])
    rooted, orphaned, lineage = take(2048), take(2048), take(100)
    others += _chain(rooted, rooted[0]) + _chain(orphaned, -1) + [(order, lineage[0]) for order in lineage]
    inserted = dict(cycles + others)
    expected = {
        "lineage.is_acyclic": {order for order, _ in cycles},
        "lineage.order_ref_is_first_ancestor": {
            order for order, ref in others if ref in inserted and inserted[ref] != ref
        },
    }
    with psycopg.connect(dsn) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute(CLEAN.encode())
        connection.execute("delete from orders")
        with connection.cursor() as cursor:
            query = "insert into orders (order_id, order_ref, customer_id) values (%s, %s, 1)"
            cursor.executemany(query, inserted.items())
        for rule in RULES:
            if rule.id in expected:
                found = connection.execute(f"select order_id from (\n{rule.sql}\n) as v".encode()).fetchall()
                assert {order for (order,) in found} == expected[rule.id], rule.id
