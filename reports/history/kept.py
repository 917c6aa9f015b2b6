"""The history file of one run, whose failures cost the audit nothing: each becomes one warning."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from order_audit.progress import NoteCallback
from order_audit.reports.document import Document
from order_audit.reports.history import file
from order_audit.reports.history.audited import Audited
from order_audit.reports.history.past import Past
from order_audit.reports.history.record import Record
from order_audit.reports.violations import FormatError

#: What may happen to the file, and to the temporary files of SQLite.
_FAILURES = (sqlite3.Error, OSError, FormatError)


class Kept:
    """An open history, to which one run is added."""

    def __init__(self, path: Path, warn: NoteCallback) -> None:
        """Open the file. Raises UsageError for wrong use: no history, no such folder."""
        self._path = path
        self._warn = warn
        self._connection: sqlite3.Connection | None = None
        self._record: Record | None = None
        #: What was done with a file of an earlier version; empty for nothing.
        self.note = ""
        with self._guarded():
            self._connection, self.note = file.writable(path)

    def compare(self, audited: Audited) -> Past:
        """Return what the history knows of an audit, and keep what has changed for `add`."""
        past = Past()
        if self._connection is not None:
            with self._guarded():
                self._record = Record(self._connection, audited)
                past = self._record.compare()
        return past

    def add(self, document: Document) -> None:
        """Add a complete run."""
        if self._record is None or not document.run.complete:
            return
        with self._guarded():
            self._record.add(document)
            if self._record.is_late:
                self._warn(
                    f"--history {self._path} has a later run of this database and schema: the figures of this one were"
                    " added, and its keys change nothing"
                )
            elif at := self._record.future:
                self._warn(
                    f"--history {self._path} has a run of {at:%Y-%m-%d %H:%M} UTC, which is later than now: the clock"
                    " was wrong then, and lines of runs end with it until that day"
                )

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
        self._connection = self._record = None

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Warn of a failure, and keep off the file from then on."""
        try:
            yield
        except _FAILURES as error:
            self.close()
            text = error.strerror if isinstance(error, OSError) else str(error)
            self._warn(f"--history {self._path}: {text}: this run is not added; its other files do not depend on it")
