"""The targets, and whether the results meet them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from benchmarks.markdown import Document, decimal

_HAND: Final = "SQL by hand"
_OURS: Final = "order-audit run"
#: The longest that a transaction of an application may take during a migration, in seconds. tests/migrate/test_live.py
#: asks for the same, and scenario/proposed/decision.md states it.
LONGEST_S: Final = 1


def target_lines(document: Document | None, documents: dict[str, Document]) -> Iterable[tuple[str, ...]]:
    """Of each target: what, how much at most, what was measured, and whether that meets it."""

    def line(name: str, found: float | None, wanted: float, unit: str = "", least: bool = False) -> tuple[str, ...]:
        met = "not measured" if found is None else "yes" if (found >= wanted if least else found <= wanted) else "no"
        return (
            name,
            f"{'at least' if least else 'at most'} {wanted:g}{unit}",
            decimal(found, 2) + unit * (found is not None),
            met,
        )

    if document:
        for rules, number, limit in (("16", "database", 1.0), ("16", "wall", 1.3), ("42", "database", 1.1)):
            what = "time in the database" if number == "database" else "whole process"
            for way in ("parallel workers", "two connections"):
                found = _over(_row(document, _OURS, rules), _row(document, f"{_HAND}, {way}", rules), number)
                yield line(f"{rules} rules, {what}, over SQL by hand, {way}", found, limit)
        for name, limit in (("Great Expectations", 4.5), ("dbt", 2.0), ("Soda Core 3", 1.5), ("Soda Core 4", 1.5)):
            found = _over(_row(document, name, "16"), _row(document, _OURS, "16"), "wall")
            yield line(f"16 rules, whole process, {name} over ours", found, limit, least=True)
        for name, limit in (("order-audit --help", 0.3), ("order-audit run on the sample", 4.0)):
            yield line(name, document["controls"][name]["wall"], limit, " s")
    if (scale := documents.get("scale")) and len(scale["sizes"]) > 1:
        small, large = scale["sizes"][0]["median"], scale["sizes"][-1]["median"]
        sizes = f"{scale['sizes'][-1]['tables'][0]:,} orders over {scale['sizes'][0]['tables'][0]:,}"
        yield line(f"time, {sizes}", _over(large, small, "wall"), 11)
        yield line(f"client memory, {sizes}", _over(large, small, "memory"), 1.1)
        yield line("client memory at the larger", large["memory"] / 1e6, 300, " MB")
        yield line("temporary files at the larger", large["temp"] / 1e9, 2, " GB")
    if client := documents.get("client"):
        before, now = (client["costs"]["run"][name] for name in (client["revision"], "now"))
        yield line(f"run on the sample, client CPU, over {client['revision']}", _over(now, before, "cpu"), 0.5)
        yield line("the same: client memory", _over(now, before, "memory"), 0.55)
    if mend := documents.get("mend"):
        few, whole = (it["contenders"] for it in mend["cases"])
        ours, plain, quiet = (few[name] for name in ("order-audit fixes apply", "one UPDATE", "nothing"))
        speed = (ours["changed"] / ours["seconds"]) / (plain["changed"] / plain["seconds"])
        yield line("fixes of one order in a hundred: rows per second, over one UPDATE", speed, 0.8, least=True)
        alone = f"(without fixes: {quiet['p99_ms']:.2f} ms)"
        yield line(f"the same: p99 of short transactions {alone}", ours["p99_ms"], 7, " ms")
        for case, what in zip(mend["cases"], ("the same", "fixes of all orders"), strict=True):
            growth = case["contenders"]["order-audit fixes apply"]["growth"] / case["heap"]
            yield line(f"{what}: growth of the table, over the table", growth, 0.2)
        memory = _over(whole["order-audit fixes apply"], ours, "memory")
        rows = whole["order-audit fixes apply"]["changed"] / ours["changed"]
        yield line(f"client memory for {rows:.0f} times as many rows, over that", memory, 1.1)
    if migrate := documents.get("migrate"):
        phases = migrate["lives"][0]["phases"]
        quiet = phases["no migration"]["old"]
        sides = [(name, it[side]) for name, it in phases.items() for side in ("old", "new") if it[side]]
        orders = f"{migrate['lives'][0]['tables'][0]:,} orders"
        longer = {name: _over(it["old"], quiet, "p99_ms") or 0.0 for name, it in phases.items()}
        for name in ("backfill", "verify", "switched"):
            yield line(f"migration of {orders}: p99 of old applications, {name}, over none", longer.get(name), 1.7)
        longest = max(found["longest_ms"] for name, found in sides if name != "no migration")
        yield line("the same: longest transaction", longest / 1000, LONGEST_S, " s")
        blocked = max(found["longest_ms"] for name, found in sides if name == "switch")
        yield line("the same: longest transaction around the switch", blocked, 200, " ms")
        failed = sum(error[-1] for life in migrate["lives"] for error in life["errors"])
        yield line("failed transactions", failed, 0)
        yield line(
            "rows not as written",
            sum(number for life in migrate["lives"] for number, _ in life["wrong"].values()),
            0,
        )
    if capacity := documents.get("capacity"):
        largest = capacity["sizes"][-1]
        orders = f"migration of {largest['tables'][0]:,} orders"
        yield line(f"{orders}: new tables with indexes, over the old ones", largest["new"] / largest["old"], 1.6)
        yield line(f"{orders}: write-ahead log, over the old tables", log_until_verify(largest) / largest["old"], 4)
    if fill := documents.get("fill"):
        plain, ours = (it["rows"] / it["seconds"] for it in fill["contenders"].values() if it["rows"])
        yield line("backfill: rows per second, over one INSERT … SELECT for each table", ours / plain, 0.7, least=True)
    if load := documents.get("load"):
        gentle = load["phases"].get("order-audit run --gentle")
        yield line("p99 of short transactions with --gentle", _over(gentle, load["phases"]["no audit"], "p99_ms"), 1.2)


def log_until_verify(size: Document) -> int:
    """Return the bytes of write-ahead log of the steps that copy and compare."""
    return sum(size["steps"][step]["log"] for step in ("expand", "prepare", "synchronise", "backfill", "verify"))


def _row(document: Document, name: str, rules: str) -> dict[str, Any] | None:
    for row in document["rows"]:
        if row["name"] == name and row["rules"] == rules and not row["error"]:
            return row["median"] or None
    return None


def best_of(document: Document, rules: str) -> dict[str, Any] | None:
    """The hand-written SQL by whichever way of running it is the faster, in each of the two times."""
    found = [
        row["median"]
        for row in document["rows"]
        if row["name"].startswith(_HAND) and row["rules"] == rules and row["median"]
    ]
    return {number: min(it[number] for it in found) for number in ("wall", "database")} if found else None


def _over(one: dict[str, Any] | None, other: dict[str, Any] | None, number: str) -> float | None:
    if one is None or other is None or one[number] is None or other[number] is None:
        return None
    return float(one[number] / other[number])
