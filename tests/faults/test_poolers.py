"""PgBouncer: reading commands leave no setting behind in any mode; those that write ask for a session."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database import dsn as dsns
from order_audit.audit.database import pooler, watchdog
from order_audit.audit.database.server import Server
from order_audit.errors import RunError
from tests.support import bouncer, servers
from tests.support.bouncer import Bouncer
from tests.support.program import order_audit

_SHARED = (
    "order-audit: port 6432 is a pooler in transaction mode, in which no lock or setting of a session holds:"
    " use the DSN of the server itself (port 5432 on its socket), or of a pool in session mode\n"
)
_RUN = ("--fail-on", "never", "--quiet", "--no-lint", "--no-profile")
#: All that a client of a pool might notice of another one: settings of the session, and what belongs to it.
_TRACES = """
  select name, setting from pg_settings where source = 'session' and name <> 'application_name'
  union all
  select 'temporary', relname from pg_class where relnamespace = pg_my_temp_schema() and relkind = 'r'
  union all
  select 'prepared', name from pg_prepared_statements
  union all
  select 'lock', objid::text from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()
"""


@pytest.fixture(scope="module")
def pools(server_18: Server) -> Iterator[Bouncer]:
    """PgBouncer before a database with issues."""
    with servers.database(server_18, "issues") as dsn, bouncer.running(dsn) as made:
        yield made


@contextmanager
def busy(dsn: str, clients: int = 3) -> Iterator[None]:
    """Other clients of a pool, each with one short transaction after the other."""
    ended = threading.Event()

    def work() -> None:
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as connection:
            while not ended.wait(0.001):
                connection.execute("select pg_sleep(0.002)")

    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def traces(dsn: str) -> set[tuple[str, str]]:
    """What stays in the sessions of a pool that is quiet, looked at by as many clients at once."""
    found: set[tuple[str, str]] = set()
    with ExitStack() as stack:
        for _ in range(6):
            connection = stack.enter_context(psycopg.connect(dsn, prepare_threshold=None))
            found.update(connection.execute(_TRACES.encode()).fetchall())
    return found


@pytest.mark.parametrize("is_busy", [False, True], ids=["quiet", "busy"])
def test_transaction_pooling(pools: Bouncer, tmp_path: Path, is_busy: bool) -> None:
    """What reads works, its connections share a snapshot; what writes is refused. Neither leaves anything behind."""
    dsn = pools.dsn("transaction")
    reading = (
        ("run", "--out", str(tmp_path / "out"), "--schema", "public", "--jobs", "3", "--plan-fixes", *_RUN),
        ("lint", "--schema", "public"),
        ("profile", "--schema", "public"),
        ("init", str(tmp_path / "suite"), "--schema", "public"),
        ("fixes", "plan", "--schema", "public", "--quiet"),
        ("fixes", "status", "--schema", "public"),
        ("fixes", "emit", "--schema", "public", "--quiet", "--out", str(tmp_path / "project")),
        ("migrate", "status"),
    )
    writing = (
        ("fixes", "apply", "--schema", "public", "--quiet"),
        ("fixes", "apply", "--rehearse", "--quiet"),
        ("fixes", "revert", "--quiet"),
        ("migrate", "run", "--quiet"),
        ("migrate", "rollback", "--quiet"),
        ("migrate", "contract", "--quiet"),
    )
    before = traces(dsn)
    with busy(dsn) if is_busy else ExitStack():
        for words in (reading[0], *reading[4:6]) if is_busy else reading:
            done = order_audit(*words, DATABASE_URL=dsn)
            assert done.returncode == 0, (words, done.stderr)
        for words in writing:
            done = order_audit(*words, DATABASE_URL=dsn)
            assert (done.returncode, done.stdout, done.stderr) == (3, "", _SHARED), words
    assert traces(dsn) == before
    order_audit("run", "--out", str(tmp_path / "direct"), *_RUN, DATABASE_URL=pools.direct)
    found, directly = ((tmp_path / name / "violations.csv").read_bytes() for name in ("out", "direct"))
    assert found == directly


def test_session_pooling(server_15: Server) -> None:
    """Fixes and their way back work, and the session is as new for the next client, even if the pooler resets none."""
    with servers.database(server_15) as direct, bouncer.running(direct) as pools:
        # in one transaction
        assert order_audit("scenario", "load", "--issues", DATABASE_URL=pools.dsn("transaction")).returncode == 0
        assert order_audit("fixes", "revert", DATABASE_URL=pools.dsn("transaction")).stderr == _SHARED
        assert traces(pools.dsn("transaction")) == set()
        commands = {("apply", "--schema", "public"): "35 changes to 34 rows", ("revert",): "10 rows reverted"}
        for words, said in commands.items():
            done = order_audit("fixes", *words, DATABASE_URL=pools.dsn("session"))
            assert said in done.stdout, done.stderr
            assert traces(pools.dsn("session")) == set()


def test_statement_pooling_is_refused(pools: Bouncer, tmp_path: Path) -> None:
    """It allows no snapshot."""
    for words in (("run", "--out", str(tmp_path / "out")), ("lint",), ("fixes", "status"), ("fixes", "apply")):
        done = order_audit(*words, DATABASE_URL=pools.dsn("statement"))
        assert (done.returncode, done.stdout, done.stderr) == (
            3,
            "",
            "order-audit: port 6432 is a pooler in statement mode, which allows no transactions: use the DSN of the"
            " server itself, or of a pool in session mode\n",
        ), words


def test_a_full_pool_in_session_mode(pools: Bouncer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The only session is ours, and we know that it is; who comes next is told why nothing happens."""
    place = pools.dsn("full")
    with (
        dsns.connect(place, autocommit=True) as connection,
        pooler.one_session(connection, dsns.another(connection, place)),
    ):
        monkeypatch.setattr(watchdog, "times", watchdog.Times(answer=0.2))
        with pytest.raises(
            RunError, match=r"no answer for 0\.2 s: if this is a pooler, its pool has no free connection$"
        ):
            dsns.connect(place)
        assert connection.execute("select 1").fetchone() == (1,)


def test_no_prepared_statement_stays(pools: Bouncer) -> None:
    """The next client may use the same name."""
    with dsns.connect(pools.dsn("transaction")) as connection:
        for number in range(8):
            connection.execute("select %s::int", [number])
    assert traces(pools.dsn("transaction")) == set()
