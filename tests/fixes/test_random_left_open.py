"""Fixes on random dirty lineages, some left undecided: what happens is what the plan says, until nothing is left."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_audit.audit.database.server import Server
from order_audit.expectations import Rule
from order_audit.fixes.apply import apply as apply_all
from order_audit.fixes.engine.batches import revert
from order_audit.fixes.engine.status import applied, journal_ranges
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix
from order_audit.fixes.planning.planner import plan
from tests.fixes.lineages import ALONE, RULES, Row, all_rows, count_of, legal, lineage_tables, lineages, plant
from tests.support import soak


@pytest.fixture(scope="module")
def connection(server_18: Server) -> Iterator[psycopg.Connection]:
    """A database with the current schema, less its constraints but the keys, and two customers."""
    with lineage_tables(server_18) as made:
        yield made


#: What one has to do with the other.
REFERENCES = tuple(rule for rule in RULES if rule.id.split(".")[0] == "lineage")


def test_what_is_left_open_gives_fixes_more_turns_until_nothing_is_left(connection: psycopg.Connection) -> None:
    """Circles and missing ancestors are left as often as not, all else is decided; any order may lack a customer."""
    several = 0
    for seed in range(soak.times(4)):
        rng = random.Random(seed)
        order = {fix.rule.id: fix for fix in legal(rng) if fix.rule in REFERENCES}
        choices = {id: rng.choice([option.name for option in fix.options]) for id, fix in order.items()}
        for id in ("lineage.is_acyclic", "lineage.order_ref_exists"):
            choices[id] = rng.choice([choices[id], LEAVE])
        ids = range(1, rng.randint(2, 7) + 1)
        rows = [
            Row(
                order_id=order_id,
                order_ref=rng.choice([*ids, 97]),
                customer_id=rng.choice([1, 2, None]),
                order_status=rng.choice(["pending", "active", "recreated", "expired"]),
            )
            for order_id in ids
        ]
        several += _as_foretold(connection, REFERENCES, order, choices, rows)
    assert several


@settings(max_examples=soak.times(2), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages(), seed=st.integers(0, 2**32))
def test_whatever_is_chosen_nothing_is_left_just_as_foretold(
    connection: psycopg.Connection, rows: list[Row], seed: int
) -> None:
    rng = random.Random(seed)
    order = {fix.rule.id: fix for fix in legal(rng)}
    choices = {id: rng.choice([LEAVE, *(option.name for option in fix.options)]) for id, fix in order.items()}
    _as_foretold(connection, RULES, order, choices, rows)


def _as_foretold(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    order: dict[str, Fix],
    choices: dict[str, str],
    rows: list[Row],
) -> bool:
    """Apply; it is what the plan says, nothing is left of it, and all of it is put back.

    Gives whether a fix had more than one turn.
    """
    try:
        plant(connection, rows)
        untouched = all_rows(connection)
        made = plan(connection, rules, order, choices)
        assert {step.fix.rule.id: step.problem for step in made.steps if step.problem} == {}
        done = apply_all(connection, rules, order, choices, None, ALONE)
        became = all_rows(connection)
        assert (done.left, done.rejected, done.not_converging) == (0, (), ())
        foretold = {(step.fix.rule.id, AUTOMATIC): step.automatic for step in made.steps if step.automatic}
        foretold |= {(step.fix.rule.id, step.choice): step.changed for step in made.steps if step.changed}
        assert {(rule, option): one.changed for rule, option, one in done.done if one.changed} == foretold
        left = {rule.id: count_of(connection, rule) for rule in rules if made.after[rule.id] is not None}
        assert left == {rule: count for rule, count in made.after.items() if count is not None}
        assert apply_all(connection, rules, order, choices, None, ALONE).changed == 0
        assert all_rows(connection) == became
        parts, there = journal_ranges(connection, applied(connection)), applied(connection)
        for rule, first, last, _ in parts:
            undone = revert(connection, rule, TARGET, ALONE, stretch=(first, last))
            assert (undone.changed_concurrently, undone.locked, undone.rejected) == (0, 0, 0)
        assert applied(connection) == []
        assert all_rows(connection) == untouched
        return len(parts) > len(there)
    finally:
        connection.execute("truncate orders, order_audit.todo, order_audit.journal, order_audit.refused")
