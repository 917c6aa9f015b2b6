"""Run a file of hand-written SQL: `python yardstick.py DSN FILE [CONNECTIONS]`, counts as JSON to standard output.

One connection works with parallel workers. Two share a snapshot and a queue of the statements, without workers.
"""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from pathlib import Path
from typing import Final

import psycopg

_ALL: Final = ("jit = off", "extra_float_digits = 1", "work_mem = '256MB'")
#: With several connections, each has its processor; with one, what looks dear is split up all the same.
_MANY: Final = (*_ALL, "max_parallel_workers_per_gather = 0")
_ONE: Final = (*_ALL, "parallel_setup_cost = 0", "parallel_tuple_cost = 0")


def statements(path: Path) -> list[str]:
    """The statements of a file; a semicolon ends a line and a statement."""
    return [text for text in path.read_text(encoding="utf-8").split(";\n") if text.strip()]


def counts(dsn: str, path: Path, connections: int = 1) -> tuple[dict[str, int], float]:
    """Violations by rule, and the seconds that the statements took."""
    todo: queue.SimpleQueue[str] = queue.SimpleQueue()
    for text in statements(path):
        todo.put(text)
    found: dict[str, int] = {}
    opened = [psycopg.connect(dsn) for _ in range(connections)]
    try:
        snapshot = ""
        for connection in opened:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            if snapshot:
                connection.execute(f"set transaction snapshot '{snapshot}'".encode())
            connection.execute("; ".join(f"set local {it}" for it in (_ONE, _MANY)[connections > 1]).encode())
            if not snapshot and connections > 1:
                row = connection.execute("select pg_export_snapshot()").fetchone()
                snapshot = row[0] if row else ""
        begun = time.perf_counter()
        workers = [threading.Thread(target=_work, args=(connection, todo, found)) for connection in opened[1:]]
        for worker in workers:
            worker.start()
        _work(opened[0], todo, found)
        for worker in workers:
            worker.join()
        return found, time.perf_counter() - begun
    finally:
        for connection in opened:
            connection.close()


def _work(connection: psycopg.Connection, todo: queue.SimpleQueue[str], found: dict[str, int]) -> None:
    while True:
        try:
            text = todo.get_nowait()
        except queue.Empty:
            return
        cursor = connection.execute(text.encode())
        row = cursor.fetchone()
        for column, value in zip(cursor.description or (), row or (), strict=True):
            found[column.name] = int(value)


if __name__ == "__main__":
    reported, seconds = counts(sys.argv[1], Path(sys.argv[2]), int((sys.argv[3:] or ["1"])[0]))
    json.dump({"counts": reported, "database": seconds}, sys.stdout)
