"""The PostgreSQL servers that the tests run on: the embedded 18 and the system's 15. A missing one is an error."""

from __future__ import annotations

import itertools
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


@contextmanager
def running(major: int) -> Iterator[Server]:
    """A server of its own for the tests, thrown away afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f"oa{major}-"))
    folder.chmod(0o755)
    server = Server(binaries(major), folder / "data")
    try:
        server.start(*_FAST)
        yield server
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


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
