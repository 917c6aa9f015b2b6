"""Fixtures of the tests of scans: schemas for one test each, and whole audits that tests only read."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from tests.scan.edges import execute, joined, serial
from tests.scan.whole import Audited, audit, database
from tests.support import servers


@pytest.fixture
def empty(server_18: Server) -> Iterator[str]:
    """An empty database on PostgreSQL 18."""
    dsn = servers.new_database(server_18)
    yield dsn
    servers.drop_database(server_18, dsn)


@pytest.fixture(scope="module")
def house(servers_by_major: dict[int, Server]) -> Iterator[str]:
    """A database on PostgreSQL 18 in which each test has a separate schema, which is made sooner than a database."""
    server = servers_by_major[18]
    dsn = servers.new_database(server)
    yield dsn
    servers.drop_database(server, dsn)


@pytest.fixture
def blank(house: str) -> Iterator[str]:
    """An empty schema on PostgreSQL 18, to which the search path leads."""
    name = f"room_{next(serial)}"
    execute(house, f"create schema {name}")
    yield joined(house, options=f"-c search_path={name}")
    execute(house, f"drop schema {name} cascade")


@pytest.fixture
def data(blank: str) -> str:
    """A schema with the sample data on PostgreSQL 18."""
    with psycopg.connect(blank) as connection:
        scenario.load(connection)
    return blank


@pytest.fixture(scope="session")
def audited(
    servers_by_major: dict[int, Server], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[int, bool], Audited]]:
    """Audits of the sample data, with or without the labelled issues, by the server's version; each is made once."""
    with ExitStack() as stack:

        @cache
        def made(major: int, issues: bool) -> Audited:
            dsn = stack.enter_context(database(servers_by_major[major], issues=issues))
            out = tmp_path_factory.mktemp("audited")
            return Audited(dsn, out, audit(dsn, out, lint=True))

        yield made


@pytest.fixture
def dirty(major: int, audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data with the labelled issues."""
    return audited(major, True)


@pytest.fixture
def clean_18(audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the sample data on PostgreSQL 18."""
    return audited(18, False)


@pytest.fixture
def dirty_18(audited: Callable[[int, bool], Audited]) -> Audited:
    """An audit of the labelled issues on PostgreSQL 18."""
    return audited(18, True)


@pytest.fixture
def sample_18(server_18: Server) -> Iterator[str]:
    """The sample data on PostgreSQL 18, to be changed."""
    with database(server_18, issues=False) as dsn:
        yield dsn
