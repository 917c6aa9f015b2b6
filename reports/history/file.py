"""The file of a history: SQLite with a mark of its own. Lines of JSON of an earlier version become such a file once."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Final

from order_audit.errors import UsageError
from order_audit.reports import atomic_files
from order_audit.reports.history import lines

#: How SQLite's header names this kind of file ("oaud"), and its version.
_MARK: Final = 0x6F617564
VERSION: Final = 1
_SQLITE: Final = b"SQLite format 3\0"
#: Seconds that a statement waits for another program's lock.
PATIENCE: Final = 10.0
#: The cache of the file, and that of temporary tables, in KiB.
_CACHE: Final = 32_768


def writable(path: Path) -> tuple[sqlite3.Connection, str]:
    """Open a file for a run, and create it if it is missing; also return what was done with an earlier version's file.

    Raises UsageError if the file is none of a history or cannot be created, sqlite3.Error if it cannot be read.
    """
    try:
        if not path.exists():
            path.open("ab").close()
        is_new = not path.stat().st_size
        note = "" if is_new else _converted(path)
    except OSError as error:
        raise UsageError(f"--history {path}: {error.strerror}") from None
    if is_new:
        _create(path)
    return _checked(_connect(path), path), note


def readable(path: Path) -> sqlite3.Connection:
    """Open a file that is only read; lines of an earlier version are read into memory.

    Raises UsageError if the file is missing or none of a history.
    """
    try:
        with path.open("rb") as file:
            is_lines = _is_lines(file.read(len(_SQLITE)), path)
        if not is_lines:
            return _checked(_connect(path), path)
        connection = _prepared(sqlite3.connect(":memory:", isolation_level=None))
        _tables(connection)
        lines.add(connection, lines.read(path))
    except OSError as error:
        raise UsageError(f"--history {path}: {error.strerror}") from None
    return connection


def _connect(path: Path) -> sqlite3.Connection:
    return _prepared(sqlite3.connect(path, timeout=PATIENCE, isolation_level=None))


def _prepared(connection: sqlite3.Connection) -> sqlite3.Connection:
    # keys of a run wait in temporary tables, which go to disk beyond this cache
    connection.execute("pragma temp_store = file")
    connection.execute(f"pragma cache_size = -{_CACHE}")
    connection.execute(f"pragma temp.cache_size = -{_CACHE}")
    return connection


def _checked(connection: sqlite3.Connection, path: Path) -> sqlite3.Connection:
    """Raise UsageError for a file of SQLite that is none of a history, or of a later version."""
    try:
        (mark,) = connection.execute("pragma application_id").fetchone()
        (version,) = connection.execute("pragma user_version").fetchone()
    except BaseException:
        connection.close()
        raise
    if mark != _MARK:
        connection.close()
        raise _no_history(path)
    if version != VERSION:
        connection.close()
        raise UsageError(f"--history {path} was written by a later version of this program: use that one")
    return connection


def _create(path: Path) -> None:
    """Create the tables, whole or not at all: of two runs at once, the second finds those of the first."""
    with closing(_connect(path)) as connection:
        connection.execute("begin immediate")
        if not connection.execute("pragma user_version").fetchone()[0]:
            _tables(connection)
        connection.execute("commit")


def _tables(connection: sqlite3.Connection) -> None:
    text = files(__package__).joinpath("tables.sql").read_text(encoding="utf-8")
    for statement in text.split(";\n"):
        connection.execute(statement)
    connection.execute(f"pragma application_id = {_MARK}")
    connection.execute(f"pragma user_version = {VERSION}")


def _is_lines(begin: bytes, path: Path) -> bool:
    """Whether a file is of an earlier version. Raises UsageError if it is none of a history."""
    if begin.startswith(_SQLITE):
        return False
    if not lines.is_history(path):
        raise _no_history(path)
    return True


def _no_history(path: Path) -> UsageError:
    return UsageError(f"--history {path} is no history of audits: name another file")


def _converted(path: Path) -> str:
    """Make a file of SQLite of lines of JSON, which are kept beside it; return what was done, empty for nothing.

    The new file takes the place of the old one in one step. A killed run leaves the old one.
    """
    with path.open("rb") as old:
        fcntl.flock(old, fcntl.LOCK_EX)
        if not os.path.samestat(os.fstat(old.fileno()), path.stat()) or not _is_lines(old.read(len(_SQLITE)), path):
            return ""  # another run has converted it meanwhile
        kept = _free(path)
        with atomic_files.scratch(path.parent, f".{path.name}-") as folder:
            new = folder / "history"
            try:
                with closing(_connect(new)) as connection:
                    connection.execute("begin immediate")
                    _tables(connection)
                    lines.add(connection, lines.read(path))
                    connection.execute("commit")
            except sqlite3.Error as error:
                raise UsageError(f"--history {path}, of an earlier version, cannot be converted: {error}") from None
            new.chmod(path.stat().st_mode & 0o777)
            os.link(path, kept)
            new.replace(path)
    return f"converted {path} into a file of SQLite; the earlier lines are kept in {kept.name} beside it"


def _free(path: Path) -> Path:
    """Return a name for the earlier file that no file has."""
    number, kept = 1, path.with_name(f"{path.name}.jsonl")
    while kept.exists():
        number += 1
        kept = path.with_name(f"{path.name}.{number}.jsonl")
    return kept
