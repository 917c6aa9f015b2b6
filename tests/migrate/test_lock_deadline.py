"""Steps that lock several tables wait for all of them within one lock timeout, by the program and by psql alike."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator

import psycopg
import pytest

from order_audit.scenario.load import PROPOSED
from order_audit.scenario.migrate.run import carrying, record_verified
from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, execute, steps, without_transaction
from tests.migrate.steps import back, compare_again, one, take
from tests.support.clients import psql

STEPS = steps(PROPOSED)
FUNCTION = (PROPOSED / "deploy" / "checks" / "lock.sql").read_text(encoding="utf-8")
#: Strong locks of this session: writers or readers wait for them.
STRONG = (
    "select l.relation as oid from pg_locks as l where l.pid = pg_backend_pid() and l.relation is not null"
    " and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
)
#: The same function, which writes down what is locked at its end, and its last table.
RECORDING = FUNCTION.replace(
    "  end loop;\n",
    f"  end loop;\n  drop table if exists pg_temp.locked;\n"
    f"  create temporary table locked on commit drop as select s.oid, tab as last from ({STRONG}) as s;\n",
)
#: Each file with strong locks, in the order of a migration.
FILES = (
    ("deploy", "synchronise"), ("revert", "synchronise"), ("revert", "prepare"), ("revert", "expand"),
    ("deploy", "switch"), ("revert", "switch"), ("deploy", CONTRACT), ("deploy", RETIRE),
)  # fmt: skip


def file_of(way: str, name: str) -> str:
    """A step's file, with those that it includes."""
    (step,) = (step for step in STEPS if step.name == name)
    return step.deploy if way == "deploy" else step.revert


def reach(connection: psycopg.Connection, way: str, name: str) -> None:
    """Bring the database to where a file is next."""
    names = [step.name for step in STEPS]
    if way == "deploy":
        take(connection, STEPS, names[names.index(name) - 1])
        if name == CONTRACT:
            record_verified(connection)
    else:
        take(connection, STEPS, name)
        back(connection, STEPS, name)


@pytest.fixture
def held(sample: str) -> Iterator[tuple[psycopg.Connection, psycopg.Connection]]:
    """A session, and another one that holds locks."""
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        yield connection, other


@pytest.mark.both_versions
def test_a_wait_for_one_table_shortens_the_wait_for_the_next(
    held: tuple[psycopg.Connection, psycopg.Connection],
) -> None:
    connection, other = held
    waiting = (
        "select exists (select from pg_locks as l where not l.granted and l.pid = %s"
        " and l.waitstart < clock_timestamp() - interval '100 milliseconds')"
    )

    def release() -> None:
        while other.execute(waiting, [connection.info.backend_pid]).fetchone() != (True,):
            pass
        other.rollback()

    connection.execute(FUNCTION.encode())
    other.execute("lock table orders in access share mode")
    with connection.transaction():
        connection.execute("set local lock_timeout = '1min'")
        thread = threading.Thread(target=release)
        thread.start()
        connection.execute("select pg_temp.lock_tables('{customers,orders}')")
        thread.join()
        row = connection.execute("select setting::int from pg_settings where name = 'lock_timeout'").fetchone()
        assert row
        assert 0 < row[0] <= 60_000 - 100
        # and that is all that remains, as short as it may be
        connection.execute("set local lock_timeout = 1")
        connection.execute("select pg_temp.lock_tables('{customers,orders}')")
        assert connection.execute("show lock_timeout").fetchone() == ("1ms",)


@pytest.mark.both_versions
def test_a_file_waits_for_no_table_after_its_deadline(held: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    """All tables of which it gets a strong lock are locked within the deadline. A session at the last one ends it."""
    for way, name in FILES:
        reach(held[0], way, name)
        has_a_deadline(*held, file_of(way, name), f"{way} {name}")


@pytest.mark.both_versions
def test_a_column_is_carried_within_the_same_deadline(held: tuple[psycopg.Connection, psycopg.Connection]) -> None:
    connection, _ = held
    take(connection, STEPS, "verify")
    for table in ("customers", "orders"):
        connection.execute(f"alter table {table} add column note text default 'x'".encode())
        has_a_deadline(*held, carrying(table, "note"), table)
        execute(connection, carrying(table, "note"))
    assert connection.execute("select count(*) from sales_old.carried").fetchone() == (2,)


def has_a_deadline(connection: psycopg.Connection, other: psycopg.Connection, text: str, what: str) -> None:
    """Run a file's text, once to its end, and once beside a session at the last table; it changes nothing."""
    inside = without_transaction(text)
    assert inside.count(FUNCTION) == 1, what
    with connection.transaction(force_rollback=True):
        tables = {oid for (oid,) in connection.execute("select oid from pg_class where relkind in ('r', 'p')")}
        execute(connection, inside.replace(FUNCTION, RECORDING))
        in_time = {oid for (oid,) in connection.execute("select oid from locked")}
        late = {oid for (oid,) in connection.execute(STRONG)} - in_time
        assert late & tables == set(), what
        (last,) = {last for (last,) in connection.execute("select last from locked")}
        left = connection.execute("select setting::int from pg_settings where name = 'lock_timeout'").fetchone()
        assert left
        assert 0 < left[0] < 200
    other.execute(f"lock table {last} in row exclusive mode".encode())
    with pytest.raises(psycopg.errors.LockNotAvailable):
        execute(connection, text)
    # and other sessions go on with the first
    assert other.execute("select exists (select from public.customers)").fetchone() == (True,)
    other.rollback()


def test_psql_has_the_same_deadline(sample: str) -> None:
    with psycopg.connect(sample, autocommit=True) as connection, psycopg.connect(sample) as other:
        take(connection, STEPS, "switch")
        other.execute("lock table migration.step in access share mode")
        compare_again(sample)
        file = PROPOSED / "contract" / "deploy" / "contract.sql"
        said = psql(sample, file)
        assert said.returncode == 3
        assert "canceling statement due to lock timeout" in said.stderr
        assert "lock_tables" in said.stderr
        other.rollback()
        assert psql(sample, file).returncode == 0
    assert one(sample, "select to_regnamespace('migration') is null")


def test_no_file_locks_several_tables_in_another_way() -> None:
    strong = r"(?i)lock table [^;]*,[^;]*\bin (?:share row exclusive|exclusive|access exclusive) mode"
    files = list(PROPOSED.rglob("*.sql"))
    assert len(files) > 50
    assert [file.name for file in files if re.search(strong, file.read_text(encoding="utf-8"))] == []
