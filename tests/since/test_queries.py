"""An audit since an earlier one gives what an audit of all rows gives, for random queries."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

import psycopg
import pytest

from order_audit.audit.analysis.dependence import dependence
from order_audit.audit.analysis.query_read import QueryRead
from order_audit.audit.analysis.query_scope import Catalog, Underivable
from order_audit.audit.database.server import Server
from tests.since.queries import TABLES, Queries
from tests.since.test_random import OPTIONS, hold
from tests.since.world import World
from tests.support import servers, soak

#: Queries of one run: those that are not judged on all rows anyway.
_QUERIES: Final = 100 if soak.SOAKING else 15
_CATALOG: Final = Catalog(lambda name: TABLES.get(name.relation))


def _is_derived(query: str) -> bool:
    try:
        dependence(QueryRead(query).tree, "key", _CATALOG)
    except Underivable:
        return False
    return True


def _write(folder: Path, seed: int, connection: psycopg.Connection) -> None:
    """Write rules with queries that the server takes, and soon answers."""
    queries, number = Queries(seed), 0
    (folder / "random").mkdir(parents=True)
    with connection.transaction():
        connection.execute("set local statement_timeout = '200ms'")
        while number < _QUERIES:
            query = queries.query()
            if not _is_derived(query):
                continue
            try:
                with connection.transaction():
                    connection.execute(f"select count(*) from ({query}) as q".encode())
            except psycopg.Error:
                continue
            number += 1
            text = f"-- title: random\n-- severity: warning\n-- key: key\n{query}\n"
            (folder / "random" / f"q{number}.sql").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("seed", range(soak.times(1)))
def test_random_queries(server: Server, tmp_path: Path, seed: int) -> None:
    dsn = servers.new_database(server)
    world = World(dsn, seed, people=60)
    _write(tmp_path / "suite", seed, world.connection)

    def change() -> None:
        for _ in range(world.random.randint(1, 4)):
            world.step()

    try:
        hold(dsn, tmp_path, replace(OPTIONS, suites=(str(tmp_path / "suite"),)), change, world.log)
    finally:
        world.close()
        servers.drop_database(server, dsn)
