"""Fixtures of the tests with Great Expectations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from order_audit import scenario
from order_audit.audit.database.server import Server
from order_audit.gx import suite
from tests.gx.fresh import Fresh, interpreters
from tests.gx.scans import does
from tests.gx.support import write
from tests.support import servers


@pytest.fixture(scope="module")
def database(servers_by_major: dict[int, Server]) -> Iterator[str]:
    """The sample data with the labelled issues on PostgreSQL 18."""
    dsn = servers.new_database(servers_by_major[18])
    with psycopg.connect(dsn) as connection:
        scenario.load(connection, issues=True)
    yield dsn
    servers.drop_database(servers_by_major[18], dsn)


@pytest.fixture(scope="session")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fresh]:
    """Fresh interpreters that have imported Great Expectations and not our module."""
    with interpreters(tmp_path_factory.mktemp("fresh")) as made:
        yield made


#: Three rules that find as many orders as they are called.
THREE = {f"rule_{n}": f"select o.order_id from orders as o where o.order_id <= 1000 + {n}" for n in (1, 2, 3)}


@pytest.fixture
def sources() -> Iterator[list[Any]]:
    """Data sources with connections that are closed at the end."""
    made: list[Any] = []
    yield made
    for source in made:
        source.get_engine().dispose()
        source.get_execution_engine().engine.dispose()


@pytest.fixture
def logged(issues: str) -> str:
    """The labelled issues in a database that logs statements."""
    does(issues, f"alter database {servers.name_of(issues)} set log_statement = 'all'")
    return issues


@pytest.fixture
def three(tmp_path: Path) -> Any:
    """The three rules."""
    return suite(str(write(tmp_path / "mine", THREE)))
