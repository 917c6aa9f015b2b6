"""Fixtures: real servers, fresh databases."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, settings

import scenario
from audit.run import Options, run
from audit.server import Server
from tests import servers

ROOT = Path(__file__).parent.parent

# How long a test takes says something of the machine, and nothing of the program.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

# A shell that starts the tests in the background has Ctrl-C ignored, and what they start would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def server_15() -> Iterator[Server]:
    """PostgreSQL 15."""
    with servers.running(15) as server:
        yield server


@pytest.fixture(scope="session")
def server_18() -> Iterator[Server]:
    """PostgreSQL 18, for what does not depend on the version."""
    with servers.running(18) as server:
        yield server


@pytest.fixture(scope="session")
def servers_by_major(server_15: Server, server_18: Server) -> dict[int, Server]:
    """Both, by their major version."""
    return {15: server_15, 18: server_18}


@pytest.fixture(params=[15, 18], ids=["pg15", "pg18"])
def server(request: pytest.FixtureRequest) -> Server:
    """Each server in turn."""
    found: Server = request.getfixturevalue(f"server_{request.param}")
    return found


@pytest.fixture
def dsn(server: Server) -> Iterator[str]:
    """A fresh, empty database on each server in turn."""
    made = servers.new_database(server)
    yield made
    servers.drop_database(server, made)


@pytest.fixture
def sample(dsn: str) -> str:
    """A database with the current schema and its sample data."""
    with psycopg.connect(dsn) as connection:
        for name in ("current/schema.sql", "sample-data.sql"):
            connection.execute((ROOT / "scenario" / name).read_bytes())
    return dsn


@pytest.fixture(scope="session")
def audits(server_18: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folders of two audits: of the sample data, and of the same with the labelled issues."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("sample", "issues")}
    for name, folder in folders.items():
        dsn = servers.new_database(server_18)
        with psycopg.connect(dsn, autocommit=True) as connection:
            scenario.load(connection, issues=name == "issues")
        run(dsn, folder, Options())
        servers.drop_database(server_18, dsn)
    return folders


@pytest.fixture
def standby() -> Iterator[tuple[str, Server]]:
    """A primary's database with the sample data, and a hot standby of that primary; both servers are their own."""
    with servers.running(15) as primary:
        dsn = servers.new_database(primary)
        with psycopg.connect(dsn) as connection:
            scenario.load(connection)
        folder = primary.data.parent / "standby"
        folder.mkdir()
        folder.chmod(0o755)
        second = Server(primary.bin, folder / "data")
        second._own(second.data)
        second.data.chmod(0o700)
        words = ["-h", str(primary.socket), "-p", "5432", "-U", "postgres", "-R", "-c", "fast", "-X", "stream"]
        primary._run("pg_basebackup", "-D", str(second.data), *words)
        (second.data / ".s.PGSQL.5432.lock").unlink()  # the primary's, whose socket stands among its data
        try:
            second.start("hot_standby=on")
            yield dsn, second
        finally:
            second.stop("immediate")


def pytest_report_header() -> str:
    """Say which servers the tests will run on."""
    return "PostgreSQL: " + ", ".join(f"{major} in {servers.binaries(major)}" for major in (15, 18))
