"""`python -m benchmarks.whole`: what a user waits for, at several sizes, beside SQL by hand and other tools.

Writes whole-ORDERS.json for each size. Compares the ratios with those of benchmarks/results for the same size, and
prints a line for each that is worse by more than a fifth; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import table
from benchmarks.bed import machine, server
from benchmarks.client import checked_out
from benchmarks.compare import say, versions, write
from benchmarks.whole.page import RESULTS
from benchmarks.whole.ratios import faults, not_measured, regressions
from benchmarks.whole.rounds import measure


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="python -m benchmarks.whole", description=__doc__)
    found.add_argument("--orders", type=int, nargs="+", default=[200_000], help="sizes [200000]")
    found.add_argument("--repeats", type=int, default=3, help="rounds that count, after one that does not [3]")
    found.add_argument("--minutes", type=float, help="begin no round that would end later, per size")
    found.add_argument("--out", type=Path, default=RESULTS, help="folder for the results [benchmarks/results]")
    found.add_argument(
        "--without",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME",
        help="rows to exclude, by a part of their name",
    )
    found.add_argument("--revision", default="6e6f6b3", help="the earlier revision [6e6f6b3]")
    found.add_argument("--seed", type=int, default=1, help="of the generated data [1]")
    found.add_argument("--defects", type=float, default=0.001, help="share of rows with each kind of defect [0.001]")
    return found


def main() -> int:
    """Measure each size; return the exit code."""
    given = parser().parse_args()
    wrong = 0
    with server() as running, tempfile.TemporaryDirectory(prefix="bench-whole-") as folder:
        earlier = _tree(given.revision, Path(folder) / "earlier")
        head = {"machine": machine(running), "versions": versions(), "revision": given.revision, "seed": given.seed,
                "defects": given.defects}  # fmt: skip
        for orders in given.orders:
            own = Path(folder) / str(orders)
            own.mkdir()
            found = measure(running, own, orders, earlier, repeats=given.repeats,
                            seconds=given.minutes and 60 * given.minutes, without=given.without, seed=given.seed,
                            defects=given.defects)  # fmt: skip
            wrong += _judged(orders, head | found)
            write(given.out / f"whole-{orders}.json", head | found)
    if given.out == RESULTS:
        table.write(RESULTS)
        say("the tables of docs/performance.md follow with `make fix`")
    return 1 if wrong else 0


def _tree(revision: str, folder: Path) -> Path | None:
    try:
        return checked_out(revision, folder)
    except (subprocess.CalledProcessError, OSError):
        return None


def _judged(orders: int, found: dict[str, Any]) -> int:
    """Print what is wrong with the results of a size, beside the committed ones; return the number of lines."""
    print(f"{orders:,} orders: {found['repeats']} round(s) in {found['seconds']:.0f} s")
    lines = list(faults(found))
    committed = RESULTS / f"whole-{orders}.json"
    if not committed.exists():
        print(f"{orders:,} orders: no committed results of this size to compare with")
    else:
        before = json.loads(committed.read_text(encoding="utf-8"))
        for name in not_measured(found, before):
            print(f"{orders:,} orders: not measured: {name}")
        try:
            worse = regressions(found, before)
        except ValueError as error:
            print(f"{orders:,} orders: not compared with the committed results: {error}")
        else:
            lines += worse
            if not worse:
                print(f"{orders:,} orders: no ratio is worse than the committed one by more than a fifth")
    for line in lines:
        print(f"{orders:,} orders: {line}")
    return len(lines)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped then, too
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
