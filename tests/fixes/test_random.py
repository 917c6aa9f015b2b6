"""Fixes on random dirty lineages: each removes what its rule finds, together they leave nothing, in any legal order."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_audit.audit.database.server import Server
from order_audit.fixes.apply import apply as apply_all
from order_audit.fixes.engine.batches import apply, list_rows
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET, Namespace
from order_audit.fixes.fix import LEAVE, Fix, Option
from order_audit.fixes.planning.dry_run import dry_run
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.planning.tables import tables
from tests.fixes.lineages import ALONE, FIXES, RULES, Row, all_rows, count_of, legal, lineage_tables, lineages, plant
from tests.support import dirty, dirty_tables, servers, soak


@pytest.fixture(scope="module")
def connection(server_18: Server) -> Iterator[psycopg.Connection]:
    """A database with the current schema, less its constraints but the keys, and two customers."""
    with lineage_tables(server_18) as made:
        yield made


def keys_of(connection: psycopg.Connection, fix: Fix) -> set[str]:
    key = fix.rule.key[0]
    return {row[0] for row in connection.execute(f"select v.{key}::text from ({fix.rule.sql}) as v".encode())}


def _automatic(connection: psycopg.Connection, order: list[Fix]) -> None:
    """Apply the automatic options; no row is left, and a second run changes nothing."""
    for fix in order:
        if fix.automatic:
            done = apply(connection, fix, fix.automatic, TARGET, ALONE)
            assert done.locked == done.changed_concurrently == 0
    left = {
        fix.rule.id: rows
        for fix in order
        if fix.automatic and (rows := list_rows(connection, fix, fix.automatic, TARGET))
    }
    assert not left, [fix.rule.id for fix in order]


@settings(max_examples=soak.times(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages(), seed=st.integers(0, 2**32))
def test_what_is_automatic_takes_one_pass_in_any_order(
    connection: psycopg.Connection, rows: list[Row], seed: int
) -> None:
    with connection.transaction(force_rollback=True):
        plant(connection, rows)
        _automatic(connection, legal(random.Random(seed)))


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.both_versions), *range(1, soak.times(3))])
def test_what_is_automatic_takes_one_pass_on_any_dirty_tables_just_as_foretold(server: Server, seed: int) -> None:
    """Both tables, all fixes, in any legal order: what a trial does to each row is what happens, and nothing else."""
    rows = dirty.random_rows(seed, customers=40, orders=120, nulls=seed % 2 == 0, duplicates=False)
    order = {fix.rule.id: fix for fix in legal(random.Random(seed))}
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty_tables.create(connection, rows, types=[*dirty_tables.TYPES][seed % 3], constraints=False)
        connection.execute("create unique index on orders (order_id)")
        connection.execute("create unique index on customers (customer_id)")
        untouched = all_rows(connection)
        made = plan(connection, RULES, order, {})
        assert [step.problem for step in made.steps if step.problem] == []
        with dry_run(connection, tables(connection, order)):
            for fix in order.values():
                if fix.automatic:
                    apply(connection, fix, fix.automatic, STAGING, ALONE)
            foretold, becomes = _journal(connection, STAGING), all_rows(connection)
        assert all_rows(connection) == untouched
        done = apply_all(connection, RULES, order, {}, None, Throttle())
        assert _journal(connection, TARGET) == foretold != []
        assert all_rows(connection) == becomes != untouched
        assert {rule: one.changed for rule, _, one in done.done if one.changed} == {
            step.fix.rule.id: step.automatic for step in made.steps if step.automatic
        }
        assert done.verification is not None
        assert done.verification.others == {}
        left = {rule.id: count_of(connection, rule) for rule in RULES if made.after[rule.id] is not None}
        assert left == {rule: count for rule, count in made.after.items() if count is not None}
        assert left["customers.text_is_normalised"] == 0
        # numbers beyond numeric take a decision
        (json,) = (step for step in made.steps if step.fix.rule.id == "orders.delivery_args_convert_to_jsonb")
        assert left[json.fix.rule.id] == json.undecided
        _automatic(connection, [*order.values()])
        assert apply_all(connection, RULES, order, {}, None, Throttle()).changed == 0
        assert all_rows(connection) == becomes
    servers.drop_database(server, dsn)


def _journal(connection: psycopg.Connection, namespace: Namespace) -> list[tuple[Any, ...]]:
    """The changes in order; the rows of one fix by key."""
    return connection.execute(
        namespace.text(
            "select j.rule, j.step, j.op, j.key, j.before, j.after from order_audit.journal as j"
            " order by min(j.id) over (partition by j.rule), j.step, j.key"
        ).encode()
    ).fetchall()


OPTIONS = [
    pytest.param(fix, option, id=f"{fix.rule.id}-{option.name}")
    for fix in FIXES.values()
    if fix.rule.id.split(".")[0] in ("lineage", "orders")
    for option in fix.options
]


def _has_end(rows: list[Row], key: str) -> bool:
    """Whether a chain ends in an order that refers to itself."""
    refs = {row.order_id: row.order_ref for row in rows}
    seen: set[int] = set()
    at: int | None = int(key)
    while at in refs and at not in seen:
        seen.add(at)
        if refs[at] == at:
            return True
        at = refs[at]
    return False


@pytest.mark.parametrize(("fix", "option"), OPTIONS)
@settings(max_examples=soak.times(6), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages())
def test_an_option_alone_removes_its_violations(
    connection: psycopg.Connection, fix: Fix, option: Option, rows: list[Row]
) -> None:
    with connection.transaction(force_rollback=True):
        plant(connection, rows)
        if fix.automatic:
            apply(connection, fix, fix.automatic, TARGET, ALONE)
        apply(connection, fix, option, TARGET, ALONE)
        left = keys_of(connection, fix)
        if fix.rule.id == "lineage.order_ref_is_first_ancestor":
            # what ends in a missing order, or nowhere, follows another decision
            left = {key for key in left if _has_end(rows, key)}
        assert not left
        before = all_rows(connection)
        assert not apply(connection, fix, option, TARGET, ALONE).changed
        assert all_rows(connection) == before


@settings(max_examples=soak.times(5), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages(), seed=st.integers(0, 2**32))
def test_decisions_take_one_pass_in_any_order(connection: psycopg.Connection, rows: list[Row], seed: int) -> None:
    """Whatever is chosen or left, if only every lineage has a first ancestor, and each order a customer.

    Else what is decided later gives a lineage a first ancestor, or one with a customer, and earlier decisions apply
    anew.
    """
    rng = random.Random(seed)
    order = legal(rng)
    choices = {fix.rule.id: rng.choice([LEAVE, *(option.name for option in fix.options)]) for fix in order}
    choices["lineage.is_acyclic"] = "root_at_smallest"
    choices["lineage.order_ref_exists"] = rng.choice(["keep_group", "reroot"])
    with connection.transaction(force_rollback=True):
        plant(connection, [row._replace(customer_id=row.customer_id or 3) for row in rows])
        for fix in order:
            for option in (fix.automatic, fix.option(choices[fix.rule.id])):
                if option is not None:
                    apply(connection, fix, option, TARGET, ALONE)
        again = {
            fix.rule.id: more
            for fix in order
            for option in (fix.automatic, fix.option(choices[fix.rule.id]))
            if option is not None and (more := list_rows(connection, fix, option, TARGET))
        }
        assert not again, {fix.rule.id: choices[fix.rule.id] for fix in order}
