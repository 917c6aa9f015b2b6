"""`python -m benchmarks.proposals`: how much of what `init` proposes from old public data holds on newer data.

Also the time of `init` and `profile` on a database of many tables. Writes results/proposals.json and the tables of
README.md.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import psycopg

from benchmarks import table, tables
from benchmarks.bed import machine, server
from benchmarks.compare import say, versions, write
from benchmarks.envs import install
from benchmarks.public_data import PACKAGES, SETS, DataSet, load
from order_audit.audit.analysis.relation_name import RelationName
from order_audit.audit.database import catalog
from order_audit.audit.database.server import Server
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.init.candidate import KINDS
from order_audit.audit.init.propose import Proposal, propose
from order_audit.audit.init.rule_files import RuleFile
from order_audit.audit.profiling.profile import profile
from tests.support import servers

#: Rules on the number of rows and the age of the newest say nothing about values.
_NOT_OF_VALUES: Final = ("row_count", "freshness")
_RESULTS: Final = Path(__file__).parent / "results"


def main() -> None:
    """Measure, write the result and the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.proposals", description=__doc__)
    parser.add_argument("--tables", type=int, default=500, help="tables of the database for the time; 0 for none")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--show", action="store_true", help="print each rule that does not hold")
    options = parser.parse_args()
    if why := install(PACKAGES):
        raise SystemExit(f"{PACKAGES.name}: {why}")
    with server() as running:
        document: dict[str, Any] = {"machine": machine(running), "versions": versions() | _packages()}
        document["sets"] = [_measured(running, data, show=options.show) for data in SETS]
        if options.tables:
            document["time"] = _time(running, options.tables, options.repeats)
    write(_RESULTS / "proposals.json", document)
    table.write(_RESULTS)


def _packages() -> dict[str, str]:
    return dict(package.split("==") for package in PACKAGES.packages)


def _measured(running: Server, data: DataSet, *, show: bool) -> dict[str, Any]:
    """Propose from the older half of a data set, and judge the rules of its tables with halves on the newer."""
    say(data.name)
    with servers.database(running) as old, servers.database(running) as new:
        with psycopg.connect(old) as connection:
            split = load(connection, data, 0)
        with psycopg.connect(new) as connection:
            load(connection, data, 1)
        with Snapshot(old) as snapshot:
            proposal = propose(snapshot.connection)
        kinds: dict[str, Counter[str]] = {}
        with Snapshot(new) as snapshot:
            for file in proposal.files:
                if file.first.table.name not in split or file.first.kind in _NOT_OF_VALUES:
                    continue
                counted = kinds.setdefault(KINDS[file.first.kind][1], Counter())
                counted["proposed"] += 1
                if broken := _broken(snapshot.connection, file):
                    if show:
                        print(f"{data.name}: {file.id}: {broken}\n{file.text}")
                    counted["failed"] += 1
    return {
        "name": data.name, "tables": len(split), "cutoff": data.cutoff, "kinds": {k: {**v} for k, v in kinds.items()},
        "files": len(proposal.files), "most_files": _most_files(proposal),
    }  # fmt: skip


def _most_files(proposal: Proposal) -> int:
    return max(Counter(file.area for file in proposal.files).values(), default=0)


def _broken(connection: psycopg.Connection, file: RuleFile) -> int:
    """How many violations a rule has on the newer half; 0 if old rows break it, too, and few of the newer do."""
    row = connection.execute(
        f"select (select count(*) from ({file.query}) as v), (select count(*) from {file.first.table.sql})".encode()
    ).fetchone()
    assert row is not None  # noqa: S101 - one row by construction
    broken, rows = row
    tolerated = Fraction(rows) * file.first.limit if any(it.broken for it in file.candidates) else 0
    return int(broken) if broken > tolerated else 0


def _time(running: Server, count: int, repeats: int) -> dict[str, Any]:
    """Seconds of `init` and `profile` on all tables of a database with many, in turns."""
    say(f"{count} tables")
    with servers.database(running) as dsn:
        with psycopg.connect(dsn, autocommit=True) as connection:
            made = tables.make(connection, count)
            connection.execute("analyze")
        seconds: dict[str, list[float]] = {"profile": [], "init": []}
        for turn in range(repeats + 1):
            say(f"round {turn} of {repeats}")
            for name, taken in seconds.items():
                with Snapshot(dsn) as snapshot:
                    before = time.perf_counter()
                    if name == "init":
                        files = len(propose(snapshot.connection).files)
                    else:
                        profiled(snapshot.connection)
                    if turn:
                        taken.append(time.perf_counter() - before)
    return {"tables": made, "files": files, "seconds": {name: statistics.median(it) for name, it in seconds.items()}}


def profiled(connection: psycopg.Connection) -> None:
    """Profile all tables."""
    names = connection.execute(
        "select n.nspname::text, c.relname::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^(pg_|information_schema)'"
    ).fetchall()
    profile(connection, catalog.relations(connection, [RelationName(*name) for name in names]).values())


if __name__ == "__main__":
    main()
