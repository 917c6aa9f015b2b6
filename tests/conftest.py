"""Fixtures: real servers, fresh databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import psycopg
import pytest

from audit.server import Server
from tests import servers

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="session")
def servers_by_major() -> Iterator[dict[int, Server]]:
    """PostgreSQL 15 and 18, running."""
    with ExitStack() as stack:
        yield {major: stack.enter_context(servers.running(major)) for major in (15, 18)}


@pytest.fixture(params=[15, 18], ids=["pg15", "pg18"])
def server(request: pytest.FixtureRequest, servers_by_major: dict[int, Server]) -> Server:
    """Each server in turn."""
    return servers_by_major[request.param]


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
def server_18(servers_by_major: dict[int, Server]) -> Server:
    """PostgreSQL 18 alone, for what does not depend on the version."""
    return servers_by_major[18]


def pytest_report_header() -> str:
    """Say which servers the tests will run on."""
    return "PostgreSQL: " + ", ".join(f"{major} in {servers.binaries(major)}" for major in (15, 18))
