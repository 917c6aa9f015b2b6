"""Queries in the style of rules: joins, groups, windows, subqueries, WITH. Both engines give the same rows."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from order_audit.audit.database.server import Server
from order_audit.audit.lake.translate import duckdb_dialect, translate
from tests.lake.compared import Both, by_text, rows_of
from tests.lake.queries import QUERIES
from tests.support import servers


@pytest.fixture(scope="module")
def both(server: Server) -> Iterator[Both]:
    """Both engines with the tables of values."""
    with servers.database(server) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        yield Both.made(connection)


@pytest.mark.both_versions
def test_queries_have_the_same_rows(both: Both) -> None:
    """Compare all columns as PostgreSQL writes them, in any order of rows."""
    wrong = []
    for query in QUERIES:
        translation = translate(query, both.tables, duckdb_dialect(), both.facts)
        names = ", ".join(f"c{place}" for place in range(len(translation.columns)))
        texts = ", ".join(f"c{place}::text" for place in range(len(translation.columns)))
        statement = f"select {texts} from ({query}) as v ({names})"
        expected = by_text(both.postgres.execute(statement.encode()).fetchall())
        try:
            found = rows_of(both.other, translation)
        except Exception as error:
            wrong.append(f"{query}: {str(error)[:300]}")
            continue
        if expected != found:
            missing, surplus = (
                sorted(it, key=str)[:3] for it in (set(expected) - set(found), set(found) - set(expected))
            )
            wrong.append(f"{query}: not found {missing}, not expected {surplus}")
        columns = both.postgres.execute(f"select * from ({query}) as v limit 0".encode()).description
        if [it.name for it in columns or ()] != [name for name, _ in translation.columns]:
            wrong.append(f"{query}: other names")
    assert not wrong, "\n".join(wrong)
