"""`python -m benchmarks.history`: a year of nightly audits in one history, of a million standing violations.

Each night, one in a hundred of the violations is gone and as many new ones come; some of the new ones had been there
before. It measures the size of the file, what a night costs, and how long the answers take. The audits are documents:
no database is read. The first and the last nights are whole, each in a process of its own; of the others, only what has
changed is written, as a whole night would write it. Writes results/history.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks import table
from benchmarks.compare import say, write
from order_audit.reports import violations
from order_audit.reports.document import (
    Database,
    Ddl,
    Document,
    Gate,
    Result,
    Run,
    Summary,
    Table,
)
from order_audit.reports.history import file, trend
from order_audit.reports.history.audited import Audited
from order_audit.reports.history.kept import Kept
from order_audit.reports.history.past import KeyChanges
from order_audit.reports.history.record import Record
from order_audit.reports.history.stored_key import stored

_RESULTS: Final = Path(__file__).parent / "results"
_START: Final = datetime(2026, 1, 1, 2, tzinfo=UTC)
#: Of the keys that come, one in so many had been there before.
_RETURNING: Final = 10
#: A digest as violations.csv has it.
_PREFIX: Final = "hmac-sha256:"
RULE: Final = "orders.amount_is_positive"
#: The first and the last nights that are whole.
_WHOLE: Final = 3


class Year:
    """Nights of one rule. Keys are integers, and written as `shown` says."""

    def __init__(self, standing: int, changed: int, shown: Callable[[int], str]) -> None:
        self._draw = random.Random(22)  # noqa: S311 - nothing is secret
        self._standing = list(range(1, standing + 1))
        self._gone: list[int] = []
        self._next = standing + 1
        self._changed = changed
        self._shown = shown

    def change(self) -> tuple[list[int], list[int]]:
        """Let violations go and come; return both."""
        gone, fresh = [], []
        for place in self._draw.sample(range(len(self._standing)), self._changed):
            gone.append(self._standing[place])
            if self._draw.randrange(_RETURNING) or not self._gone:
                self._standing[place], self._next = self._next, self._next + 1
            else:
                back = self._draw.randrange(len(self._gone))
                self._gone[back], self._gone[-1] = self._gone[-1], self._gone[back]
                self._standing[place] = self._gone.pop()
            fresh.append(self._standing[place])
        self._gone += gone
        return gone, fresh

    def write(self, path: Path) -> None:
        """Write violations.csv, sorted as a run does."""
        shown: Iterable[str] = map(str, sorted(self._standing))
        if self._shown is not str:
            shown = sorted(map(self._shown, self._standing))
        with path.open("wb") as file:
            file.write(violations.HEADER)
            file.writelines(f"{RULE},{key}\n".encode() for key in shown)


def digest(key: int) -> str:
    """Return a text of the form of a personal key's digest."""
    return _PREFIX + hashlib.sha256(str(key).encode()).hexdigest()


#: The forms of keys.
KINDS: Final[dict[str, Callable[[int], str]]] = {"integers": str, "digests": digest}


def document(night: int, violating: int) -> Document:
    """The result of a night."""
    at = _START + timedelta(days=night)
    database = Database("18", "shop", "", "public", "", "UTF8", "", "")
    run = Run(
        f"night {night}", at, at, True, (), database, {"orders": Table(100_000_000)}, ("own",), {}, {}, 1, 0.0, True
    )
    result = Result(
        rule=RULE, suite="own", title="Order amount is negative", severity="critical",
        status="failed", key="order_id", key_order="number", table="orders", checked=100_000_000, violations=violating,
        examples=(), impact=None, why="", limitations="", fix=None, guard=None, requires=(), sql="", file="",
        duration_ms=0.0,
    )  # fmt: skip
    gate = Gate(False, (), (), "critical", "never", False, None, False, None)
    summary = Summary(1, 0, 1, 0, 0, 0, 0, 0.0, (), gate)
    return Document("order-audit/2", run, summary, (result,), None, (), (), (), {}, Ddl((), ""), (), (), None)


