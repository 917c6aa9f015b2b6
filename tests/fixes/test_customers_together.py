"""All fixes of customers together, in any legal order."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import apply, install, list_rows
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET
from order_audit.fixes.planning.dry_run import dry_run
from tests.fixes.customers import FIXES, MERGES, RULES, everything, fixed, found, undone, unmergeable
from tests.support import dirty, dirty_tables, servers

OURS = {id: fix for id, fix in FIXES.items() if id.startswith("customers.")}

Connection = psycopg.Connection[Any]


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        install(connection, TARGET)
        yield connection


@pytest.mark.parametrize("rule", [rule.id for rule in RULES if rule.id.split(".")[0] in ("customers", "recreation")])
def test_every_rule_has_a_fix_that_says_what_leaving_means(rule: str) -> None:
    fix = FIXES[rule]
    assert fix.leave
    assert all(other in FIXES for other in fix.after if other.startswith(("customers.", "recreation.")))
    assert all(reason for reason in fix.after.values())


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
        dirty_tables.create(connection, rows, types=types, constraints=False)
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
    dirty_tables.create(database, rows, types="current", constraints=False)
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
