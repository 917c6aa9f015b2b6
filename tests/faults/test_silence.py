"""A network that falls silent: commands end in time, say what state things are in, and idle sessions live on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.cli.fixes_connection import connected
from order_audit.audit.database import catalog, watchdog
from order_audit.audit.database import dsn as dsns
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.errors import RunError
from tests.support import servers
from tests.support.program import order_audit
from tests.support.proxy import Proxy, proxy


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "times", watchdog.Times(every=0.1, idle=0.3, late=0.5, answer=0.5, tries=1))


@pytest.fixture
def network(dsn: str) -> Iterator[Proxy]:
    """A proxy before an empty database."""
    with proxy(dsn) as made:
        yield made


def _wait_in_command(network: Proxy, *, for_new: bool = True) -> None:
    with connected(network.dsn, "", changes=True) as connection:
        network.fall_silent(for_new=for_new)
        connection.execute("select 1")  # arrives nowhere: the server's session is idle since the statement before


def _wait_over_restart(network: Proxy, server: Server) -> None:
    with connected(network.dsn, "", changes=True) as connection:
        network.fall_silent(for_new=False)
        server.stop("immediate")
        server.start(*servers._FAST)
        connection.execute("select 1")


def _wait_in_snapshot(network: Proxy) -> None:
    with Snapshot(network.dsn) as snapshot:
        network.fall_silent()
        snapshot.connection.execute("select 1")


def test_a_silent_server_ends_a_command(network: Proxy) -> None:
    """Nothing is forwarded: the wait ends in an error that says so, and what state things are in."""
    with pytest.raises(
        RunError,
        match=r"^the connection was lost: the server has been silent for \d+ seconds; what was committed stays and is"
        r" in the undo log: run the command again$",
    ):
        _wait_in_command(network)


def test_a_silent_snapshot_ends(network: Proxy) -> None:
    """Reading commands have changed nothing."""
    with pytest.raises(RunError, match=r"silent for \d+ seconds; the database is unchanged: run the command again$"):
        _wait_in_snapshot(network)


@pytest.mark.both_versions
def test_a_forgotten_connection_ends_though_the_server_answers(network: Proxy) -> None:
    """The server waits for us while we wait for it, and says so to whoever asks."""
    with pytest.raises(RunError, match=r"the answer that the server gave \d+ seconds ago has not arrived"):
        _wait_in_command(network, for_new=False)


def test_a_connection_that_was_forgotten_before_a_restart_ends() -> None:
    """The server that answers is the same, and knows nothing of our session."""
    with servers.running(18) as server, proxy(server.dsn()) as network:
        why = r"^the connection was lost: the server was restarted; what was committed stays"
        with pytest.raises(RunError, match=why):
            _wait_over_restart(network, server)


def test_a_clock_that_was_set_back_hides_no_answer(network: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the server's clock the answer came just now; by ours it is late."""
    monkeypatch.setattr(watchdog, "_STATE", watchdog._STATE.replace(b" extract(epoch", b" - extract(epoch"))
    with pytest.raises(RunError, match=r"the answer that the server gave \d+ seconds ago has not arrived"):
        _wait_in_command(network, for_new=False)


def test_another_server_behind_the_proxy_is_no_witness(network: Proxy, server_15: Server) -> None:
    """A proxy may lead to another server, which knows nothing of our session: a long query goes on."""
    with dsns.connect(network.dsn, autocommit=True) as connection:
        network.lead_to(server_15.dsn())
        assert connection.execute("select 1 from pg_sleep(1.5)").fetchone() == (1,)
    assert watchdog.reason(connection) == ""


def test_a_long_query_goes_on(network: Proxy) -> None:
    """A late answer is no lost one."""
    with dsns.connect(network.dsn, autocommit=True) as connection:
        assert connection.execute("select 1 from pg_sleep(1.5)").fetchone() == (1,)


def test_an_idle_snapshot_is_kept_alive(dsn: str) -> None:
    """The server ends a transaction whose client is gone; ours speaks in time."""
    with Snapshot(dsn, settings=(("idle_in_transaction_session_timeout", "900ms"),)) as snapshot:
        time.sleep(2)
        assert snapshot.connection.execute("select 1").fetchone() == (1,)


def test_roles_timeouts_are_not_ours(server_18: Server, tmp_path: Path) -> None:
    """Limits that an administrator gave to applications end neither an audit nor fixes."""
    limits = {
        "idle_in_transaction_session_timeout": "1s",
        "transaction_timeout": "1s",
        "lock_timeout": "1ms",
    }
    with servers.database(server_18, "issues") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            database = connection.info.dbname
            for name, value in limits.items():
                connection.execute(f"alter database {database} set {name} = '{value}'".encode())
        seen = order_audit("run", "--dsn", dsn, "--out", str(tmp_path / "out"), "--no-profile", "--no-lint")
        assert seen.returncode == 1, seen.stderr
        assert " errored" not in seen.stdout.splitlines()[-1]
        with psycopg.connect(dsn, autocommit=True) as connection:
            connection.execute(f"alter database {database} set statement_timeout = '1ms'".encode())
        seen = order_audit("fixes", "status", "--dsn", dsn)
        assert seen.returncode == 0, seen.stderr


def test_a_statement_is_not_described_while_the_watchdog_speaks(dsn: str) -> None:
    """Both use the connection without its cursors: at once, each would take the other's answer."""
    with Snapshot(dsn) as snapshot:
        connection = snapshot.connection
        found: list[object] = []
        with connection.lock:  # as the watchdog holds it
            other = threading.Thread(target=lambda: found.append(catalog.parse(connection, "select 1").nfields))
            other.start()
            other.join(0.2)
            assert not found
        other.join(10)
        assert found == [1]
