"""What is put back where the same row was changed more than once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_text import reverted_text
from order_audit.errors import UsageError
from order_audit.expectations import load
from order_audit.fixes import revert as engine
from order_audit.fixes.engine.batches import apply, install, revert
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Option, fixes
from order_audit.fixes.guarding.guard_file import guards
from order_audit.fixes.guarding.install import install as install_guard

SCHEMA = Path(__file__).parents[2] / "order_audit" / "scenario" / "current" / "schema.sql"
FIXES = fixes(load("current").rules)
ROOT_RULE = "lineage.order_ref_is_first_ancestor"

Connection = psycopg.Connection


@pytest.fixture
def database(dsn: str) -> Iterator[Connection]:
    """The current schema, less its constraint on status, and a customer."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        connection.execute("alter table orders drop constraint chk_status")
        connection.execute(
            "insert into customers (customer_id, customer_name, customer_email, customer_contact_name, address,"
            " address_state) values (1, 'Acme', 'ann@acme.example', 'Ann', '1 Main Street', 'CA')"
        )
        install(connection, TARGET)
        yield connection


def orders(connection: Connection, refs: dict[int, int], status: str = "expired") -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "insert into orders (order_id, order_ref, customer_id, order_status) values (%s, %s, 1, %s)",
            [(id, ref, status) for id, ref in refs.items()],
        )


def refs(connection: Connection) -> dict[int, int]:
    return dict(connection.execute("select order_id, order_ref from orders order by 1").fetchall())


def statuses(connection: Connection) -> dict[int, str]:
    return dict(connection.execute("select order_id, order_status from orders order by 1").fetchall())


def automatic(rule: str) -> Option:
    option = FIXES[rule].automatic
    assert option is not None
    return option


def fixed(connection: Connection, rule: str) -> int:
    return apply(connection, FIXES[rule], automatic(rule), TARGET, Throttle()).changed


def put_back(connection: Connection, rule: str, how: str) -> list[str]:
    """Revert a rule, with the program or as an emitted file does it; gives the keys that were left alone, and why."""
    if how == "program":
        done = revert(connection, rule, TARGET, Throttle())
        assert done.locked == 0
    else:
        connection.execute("call order_audit.revert(%s)", [rule])
    return [
        f"{id}: {why}"
        for id, why in connection.execute(
            "select key ->> 'order_id', left_alone from order_audit.journal where left_alone is not null order by id"
        )
    ]


BOTH = pytest.mark.parametrize("how", ["program", "procedure"])


@BOTH
@pytest.mark.both_versions
def test_a_row_that_was_changed_twice_is_put_back_twice(database: Connection, how: str) -> None:
    """The first ancestor of a lineage is found a successor in a second lineage, and all that refer to it follow."""
    chain = {1: 1, 2: 1, 3: 2, 4: 3, 5: 4}
    orders(database, {**chain, 10: 10})
    assert fixed(database, ROOT_RULE) == 3
    database.execute("update orders set order_ref = 10 where order_id = 1")
    between = refs(database)
    assert fixed(database, ROOT_RULE) == 4
    assert refs(database) == {1: 10, 2: 10, 3: 10, 4: 10, 5: 10, 10: 10} != between
    assert put_back(database, ROOT_RULE, how) == []
    assert refs(database) == {**chain, 1: 10, 10: 10}


@BOTH
def test_what_an_application_made_anew_between_two_runs_is_its_own(database: Connection, how: str) -> None:
    orders(database, {id: id for id in range(1, 7)}, " Active")
    assert fixed(database, "orders.status_is_known") == 6
    database.execute("update orders set order_status = 'ACTIVE' where order_id <= 3")
    assert fixed(database, "orders.status_is_known") == 3
    database.execute("update orders set order_status = 'paused' where order_id = 2")
    alone = put_back(database, "orders.status_is_known", how)
    # the second change of 1 and 3 is reverted; before it, another session changed the result of the first
    assert statuses(database) == {1: "ACTIVE", 2: "paused", 3: "ACTIVE", 4: " Active", 5: " Active", 6: " Active"}
    assert sorted(alone) == [
        "1: changed or deleted since",
        "2: changed again, with a conflict",
        "2: changed or deleted since",
        "3: changed or deleted since",
    ]


@BOTH
def test_an_older_change_is_not_put_back_below_a_later_one_that_stays(database: Connection, how: str) -> None:
    """The row looks as the older change left it, but a later one stands above it."""
    orders(database, {1: 1, 2: 1, 3: 2, 10: 10})
    assert fixed(database, ROOT_RULE) == 1  # 3: 2 -> 1
    database.execute("update orders set order_ref = 10 where order_id = 1")
    assert fixed(database, ROOT_RULE) == 2  # 2, 3: 1 -> 10
    database.execute("update orders set order_ref = 1 where order_id = 3")
    assert put_back(database, ROOT_RULE, how) == ["3: changed again, with a conflict", "3: changed or deleted since"]
    assert refs(database) == {1: 10, 2: 1, 3: 1, 10: 10}


