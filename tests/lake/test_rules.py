"""Each included rule gives the same violations on DuckDB as on PostgreSQL, in all columns, byte for byte."""

from __future__ import annotations

import psycopg
import pytest

from order_audit import expectations
from order_audit.audit.lake.translate import NotTranslatable, duckdb_dialect, translate
from tests.lake.compared import by_text, rows_of
from tests.lake.loaded import copy_table, empty, facts_of
from tests.scan.test_examples import EXAMPLES, SCHEMA

RULES = {rule.id: rule for rule in expectations.load("current").rules}
#: Rules that read columns of the proposed schema only.
NOT_CHECKABLE = {"recreation.follows_latest_state", "recreation.happens_daily", "recreation.was_covered_at_the_time"}
pytestmark = pytest.mark.both_versions


def _rows(connection: psycopg.Connection, sql: str, names: list[str]) -> list[tuple[str | None, ...]]:
    shown = ", ".join(f'v."{name}"::text' for name in names)
    return by_text(connection.execute(f"select {shown} from (\n{sql}\n) as v".encode()).fetchall())


def test_rules_find_the_same_in_the_labelled_issues(issues: str) -> None:
    """All rules run on the sample data with all defects."""
    wrong, missing = [], set()
    with psycopg.connect(issues, autocommit=True) as connection:
        other = empty()
        tables = {name: copy_table(connection, other, name) for name in ("customers", "orders")}
        for rule in RULES.values():
            try:
                translation = translate(rule.sql, tables, duckdb_dialect(), facts_of(connection))
            except NotTranslatable:
                missing.add(rule.id)
                continue
            names = [name for name, _ in translation.columns]
            expected, found = _rows(connection, rule.sql, names), rows_of(other, translation)
            assert expected
            if expected != found:
                wrong.append(f"{rule.id}: {set(expected) ^ set(found)}")
    assert not wrong, "\n".join(wrong)
    assert missing == NOT_CHECKABLE


def test_rules_find_the_same_in_their_examples(dsn: str) -> None:
    """Each rule runs on its example, with rows that it must name and near misses."""
    wrong = []
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(SCHEMA.read_bytes())
        for rule in RULES.values():
            other = empty()
            with connection.transaction(force_rollback=True):
                connection.execute(EXAMPLES.joinpath(*rule.id.split(".")).with_suffix(".sql").read_bytes())
                tables = {name: copy_table(connection, other, name) for name in ("customers", "orders")}
                translation = translate(rule.sql, tables, duckdb_dialect(), facts_of(connection))
                names = [name for name, _ in translation.columns]
                expected, found = _rows(connection, rule.sql, names), rows_of(other, translation)
            assert expected
            if expected != found:
                wrong.append(f"{rule.id}: {set(expected) ^ set(found)}")
    assert not wrong, "\n".join(wrong)
