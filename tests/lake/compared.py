"""Both engines side by side: an expression or a query on the same tables, and what differs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import psycopg

from order_audit.audit.lake.translate import ServerFacts, Translation, duckdb_dialect, translate
from order_audit.audit.lake.translate.context import Tables
from order_audit.audit.lake.translate.dialect import Dialect
from tests.lake.loaded import copy_table, empty, facts_of
from tests.lake.values import TABLES

#: Rows whose errors are looked at one by one in the other engine.
_ERRORS = 12
#: What newer servers, or servers with other settings, read and the other engine refuses: an error, never another value.
_REFUSED = re.compile(r"[_x]|^\d+-\d-\d$|^today$|^\w+ \d+:|10:20:30", re.ASCII)
#: Evaluates an expression for each row of a table, with the error instead of a value.
_EACH_ROW = """
create function pg_temp.each_row(source text, expression text, out k bigint, out x text, out failed boolean)
returns setof record language plpgsql as $$
begin
  for k in execute format('select k from %I order by k', source) loop
    begin
      execute format('select (%s)::text from %I where k = %s', expression, source, k) into x;
      failed := false;
    exception when others then
      x := null;
      failed := true;
    end;
    return next;
  end loop;
end
$$
"""


@dataclass
class Both:
    """PostgreSQL and DuckDB with the tables of hostile values."""

    postgres: psycopg.Connection
    other: duckdb.DuckDBPyConnection
    tables: Tables
    facts: ServerFacts

    @classmethod
    def made(cls, postgres: psycopg.Connection) -> Both:
        """Make the tables in both. The session is in a zone with summer time."""
        postgres.execute("set timezone = 'Europe/Berlin'")
        other = empty()
        tables = {}
        for name, statement in TABLES.items():
            postgres.execute(statement.encode())
            tables[name] = copy_table(postgres, other, name)
        postgres.execute(_EACH_ROW.encode())
        return cls(postgres, other, tables, facts_of(postgres))

    def translated(self, table: str, expression: str, dialect: Dialect | None = None) -> Translation:
        """Translate a query of an expression for each row."""
        statement = f"select k, {expression} as x from {table}"
        return translate(statement, self.tables, dialect or duckdb_dialect(), self.facts)

    def difference(self, table: str, expression: str, dialect: Dialect | None = None) -> str:
        """Return how the values of an expression differ, or an empty text."""
        translation = self.translated(table, expression, dialect)
        try:
            expected = self._expected(table, expression)
        except psycopg.Error:
            return self._difference_with_errors(table, expression, translation)
        return _compared(expected, self._found(table, translation))

    def _expected(self, table: str, expression: str) -> dict[int, str | None]:
        query = f"select k, x::text from (select k, {expression} as x from {table}) as v"
        return dict(self.postgres.execute(query.encode()).fetchall())

    def _found(self, table: str, translation: Translation, rows: str = "true") -> dict[int, str | None]:
        source = f"(select * from {table} where {rows})"
        statement = translation.sql.replace(f'"{table}"', source)
        shown = f"select k, cast({translation.texts[1]} as varchar) from ({statement}) as v"
        return dict(self.other.execute(shown).fetchall())

    def _difference_with_errors(self, table: str, expression: str, translation: Translation) -> str:
        each = self.postgres.execute(
            "select k, x, failed from pg_temp.each_row(%s, %s)", (table, expression)
        ).fetchall()
        expected = {k: x for k, x, failed in each if not failed}
        failed = [k for k, _, failed in each if failed]
        for k in failed[:: max(1, len(failed) // _ERRORS)]:
            try:
                value = self._found(table, translation, f"k = {k}")[k]
            except duckdb.Error:
                continue
            return f"row {k}: {self._row(table, k)}: an error of PostgreSQL is {value!r}"
        refused = [k for k in expected if table == "inputs" and _REFUSED.search(str(self._row(table, k)[1]))]
        for k in refused:
            try:
                value = self._found(table, translation, f"k = {k}")[k]
            except duckdb.Error:
                del expected[k]
                continue
            if value != expected[k]:
                return f"row {k}: {self._row(table, k)}: {expected[k]!r} is {value!r}"
        listed = ", ".join(map(str, expected))
        return _compared(expected, self._found(table, translation, f"k in ({listed})") if expected else {})

    def _row(self, table: str, k: int) -> tuple[object, ...]:
        row = self.other.execute(f"select * from {table} where k = {k}").fetchone()
        assert row is not None
        return tuple(row)


def _compared(expected: Mapping[int, str | None], found: Mapping[int, str | None]) -> str:
    wrong = [k for k in expected.keys() | found.keys() if expected.get(k) != found.get(k)]
    if not wrong:
        return ""
    k = min(wrong)
    return f"{len(wrong)} of {len(expected)}, first in row {k}: {expected.get(k)!r} is {found.get(k)!r}"


def rows_of(other: duckdb.DuckDBPyConnection, translation: Translation) -> list[tuple[str | None, ...]]:
    """Return the rows of a translated query with all columns as PostgreSQL's texts, sorted."""
    shown = ", ".join(f"cast({it} as varchar)" for it in translation.texts)
    return by_text(other.execute(f"select {shown} from ({translation.sql}) as v").fetchall())


def by_text(rows: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    """Sort rows, NULL first."""
    return sorted(rows, key=lambda row: tuple((it is not None, it or "") for it in row))
