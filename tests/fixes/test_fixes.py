"""Each fix puts right what its rule finds in the rule's own example, and can be put back exactly."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.expectations import load
from order_audit.fixes.engine.batches import apply, install, revert
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import AUTOMATIC, Fix, Option, fixes
from tests.support import servers

EXAMPLES = Path(__file__).parents[1] / "examples" / "current"
RULES = load("current").rules
FIXES = fixes(RULES)
OPTIONS = [
    pytest.param(fix, option, id=f"{fix.rule.id}-{option.name}")
    for fix in FIXES.values()
    for option in [*([fix.automatic] if fix.automatic else []), *fix.options]
]


@pytest.fixture(scope="module")
def empty(server: Server) -> Iterator[str]:
    """The current schema and the objects of fixes, to be copied."""
    with servers.database(server, "schema") as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            install(connection, TARGET)
        yield servers.name_of(dsn)


@contextmanager
def _example(server: Server, empty: str, fix: Fix) -> Iterator[psycopg.Connection]:
    with servers.database(server, empty) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        with connection.transaction():
            connection.execute((EXAMPLES / Path(*fix.rule.id.split(".")).with_suffix(".sql")).read_bytes())
        yield connection


def _rows(connection: psycopg.Connection) -> list[tuple[str]]:
    rows = connection.execute(
        "select 'c' || c::text from customers as c union all select 'o' || o::text from orders as o order by 1"
    )
    return rows.fetchall()


def _violations(connection: psycopg.Connection, fix: Fix) -> set[str]:
    key = fix.rule.key[0]
    return {row[0] for row in connection.execute(f"select v.{key}::text from ({fix.rule.sql}) as v".encode())}


def _earlier(fix: Fix) -> list[Fix]:
    """The fixes that come before this one, and before those, in order."""
    names, more = set(fix.after), set(fix.after)
    while more:
        more = {other for name in more if name in FIXES for other in FIXES[name].after} - names
        names |= more
    return [FIXES[name] for name in FIXES if name in names]


@pytest.mark.parametrize(("fix", "option"), OPTIONS)
@pytest.mark.both_versions
def test_an_option_removes_its_violations_and_is_put_back(server: Server, empty: str, fix: Fix, option: Option) -> None:
    with _example(server, empty, fix) as connection:
        for earlier in _earlier(fix):
            for first in (earlier.automatic, earlier.option(earlier.recommended)):
                if first is not None:
                    apply(connection, earlier, first, TARGET, Throttle())
        before, found = _rows(connection), _violations(connection, fix)
        assert found
        if option.name != AUTOMATIC and fix.automatic:
            apply(connection, fix, fix.automatic, TARGET, Throttle())
        done = apply(connection, fix, option, TARGET, Throttle())
        assert done.changed > 0
        assert done.locked == done.changed_concurrently == 0
        left = _violations(connection, fix)
        if option.name == AUTOMATIC:
            assert left < found
        else:
            assert not left
        after = _rows(connection)
        # once more is the same as once
        assert apply(connection, fix, option, TARGET, Throttle()).changed == 0
        assert _rows(connection) == after != before
        undone = revert(connection, fix.rule.id, TARGET, Throttle())
        assert undone.changed_concurrently == undone.locked == 0
        assert _rows(connection) == before
