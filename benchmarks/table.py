"""The tables of README.md, from the results that there are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.capacity_tables import capacity_table, planned
from benchmarks.history_tables import alarm_tables, format_tables, history_tables
from benchmarks.lake import lake_tables
from benchmarks.markdown import Document, decimal, grid, in_megabytes, in_seconds, ratio
from benchmarks.proposal_tables import large_tables, proposal_tables
from benchmarks.since_tables import since_tables
from benchmarks.targets import best_of, target_lines
from benchmarks.whole.page import size_tables

_README: Final = Path(__file__).parent / "README.md"
_BEGIN: Final = "<!-- results: written by python -m benchmarks -->\n"
_END: Final = "<!-- end of results -->"
#: Results of other commands than `python -m benchmarks`.
_MODULES: Final = {
    "proposals": "python -m benchmarks.proposals",
    "large": "python -m benchmarks.large_tables",
    "peers": "python -m benchmarks.peers",
    "since": "python -m benchmarks.since",
    "history": "python -m benchmarks.history",
    "anomalies": "python -m benchmarks.anomalies",
    "formats": "python -m benchmarks.formats",
    "whole": "python -m benchmarks.whole",
    "lake": "python -m benchmarks.lake",
}


def write(results: Path) -> None:
    """Put the tables between the marks."""
    documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}
    text = _README.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _README.write_text(before + _BEGIN + "\n" + tables(documents) + "\n" + _END + after, encoding="utf-8")


def tables(documents: dict[str, Document]) -> str:
    """All of it, as Markdown."""
    whole, compared = (_sizes(documents, name) for name in ("whole", "compare"))
    parts = [*map(size_tables, whole), *map(_compared, compared)]
    if scale := documents.get("scale"):
        parts.append("### Whole audits with all rules, by size\n\n" + _whole(scale["sizes"]))
    if faulty := documents.get("faulty"):
        parts.append("### A violation in every order\n\n" + _whole([faulty]))
    if load := documents.get("load"):
        parts.append(_loaded(load))
    if client := documents.get("client"):
        parts.append(_client(client))
    if mend := documents.get("mend"):
        parts.append(_mended(mend))
    if migrate := documents.get("migrate"):
        parts.append("\n\n".join(["### Migration to the proposed schema", *map(_life, migrate["lives"])]))
    if fill := documents.get("fill"):
        parts.append(_filled(fill))
    if plan := documents.get("plan"):
        parts.append(planned(plan))
    if capacity := documents.get("capacity"):
        parts.append(capacity_table(capacity))
    if proposals := documents.get("proposals"):
        parts.append(proposal_tables(proposals))
    if large := documents.get("large"):
        parts.append(large_tables(large))
    if since := documents.get("since"):
        parts.append(since_tables(since))
    if lake := documents.get("lake"):
        parts.append(lake_tables(lake))
    if history := documents.get("history"):
        parts.append(history_tables(history))
    if anomalies := documents.get("anomalies"):
        parts.append(alarm_tables(anomalies))
    if formats := documents.get("formats"):
        parts.append(format_tables(formats))
    if met := list(target_lines(compared[-1] if compared else None, documents)):
        parts.append("### Targets\n\n" + grid(("target", "wanted", "found", "met"), met))
    parts += _machines(documents)
    return "\n\n".join(parts) + "\n"


def _sizes(documents: dict[str, Document], name: str) -> list[Document]:
    """The documents of a measurement, smallest first."""
    found = [it for key, it in documents.items() if key.startswith(f"{name}-")]
    return sorted(found, key=lambda it: int(it["tables"][0]))


def _compared(document: Document) -> str:
    orders, customers = document["tables"]
    yardsticks = {rules: best_of(document, rules) for rules in ("16", "42")}
    lines: list[tuple[str, ...]] = []
    for row in document["rows"]:
        found = row["median"]
        if row["error"] or not found:
            lines.append((row["name"], row["rules"], row["error"] or "no run"))
            continue
        yardstick = yardsticks.get(row["rules"]) or {"wall": None, "database": None}
        lines.append(
            (
                row["name"],
                row["rules"],
                in_seconds(found["wall"]),
                in_seconds(found["database"]),
                ratio(found["wall"], yardstick["wall"]),
                ratio(found["database"], yardstick["database"]),
                in_seconds(found["cpu"]),
                in_megabytes(found["memory"]),
                in_megabytes(found["temp"]),
                decimal(found["statements"], 0),
                decimal(found["scans_of_orders"]),
                decimal(found["scans_of_customers"]),
                row["counts"],
            )
        )
    head = ("contender", "rules", "whole process, s", "in the database, s", "process / SQL", "database / SQL",
            "client CPU, s", "client memory, MB", "temporary files, MB", "statements", "scans of orders",
            "of customers", "counts")  # fmt: skip
    text = f"### {orders:,} orders, {customers:,} customers, each defect in {document['defects']:.1%}\n\n"
    text += f"Medians over {document['repeats']} round(s).\n\n" + grid(head, lines)
    control = [
        (name, in_seconds(it["wall"]), in_seconds(it["cpu"]), in_megabytes(it["memory"]))
        for name, it in document["controls"].items()
    ]
    return text + "\n\n" + grid(("control", "wall, s", "client CPU, s", "client memory, MB"), control)


def _whole(sizes: list[Document]) -> str:
    lines = []
    for size in sizes:
        found = size["median"]
        lines.append(
            (
                f"{size['tables'][0]:,}",
                in_seconds(found["wall"]),
                ratio(found["wall"], sizes[0]["median"]["wall"]),
                in_megabytes(found["memory"]),
                ratio(found["memory"], sizes[0]["median"]["memory"]),
                in_megabytes(found["temp"]),
            )
        )
    return grid(("orders", "wall, s", "ratio", "client memory, MB", "ratio", "temporary files, MB"), lines)


def _loaded(document: Document) -> str:
    quiet = document["phases"]["no audit"]
    lines = [
        (name, str(it["transactions"]), decimal(it["p50_ms"], 2), decimal(it["p99_ms"], 2),
         ratio(it["p50_ms"], quiet["p50_ms"]), ratio(it["p99_ms"], quiet["p99_ms"]))
        for name, it in document["phases"].items()
    ]  # fmt: skip
    left = "some" if document["left_over_backends"] else "none"
    return (
        f"### Short transactions during an audit, {document['tables'][0]:,} orders\n\n"
        f"{document['transactions_per_second']} transactions a second over {document['connections']} connections.\n\n"
        + grid(("during", "transactions", "p50, ms", "p99, ms", "p50 ratio", "p99 ratio"), lines)
        + f"\n\nRemaining backends afterwards: {left}."
    )


def _client(document: Document) -> str:
    lines = []
    for command, found in document["costs"].items():
        before = found[document["revision"]]
        for name, it in found.items():
            ratios = [ratio(it[number], before[number]) for number in ("cpu", "memory")]
            lines.append((command, name, decimal(it["cpu"], 3), ratios[0], in_megabytes(it["memory"]), ratios[1]))
    head = ("command", "revision", "client CPU, s", "ratio", "client memory, MB", "ratio")
    return f"### The program itself, on the sample data\n\nMedians over {document['repeats']} rounds.\n\n" + grid(
        head, lines
    )


def _mended(document: Document) -> str:
    return "### Fixes under load\n\n" + "\n\n".join(map(_case, document["cases"]))


def _case(document: Document) -> str:
    quiet = document["contenders"]["nothing"]
    lines = []
    for name, it in document["contenders"].items():
        changed = it["changed"]
        while_changing = it["changing"] or {"p99_ms": None}
        lines.append(
            (
                name,
                f"{changed:,.0f}" if changed else "–",
                decimal(it["seconds"], 2) if changed else "–",
                f"{changed / it['seconds']:,.0f}" if changed else "–",
                f"{it['transactions']:,}",
                decimal(it["p50_ms"], 2),
                decimal(it["p99_ms"], 2),
                decimal(while_changing["p99_ms"], 2),
                decimal(it["longest_ms"], 0),
                ratio(it["p99_ms"], quiet["p99_ms"]),
                decimal(it["growth"] / 1e6, 1),
                in_megabytes(it["memory"]) if it["memory"] else "–",
            )
        )
    head = ("how", "rows changed", "s", "rows/s", "short transactions", "p50, ms", "p99, ms",
            "p99 while rows change, ms", "longest, ms", "p99 ratio", "growth of the table, MB",
            "client memory, MB")  # fmt: skip
    which = "one in a hundred" if document["one_in"] > 1 else "all"
    return (
        f"{document['tables'][0]:,} orders, {which} of them with a wrong status; the table has"
        f" {document['heap'] / 1e6:,.0f} MB. A load of {document['transactions_per_second']} short transactions per"
        " second also lets it grow. The seconds are the time to find and change rows. The proof and counts before and"
        f" after take `fixes apply` {document['contenders']['order-audit fixes apply']['proof']:.0f} s more.\n\n"
        + grid(head, lines)
    )


def _filled(fill: Document) -> str:
    lines = [
        (
            name,
            f"{it['rows']:,}" if it["rows"] else "–",
            decimal(it["seconds"], 1),
            f"{it['rows'] / it['seconds']:,.0f}" if it["rows"] else "–",
            decimal(it["p50_ms"], 2),
            decimal(it["p99_ms"], 2),
            decimal(it["longest_ms"], 0),
            in_megabytes(it["bytes"]) if it["rows"] else "–",
            f"{it['dead']:,}" if it["rows"] else "–",
        )
        for name, it in fill["contenders"].items()
    ]
    head = ("how", "rows of the old tables", "s", "rows/s", "p50, ms", "p99, ms", "longest, ms", "new tables, MB",
            "dead rows in them")  # fmt: skip
    return (
        f"### Backfill alone\n\n{fill['tables'][0]:,} orders and {fill['tables'][1]:,} customers, under"
        f" {fill['transactions_per_second']} short transactions per second.\n\n" + grid(head, lines)
    )


def _life(document: Document) -> str:
    quiet = document["phases"]["no migration"]["old"]
    lines = []
    for name, it in document["phases"].items():
        old, new = it["old"], it["new"] or {"transactions": 0, "p50_ms": None, "p99_ms": None, "longest_ms": None}
        lines.append(
            (
                name,
                decimal(it["seconds"], 1),
                f"{old['transactions']:,}",
                decimal(old["p50_ms"], 2),
                decimal(old["p99_ms"], 2),
                decimal(old["longest_ms"], 0),
                ratio(old["p99_ms"], quiet["p99_ms"]),
                f"{new['transactions']:,}" if new["transactions"] else "–",
                decimal(new["p50_ms"], 2),
                decimal(new["p99_ms"], 2),
                decimal(new["longest_ms"], 0),
            )
        )
    head = ("phase", "s", "old side: transactions", "p50, ms", "p99, ms", "longest, ms", "p99 ratio",
            "new side: transactions", "p50, ms", "p99, ms", "longest, ms")  # fmt: skip
    failed = ", ".join(
        f"{times} with SQLSTATE {state} ({side} side, {what}, {phase})"
        for phase, side, what, state, times in document["errors"]
    )
    wrong = sum(number for number, _ in document["wrong"].values())
    changed = document["changed"]
    return (
        f"{document['tables'][0]:,} orders, {document['tables'][1]:,} customers, to {document['end']}:"
        f" {changed['transactions']:,} transactions, {document['rate']:g} a second over {document['clients']}"
        " connections."
        f" Failed: {failed or 'none'}. Rows that were not as written, or not on both sides, in"
        f" {len(document['wrong'])} comparisons: {wrong}.\n\n" + grid(head, lines)
    )


def _machines(documents: dict[str, Document]) -> Iterator[str]:
    """Yield each machine with its measurements."""
    found: dict[str, list[str]] = {}
    for name, document in documents.items():
        if "machine" in document:
            option = name.partition("-")[0]
            way = _MODULES.get(option) or f"--{option}"
            found.setdefault(_machine(document), []).append(f"`{way}`")
    for machine, names in found.items():
        yield f"{', '.join(dict.fromkeys(names))}: {machine}"


def _machine(document: Document) -> str:
    found = document["machine"]
    settings = ", ".join(f"`{name} = {value}`" for name, value in found["settings"].items())
    versions = ", ".join(f"{name} {value}" for name, value in document["versions"].items())
    return (
        f"measured on {found['cores']} cores ({found['processor']}), {found['memory_bytes'] / 2**30:.0f} GiB of memory,"
        f" {found['system']}, Python {found['python']}, PostgreSQL {found['postgresql']} with {settings};"
        f" {versions}."
    )
