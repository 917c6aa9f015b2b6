"""The PostgreSQL servers that the tests run on: the embedded 18 and the system's 15. A missing one is an error."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from order_audit.audit.database import embedded
from order_audit.audit.database.server import Server
from order_audit.scenario.load import SCHEMA, load

_SYSTEM_15: Final = ("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin")
#: Test data need not survive a power cut, and nothing but the test works on them.
_FAST: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "autovacuum=off",
    "max_connections=60",
    "shared_buffers=128MB",
    "jit=off",  # 15 would compile statements of some milliseconds for some hundred
)
#: Where data are kept in memory: there `create database` takes 30 ms, on a slow disk half a second.
_IN_MEMORY: Final = Path("/dev/shm")
#: The space that a run needs there, in bytes. Containers often have only 64 MB.
_ROOM: Final = 3_000_000_000
#: The variable that names the folder in which all processes of a run keep their servers.
HOME: Final = "ORDER_AUDIT_TEST_SERVERS"
#: The variable that names the folder of another version's binaries, which then runs in the place of 15.
BINARIES: Final = "ORDER_AUDIT_TEST_BINARIES"

_SCENARIO: Final = ("schema", "sample", "issues")
_EMPTY: Final = "template0"

_numbers = itertools.count(1)
_templates: dict[tuple[Path, str], str] = {}
#: By data folder, a session that makes and drops its databases: to connect costs a third of that.
_sessions: dict[Path, psycopg.Connection] = {}


def binaries(major: int) -> Path:
    """The folder of the binaries of PostgreSQL `major`. Raises where there is none."""
    if major == 18:
        return embedded._binaries()
    if other := os.environ.get(BINARIES):
        return Path(other)
    for folder in map(Path, _SYSTEM_15):
        if (folder / "postgres").exists():
            return folder
    if brew := shutil.which("brew"):
        found = subprocess.run([brew, "--prefix", "postgresql@15"], capture_output=True, text=True, check=False)
        folder = Path(found.stdout.strip(), "bin")
        if found.returncode == 0 and (folder / "postgres").exists():
            return folder
    raise RuntimeError("PostgreSQL 15 is not installed: apt-get install postgresql-15")


def folder(prefix: str) -> Path:
    """Make a folder that every user may enter, for servers: in memory where there is room, else on disk."""
    if home := os.environ.get(HOME):
        place: Path | None = Path(home)
    else:
        room = _IN_MEMORY.is_dir() and shutil.disk_usage(_IN_MEMORY).free >= _ROOM
        place = _IN_MEMORY if room and os.access(_IN_MEMORY, os.W_OK | os.X_OK) else None
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    made.chmod(0o755)
    return made


def sweep(top: Path) -> None:
    """Remove a folder with all that is in it, and end the servers that a killed process left running there."""
    for file in top.rglob("postmaster.pid"):
        with contextlib.suppress(OSError, ValueError):
            number = int(file.read_text(encoding="utf-8").split()[0])
            if Path(f"/proc/{number}/cwd").resolve() == file.parent:
                os.kill(number, signal.SIGQUIT)
    shutil.rmtree(top, ignore_errors=True)


@contextmanager
def running(major: int, *settings: str) -> Iterator[Server]:
    """A separate server for the tests, thrown away afterwards; its settings come after those of all."""
    top = folder(f"oa{major}-")
    server = Server(binaries(major), top / "data")
    try:
        server.start(*_FAST, *settings)
        yield server
    finally:
        if session := _sessions.pop(server.data, None):
            session.close()
        server.stop("immediate")
        shutil.rmtree(top, ignore_errors=True)


def new_database(server: Server, template: str = _EMPTY, options: str = "") -> str:
    """Make a database and return its DSN.

    `template` is a database to be copied, or one of `schema`, `sample` and `issues`: the current schema, the same with
    the sample data, and with the labelled issues besides. Those are made once for each server.
    """
    if template in _SCENARIO or (template == _EMPTY and not options):
        template = _template(server, template)
    return _created(server, template, options)


def _created(server: Server, template: str, options: str) -> str:
    name = f"t{next(_numbers)}"
    # by files: through the log takes twice as long
    _execute(server, f"create database {name} template {template} strategy file_copy {options}")
    return server.dsn(name)


def _template(server: Server, kind: str) -> str:
    """Return the name of a database to be copied, made at first: the first session in it has filled the cache files."""
    if (server.data, kind) not in _templates:
        dsn = _created(server, _EMPTY, "")
        with psycopg.connect(dsn) as connection:
            if kind == "schema":
                connection.execute(SCHEMA[0].read_bytes())
            elif kind != _EMPTY:
                load(connection, issues=kind == "issues")
        _templates[server.data, kind] = name_of(dsn)
    return _templates[server.data, kind]


def _execute(server: Server, statement: str) -> None:
    """Execute a statement in the server's kept session, or in a new one where a test has ended that."""
    session = _sessions.get(server.data)
    if session is not None:
        try:
            session.execute(statement.encode())
            return
        except psycopg.OperationalError:
            if not session.closed:
                raise
    session = _sessions[server.data] = psycopg.connect(server.dsn(), autocommit=True)
    session.execute(statement.encode())


def name_of(dsn: str) -> str:
    """The name of the database, as a template."""
    return str(psycopg.conninfo.conninfo_to_dict(dsn)["dbname"])


def await_others(connection: psycopg.Connection) -> None:
    """Wait until no other session is in the database.

    What a session of psql has made in pg_temp goes after psql has ended. `drop owned` beside that fails with
    "cache lookup failed for object".
    """
    others = "select count(*) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()"
    deadline = time.monotonic() + 60
    while connection.execute(others).fetchone() != (0,):
        assert time.monotonic() < deadline, "another session stays in the database"
        time.sleep(0.02)


def drop_database(server: Server, dsn: str) -> None:
    """Drop a database made by `new_database`, even with connected sessions."""
    _execute(server, f"drop database if exists {name_of(dsn)} with (force)")


@contextmanager
def database(server: Server, template: str = "template0", options: str = "") -> Iterator[str]:
    """A database made by `new_database`, dropped afterwards."""
    dsn = new_database(server, template, options)
    try:
        yield dsn
    finally:
        drop_database(server, dsn)
