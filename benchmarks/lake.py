"""`python -m benchmarks.lake`: tables as Parquet files, and the rules on them by DuckDB, beside PostgreSQL.

Writes results/lake.json. Each command takes its turn in each round; the first round does not count. The violations of
each audit are compared byte by byte with those of PostgreSQL.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from benchmarks.bed import Bed, bed, machine, server
from benchmarks.compare import medians, say, versions, write
from benchmarks.markdown import Document, decimal, grid, ratio
from benchmarks.measure import cost, server_seconds
from order_audit.audit.database.server import Server

_RESULTS: Final = Path(__file__).parent / "results"
_COPY: Final = "COPY … (format binary) of all tables, by psql"
_EXPORT: Final = "order-audit export --parquet"
_POSTGRESQL: Final = "order-audit run"
_FILES: Final = "order-audit run --engine duckdb, from Parquet files"
_LIVE: Final = "order-audit run --engine duckdb, from the database"
_RULES_ONLY: Final = ("--no-lint", "--no-profile", "--quiet", "--fail-on", "never")


def main() -> None:
    """Measure each size."""
    given = argparse.ArgumentParser(prog="python -m benchmarks.lake", description=__doc__)
    given.add_argument("--orders", type=int, nargs="+", default=[1_000_000], help="sizes [1000000]")
    given.add_argument("--repeats", type=int, default=3, help="rounds that count [3]")
    given.add_argument("--seed", type=int, default=1, help="of the generated data [1]")
    given.add_argument("--defects", type=float, default=0.001, help="share of rows with each kind of defect [0.001]")
    options = given.parse_args()
    with server() as running:
        sizes = []
        for orders in options.orders:
            say(f"generating {orders:,} orders")
            with bed(running, orders, seed=options.seed, defects=options.defects) as made:
                sizes.append({"tables": made.rows, "rows": _measured(running, made, options.repeats)})
        write(_RESULTS / "lake.json", {"machine": machine(running), "versions": versions(), "repeats": options.repeats,
                                       "seed": options.seed, "defects": options.defects, "sizes": sizes})  # fmt: skip


def _measured(running: Server, made: Bed, repeats: int) -> list[dict[str, Any]]:
    runs: dict[str, list[dict[str, float]]] = {}
    equal: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="bench-lake-") as name:
        folder = Path(name)
        for turn in range(repeats + 1):
            for title, words in _commands(made, folder).items():
                say(f"round {turn}: {title}")
                before = server_seconds(running, made.dsn)
                used = cost(words, cwd=folder)
                spent = server_seconds(running, made.dsn) - before
                if turn:
                    run = {"wall": used.wall, "client": used.cpu, "server": spent, "memory": used.memory}
                    runs.setdefault(title, []).append(run)
            truth = (folder / "postgresql" / "violations.csv").read_bytes()
            for title, place in ((_FILES, "files"), (_LIVE, "live")):
                equal[title] = equal.get(title, True) and (folder / place / "violations.csv").read_bytes() == truth
        size = sum(it.stat().st_size for it in (folder / "lake").rglob("*.parquet"))
        copied = sum(it.stat().st_size for it in folder.glob("*.copy"))
    sizes = {_EXPORT: size, _COPY: copied}
    return [
        {"name": title, **medians(found), "equal": equal.get(title), "bytes": sizes.get(title)}
        for title, found in runs.items()
    ]


def _commands(made: Bed, folder: Path) -> dict[str, list[str]]:
    shutil.rmtree(folder / "lake", ignore_errors=True)
    program = [sys.executable, "-m", "order_audit"]
    copies = [f"\\copy {table} to '{folder / table}.copy' (format binary)" for table in ("orders", "customers")]
    audit = [*program, "run", *_RULES_ONLY]
    return {
        _COPY: ["psql", "--quiet", made.dsn, *(word for copy in copies for word in ("-c", copy))],
        _EXPORT: [*program, "export", "--dsn", made.dsn, "--parquet", "lake", "--quiet"],
        _POSTGRESQL: [*audit, "--dsn", made.dsn, "--out", "postgresql"],
        _FILES: [*audit, "--engine", "duckdb", "--lake", "lake", "--out", "files"],
        _LIVE: [*audit, "--engine", "duckdb", "--dsn", made.dsn, "--out", "live"],
    }


def lake_tables(document: Document) -> str:
    """The results as Markdown."""
    parts = []
    for size in document["sizes"]:
        rows = {it["name"]: it for it in size["rows"]}
        lines = [
            (name, decimal(it["wall"], 2), decimal(it["client"], 2), decimal(it["server"], 2),
             decimal(it["memory"] / 1e6, 0), {True: "equal", False: "different", None: ""}[it["equal"]])
            for name, it in rows.items()
        ]  # fmt: skip
        head = ("command", "seconds", "client CPU", "server CPU", "client memory, MB", "violations")
        used = {name: it["client"] + it["server"] for name, it in rows.items()}
        parts.append(
            f"### Parquet files and DuckDB, {size['tables'][0]:,} orders\n\n{grid(head, lines)}\n\n"
            f"The export takes {ratio(rows[_EXPORT]['wall'], rows[_COPY]['wall'])} times as long as COPY. By DuckDB,"
            f" the rules take {ratio(used[_FILES], used[_POSTGRESQL])} of PostgreSQL's CPU from files, and"
            f" {ratio(used[_LIVE], used[_POSTGRESQL])} from the database, with"
            f" {ratio(rows[_LIVE]['server'], rows[_POSTGRESQL]['server'])} of the server's."
        )
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
