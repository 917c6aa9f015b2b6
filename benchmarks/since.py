"""`python -m benchmarks.since`: what an audit since an earlier one costs, beside audits of all rows.

Rounds of: an audit of all rows by an earlier revision, one by this one, one that also keeps its state; then changes of
some rows, an audit since that one, and one of all rows, whose violations must be the same. Seconds are of processors,
of the client and of the server together, so that other work on the machine counts little. Writes results/since.json
and the tables of README.md.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks import table
from benchmarks.bed import bed, machine, server
from benchmarks.changes import SHARES, change, without_autovacuum
from benchmarks.client import checked_out, module
from benchmarks.compare import say, versions, write
from benchmarks.measure import Cost, FailedError, cost, server_seconds
from order_audit.audit.database.server import Server

_ROOT: Final = Path(__file__).parents[1]
_RESULTS: Final = Path(__file__).parent / "results"


def main() -> None:
    """Measure, write the result and the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.since", description=__doc__)
    parser.add_argument("--orders", type=int, nargs="+", default=[2_000_000], help="sizes")
    parser.add_argument("--repeats", type=int, default=3, help="rounds; the result has medians")
    parser.add_argument("--revision", default="6e6f6b3", help="the revision to compare with")
    parser.add_argument("--defects", type=float, default=0.001, help="rate of labelled defects")
    given = parser.parse_args()
    with server() as running, tempfile.TemporaryDirectory(prefix="bench-since-") as folder:
        earlier = checked_out(given.revision, Path(folder) / "earlier")
        sizes = [_size(running, Path(folder), earlier, orders, given.repeats, given.defects) for orders in given.orders]
        document = {"machine": machine(running), "versions": versions(), "revision": given.revision, "sizes": sizes}
    write(_RESULTS / "since.json", document)
    table.write(_RESULTS)


def _size(running: Server, folder: Path, earlier: Path, orders: int, repeats: int, defects: float) -> dict[str, Any]:
    """Return the medians of one size."""
    found: dict[str, list[dict[str, float]]] = {}
    changed: dict[str, dict[str, int]] = {}
    with bed(running, orders, defects=defects) as made:
        without_autovacuum(made.dsn)
        for turn in range(1, repeats + 1):
            say(f"{orders:,} orders, round {turn} of {repeats}")
            out = folder / "out"
            found.setdefault("earlier", []).append(_run(running, made.dsn, earlier, out, "--no-lint", "--no-profile"))
            for place, share in enumerate(SHARES):
                first, second, whole = (folder / f"{name}-{share}" for name in ("first", "second", "whole"))
                kept = _run(running, made.dsn, _ROOT, first, "--no-lint", "--no-profile", "--state")
                kept["state_bytes"] = sum(it.stat().st_size for it in (first / "state").iterdir())
                found.setdefault("with state", []).append(kept)
                changed[str(share)] = change(made.dsn, share, len(SHARES) * (turn - 1) + place)
                words = ("--no-lint", "--no-profile")
                found.setdefault(f"since {share}", []).append(
                    _run(running, made.dsn, _ROOT, second, *words, "--since", str(first))
                )
                found.setdefault("full", []).append(_run(running, made.dsn, _ROOT, whole, *words))
                if (second / "violations.csv").read_bytes() != (whole / "violations.csv").read_bytes():
                    raise FailedError("the audit since the earlier one has found other violations")
    return {
        "orders": orders,
        "customers": made.rows[1],
        "repeats": repeats,
        "changed": changed,
        "costs": {
            name: {number: median(run[number] for run in runs) for number in runs[0]} for name, runs in found.items()
        },
    }


def _run(running: Server, dsn: str, tree: Path, out: Path, *words: str) -> dict[str, float]:
    """Return what an audit by the program in a folder costs."""
    before = server_seconds(running, dsn)
    command = [sys.executable, "-m", module(tree), "run", "--dsn", dsn, "--out", str(out), "--quiet",
               "--fail-on", "never", *words]  # fmt: skip
    used: Cost = cost(command, env={"PYTHONPATH": str(tree)}, cwd=out.parent)
    server = server_seconds(running, dsn) - before
    return {"wall": used.wall, "client": used.cpu, "server": server, "memory": used.memory}


if __name__ == "__main__":
    try:
        main()
    except (FailedError, subprocess.CalledProcessError) as error:
        sys.exit(f"benchmarks.since: {error}")
