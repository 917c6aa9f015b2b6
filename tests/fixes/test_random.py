"""Fixes on random dirty lineages: each removes what its rule finds, together they leave nothing, in any legal order."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from order_audit.audit.database.server import Server
from order_audit.expectations import Rule, load
from order_audit.fixes.apply import apply as apply_all
from order_audit.fixes.engine.batches import apply, install, list_rows, revert
from order_audit.fixes.engine.status import applied, journal_ranges
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import STAGING, TARGET, Namespace
from order_audit.fixes.fix import AUTOMATIC, LEAVE, Fix, Option, fixes
from order_audit.fixes.planning.dry_run import dry_run
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.planning.tables import tables
from tests.support import dirty, servers, soak

SCHEMA = Path(__file__).parents[2] / "order_audit" / "scenario" / "current" / "schema.sql"
RULES = load("current").rules
FIXES = fixes(RULES)
#: Nobody else is there.
ALONE = Throttle(max_lock_wait_ms=0, vacuum_after=0)
ONES, NONE, DRIFTING = "1" * 336, "0" * 336, dirty.repeated(dirty.DRIFTING)


class Row(NamedTuple):
    """An order."""

    order_id: int
    order_ref: int | None
    customer_id: int | None
    order_status: str | None = "active"
    order_amount: int | None = 5
    order_schedule: str | None = ONES
    delivery_script_name: str | None = "crm"
    delivery_script_args: str | None = None


@st.composite
def lineages(draw: st.DrawFn) -> list[Row]:
    """A few orders that refer to each other in every way, to orders that are not there, and to none."""
    ids = draw(st.lists(st.integers(1, 12), min_size=1, max_size=9, unique=True))
    pick = st.sampled_from
    return [
        Row(
            order_id=order_id,
            order_ref=draw(pick([*ids, order_id, order_id, 97, 98, None])),
            customer_id=draw(pick([1, 1, 1, 2, 2, None, 99])),
            order_status=draw(pick([*dirty.STATUSES, "active", "recreated", " Active", "PAUSED ", "gone", None])),
            order_amount=draw(pick([5, 5, 5, 0, -5, None])),
            order_schedule=draw(pick([ONES, ONES, NONE, DRIFTING, None])),
            delivery_script_name=draw(pick(["crm", "crm", "CRM", " c-r m\n", "1", " ", None])),
            delivery_script_args=draw(pick([None, None, "null", "{}", '{"a": 1}'])),
        )
        for order_id in ids
    ]


@pytest.fixture(scope="module")
def connection(server_18: Server) -> Iterator[psycopg.Connection]:
    """A database with the current schema, less its constraints but the keys, and two customers."""
    dsn = servers.new_database(server_18)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("alter table orders drop constraint chk_status, drop constraint orders_customer_id_fkey")
        for column in Row._fields[1:]:
            connection.execute(f"alter table orders alter column {column} drop not null".encode())
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state, customer_balance) values"
            " (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA', 100),"
            " (2, 'Birch', 'bob@birch.example', 'Bob', '2 Oak Avenue', 'NY', 7)"
        )
        install(connection, TARGET)
        yield connection
    servers.drop_database(server_18, dsn)


def _plant(connection: psycopg.Connection, rows: list[Row]) -> None:
    marks = ", ".join(["%s"] * len(Row._fields))
    with connection.cursor() as cursor:
        cursor.executemany(f"insert into orders ({', '.join(Row._fields)}) values ({marks})".encode(), rows)


def _keys(connection: psycopg.Connection, fix: Fix) -> set[str]:
    key = fix.rule.key[0]
    return {row[0] for row in connection.execute(f"select v.{key}::text from ({fix.rule.sql}) as v".encode())}


def _orders(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    return connection.execute(
        "select o::text from orders as o union all select c::text from customers as c order by 1"
    ).fetchall()


def legal(rng: random.Random) -> list[Fix]:
    """The fixes in any order in which each comes after those that it names."""
    left = [*FIXES.values()]
    rng.shuffle(left)
    done: list[Fix] = []
    while left:
        waiting = {fix.rule.id for fix in left}
        done.append(next(fix for fix in left if not waiting & set(fix.after)))
        left.remove(done[-1])
    return done


def _automatic(connection: psycopg.Connection, order: list[Fix]) -> None:
    """Apply what is automatic; nothing of it is left then, and once more changes nothing."""
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


@settings(max_examples=soak.times(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages(), seed=st.integers(0, 2**32))
def test_what_is_automatic_takes_one_pass_in_any_order(
    connection: psycopg.Connection, rows: list[Row], seed: int
) -> None:
    with connection.transaction(force_rollback=True):
        _plant(connection, rows)
        _automatic(connection, legal(random.Random(seed)))


@pytest.mark.parametrize("seed", [pytest.param(0, marks=pytest.mark.both_versions), *range(1, soak.times(6))])
def test_what_is_automatic_takes_one_pass_on_any_dirty_tables_just_as_foretold(server: Server, seed: int) -> None:
    """Both tables, all fixes, in any legal order: what a trial does to each row is what happens, and nothing else."""
    rows = dirty.random_rows(seed, customers=40, orders=120, nulls=seed % 2 == 0, duplicates=False)
    order = {fix.rule.id: fix for fix in legal(random.Random(seed))}
    dsn = servers.new_database(server)
    with psycopg.connect(dsn, autocommit=True) as connection:
        dirty.create(connection, rows, types=[*dirty.TYPES][seed % 3], constraints=False)
        connection.execute("create unique index on orders (order_id)")
        connection.execute("create unique index on customers (customer_id)")
        untouched = _orders(connection)
        made = plan(connection, RULES, order, {})
        assert [step.problem for step in made.steps if step.problem] == []
        with dry_run(connection, tables(connection, order)):
            for fix in order.values():
                if fix.automatic:
                    apply(connection, fix, fix.automatic, STAGING, ALONE)
            foretold, becomes = _journal(connection, STAGING), _orders(connection)
        assert _orders(connection) == untouched
        done = apply_all(connection, RULES, order, {}, None, Throttle())
        assert _journal(connection, TARGET) == foretold != []
        assert _orders(connection) == becomes != untouched
        assert {rule: one.changed for rule, _, one in done.done if one.changed} == {
            step.fix.rule.id: step.automatic for step in made.steps if step.automatic
        }
        assert done.verification is not None
        assert done.verification.others == {}
        left = {rule.id: _count(connection, rule) for rule in RULES if made.after[rule.id] is not None}
        assert left == {rule: count for rule, count in made.after.items() if count is not None}
        assert left["orders.delivery_args_convert_to_jsonb"] == left["customers.text_is_normalised"] == 0
        _automatic(connection, [*order.values()])
        assert apply_all(connection, RULES, order, {}, None, Throttle()).changed == 0
        assert _orders(connection) == becomes
    servers.drop_database(server, dsn)


def _count(connection: psycopg.Connection, rule: Rule) -> int:
    row = connection.execute(f"select count(*) from ({rule.sql}) as v".encode()).fetchone()
    return int(row[0]) if row else 0


def _journal(connection: psycopg.Connection, namespace: Namespace) -> list[tuple[Any, ...]]:
    """What was changed, in its order: the rows of one fix by their key."""
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
@settings(max_examples=soak.times(15), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=lineages())
def test_an_option_alone_removes_its_violations(
    connection: psycopg.Connection, fix: Fix, option: Option, rows: list[Row]
) -> None:
    with connection.transaction(force_rollback=True):
        _plant(connection, rows)
        if fix.automatic:
            apply(connection, fix, fix.automatic, TARGET, ALONE)
        apply(connection, fix, option, TARGET, ALONE)
        left = _keys(connection, fix)
        if fix.rule.id == "lineage.order_ref_is_first_ancestor":
            # what ends in a missing order, or nowhere, follows another decision
            left = {key for key in left if _has_end(rows, key)}
        assert not left
        before = _orders(connection)
        assert not apply(connection, fix, option, TARGET, ALONE).changed
        assert _orders(connection) == before


@settings(max_examples=soak.times(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        _plant(connection, [row._replace(customer_id=row.customer_id or 3) for row in rows])
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


#: What one has to do with the other.
REFERENCES = tuple(rule for rule in RULES if rule.id.split(".")[0] == "lineage")


def test_what_is_left_open_gives_fixes_more_turns_until_nothing_is_left(connection: psycopg.Connection) -> None:
    """Circles and missing ancestors are left as often as not, all else is decided; any order may lack a customer."""
    several = 0
    for seed in range(soak.times(25)):
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


@settings(max_examples=soak.times(20), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
        _plant(connection, rows)
        untouched = _orders(connection)
        made = plan(connection, rules, order, choices)
        assert {step.fix.rule.id: step.problem for step in made.steps if step.problem} == {}
        done = apply_all(connection, rules, order, choices, None, ALONE)
        became = _orders(connection)
        assert (done.left, done.rejected, done.not_converging) == (0, (), ())
        foretold = {(step.fix.rule.id, AUTOMATIC): step.automatic for step in made.steps if step.automatic}
        foretold |= {(step.fix.rule.id, step.choice): step.changed for step in made.steps if step.changed}
        assert {(rule, option): one.changed for rule, option, one in done.done if one.changed} == foretold
        left = {rule.id: _count(connection, rule) for rule in rules if made.after[rule.id] is not None}
        assert left == {rule: count for rule, count in made.after.items() if count is not None}
        assert apply_all(connection, rules, order, choices, None, ALONE).changed == 0
        assert _orders(connection) == became
        parts, there = journal_ranges(connection, applied(connection)), applied(connection)
        for rule, first, last, _ in parts:
            undone = revert(connection, rule, TARGET, ALONE, stretch=(first, last))
            assert (undone.changed_concurrently, undone.locked, undone.rejected) == (0, 0, 0)
        assert applied(connection) == []
        assert _orders(connection) == untouched
        return len(parts) > len(there)
    finally:
        connection.execute("truncate orders, order_audit.todo, order_audit.journal, order_audit.refused")
