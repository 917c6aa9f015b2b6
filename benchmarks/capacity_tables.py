"""The tables of the migration's capacity, and of its dry run."""

from __future__ import annotations

from benchmarks.markdown import Document, decimal, grid, in_megabytes, ratio
from benchmarks.targets import log_until_verify


def planned(document: Document) -> str:
    """What the dry run of the migration takes, by size."""
    head = ("orders", "load before", "s", "server CPU, s", "client CPU, s", "client memory, MB", "old tables, MB",
            "greatest growth of the disk space, MB", "over the old tables", "growth afterwards, MB",
            "written to temporary files, MB", "write-ahead log, MB", "over the old tables")  # fmt: skip
    lines = [
        (f"{it['tables'][0]:,}", decimal(it["load"]), decimal(it["wall"]), decimal(it["server"]), decimal(it["client"]),
         *(in_megabytes(it[name]) for name in ("memory", "old", "disk")), ratio(it["disk"], it["old"]),
         *(in_megabytes(it[name]) for name in ("left", "temporary", "log")), ratio(it["log"], it["old"]))
        for it in document["sizes"]
    ]  # fmt: skip
    return "### The dry run of `order-audit migrate plan`, without other sessions\n\n" + grid(head, lines)


def capacity_table(document: Document) -> str:
    """Time, disk and log of each step, by size."""
    sizes = document["sizes"]
    head = ("", *(f"{it['tables'][0]:,} orders" for it in sizes))
    lines = [(f"{step}, s", *(decimal(it["steps"][step]["seconds"], 1) for it in sizes)) for step in sizes[0]["steps"]]
    lines += [
        ("old tables, MB", *(in_megabytes(it["old"]) for it in sizes)),
        ("new tables before contract, MB", *(in_megabytes(it["new"]) for it in sizes)),
        ("the same, over the old tables", *(ratio(it["new"], it["old"]) for it in sizes)),
        ("new tables after retire, over these", *(ratio(it["final"], it["old"]) for it in sizes)),
        ("write-ahead log until verify, over these", *(ratio(log_until_verify(it), it["old"]) for it in sizes)),
        ("seconds of backfill and verify for a million rows",
         *(decimal(1e6 * sum(it["steps"][step]["seconds"] for step in ("backfill", "verify")) / sum(it["tables"]), 1)
           for it in sizes)),
    ]  # fmt: skip
    return "### Capacity of the migration, without other sessions\n\n" + grid(head, lines)
