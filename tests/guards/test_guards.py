"""Guards are installed while an application writes, finished where a run was cut off, and removed without a trace."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import errors, sql

from order_audit.audit.cli.fixes_text import applied_text
from order_audit.audit.database.server import Server
from order_audit.audit.scans.count import count
from order_audit.expectations import Rule, load, schema_rules
from order_audit.fixes.applied import Applied
from order_audit.fixes.emission.emit import emit
from order_audit.fixes.engine.batches import install as make_journal
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import FixError, fixes
from order_audit.fixes.guarding.guard import Guard, home
from order_audit.fixes.guarding.guard_error import GuardError
from order_audit.fixes.guarding.guard_file import guards, parse
from order_audit.fixes.guarding.guard_state import refuses, state
from order_audit.fixes.guarding.index_progress import reporting_progress
from order_audit.fixes.guarding.install import install, install_all, remove, rules_of
from order_audit.fixes.guarding.prerequisites import missing_prerequisite
from order_audit.scenario.generate import generate
from tests.fixes.test_emit import psql
from tests.support import servers

pytestmark = pytest.mark.both_versions

ROOT = Path(__file__).parents[2]
GUARDS = guards()
RULES = {rule.id: rule for rule in (*load("current").rules, *schema_rules())}
PACE = Throttle()


@pytest.fixture(scope="module")
def clean(server: Server) -> Iterator[str]:
    """A database on which every rule passes; to be copied."""
    with servers.database(server) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            generate(connection, orders=1500, customers=300, seed=3, defects=0)
            make_journal(connection, TARGET)
        yield dsn


@pytest.fixture
def shop(server: Server, clean: str) -> Iterator[str]:
    """A database on which every rule passes."""
    with servers.database(server, servers.name_of(clean)) as dsn:
        yield dsn


@contextmanager
def connected(dsn: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        yield connection


def schema_of(server: Server, dsn: str) -> str:
    """What pg_dump says of the schema, without what it makes up anew each time."""
    dumped = subprocess.run([server.bin / "pg_dump", "--schema-only", dsn], capture_output=True, text=True, check=True)
    return re.sub(r"^\\(un)?restrict .*$", "", dumped.stdout, flags=re.MULTILINE)


def named(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
    """All that stands on tables under our name, with its oid: another oid means that it was made anew."""
    return connection.execute(
        """
        select 'constraint', conname::text, oid, convalidated from pg_constraint where conname like 'order\\_audit\\_%'
        union all
        select 'index', indexrelid::regclass::text, indexrelid, indisvalid
        from pg_index where indexrelid::regclass::text like 'order\\_audit\\_%'
        union all
        select 'trigger', tgname::text, oid, tgenabled = 'O' from pg_trigger where tgname like 'order\\_audit\\_%'
        order by 1, 2
        """
    ).fetchall()


def made(guard: Guard) -> list[str]:
    """The statements that make a guard, one by one."""
    return [
        made.text
        for made in [*home(guard), *(made for guard_object in guard.objects for made in guard_object.create_sql())]
    ]


def test_all_guards_are_installed_once_and_leave_no_trace(server: Server, shop: str) -> None:
    before = schema_of(server, shop)
    with connected(shop) as connection:
        there_already = {name for name, guard in GUARDS.items() if state(connection, guard) == "valid"}
        assert there_already == {"status_is_known", "sequence_is_ahead_of_data"}
        for guard in GUARDS.values():
            assert refuses(connection, guard) == 0
            assert install(connection, guard, PACE) == (guard.name not in there_already)
            assert state(connection, guard) == "valid"
        made = named(connection)
        assert len(made) > 35
        assert all(row[3] for row in made)
        for guard in GUARDS.values():
            assert not install(connection, guard, PACE)
        assert named(connection) == made
        # chk_status and the foreign key to customers have the same effect, under other names
        assert not any(row[1].startswith("order_audit_status_is_known") for row in made)
        assert not any(row[:2] == ("constraint", "order_audit_customer_exists") for row in made)
        assert not any(row[1].endswith("_not_null") for row in made)
        for guard in reversed(GUARDS.values()):
            assert remove(connection, guard, PACE) == (guard.name not in there_already)
            assert not remove(connection, guard, PACE)
    assert schema_of(server, shop) == before


def test_a_dump_is_restored_with_its_guards(server: Server, shop: str, tmp_path: Path) -> None:
    dump = tmp_path / "dump"

    def contents(connection: psycopg.Connection) -> list[tuple[Any, ...]]:
        return [
            row
            for table in ("orders", "customers")
            for row in connection.execute(f"select t::text from {table} as t order by 1".encode()).fetchall()
        ]

    def restore(dsn: str, *options: str) -> str:
        done = subprocess.run(
            [server.bin / "pg_restore", "--dbname", dsn, *options, dump], capture_output=True, text=True, check=False
        )
        return done.stderr

    with connected(shop) as connection:
        assert not install_all(connection, list(GUARDS.values()), PACE)[1]
        # live recreations are not covered any more: a debit is never refused
        connection.execute("update customers set customer_balance = 0")
        before = contents(connection)
    subprocess.run([server.bin / "pg_dump", "--format=custom", "--file", dump, shop], check=True)
    schema = schema_of(server, shop)
    tries: list[list[str]] = [
        ["--exit-on-error"],
        ["--no-acl"],
        ["--schema-only", "--data-only --disable-triggers"],
        [
            "--schema-only",
            "alter table orders disable trigger user",
            "--data-only",
            "alter table orders enable trigger user",
        ],
    ]
    for ways in tries:
        copy = servers.new_database(server)
        for way in ways:
            if way.startswith("--"):
                assert restore(copy, *way.split()) == ""
            else:
                with connected(copy) as connection:
                    connection.execute(way.encode())
        with connected(copy) as connection:
            assert contents(connection) == before
            assert {name for name, guard in GUARDS.items() if state(connection, guard) != "valid"} == set()
        assert ways == ["--no-acl"] or schema_of(server, copy) == schema
        servers.drop_database(server, copy)
    copy = servers.new_database(server)
    assert restore(copy, "--schema-only") == ""
    assert "is a live recreation, and the balance" in restore(copy, "--data-only")
    servers.drop_database(server, copy)


def test_files_install_and_remove_the_same(server: Server, shop: str, tmp_path: Path) -> None:
    with connected(shop) as connection:
        emitted = emit(connection, fixes(load("current").rules), {}, tmp_path)
    names = [name for name in emitted.changes if name.startswith("guard.")]
    # chk_status has the same effect
    assert {f"guard.{name}" for name in GUARDS} - set(names) == {"guard.status_is_known"}
    before = schema_of(server, shop)

    def run(kind: str, names: list[str]) -> None:
        done = psql(shop, *(tmp_path / kind / f"{name}.sql" for name in names))
        assert done.returncode == 0, done.stderr

    run("deploy", names)
    run("verify", names)
    with connected(shop) as connection:
        there = named(connection)
        assert {state(connection, guard) for guard in GUARDS.values()} == {"valid"}
        # a debit that leaves orders uncovered is no reason to refuse what is there
        connection.execute("update customers set customer_balance = 0")
        run("deploy", names)
        assert named(connection) == there
        run("revert", names[::-1] * 2)
        assert not named(connection)
    assert schema_of(server, shop) == before


def test_a_guard_is_refused_while_its_rule_finds_something(sample: str) -> None:
    guard = GUARDS["phone_is_dialable"]
    with connected(sample) as connection:
        found = refuses(connection, guard)
        assert found == 5
        with pytest.raises(GuardError, match=r"5 rows are left that it would refuse \(customers\.phone_is_dialable\)"):
            install(connection, guard, PACE)
        # one that was left not validated is no shelter
        connection.execute(made(guard)[0].encode())
        assert state(connection, guard) == "invalid"
        with pytest.raises(GuardError, match="5 rows"):
            install(connection, guard, PACE)
        assert state(connection, guard) == "missing"
        assert not named(connection)


def test_a_violation_that_comes_meanwhile_takes_the_guard_away_again(shop: str) -> None:
    """Between the look at the rule and the statement that makes the guard, somebody breaks the rule."""
    cases = {
        "amount_is_not_negative": "update orders set order_amount = -1",
        "email_is_unique": "update customers set customer_email = 'a@b.cd'"
        " where customer_id in (select customer_id from customers order by customer_id limit 2)",
        "keeps_customer": "update orders set customer_id = (select min(customer_id) from customers)"
        " where order_ref <> order_id",
        "root_is_not_closed": "update orders set order_status ="
        " case when order_id = order_ref then 'expired' else 'active' end",
    }
    with connected(shop) as connection, connected(shop) as other:
        for needed in ("order_ref_exists",):
            install(connection, GUARDS[needed], PACE)
        for name, breaks in cases.items():
            guard, first = GUARDS[name], [breaks]

            def tell(_done: int, _of: int, note: str, first: list[str] = first) -> None:
                if first and note.startswith("guard "):
                    other.execute(first.pop().encode())

            before = named(connection)
            installed, refused = install_all(connection, [guard], PACE, count, tell)
            assert installed == []
            assert not first
            assert str(refused[name]).startswith(f"guard {name} is not installed: ")
            assert state(connection, guard) == "missing"
            assert named(connection) == before


def test_a_guard_goes_with_the_one_that_it_builds_on(shop: str) -> None:
    """Two guards are made; then somebody has broken the rule of the first."""
    wanted = [GUARDS["order_ref_exists"], GUARDS["ancestor_is_older"]]
    judged: list[int] = []

    def breaking(connection: psycopg.Connection, rules: Sequence[Rule]) -> dict[str, int]:
        judged.append(len(rules))
        counts = count(connection, rules)
        return counts if len(judged) == 1 else counts | {"lineage.order_ref_exists": 3}

    with connected(shop) as connection:
        before = named(connection)
        installed, refused = install_all(connection, wanted, PACE, breaking)
        assert installed == []
        assert judged == [2, 2]
        assert refused["order_ref_exists"].rows == 3
        assert "it builds on the guard order_ref_exists" in str(refused["ancestor_is_older"])
        assert named(connection) == before
        assert install_all(connection, wanted, PACE, count) == (["order_ref_exists", "ancestor_is_older"], {})


def test_counts_of_shared_scans_refuse_the_same_rows(sample: str) -> None:
    """With the violations of all rules counted at once, a guard refuses what it refuses when it is asked by itself."""
    with connected(sample) as connection:
        counts = count(connection, rules_of(GUARDS.values()))
        for guard in GUARDS.values():
            if not missing_prerequisite(connection, guard, GUARDS):
                assert refuses(connection, guard, counts) == refuses(connection, guard), guard.name
        assert any(counts.values())


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


def test_something_else_of_the_same_name_is_left_alone(shop: str) -> None:
    cases = {
        "amount_is_not_negative": (
            "alter table orders add constraint order_audit_amount_is_not_negative check (order_amount > -10)",
            "select 1 from pg_constraint where conname = 'order_audit_amount_is_not_negative'",
        ),
        "one_live_order": (
            "create unique index order_audit_one_live_order on orders (order_id)",
            "select 1 from pg_class where relname = 'order_audit_one_live_order'",
        ),
        "order_ref_exists": (
            "alter table orders add constraint order_audit_order_ref_exists foreign key (order_ref)"
            " references orders (order_id) on delete cascade",
            "select 1 from pg_constraint where conname = 'order_audit_order_ref_exists'",
        ),
    }
    with connected(shop) as connection:
        for name, (other, there) in cases.items():
            guard = GUARDS[name]
            connection.execute(other.encode())
            before = named(connection)
            assert state(connection, guard) == "different"
            with pytest.raises(GuardError, match=f"order_audit_{name} is there already, with another definition"):
                install(connection, guard, PACE)
            remove(connection, guard, PACE)
            assert named(connection) == before
            assert connection.execute(there.encode()).fetchone() == (1,)


def test_what_has_the_same_effect_under_another_name_is_recognised(shop: str) -> None:
    with connected(shop) as connection:
        connection.execute(
            """
            alter table orders add constraint amount_is_positive check (order_amount > 0 and order_amount < 1000000000);
            create unique index one_at_a_time on orders (order_ref)
              where order_status::text = any (array['pending', 'active', 'paused']);
            create index by_ref on orders (order_ref, order_status);
            alter table orders add constraint ref_is_there foreign key (order_ref) references orders (order_id);
            alter table customers add constraint no_debts check (customer_balance >= 0) not valid;
            """
        )
        for name in ("amount_is_not_negative", "one_live_order", "order_ref_exists"):
            assert state(connection, GUARDS[name]) == "valid"
            assert not install(connection, GUARDS[name], PACE)
            assert not remove(connection, GUARDS[name], PACE)
        # one that was never validated proves nothing
        assert install(connection, GUARDS["balance_is_not_negative"], PACE)
        # neither does one that is weaker, or that may be null
        connection.execute("alter table orders drop constraint chk_status, alter order_status drop not null")
        connection.execute(
            "alter table orders add constraint chk check (order_status in ('active', 'paused')) not valid"
        )
        assert state(connection, GUARDS["status_is_known"]) == "missing"
        connection.execute("alter table orders drop constraint chk")
        connection.execute(
            "alter table orders add constraint chk check (order_status in"
            " ('expired', 'recreated', 'pending', 'active', 'paused', 'cancelled'))"
        )
        assert state(connection, GUARDS["status_is_known"]) == "missing"
        connection.execute("alter table orders alter order_status set not null")
        assert state(connection, GUARDS["status_is_known"]) == "valid"


def test_a_trigger_that_was_switched_off_is_switched_on(shop: str) -> None:
    guard = GUARDS["is_covered_by_balance"]
    with connected(shop) as connection:
        install(connection, guard, PACE)
        connection.execute("alter table orders disable trigger order_audit_is_covered_by_balance_updated")
        assert state(connection, guard) == "invalid"
        assert install(connection, guard, PACE)
        assert state(connection, guard) == "valid"
        # an older version of a function is replaced, under the triggers that call it
        connection.execute(
            "create or replace function order_audit.is_covered_by_balance() returns trigger language plpgsql"
            " as 'begin return null; end'"
        )
        assert state(connection, guard) == "invalid"
        assert install(connection, guard, PACE)
        assert state(connection, guard) == "valid"


def test_nobody_waits_long_for_an_installation(shop: str) -> None:
    """A long transaction keeps us from our locks; whoever comes after us must not have to wait for it."""
    with psycopg.connect(shop) as holder, connected(shop) as connection, connected(shop) as watcher:
        stop, written = threading.Event(), 0
        waited: list[psycopg.Error] = []

        def write() -> None:
            nonlocal written
            with connected(shop) as writer:
                # an application that gives up after what it may wait for us
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


def test_roles_without_a_right_on_our_schema_write_as_before(server: Server, shop: str) -> None:
    with connected(shop) as connection:
        for guard in GUARDS.values():
            install(connection, guard, PACE)
        connection.execute("drop role if exists clerk")
        connection.execute("create role clerk login")
        connection.execute("grant insert, update, select on orders to clerk")
        connection.execute("grant usage on all sequences in schema public to clerk")
        rich = connection.execute(
            "select customer_id, order_id from orders where order_ref = order_id and order_status = 'active' limit 1"
        ).fetchone()
        assert rich is not None
        connection.execute("update customers set customer_balance = 500 where customer_id = %s", [rich[0]])
    name = psycopg.conninfo.conninfo_to_dict(shop)["dbname"]
    insert = (
        "insert into orders (order_ref, customer_id, order_schedule, delivery_script_name, delivery_script_args,"
        " order_amount, order_status) select order_ref, customer_id, order_schedule, delivery_script_name,"
        " delivery_script_args, {}, 'active' from orders where order_id = {}"
    )
    with psycopg.connect(server.dsn(str(name)), user="clerk", autocommit=True) as clerk:
        assert clerk.execute("select current_user, has_schema_privilege('order_audit', 'usage')").fetchone() == (
            "clerk",
            False,
        )
        clerk.execute("update orders set order_status = 'recreated' where order_id = %s", [rich[1]])
        with pytest.raises(errors.CheckViolation) as caught:
            clerk.execute(sql.SQL(insert).format(500, rich[1]))
        assert caught.value.diag.constraint_name == "order_audit_is_covered_by_balance_inserted"
        assert caught.value.diag.table_name == "orders"
        clerk.execute(sql.SQL(insert).format(499, rich[1]))
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute("select customer_balance from customers")
        # nor may anybody hang our functions on tables of their own
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute("select order_audit.is_covered_by_balance()")
        with pytest.raises(errors.InsufficientPrivilege):
            clerk.execute(
                "create temporary table orders (order_id int); create trigger t after insert on pg_temp.orders"
                " for each row execute function order_audit.root_is_not_closed()"
            )
    with connected(shop) as connection:
        connection.execute("drop owned by clerk")
        connection.execute("drop role clerk")


def test_what_keeps_many_guards_away_is_told_once(server: Server, shop: str) -> None:
    with connected(shop) as connection:
        connection.execute("drop role if exists tenant")
        connection.execute("create role tenant login")
        connection.execute("alter table orders owner to tenant")
        connection.execute("alter table customers owner to tenant")
        connection.execute("drop schema order_audit cascade")
        connection.execute(f"grant create on database {connection.info.dbname} to tenant".encode())
        # it may not create in the tables' schema, and so build no index
        connection.execute("revoke create on schema public from public")
    with connected(psycopg.conninfo.make_conninfo(shop, user="tenant")) as connection:
        wanted = [GUARDS[name] for name in ("amount_is_not_negative", "email_is_unique", "one_live_order")]
        made, refused = install_all(connection, wanted, PACE)
    done = Applied((), installed=tuple(made), guard_errors=refused)
    assert applied_text(done, rehearsed=False).splitlines()[1:] == [
        "guards    installed: amount_is_not_negative",
        "          not installed (permission denied for schema public): email_is_unique, one_live_order",
    ]
    servers.drop_database(server, shop)
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("drop role tenant")


def test_a_search_path_of_the_writer_misleads_no_guard(shop: str) -> None:
    """Who writes may bring tables, functions and operators of the same names."""
    with connected(shop) as connection:
        for guard in GUARDS.values():
            install(connection, guard, PACE)
        row = connection.execute(
            "select customer_id, order_id from orders where order_ref = order_id limit 1"
        ).fetchone()
        assert row is not None
        connection.execute("create temporary table customers (customer_id int, customer_balance float)")
        connection.execute("create temporary table orders (like public.orders)")
        connection.execute("insert into pg_temp.customers values (%s, 1e9)", [row[0]])
        connection.execute("create function pg_temp.yes(float, int) returns boolean language sql as 'select true'")
        connection.execute("create operator pg_temp.> (leftarg = float, rightarg = int, function = pg_temp.yes)")
        connection.execute("update public.customers set customer_balance = 1 where customer_id = %s", [row[0]])
        connection.execute("set search_path = pg_temp, public, pg_catalog")
        connection.execute("update public.orders set order_status = 'recreated' where order_id = %s", [row[1]])
        with pytest.raises(errors.CheckViolation, match="does not cover"):
            connection.execute(
                "insert into public.orders (order_ref, customer_id, order_schedule, delivery_script_name, order_amount,"
                " order_status) select order_ref, customer_id, order_schedule, 'x', 5, 'paused'"
                " from public.orders where order_id = %s",
                [row[1]],
            )


def test_what_a_database_lacks_is_told(server: Server) -> None:
    dsn = servers.new_database(server, options="encoding 'LATIN1' locale 'C'")
    with connected(dsn) as connection:
        assert missing_prerequisite(connection, GUARDS["amount_is_not_negative"]) == "there is no table orders"
        connection.execute((ROOT / "order_audit" / "scenario" / "current" / "schema.sql").read_bytes())
        assert missing_prerequisite(connection, GUARDS["text_is_normalised"]) == "the database's encoding is not utf8"
        guard, first = GUARDS["keeps_customer"], ["order_ref_exists"]
        assert missing_prerequisite(connection, guard) == "it builds on the guard order_ref_exists, which is not there"
        assert missing_prerequisite(connection, guard, coming=first) == ""
        connection.execute("alter table orders alter customer_id drop not null")
        assert missing_prerequisite(connection, guard, coming=first) == "orders.customer_id may be null"
        connection.execute("alter table orders add check (customer_id is not null)")
        assert missing_prerequisite(connection, guard, coming=first) == ""
        connection.execute("alter table orders drop constraint orders_pkey")
        connection.execute("create index on orders (order_id)")
        assert "orders.order_id has no unique index" in missing_prerequisite(connection, GUARDS["one_live_order"])
        with pytest.raises(GuardError, match=r"orders\.order_id has no unique index"):
            install(connection, GUARDS["one_live_order"], PACE)
        connection.execute("alter table orders rename order_amount to amount")
        with pytest.raises(GuardError, match=r"not installed: column \"?o\.order_amount"):
            install(connection, GUARDS["amount_is_not_negative"], PACE)
        with connection.transaction(), pytest.raises(ValueError, match="outside a transaction"):
            install(connection, GUARDS["one_live_order"], PACE)
    servers.drop_database(server, dsn)


def test_states_are_told_in_a_transaction_that_only_reads(shop: str) -> None:
    with connected(shop) as connection:
        for name in ("order_ref_exists", "amount_is_not_negative", "is_covered_by_balance"):
            install(connection, GUARDS[name], PACE)
        connection.execute("set default_transaction_read_only = on")
        found = {name: state(connection, guard) for name, guard in GUARDS.items()}
        assert {name for name, how in found.items() if how == "valid"} == {
            "order_ref_exists", "amount_is_not_negative", "is_covered_by_balance", "status_is_known",
            "sequence_is_ahead_of_data",
        }  # fmt: skip


def test_a_file_that_is_no_guard_is_refused() -> None:
    head = "-- title: t\n-- protects: orders.status_is_known\n"
    for text, message in (
        ("-- title: t\n-- check orders:\ntrue", "a guard has a title, rules"),
        ("-- title: t\n-- protects: orders.unknown\n-- check orders:\ntrue", r"no rule orders\.unknown"),
        (head, "a guard has a title"),
        (head + "-- requires: luck\n-- check orders:\ntrue", "cannot tell whether there is luck"),
        (head + "-- check orders:\n", "empty"),
        (head + "-- check orders:\ntrue\n-- check orders:\nfalse", "there twice"),
        (head + "nonsense", "g.sql:3: neither a header"),
        (head + f"-- check orders {'x' * 60}:\ntrue", "too long a name"),
    ):
        with pytest.raises(FixError, match=message):
            parse(text, "g", RULES, "g.sql")


def test_each_rule_that_no_guard_protects_is_argued() -> None:
    protected = {rule.id for guard in GUARDS.values() for rule in guard.protects}
    for rule in load("current").rules:
        assert (rule.id in protected or bool(rule.requires)) != bool(rule.unguarded), rule.id


def test_what_a_report_shows_of_a_guard_makes_it(shop: str) -> None:
    """The plain SQL of all guards, pasted into psql in their order."""
    shown = "\n".join(guard.document("public")["sql"] for guard in GUARDS.values())
    done = subprocess.run(
        ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", shop],
        input=shown, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with connected(shop) as connection:
        assert {name: state(connection, guard) for name, guard in GUARDS.items()} == dict.fromkeys(GUARDS, "valid")
