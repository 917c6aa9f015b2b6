"""One run in the history: what it finds there, and how it is added."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime

from order_audit.reports.document import Document, encode
from order_audit.reports.history import ages, figures, own_past
from order_audit.reports.history.audited import Audited, Compared, Kind
from order_audit.reports.history.figures import Figure
from order_audit.reports.history.keys import Keys
from order_audit.reports.history.past import KeyChanges, Past
from order_audit.reports.history.stored_key import shown

_JUDGED = ("passed", "failed")


class Record:
    """A run that is compared with the history, and then added to it."""

    def __init__(self, connection: sqlite3.Connection, audited: Audited) -> None:
        """Read the run's keys. Raises sqlite3.Error."""
        self._connection = connection
        self._audited = audited
        self._keys = Keys(connection, audited)
        self._version = -1
        #: None where a later run of the same database was added: keys of an earlier snapshot change nothing.
        self._changes: dict[Compared, KeyChanges] | None = None
        self._future: datetime | None = None

    @property
    def future(self) -> datetime | None:
        """The last run of the same database and schema that a wrong clock has put into the future; None without one."""
        return self._future

    @property
    def is_late(self) -> bool:
        """Whether the history has a later run of the same database and schema."""
        return self._changes is None

    def compare(self) -> Past:
        """Return what the history knows. Raises sqlite3.Error."""
        execute = self._connection.execute
        execute("begin")
        try:
            series = self._compare()
            at = {id: datetime.fromisoformat(it) for id, it in execute("select id, at from runs")}
            changes = self._changes or {}
            objects = {
                (it.rule, shown(key) or ""): at[since]
                for it in changes
                if it.kind == "schema"
                for key, since in self._keys.objects(it).items()
            }
            known = figures.figures(self._connection, series)
            measured = (it.rule for it in self._audited.results if it.measure)
            values = {rule: figures.values(self._connection, series, rule) for rule in measured}
            return Past(
                self._audited.run.started_at,
                known,
                values,
                {it.rule: change for it, change in changes.items() if it.kind == "rule"},
                objects,
                at,
                own_past.use(self._connection, series, self._audited, known, values),
            )
        finally:
            execute("commit")

    def add(self, document: Document) -> None:
        """Add the run as its document has it, whole or not at all. Raises sqlite3.Error."""
        execute = self._connection.execute
        execute("begin immediate")
        try:
            if execute("pragma data_version").fetchone()[0] != self._version:
                self._compare()  # another run was added meanwhile
            self._write(document)
            execute("commit")
        except BaseException:
            if self._connection.in_transaction:
                execute("rollback")
            raise

    def _compare(self) -> int | None:
        (self._version,) = self._connection.execute("pragma data_version").fetchone()
        database = self._audited.run.database
        # a run of a clock that was wrong is no later one: else no other would change keys until then
        now = encode(max(datetime.now(UTC), self._audited.run.started_at))
        series, last, future = self._connection.execute(
            "select s.id, max(u.at) filter (where u.at <= ?), max(u.at) filter (where u.at > ?)"
            " from series as s left join runs as u on u.series = s.id where (s.database, s.schema) = (?, ?)",
            (now, now, database.name, database.schema),
        ).fetchone()
        self._future = datetime.fromisoformat(future) if future is not None else None
        is_late = last is not None and datetime.fromisoformat(last) > self._audited.run.started_at
        self._changes = None if is_late else self._keys.compare(series)
        return int(series) if series is not None else None

    def _write(self, document: Document) -> None:
        execute = self._connection.execute
        run, database = document.run, document.run.database
        execute("insert or ignore into series (database, schema) values (?, ?)", (database.name, database.schema))
        summary = document.summary
        added = execute(
            "insert or ignore into runs (series, run, at, passed, failed, errored, gate_passed)"
            " select id, ?, ?, ?, ?, ?, ? from series where (database, schema) = (?, ?)",
            (run.id, encode(run.started_at), summary.passed, summary.failed, summary.errored, summary.gate.passed,
             database.name, database.schema),
        )  # fmt: skip
        if not added.rowcount or added.lastrowid is None:
            return  # the same run once more
        number = added.lastrowid
        (series,) = execute("select series from runs where id = ?", (number,)).fetchone()
        self._write_rules(document, series, number)
        if self._changes is not None:
            self._keys.write(series, number)
        found = ages.of_profile(document.profile, run.started_at)
        self._connection.executemany(
            "insert into ages values (?, ?, ?)", ((name, number, seconds) for name, seconds in found.items())
        )
        unusual = document.history.anomalies if document.history else ()
        self._connection.executemany(
            "insert into anomalies values (?, ?, ?, ?, ?, ?)",
            ((number, place, it.kind, it.name, it.severity, it.message) for place, it in enumerate(unusual)),
        )
        volumes = ((table, number, it.rows) for table, it in run.tables.items())
        self._connection.executemany("insert into volumes values (?, ?, ?)", volumes)

    def _write_rules(self, document: Document, series: int, run: int) -> None:
        changes = {(it.kind, it.rule): change for it, change in (self._changes or {}).items()}
        upsert = """
            insert into rules (series, kind, rule, title, severity) values (?, ?, ?, ?, ?)
            on conflict (series, kind, rule) do update set title = excluded.title, severity = excluded.severity
        """
        for kind, rule, title, figure in _figures(document):
            self._connection.execute(upsert, (series, kind, rule, title, figure.severity))
            (number,) = self._connection.execute(
                "select id from rules where (series, kind, rule) = (?, ?, ?)", (series, kind, rule)
            ).fetchone()
            change = changes.get((kind, rule))
            moved = (change.appeared, change.returned, change.ended) if change else (None, None, None)
            self._connection.execute(
                "insert into figures values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, run, figure.status, figure.severity, figure.checked, figure.violations, figure.measured,
                 *moved),
            )  # fmt: skip
            of = next((it for it in document.results if kind == "rule" and it.rule == rule), None)
            if of is not None and of.measure is not None:
                values = ((number, run, place, it.group, it.value, it.number)
                          for place, it in enumerate(of.measure.values))  # fmt: skip
                self._connection.executemany("insert into measured values (?, ?, ?, ?, ?, ?)", values)


def _figures(document: Document) -> Iterator[tuple[Kind, str, str, Figure]]:
    """Yield the judged and the errored rules, with kind, id and title."""
    at = document.run.started_at
    for it in document.results:
        if it.status in (*_JUDGED, "errored"):
            measured = figures.measured_by(it.measure) if it.measure else None
            figure = Figure(at, it.status, it.severity, it.checked, it.violations, measured, None, None, None)
            yield "rule", it.rule, it.title, figure
    for rule in document.schema_rules:
        if rule.status == "checked":
            status = "failed" if rule.findings else "passed"
            figure = Figure(at, status, rule.severity, None, rule.findings, None, None, None, None)
            yield "schema", rule.rule, rule.title, figure
