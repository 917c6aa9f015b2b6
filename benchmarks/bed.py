"""The test bed: a private PostgreSQL 15 with generated data, and this machine."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from order_audit.audit.database.server import Server
from tests.support import servers

#: The program, as installed beside this interpreter.
ORDER_AUDIT: Final = str(Path(sys.executable).parent / "order-audit")
_LIBRARY: Final = "shared_preload_libraries=pg_stat_statements"
#: While data is loaded; taken back before anything is measured.
_LOADING: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "'16GB'"}


@dataclass(frozen=True)
class Bed:
    """A database with orders, on a private server. `rows` has the numbers of orders and customers."""

    dsn: str
    rows: tuple[int, int]
    truth: dict[str, int]

    @property
    def orders(self) -> int:
        return self.rows[0]


@contextmanager
def server() -> Iterator[Server]:
    """A server with the settings that it is installed with, and pg_stat_statements where that is installed."""
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    folder.chmod(0o755)
    made = Server(servers.binaries(15), folder / "data")
    try:
        made.start(*([_LIBRARY] if any(made.bin.parent.rglob("pg_stat_statements.so")) else []))
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def bed(on: Server, orders: int, *, seed: int = 1, defects: float = 0.01) -> Iterator[Bed]:
    """Generate, vacuum and analyze a database, and drop it afterwards."""
    dsn = servers.new_database(on)
    try:
        with psycopg.connect(dsn, autocommit=True) as connection, tempfile.TemporaryDirectory() as folder:
            _set(connection, _LOADING)
            truth = Path(folder) / "truth.csv"
            subprocess.run(generate(dsn, orders, seed, defects, truth), check=True, stdout=subprocess.DEVNULL)
            connection.execute("vacuum (analyze, freeze)")
            connection.execute("checkpoint")
            _set(connection, dict.fromkeys(_LOADING, ""))
            if "pg_stat_statements" in str(_one(connection, "show shared_preload_libraries")):
                connection.execute("create extension if not exists pg_stat_statements")
            rows = (
                _one(connection, "select count(*) from orders"),
                _one(connection, "select count(*) from customers"),
            )
            made = Bed(dsn, rows, _counted(truth))
        yield made  # no session is connected then
    finally:
        servers.drop_database(on, dsn)


def generate(dsn: str, orders: int, seed: int, defects: float, truth: Path) -> list[str]:
    """The command that fills an empty database."""
    return [ORDER_AUDIT, "scenario", "generate", "--dsn", dsn, "--orders", str(orders),
            "--customers", str(max(1, orders // 10)), "--seed", str(seed), "--defects", str(defects),
            "--truth", str(truth)]  # fmt: skip


def machine(on: Server) -> dict[str, Any]:
    """Return the facts of the machine and server."""
    with psycopg.connect(on.dsn()) as connection:
        postgres = _one(connection, "show server_version")
        settings = connection.execute(
            "select name, current_setting(name) from pg_settings where name in ('shared_buffers', 'work_mem',"
            " 'max_parallel_workers_per_gather', 'effective_cache_size', 'shared_preload_libraries') order by name"
        ).fetchall()
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "postgresql": postgres,
        "settings": dict(settings),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    for line in info.read_text().splitlines() if info.exists() else ():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _set(connection: psycopg.Connection, settings: dict[str, str]) -> None:
    for name, value in settings.items():
        connection.execute((f"alter system set {name} = {value}" if value else f"alter system reset {name}").encode())
    connection.execute("select pg_reload_conf()")


def _one(connection: psycopg.Connection, query: str) -> Any:
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def _counted(truth: Path) -> dict[str, int]:
    found: dict[str, int] = {}
    if truth.exists():
        with truth.open(encoding="utf-8") as lines:
            next(lines, None)
            for line in lines:
                rule = line.partition(",")[0]
                found[rule] = found.get(rule, 0) + 1
    return found
