"""Generated data: sound where it says so, and otherwise with exactly the violations that its truth lists."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import expectations, scenario
from order_audit.audit import run
from order_audit.audit.database.server import Server
from order_audit.scenario import defects as kinds
from tests.rules import CHECKABLE
from tests.scenario.generated import generate
from tests.support import results, servers

_COLUMNS = {
    "customers": "customer_id",
    "orders": "order_id",
}


def violations(dsn: str, out: Path) -> tuple[str, dict[str, Any]]:
    document = results.run(dsn, out, run.Options(formats=("violations",), lint=False, profile=False))
    return (out / "violations.csv").read_text(encoding="utf-8"), document


def rows(dsn: str, table: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(f"select {table}::text from {table} order by {_COLUMNS[table]}".encode()).fetchall()


def test_the_kinds_are_the_rules_that_can_be_checked() -> None:
    """All of those that were there when it was made, and no rule that is not."""
    assert set(kinds.RULES) <= CHECKABLE
    assert len(kinds.RULES) >= 42


def test_what_kinds_say_stands_in_the_sql() -> None:
    """Each place that a kind has something for is there once, and each place that is there is some kind's."""
    bulk = Path(scenario.__file__).parent / "bulk"
    texts = [path.read_text(encoding="utf-8") for path in sorted(bulk.glob("*.sql"))]
    places = [place for text in texts for place in re.findall(r"-- defects: (\w+)", text)]
    assert sorted(places) == sorted(kinds.PLACES)
    assert not any("-- defects:" in kinds.spelled_out(text) for text in texts)


@pytest.mark.parametrize(
    ("orders", "customers", "seed", "defects"),
    [
        (200, 50, 1, 0.01),
        (200, 50, 2, 0.3),
        (3000, 400, 3, 0.0001),
        (3000, 400, 4, 0.036),
        (50, 3000, 5, 0.01),
        (3000, 20, 6, 0.01),
        (20000, 2000, 7, 0.004),
    ],
)
def test_an_audit_finds_the_truth_and_nothing_else(
    dsn: str, tmp_path: Path, orders: int, customers: int, seed: int, defects: float
) -> None:
    made, truth = generate(dsn, orders=orders, customers=customers, seed=seed, defects=defects)
    found, document = violations(dsn, tmp_path)
    assert found == truth
    assert truth.startswith("rule,key\n")
    assert made.violations == truth.count("\n") - 1
    assert not made.left_out
    assert document["run"]["tables"]["orders"]["rows"] == made.orders == orders
    assert document["run"]["tables"]["customers"]["rows"] == made.customers == customers
    assert {line.partition(",")[0] for line in truth.splitlines()[1:]} == set(kinds.RULES)


@pytest.mark.parametrize(("orders", "customers"), [(3000, 400), (1, 1), (0, 0)])
def test_without_defects_every_rule_passes(dsn: str, tmp_path: Path, orders: int, customers: int) -> None:
    made, truth = generate(dsn, orders=orders, customers=customers, seed=1, defects=0)
    found, document = violations(dsn, tmp_path)
    assert found == truth == "rule,key\n"
    assert not made.left_out
    assert document["summary"]["passed"] == len(kinds.RULES)
    assert len(rows(dsn, "orders")) == orders
    assert len(rows(dsn, "customers")) == customers


@pytest.mark.parametrize(
    ("orders", "customers", "seed"),
    [
        (200, 50, 1),
        (3001, 397, 1),
        # two customers without an address get the same random words for a name, and the same city
        (300, 300, 10932),
    ],
)
def test_at_a_rate_of_one_no_row_is_sound(dsn: str, tmp_path: Path, orders: int, customers: int, seed: int) -> None:
    made, truth = generate(dsn, orders=orders, customers=customers, seed=seed, defects=1)
    assert violations(dsn, tmp_path)[0] == truth
    assert not made.left_out
    keys: dict[str, set[str]] = {"customer_id": set(), "order_id": set()}
    of = {rule.id: rule.key[0] for rule in expectations.load("current").rules}
    for line in truth.splitlines()[1:]:
        rule, _, key = line.partition(",")
        keys[of[rule]].add(key)
    assert len(keys["order_id"]) == orders
    assert len(keys["customer_id"]) == customers


