"""`python -m benchmarks`: measure, write results/*.json, and put the tables into README.md."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final

from benchmarks import table
from benchmarks.bed import Bed, bed, machine, server
from benchmarks.capacity import capacity, planned
from benchmarks.client import client_costs
from benchmarks.compare import compare, controls, medians, numbers, say, versions, write
from benchmarks.contenders import contenders, order_audit
from benchmarks.load import under_load
from benchmarks.measure import cost_with_server
from benchmarks.mend import ALL, FEW, mending
from benchmarks.migrate import filling, living
from order_audit.audit.database.server import Server

_RESULTS: Final = Path(__file__).parent / "results"


def main() -> None:
    """Run the requested measurements; without options, only generate the tables."""
    options = _options().parse_args()
    requested = (options.compare, options.scale, options.faulty, options.load, options.mend, options.migrate,
                 options.fill, options.client, options.capacity, options.plan)  # fmt: skip
    if any(requested):
        with server() as running:
            head = {"machine": machine(running), "versions": versions(), "repeats": options.repeats,
                    "seed": options.seed, "defects": options.defects}  # fmt: skip
            wanted = [it for it in contenders() if not any(word in it.name for word in options.without)]
            for orders in options.compare:
                with _bed(running, orders, options) as made:
                    rows = compare(made, wanted, options.repeats)
                    found = {"rows": [row.json() for row in rows], "controls": controls(running, options.repeats)}
                write(_RESULTS / f"compare-{orders}.json", head | {"tables": made.rows} | found)
            if options.scale:
                sizes = []
                for orders in options.scale:
                    with _bed(running, orders, options) as made:
                        sizes.append({"tables": made.rows, **_whole(made, options.repeats)})
                write(_RESULTS / "scale.json", head | {"sizes": sizes})
            if options.faulty:
                with _bed(running, options.faulty, options, defects=1.0) as made:
                    write(_RESULTS / "faulty.json",
                          head | {"defects": 1.0, "tables": made.rows, **_whole(made, options.repeats)})  # fmt: skip
            if options.load:
                with _bed(running, options.load, options) as made:
                    write(_RESULTS / "load.json", head | {"tables": made.rows, **under_load(made, options.repeats)})
            if options.mend:
                cases = []
                for orders, one_in in ((options.mend, FEW), (max(1, options.mend // 5), ALL)):
                    with _bed(running, orders, options, defects=0.0) as made:
                        cases.append({"tables": made.rows, **mending(running, made, one_in, options.repeats)})
                write(_RESULTS / "mend.json", head | {"cases": cases})
            if options.client:
                found = client_costs(running, options.client, options.repeats)
                write(_RESULTS / "client.json", head | found)
            if options.migrate:
                write(_RESULTS / "migrate.json", head | {"lives": _migrated(running, options)})
            if options.fill:
                with _bed(running, options.fill, options, defects=0.0) as made:
                    write(_RESULTS / "fill.json", head | {"tables": made.rows, **filling(running, made)})
            if options.plan:
                plans = []
                for orders in options.plan:
                    with _bed(running, orders, options, defects=0.0) as made:
                        plans.append(planned(running, made))
                write(_RESULTS / "plan.json", head | {"sizes": plans})
            if options.capacity:
                sizes = []
                for orders in options.capacity:
                    with _bed(running, orders, options, defects=0.0) as made:
                        sizes.append(capacity(made))
                    write(_RESULTS / "capacity.json", head | {"sizes": sizes})
    table.write(_RESULTS)


def _bed(
    running: Server, orders: int, options: argparse.Namespace, defects: float | None = None
) -> AbstractContextManager[Bed]:
    say(f"generating {orders} orders")
    return bed(running, orders, seed=options.seed, defects=options.defects if defects is None else defects)


def _migrated(running: Server, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Measure the migration with a rollback at one size, and to the end at a fifth of it."""
    lives = []
    for orders, end in ((options.migrate, "rollback"), (max(1, options.migrate // 5), "contract")):
        with _bed(running, orders, options, defects=0.0) as made:
            lives.append({"tables": made.rows, **living(made, end)})
    return lives


def _whole(made: Bed, repeats: int) -> dict[str, Any]:
    """Measure whole audits with all rules."""
    runs = []
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        for turn in range(repeats + 1):
            say(f"round {turn} of {repeats}: order-audit run on {made.orders} orders")
            used = numbers(cost_with_server(made.dsn, made.rows, order_audit(made, Path(folder))))
            if turn:
                runs.append(used)
    return {"runs": runs, "median": medians(runs)}


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    sizes: Any = {"type": int, "nargs": "+", "default": [], "metavar": "ORDERS"}
    parser.add_argument("--compare", **sizes, help="all contenders side by side, at each of these sizes")
    parser.add_argument("--scale", **sizes, help="audits with all rules at these sizes, smallest first")
    parser.add_argument("--faulty", type=int, metavar="ORDERS", help="an audit with a violation in every order")
    parser.add_argument("--load", type=int, metavar="ORDERS", help="short transactions without and with an audit")
    parser.add_argument(
        "--mend",
        type=int,
        metavar="ORDERS",
        help="fixes of one order in a hundred, and of all orders in a fifth as many, under load",
    )
    parser.add_argument(
        "--migrate",
        type=int,
        metavar="ORDERS",
        help="the migration to the proposed schema and back, under the load of old and new applications",
    )
    parser.add_argument("--fill", type=int, metavar="ORDERS", help="the backfill, and one INSERT … SELECT, under load")
    parser.add_argument("--plan", **sizes, help="disk, log and time of `migrate plan`, at these sizes")
    parser.add_argument("--capacity", **sizes, help="disk, log and time of each step of the migration, at these sizes")
    parser.add_argument("--repeats", type=int, default=3, help="measured rounds, after one warm-up [3]")
    parser.add_argument(
        "--defects", type=float, default=0.001, help="share of the rows with each kind of defect [0.001]"
    )
    parser.add_argument("--client", metavar="REV", help="the program's own CPU and memory, and those of a revision")
    parser.add_argument("--seed", type=int, default=1, help="of the generated data [1]")
    parser.add_argument("--without", nargs="*", default=[], metavar="NAME", help="contenders to exclude")
    return parser


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
