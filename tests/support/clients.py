"""The clients that run SQL files: psql and Sqitch, in an environment of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from psycopg import conninfo

from tests.support import servers

#: Arguments of psql: without a configuration, up to the first failing statement.
PSQL: Final = ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1")


def words_of(dsn: str) -> dict[str, str]:
    """The parts of a DSN, by name."""
    return {name: str(value) for name, value in conninfo.conninfo_to_dict(dsn).items()}


def environment(dsn: str, home: Path) -> dict[str, str]:
    """The variables for a client: a database, and no configuration."""
    words = words_of(dsn)
    return {
        # Debian's psql is a program that looks for the other
        "PATH": f"{servers.binaries(15)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "PGHOST": words["host"],
        "PGPORT": words["port"],
        "PGUSER": words["user"],
        "PGDATABASE": words["dbname"],
    }


def psql(dsn: str, *files: Path) -> subprocess.CompletedProcess[str]:
    """Run files one after the other, up to the first that fails."""
    return subprocess.run(
        [*PSQL, *(word for file in files for word in ("-f", str(file)))],
        env=environment(dsn, files[0].parent),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def sqitch(dsn: str, project: Path, *words: str, options: str = "") -> subprocess.CompletedProcess[str]:
    """Run Sqitch with only the project's configuration; `options` are of its sessions, as `-c name=value`."""
    there = words_of(dsn)
    # a name that is a name to Sqitch's own driver stands in the target, another in the environment
    name = there["dbname"] if there["dbname"].isalnum() else ""
    target = f"db:pg://{there['user']}@/{name}?host={quote(there['host'], safe='')}" if name else "db:pg:"
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    if shutil.which("sqitch") is None:
        raise RuntimeError("Sqitch is not installed: apt-get install sqitch libdbd-pg-perl")
    return subprocess.run(
        ["sqitch", *words, target],
        env=environment(dsn, home) | ({"PGOPTIONS": options} if options else {}),
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def one(dsn: str, query: str) -> object:
    """The first value that a query gives."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None