@pytest.mark.parametrize("rate", [0.002, 0.01])
def test_each_kind_hits_the_rate(server_18: Server, rate: float) -> None:
    dsn = servers.new_database(server_18)
    _, truth = generate(dsn, orders=20_000, customers=5_000, seed=3, defects=rate)
    lines = [line.partition(",")[0] for line in truth.splitlines()[1:]]
    counts = {rule: lines.count(rule) for rule in kinds.RULES}
    of = {rule.id: rule.key[0] for rule in expectations.load("current").rules}
    for rule, count in counts.items():
        wanted = rate * (20_000 if of[rule] == "order_id" else 5_000)
        # some are what follows from others as well, and kinds that take several orders do not divide without a rest
        assert count > wanted * 0.97 - 5, rule
        if rule not in _FOLLOWING:
            assert count < wanted * 1.03 + 5, rule
    servers.drop_database(server_18, dsn)


#: The violations of other kinds of defects.
_FOLLOWING = {
    "customers.balance_is_finite",
    "customers.balance_is_not_negative",
    "customers.balance_is_whole_cents",
    "lineage.ancestor_is_older",
    "orders.active_order_has_delivery",
    "orders.script_name_is_identifier",
    "recreation.closed_is_covered_by_balance",
    "recreation.customer_is_not_overcommitted",
}


def test_the_same_arguments_give_the_same_data_on_each_version(servers_by_major: dict[int, Server]) -> None:
    made = []
    for major, seed in ((15, 1), (18, 1), (18, 2)):
        dsn = servers.new_database(servers_by_major[major])
        _, truth = generate(dsn, orders=3000, customers=400, seed=seed, defects=0.01)
        made.append((rows(dsn, "customers"), rows(dsn, "orders"), truth))
        servers.drop_database(servers_by_major[major], dsn)
    assert made[0] == made[1]
    assert all(one != other for one, other in zip(made[1], made[2], strict=True))


@pytest.mark.parametrize(("orders", "customers"), [(30, 12), (10, 10), (1, 1), (0, 40), (500, 1), (500, 5)])
def test_what_there_is_no_room_for_is_named(server_18: Server, tmp_path: Path, orders: int, customers: int) -> None:
    dsn = servers.new_database(server_18)
    made, truth = generate(dsn, orders=orders, customers=customers, seed=2, defects=0.1 if orders == 500 else 1)
    assert violations(dsn, tmp_path)[0] == truth
    planted = {line.partition(",")[0] for line in truth.splitlines()[1:]}
    assert made.left_out == tuple(sorted(set(kinds.RULES) - planted))
    assert made.left_out
    assert (len(rows(dsn, "orders")), len(rows(dsn, "customers"))) == (orders, customers)
    servers.drop_database(server_18, dsn)


def test_lineages_grow_among_each_other(server_18: Server) -> None:
    dsn = servers.new_database(server_18)
    generate(dsn, orders=20_000, customers=2_000, seed=1, defects=0)
    with psycopg.connect(dsn) as connection:
        lineages = connection.execute(
            "select count(*), max(order_id) - min(order_id) from orders group by order_ref order by 1"
        ).fetchall()
        lengths = [row[0] for row in lineages]
        assert lengths[len(lengths) // 2] <= 7
        assert lengths[-1] > 60
        # a day has more than a hundred orders
        assert all(far > 20 * length for length, far in lineages if length > 7)
        schedules = connection.execute("select count(distinct order_schedule) from orders").fetchone()
        assert schedules is not None
        assert schedules[0] > 24
        counts = [row[0] for row in connection.execute("select count(*) from orders group by customer_id order by 1")]
        assert counts[-1] > 10 * counts[len(counts) // 2]
    servers.drop_database(server_18, dsn)