def simulate(nights: int, standing: int, kind: str, *, apart: bool = True) -> dict[str, Any]:
    """Add the nights, and return sizes in bytes, seconds of a processor, and the peak of memory in bytes.

    Without `apart`, whole nights are added in this process, and the peak is that of all that it has done.
    """
    year = Year(standing, standing // 100, KINDS[kind])
    with tempfile.TemporaryDirectory(prefix="bench-history-") as folder:
        path, keys = Path(folder) / "history.db", Path(folder) / "violations.csv"
        sizes, whole = [], []
        for night in range(nights):
            gone, fresh = year.change() if night else ([], [])
            if _WHOLE <= night < nights - _WHOLE:
                _write_changes(path, document(night, standing), [*map(KINDS[kind], gone)], [*map(KINDS[kind], fresh)])
            else:
                year.write(keys)
                whole.append((_apart if apart else _here)(path, keys, night, standing))
                assert whole[-1]["appeared"] == (standing // 100 if night else standing)  # noqa: S101
            sizes.append(path.stat().st_size)
            if night % 30 == 0:
                say(f"night {night}: {sizes[-1]:,} bytes")
        with keys.open("rb") as file:
            one = file.readlines()[1].decode().rstrip().partition(",")[2]
        last = whole[-_WHOLE:]
        return {
            "nights": nights, "standing": standing, "bytes": sizes[-1], "bytes_first": sizes[0],
            "compare_seconds": median(it["compare"] for it in last), "add_seconds": median(it["add"] for it in last),
            "peak_bytes": max(it["peak"] for it in whole), "without_bytes": whole[0]["before"],
            "answers": _answers(path, one),
        }  # fmt: skip


def _apart(path: Path, keys: Path, night: int, standing: int) -> dict[str, float]:
    """Add a night in a process of its own, whose memory is that of the program and one night."""
    pipe, end = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_add, args=(end, path, keys, night, standing))
    process.start()
    found: dict[str, float] = pipe.recv()
    process.join()
    return found


def _here(path: Path, keys: Path, night: int, standing: int) -> dict[str, float]:
    pipe, end = multiprocessing.Pipe()
    _add(end, path, keys, night, standing)
    found: dict[str, float] = pipe.recv()
    return found


def _add(pipe: Connection, path: Path, keys: Path, night: int, standing: int) -> None:
    made = document(night, standing)
    before, begun = _peak(), time.process_time()
    kept = Kept(path, _fail)
    past = kept.compare(Audited(made.run, made.results, (), (), None, keys))
    middle = time.process_time()
    kept.add(made)
    kept.close()
    pipe.send({
        "compare": middle - begun, "add": time.process_time() - middle, "peak": _peak(), "before": before,
        "appeared": past.changes[RULE].appeared,
    })  # fmt: skip


def _write_changes(path: Path, made: Document, gone: list[str], fresh: list[str]) -> None:
    """Write what a whole night would, from what is known to have changed."""
    with closing(file.writable(path)[0]) as connection:
        connection.execute("pragma journal_mode = off")
        connection.execute("pragma synchronous = off")  # these nights are not measured: no wait for the disk
        record = Record(connection, Audited(made.run, made.results, (), (), None, Path(os.devnull)))
        (record._version,) = connection.execute("pragma data_version").fetchone()
        (number,) = connection.execute("select id from rules").fetchone()
        connection.execute("insert into temp.judged values (0, ?, ?)", (number, number))
        connection.executemany(
            "insert into temp.gone select 0, key, since from standing where (rule, key) = (?, ?)",
            ((number, stored(it.encode())) for it in gone),
        )
        connection.executemany(
            "insert into temp.fresh select 0, ?2, (select count(*) from past where (rule, key) = (?1, ?2))",
            ((number, stored(it.encode())) for it in fresh),
        )
        record._changes = {record._keys.rules[0]: KeyChanges(1, len(fresh), 0, len(gone), 0)}
        record.add(made)


def _peak() -> int:
    # not getrusage: what it says of a new process is at least what its parent had
    found = re.search(r"^VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _answers(path: Path, key: str) -> dict[str, float]:
    """Seconds until an answer from a process that has opened the file, its pages not in SQLite's cache."""
    questions: dict[str, Callable[[sqlite3.Connection], object]] = {
        "since when a key stands": lambda it: trend.spans(it, 1, RULE, key),
        "the trend of all rules": lambda it: trend.trends(it, 1),
        "the oldest and the returning keys of a rule": lambda it: trend.keys(it, 1, "rule", RULE),
    }
    seconds = {}
    for name, ask in questions.items():
        with closing(sqlite3.connect(path)) as connection:
            begun = time.perf_counter()
            ask(connection)
            seconds[name] = time.perf_counter() - begun
    return seconds


def _fail(text: str) -> None:
    raise RuntimeError(text)


def main() -> None:
    """Simulate a year with integers and one with digests."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.history", description=__doc__)
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--standing", type=int, default=1_000_000, help="violations that stand [1,000,000]")
    parser.add_argument("--keys", choices=["integers", "digests"], nargs="+", default=["integers", "digests"])
    options = parser.parse_args()
    found = {kind: simulate(options.nights, options.standing, kind) for kind in options.keys}
    path = _RESULTS / "history.json"
    known = json.loads(path.read_text(encoding="utf-8"))["years"] if path.exists() else {}
    write(path, {"sqlite": sqlite3.sqlite_version, "years": dict(sorted((known | found).items()))})
    table.write(_RESULTS)


if __name__ == "__main__":
    main()
