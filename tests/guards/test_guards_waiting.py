"""Guards are installed while an application writes, and finished where a run was cut off."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from psycopg import errors

from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_state import state
from order_audit.fixes.guarding.index_progress import reporting_progress
from order_audit.fixes.guarding.install import install, install_all, remove
from tests.guards.installing import GUARDS, connected, made

PACE = Throttle()


def test_what_a_killed_run_left_is_finished(shop: str) -> None:
    with connected(shop) as connection:
        for name in ("order_ref_exists", "amount_is_not_negative", "root_is_not_closed", "one_live_order"):
            guard = GUARDS[name]
            steps = made(guard)
            for stop in range(1, len(steps)):
                for text in steps[:stop]:
                    connection.execute(text.encode())
                found = state(connection, guard)
                assert found in ("missing", "invalid", "valid")
                assert install(connection, guard, PACE) == (found != "valid")
                assert state(connection, guard) == "valid"
                if name != "order_ref_exists" or stop < len(steps) - 1:
                    remove(connection, guard, PACE)
                    assert state(connection, guard) == "missing"


@pytest.mark.parametrize("name", ["one_live_order", "order_ref_exists"])
def test_an_index_whose_build_was_cut_off_is_built_again(shop: str, name: str) -> None:
    guard = GUARDS[name]
    index = f"order_audit_{name}"
    with connected(shop) as connection, psycopg.connect(shop) as writer, connected(shop) as watcher:
        # the build waits for a transaction that has written
        writer.execute("update orders set order_amount = order_amount where order_id = 1")
        build = next(text for text in made(guard) if "concurrently" in text)
        thread = threading.Thread(target=pytest.raises, args=(errors.QueryCanceled, connection.execute, build))
        thread.start()
        until(watcher, "select exists (select from pg_stat_activity where pid = %s and wait_event_type = 'Lock')",
              connection.info.backend_pid)  # fmt: skip
        watcher.execute("select pg_cancel_backend(%s)", [connection.info.backend_pid])
        thread.join()
        writer.rollback()
        question = "select indisvalid, oid from pg_index join pg_class on oid = indexrelid where relname = %s"
        left = connection.execute(question, [index]).fetchone()
        assert left is not None
        assert left[0] is False
        assert state(connection, guard) == "invalid"
        assert install(connection, guard, PACE)
        built = connection.execute(question, [index]).fetchone()
        assert built is not None
        assert built[0] is True
        assert built[1] != left[1]
        # and by the statements of files too
        connection.execute("update pg_index set indisvalid = false where indexrelid = %s", [built[1]])
        assert state(connection, guard) == "invalid"
        for text in made(guard):
            connection.execute(text.encode())
        assert state(connection, guard) == "valid"


def until(connection: psycopg.Connection, question: str, *values: object) -> None:
    """Wait until the server says yes."""
    for _ in range(2000):
        row = connection.execute(question.encode(), values).fetchone()
        if row and row[0]:
            return
        time.sleep(0.005)
    raise AssertionError(question)


def test_nobody_waits_long_for_an_installation(shop: str) -> None:
    """A long transaction keeps us from our locks; whoever comes after us must not have to wait for it."""
    with psycopg.connect(shop) as holder, connected(shop) as connection, connected(shop) as watcher:
        stop, written = threading.Event(), 0
        waited: list[psycopg.Error] = []

        def write() -> None:
            nonlocal written
            with connected(shop) as writer:
                # an application that gives up after the allowed wait
                writer.execute("set lock_timeout = '3s'")
                while not stop.is_set() and not waited:
                    try:
                        writer.execute(
                            "update orders set order_status = order_status where order_id = 1 + %s", [written % 900]
                        )
                        writer.execute("update customers set customer_phone = customer_phone where customer_id = 7")
                        written += 1
                    except psycopg.Error as error:
                        waited.append(error)

        holder.execute("update orders set order_amount = order_amount where order_id = 1001")
        holder.execute("update customers set customer_phone = customer_phone where customer_id = 8")
        with ThreadPoolExecutor(2) as pool:
            pool.submit(write)
            made = pool.submit(lambda: [install(connection, guard, PACE) for guard in GUARDS.values()])
            # the first of them runs into the holder again and again
            tries = 0
            while tries < 6:
                pid = connection.info.backend_pid
                until(watcher, "select exists (select from pg_locks where pid = %s and not granted)", pid)
                until(watcher, "select not exists (select from pg_locks where pid = %s and not granted)", pid)
                tries += 1
            assert not made.done()
            holder.rollback()
            assert sum(made.result()) == len(GUARDS) - 2
            stop.set()
        assert waited == []
        assert written > 20


@pytest.mark.parametrize(
    "held_by", ["update orders set order_amount = order_amount where order_id = 1", "select from orders"]
)
def test_locks_that_are_never_let_go_are_told(shop: str, monkeypatch: pytest.MonkeyPatch, held_by: str) -> None:
    monkeypatch.setattr("order_audit.fixes.guarding.object_changes.TRIES", 2)
    guard = GUARDS["amount_is_not_negative"]
    with psycopg.connect(shop) as holder, connected(shop) as connection:
        holder.execute(held_by.encode())
        held = rf"2 times: held by process {holder.info.backend_pid} \({holder.info.user}, idle in transaction\)"
        with pytest.raises(GuardError, match=held):
            install(connection, guard, Throttle(max_lock_wait_ms=50))
        assert state(connection, guard) == "missing"


def test_who_holds_the_tables_is_waited_for_once(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.fixes.guarding.object_changes.TRIES", 4)
    monkeypatch.setattr("order_audit.fixes.guarding.object_changes._HURRIED_TRIES", 2)
    wanted = [GUARDS[name] for name in ("amount_is_not_negative", "ancestor_is_older", "live_order_has_amount")]
    with psycopg.connect(shop) as holder, connected(shop) as connection:
        install(connection, GUARDS["order_ref_exists"], PACE)
        holder.execute("update orders set order_amount = order_amount where order_id = 1")
        told = [str(why) for why in install_all(connection, wanted, Throttle(max_lock_wait_ms=50))[1].values()]
        assert [re.findall(r", (\d) times: held by process", said) for said in told] == [["4"], ["2"], ["2"]]
        holder.rollback()
        assert not install_all(connection, wanted, PACE)[1]


@pytest.mark.both_versions
def test_what_a_build_of_an_index_waits_for_is_told(shop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.fixes.guarding.index_progress._BETWEEN", 0.05)
    guard = GUARDS["one_live_order"]
    notes: list[str] = []

    def tell(_done: int, _of: int, note: str) -> None:
        notes.append(note)
        if "waits" in note:
            holder.rollback()

    with psycopg.connect(shop) as holder, connected(shop) as connection:
        # a snapshot that may still have to see what the index will not hold
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select 1")
        assert install_all(connection, [guard], PACE, on_progress=tell) == ([guard.name], {})
        who = f"process {holder.info.backend_pid} ({holder.info.user}, idle in transaction)"
        assert f"waits for {who}, guard {guard.name}" in notes
        remove(connection, guard, PACE)
        # and where it never ends, the next run finishes what this one has to leave
        monkeypatch.setattr("order_audit.fixes.guarding.object_changes._PATIENCE", 1000)
        holder.execute("set transaction isolation level repeatable read")
        holder.execute("select from orders limit 1")
        with pytest.raises(GuardError, match="for 1 s: held by " + re.escape(who)):
            install(connection, guard, PACE)
        assert state(connection, guard) in ("invalid", "missing")
        holder.rollback()
        assert install(connection, guard, PACE)
        assert state(connection, guard) == "valid"


@pytest.mark.both_versions
def test_how_far_a_build_of_an_index_is_is_told(dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("order_audit.fixes.guarding.index_progress._BETWEEN", 0.01)
    notes: list[str] = []
    with connected(dsn) as connection:
        connection.execute("create table slow as select i, repeat('x', 500) from generate_series(1, 1000) as i")
        connection.execute(
            "create function slowly(i integer) returns integer immutable language plpgsql"
            " as 'begin perform pg_sleep(0.001); return i; end'"
        )
        with reporting_progress(connection, notes.append):
            connection.execute("create index concurrently on slow (slowly(i))")
    assert any(re.fullmatch(r"[1-9]\d? % scanning table", note) for note in notes)