@pytest.mark.both_versions
def test_an_older_change_waits_for_a_later_one_in_somebodys_hands(database: Connection, dsn: str) -> None:
    orders(database, {1: 1, 2: 1, 3: 2, 10: 10})
    assert fixed(database, ROOT_RULE) == 1
    database.execute("update orders set order_ref = 10 where order_id = 1")
    assert fixed(database, ROOT_RULE) == 2
    with psycopg.connect(dsn) as other:
        other.execute("select from orders where order_id = 3 for update")
        done: OptionOutcome = revert(database, ROOT_RULE, TARGET, Throttle(max_rounds=2))
        assert (done.changed, done.locked, done.changed_concurrently) == (1, 2, 0)
    done = revert(database, ROOT_RULE, TARGET, Throttle())
    assert (done.changed, done.locked, done.changed_concurrently) == (2, 0, 0)
    assert refs(database) == {1: 10, 2: 1, 3: 2, 10: 10}


@pytest.mark.parametrize("size", [1, 2, 3, 5, 100])
def test_no_unit_is_passed_over_whatever_the_size_of_a_batch(database: Connection, size: int) -> None:
    """Units of which one has rows in the middle of another's."""
    database.execute(
        """
        insert into order_audit.journal (rule, option, step, op, tab, key, unit, before, after)
        select 'r', 'o', i.step, 'update', 'public.orders', jsonb_build_object('order_id', i.key::text), i.unit,
          '{"order_amount": "7"}', '{"order_amount": "5"}'
        from (values (1, 1, 7), (2, 1, 8), (3, 1, 7), (4, 2, 9), (5, 2, 7)) as i (key, step, unit)
        order by i.key
        """
    )
    orders(database, {id: id for id in range(1, 6)})
    database.execute("update orders set order_amount = 5")
    assert revert(database, "r", TARGET, Throttle(batch_size=size)).changed == 5
    assert database.execute("select distinct order_amount from orders").fetchall() == [(7,)]


def test_a_revert_says_what_became_of_everything(database: Connection, dsn: str) -> None:
    """Guards, rows put back, held by others, refused, changed since; and how far it is."""
    rule = "orders.status_is_known"
    orders(database, {id: id for id in range(1, 6)}, " Active")
    assert fixed(database, rule) == 5
    orders(database, {11: 11, 12: 11, 13: 12})
    assert fixed(database, ROOT_RULE) == 1
    assert install_guard(database, guards()["status_is_known"], Throttle())
    database.execute("update orders set order_status = 'expired' where order_id = 1")
    database.execute("alter table orders add check (order_status <> ' Active' or order_id <> 2)  not valid")
    database.execute("create function stamp() returns trigger language plpgsql as 'begin return new; end'")
    database.execute("create trigger stamped before update on orders for each row execute function stamp()")
    removed: list[str] = []
    told: list[tuple[int, int, str]] = []
    with psycopg.connect(dsn) as other:

        def removed_guard(name: str) -> None:
            removed.append(name)
            other.execute("select from orders where order_id = 3 for update")

        reverted = engine.revert(
            database,
            [rule],
            Throttle(max_rounds=2),
            on_guard_removed=removed_guard,
            on_progress=lambda done, of, note: told.append((done, of, note)),
        )
    assert reverted is not None
    assert (reverted.guards, removed) == (("status_is_known",), ["status_is_known"])
    done = reverted.rules[rule]
    assert (list(reverted.rules), done.changed, done.locked, done.changed_concurrently, done.rejected) == (
        [rule],
        2,
        1,
        1,
        1,
    )
    assert (reverted.locked, reverted.changed_since, reverted.rejected) == (1, 1, 1)
    assert "1 change not reverted, because the row has changed since or is deleted" in reverted_text(reverted)
    assert [(row.rule, row.table, row.key) for row in reverted.conflicts] == [
        (rule, "public.orders", "1"),
        (rule, "public.orders", "2"),
    ]
    assert "orders_check" in reverted.conflicts[1].reason
    assert reverted.tables_with_triggers == {"orders": ("stamped",)}
    assert told[0][:2] == (0, 5)
    assert told[-1] == (2, 2, "")
    assert statuses(database) == {
        1: "expired", 2: "active", 3: "active", 4: " Active", 5: " Active", 11: "expired", 12: "expired", 13: "expired"
    }  # fmt: skip
    rest = engine.revert(database, [], Throttle())
    assert rest is not None
    assert {name: done.changed for name, done in rest.rules.items()} == {ROOT_RULE: 1, rule: 1}
    assert not rest.complete
    # a conflict of another rule is none of the chosen one's
    chosen = engine.revert(database, [ROOT_RULE], Throttle())
    assert chosen is not None
    assert chosen.complete
    with pytest.raises(UsageError, match="no fix of x was ever applied"):
        engine.revert(database, ["x"], Throttle())


def test_where_nothing_was_applied_there_is_nothing_to_revert(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        assert engine.revert(connection, [], Throttle()) is None
        with pytest.raises(UsageError, match="no fix of x is applied"):
            engine.revert(connection, ["x"], Throttle())
