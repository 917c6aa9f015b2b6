"""Judge rules one after the other on DuckDB, in a thread."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

import duckdb

from order_audit.audit.database.quoting import quoted
from order_audit.audit.lake.duckdb_database import DuckDatabase, first_line
from order_audit.audit.lake.pg_types import PgType
from order_audit.audit.lake.result_texts import key_text, quoted_field, row_json
from order_audit.audit.scans.engine import OnOutcome, ScanOptions
from order_audit.audit.scans.evidence_sql import evidence_names
from order_audit.audit.scans.levels import by_levels
from order_audit.audit.scans.outcome import Failure, Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.rule_reader import RuleReader
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.reports.document import Cause

#: Rows that are taken at once.
_BLOCK: Final = 10_000
_HITS: Final = "temp.hits as v"


@dataclass(frozen=True)
class LakeRule:
    """A prepared rule with its query on the engine, the types of its columns, and expressions for them as texts, in
    which `v` is the query.
    """

    prepared: PreparedRule
    sql: str
    types: tuple[PgType, ...]
    texts: tuple[str, ...]


class LakeScans:
    """Running scans: creating it starts them."""

    def __init__(
        self,
        database: DuckDatabase,
        rules: Sequence[LakeRule],
        rows: Mapping[str, int],
        store: ViolationStore,
        options: ScanOptions,
        on_outcome: OnOutcome,
    ) -> None:
        self._table_rows = rows
        self._store = store
        self._options = options
        self._on_outcome = on_outcome
        self._stopped = threading.Event()
        self._cursor = database.connection.cursor()
        self._began = self._ended = time.perf_counter()
        self._pool = ThreadPoolExecutor(1, "scan")
        self._outcomes: dict[str, Future[Outcome]] = {
            it.prepared.rule.id: self._pool.submit(self._judged, it) for it in rules
        }
        self.notes: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        return self._stopped.is_set()

    @property
    def milliseconds(self) -> float:
        """The milliseconds from the start of the first scan to the end of the last one."""
        return round((self._ended - self._began) * 1000, 3)

    @property
    def statements(self) -> int:
        """How many statements read the tables: one for each rule."""
        return len(self._outcomes)

    def outcome(self, rule: str) -> Outcome:
        """Wait for what became of a rule."""
        return self._outcomes[rule].result()

    def rows(self) -> dict[str, int]:
        """The number of rows of each judged table."""
        return dict(sorted(self._table_rows.items()))

    def interrupt(self) -> None:
        """Stop: cancel what runs, begin nothing new."""
        self._stopped.set()
        self._cursor.interrupt()

    def finish(self) -> None:
        """Wait for everything."""
        self._pool.shutdown(wait=True)

    def _judged(self, rule: LakeRule) -> Outcome:
        prepared = rule.prepared
        outcome = Outcome("skipped", cause=Cause("interrupted"))
        if not self._stopped.is_set():
            try:
                outcome = self._run(rule)
            except duckdb.Error as error:
                if not self._stopped.is_set():
                    outcome = Outcome("errored", failure=Failure(self._message(error)))
        self._ended = time.perf_counter()
        if prepared.table is not None:
            checked = self._table_rows[prepared.table.name]
            outcome = by_levels(prepared.rule, replace(outcome, checked=checked, table=prepared.table.name), checked)
        self._on_outcome(prepared.rule.id, outcome)
        return outcome

    def _message(self, error: duckdb.Error) -> str:
        """Return an error's text; where values of the data may stand in it, only its kind."""
        if self._options.unmask or isinstance(error, duckdb.OutOfMemoryException | duckdb.CatalogException):
            return first_line(error)
        return f"{type(error).__name__.removesuffix('Exception')} (--unmask shows the message, which may have values)"

    def _run(self, rule: LakeRule) -> Outcome:
        began = time.perf_counter()
        prepared, cursor = rule.prepared, self._cursor
        wanted = max(self._options.examples, self._store.rows.most) if self._store.rows else self._options.examples
        try:
            cursor.execute(f"create or replace temp table hits as\n{rule.sql}")
            with RuleReader(
                prepared, self._store, None, examples=self._options.examples, unmask=self._options.unmask
            ) as reader:
                if wanted:
                    for row in self._examples(cursor, rule, wanted):
                        reader.show(row)
                for key in self._keys(cursor, rule):
                    reader.add(key)
                reader.keep_rows()
                return reader.outcome((time.perf_counter() - began) * 1000)
        finally:
            with suppress(duckdb.Error):  # interrupted, or without memory
                cursor.execute("drop table if exists temp.hits")

    def _keys(self, cursor: duckdb.DuckDBPyConnection, rule: LakeRule) -> Iterator[bytes]:
        """Yield the keys in their order, as fields of violations.csv; digests' input for personal ones."""
        prepared = rule.prepared
        types = [rule.types[place] for place in prepared.key]
        texts = [rule.texts[place] for place in prepared.key]
        is_exact = types[0].name != "numeric"
        ordered = [_column(prepared.rule.key[0])] if prepared.ordered_as_number and is_exact else texts
        order = ", ".join(f"{it} nulls first" for it in ordered)
        found = cursor.execute(f"select {', '.join(texts)} from {_HITS} order by {order}")
        keys: Iterator[str | None] = (key_text(values, types) for values in _rows(found))
        if prepared.key_is_personal:  # the store sorts the digests
            keys = (None if it is None else hashlib.sha256(it.encode()).hexdigest() for it in keys)
        elif len(types) > 1 or not is_exact:  # the order of the parts is not that of the whole
            keys = iter(sorted(keys, key=_by_number if prepared.ordered_as_number else _by_bytes))
        yield from map(quoted_field, keys)

    def _examples(self, cursor: duckdb.DuckDBPyConnection, rule: LakeRule, most: int) -> Iterator[str]:
        """Yield the first rows by key as JSON, one for each key."""
        prepared = rule.prepared
        names = evidence_names(prepared)
        is_number = prepared.ordered_as_number and rule.types[prepared.key[0]].name != "numeric"
        key = [_column(prepared.rule.key[0])] if is_number else [rule.texts[place] for place in prepared.key]
        order = ", ".join(f"{it} nulls first" for it in key)
        first = f"select distinct on ({', '.join(key)}) * from {_HITS} order by {order} limit {most}"
        for values in _rows(cursor.execute(f"select {', '.join(rule.texts)} from ({first}) as v order by {order}")):
            yield row_json(names, values, rule.types)


def _rows(found: duckdb.DuckDBPyConnection) -> Iterator[tuple[Any, ...]]:
    while block := found.fetchmany(_BLOCK):
        yield from block


def _column(name: str) -> str:
    return f"v.{quoted(name)}"


def _by_bytes(key: str | None) -> tuple[Any, ...]:
    return (0, b"") if key is None else (1, key.encode())


def _by_number(key: str | None) -> tuple[Any, ...]:
    if key is None:
        return (0, Decimal(0))
    number = Decimal(key)
    return (2, Decimal(0)) if number.is_nan() else (1, number)
