"""The PostgreSQL servers that the tests run on: the embedded 18 and the system's 15. A missing one is an error."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from audit import embedded
from audit.server import Server

_SYSTEM_15: Final = ("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin")
#: Test data need not survive a power cut.
_FAST: Final = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "max_connections=60",
    "shared_buffers=128MB",
)

#: Where data are kept in memory: there `create database` takes 30 ms, on a slow disk half a second.
_IN_MEMORY: Final = Path("/dev/shm")
#: What a run may need there, in bytes, for each of its workers. Containers often have no more than 64 MB.
_ROOM: Final = 2_000_000_000

_numbers = itertools.count(1)


def binaries(major: int) -> Path:
    """The folder of the binaries of PostgreSQL `major`. Raises where there is none."""
    if major == 18:
        return embedded._binaries()
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
    """Make a folder for a server's data, which every user may enter: in memory where there is room, else on disk."""
    place = None
    if _IN_MEMORY.is_dir() and os.access(_IN_MEMORY, os.W_OK | os.X_OK):
        workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
        if shutil.disk_usage(_IN_MEMORY).free >= _ROOM * workers:
            place = _IN_MEMORY
    made = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
    made.chmod(0o755)
    return made


@contextmanager
def running(major: int) -> Iterator[Server]:
    """A server of its own for the tests, thrown away afterwards."""
    top = folder(f"oa{major}-")
    server = Server(binaries(major), top / "data")
    try:
        server.start(*_FAST)
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(top, ignore_errors=True)


def new_database(server: Server, template: str = "template0", options: str = "") -> str:
    """Make a database and return its DSN."""
    name = f"t{next(_numbers)}"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"create database {name} template {template} {options}".encode())
    return server.dsn(name)


def drop_database(server: Server, dsn: str) -> None:
    """Drop a database made by `new_database`, whoever is still connected."""
    name = psycopg.conninfo.conninfo_to_dict(dsn)["dbname"]
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"drop database if exists {name} with (force)".encode())
