"""Fixtures of the tests of guards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.fixes.engine.batches import install as make_journal
from order_audit.fixes.engine.work_list import TARGET
from order_audit.scenario.generate import generate
from tests.support import servers


@pytest.fixture(scope="session")
def clean(servers_by_major: dict[int, Server]) -> Iterator[Callable[[int], str]]:
    """Databases on which every rule passes, to be copied, by the server's version; each is made once."""
    with ExitStack() as stack:

        @cache
        def made(major: int) -> str:
            dsn = stack.enter_context(servers.database(servers_by_major[major]))
            with psycopg.connect(dsn, autocommit=True) as connection:
                generate(connection, orders=400, customers=80, seed=3, defects=0)
                make_journal(connection, TARGET)
            return dsn

        yield made


@pytest.fixture
def shop(major: int, server: Server, clean: Callable[[int], str]) -> Iterator[str]:
    """A database on which every rule passes."""
    with servers.database(server, servers.name_of(clean(major))) as dsn:
        yield dsn
