"""Run all scans of an audit at once, on several connections that share one snapshot."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from queue import SimpleQueue
from typing import Final

import psycopg

from order_audit.audit.database.catalog import Relation
from order_audit.audit.database.lost import UNCHANGED, lost
from order_audit.audit.database.quoting import quoted
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.scans.batch import Batch
from order_audit.audit.scans.batch_execution import execute
from order_audit.audit.scans.engine import NO_COUNTS, OnOutcome, ScanOptions, ignore_outcome
from order_audit.audit.scans.impact import Impacts
from order_audit.audit.scans.levels import by_levels, needs_rows
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.prepared_rule import PreparedRule
from order_audit.audit.scans.violation_store import ViolationStore
from order_audit.errors import ConnectError, RunError
from order_audit.reports.document import Cause

#: The longest pause of a low-impact audit, in seconds.
PAUSE: Final = 2.0


class Executor:
    """Run scans in threads. Creating it starts them; `outcome` waits for a rule's scan.

    With `low_impact` it pauses after each scan for the scan's duration, up to `PAUSE` seconds.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        batches: Iterable[Batch],
        impacts: Impacts,
        store: ViolationStore,
        options: ScanOptions,
        on_outcome: OnOutcome = ignore_outcome,
        counts: Mapping[int, int] = NO_COUNTS,
    ) -> None:
        self._snapshot = snapshot
        self._impacts = impacts
        self._store = store
        self._options = options
        self._on_outcome = on_outcome
        self._stopped = threading.Event()
        self._local = threading.local()
        batches = list(batches)
        self.tasks: dict[str, PreparedRule] = {
            prepared.rule.id: prepared for batch in batches for prepared in batch.rules
        }
        self._began = self._ended = time.perf_counter()
        tables = {prepared.table.oid: prepared.table for prepared in self.tasks.values() if prepared.table is not None}
        # before the threads begin, which use them
        self._locks = {oid: threading.Lock() for oid in tables}
        self.notes: tuple[str, ...] = ()
        self._counts: dict[int, int | None] = dict(counts)
        self._connections = self._connected(min(options.jobs, len(batches) + len(tables)))
        self._free: SimpleQueue[psycopg.Connection] = SimpleQueue()
        for connection in self._connections:
            self._free.put(connection)
        self._pool = ThreadPoolExecutor(max(1, len(self._connections)), "scan", self._take_connection)
        self._scans: dict[str, Future[dict[str, Outcome]]] = {}
        for batch in batches:
            future = self._pool.submit(self._measure, batch)
            self._scans.update((prepared.rule.id, future) for prepared in batch.rules)
        self._rows = {oid: self._pool.submit(self._count, table) for oid, table in tables.items()}

    @property
    def interrupted(self) -> bool:
        """Whether `interrupt` was called."""
        return self._stopped.is_set()

    def interrupt(self) -> None:
        """Stop: cancel what runs, begin nothing new. Rules that had not ended are then errored as interrupted."""
        self._stopped.set()
        threading.Thread(target=self._snapshot.cancel, daemon=True).start()

    def outcome(self, rule: str) -> Outcome:
        """Wait for what became of a rule. Raises what ended its scan where that was no matter of the rule's."""
        outcome = self._scans[rule].result()[rule]
        table = self.tasks[rule].table
        if table is None:
            return outcome
        return replace(outcome, checked=self._rows[table.oid].result(), table=table.shown(self._options.schema))

    @property
    def milliseconds(self) -> float:
        """The milliseconds from the start of the first scan to the end of the last one."""
        return round((self._ended - self._began) * 1000, 3)

    @property
    def statements(self) -> int:
        """How many statements read the tables: a scan each, and a count per table."""
        return len(set(map(id, self._scans.values()))) + len(self._rows)

    def rows(self) -> dict[str, int]:
        """The number of rows of each table that is judged."""
        names = {
            prepared.table.oid: prepared.table.shown(self._options.schema)
            for prepared in self.tasks.values()
            if prepared.table is not None
        }
        counted = {name: self._rows[oid].result() for oid, name in names.items()}
        return {name: rows for name, rows in sorted(counted.items()) if rows is not None}

    def finish(self) -> None:
        """Wait for everything and let the threads and their connections go."""
        self._pool.shutdown(wait=True)
        for connection in self._connections:
            self._snapshot.leave(connection)

    def _measure(self, batch: Batch) -> dict[str, Outcome]:
        outcomes = {prepared.rule.id: _interrupted() for prepared in batch.rules}
        began = time.perf_counter()
        if not self._stopped.is_set():
            outcomes = self._execute(batch)
        self._ended = time.perf_counter()
        for rule, outcome in outcomes.items():
            outcomes[rule] = outcome = self._by_levels(self.tasks[rule], outcome)
            if self._stopped.is_set() and outcome.status == "errored":
                outcomes[rule] = outcome = _interrupted()
            self._on_outcome(rule, outcome)
        if self._options.low_impact:
            self._stopped.wait(min(PAUSE, self._ended - began))
        return outcomes

    def _execute(self, batch: Batch) -> dict[str, Outcome]:
        connection = self._connection()
        try:
            return execute(
                connection,
                batch,
                self._impacts,
                self._store,
                examples=self._options.examples,
                unmask=self._options.unmask,
                stopped=self._stopped.is_set,
            )
        except RunError as error:  # what this thread has still to do fails for this reason, too
            self._local.lost = error
            raise

    def _by_levels(self, prepared: PreparedRule, outcome: Outcome) -> Outcome:
        table = prepared.table
        is_share = outcome.status == "failed" and needs_rows(prepared.rule) and table is not None
        return by_levels(prepared.rule, outcome, self._count(table) if is_share and table is not None else None)

    def _count(self, table: Relation) -> int | None:
        """Count a table once: for a rule that tolerates a share of its rows, or on its own."""
        with self._locks[table.oid]:
            if table.oid not in self._counts:
                self._counts[table.oid] = self._counted(table)
            return self._counts[table.oid]

    def _counted(self, table: Relation) -> int | None:
        if self._stopped.is_set():
            return None
        try:
            with self._connection().transaction():
                row = self._connection().execute(f"select count(*) from {quoted(table)}".encode()).fetchone()
            self._ended = time.perf_counter()
        except psycopg.Error as error:
            if self._local.connection.closed and not self._stopped.is_set():
                self._local.lost = lost([self._local.connection], error, UNCHANGED)
                raise self._local.lost from None
            return None  # the table's rules say why
        return int(row[0]) if row else None

    def _connected(self, wanted: int) -> list[psycopg.Connection]:
        """Return as many connections as wanted, or as there are: one at least, else RunError is raised."""
        connections: list[psycopg.Connection] = []
        while len(connections) < wanted:
            try:
                connection = self._snapshot.joined()
            except RunError as error:
                if self._snapshot.cancelled:
                    raise
                if connections:  # the limit of the role, the database, the server or a pooler
                    why = error.reason if isinstance(error, ConnectError) else error
                    self.notes = (f"{len(connections)} of {wanted} connections for scans were opened: {why}",)
                    break
                raise RunError(f"{error}; one connection is open, and an audit needs two") from None
            connections.append(connection)
            if connection.info.parameter_status("server_encoding") == "SQL_ASCII":
                # its bytes are in no known encoding: take them as they are, we decode what we can
                connection.execute("select set_config('client_encoding', 'sql_ascii', true)")
        return connections

    def _take_connection(self) -> None:
        self._local.connection = self._free.get()

    def _connection(self) -> psycopg.Connection:
        """This thread's connection."""
        connection: psycopg.Connection = self._local.connection
        if connection.closed:
            unseen = lost([connection], psycopg.OperationalError("the server has closed it"), UNCHANGED)
            raise getattr(self._local, "lost", unseen)
        return connection


def _interrupted() -> Outcome:
    return Outcome("skipped", cause=Cause("interrupted"))
