"""The tables of README.md, from the results that there are."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

_README: Final = Path(__file__).parent / "README.md"
_BEGIN: Final = "<!-- results: written by python -m benchmarks -->\n"
_END: Final = "<!-- end of results -->"
_HAND: Final = "SQL by hand"
_OURS: Final = "order-audit run"

Document = dict[str, Any]


def write(results: Path) -> None:
    """Put the tables between the marks."""
    documents = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(results.glob("*.json"))}
    text = _README.read_text(encoding="utf-8")
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _README.write_text(before + _BEGIN + "\n" + tables(documents) + "\n" + _END + after, encoding="utf-8")


def tables(documents: dict[str, Document]) -> str:
    """All of it, as Markdown."""
    compared = sorted(
        (it for name, it in documents.items() if name.startswith("compare-")), key=lambda it: it["tables"][0]
    )
    parts = [*map(_compared, compared)]
    if scale := documents.get("scale"):
        parts.append("### Whole audits by all rules, by size\n\n" + _whole(scale["sizes"]))
    if faulty := documents.get("faulty"):
        parts.append("### Every order violates something\n\n" + _whole([faulty]))
    if load := documents.get("load"):
        parts.append(_loaded(load))
    if client := documents.get("client"):
        parts.append(_client(client))
    if mend := documents.get("mend"):
        parts.append(_mended(mend))
    if migrate := documents.get("migrate"):
        parts.append("\n\n".join(["### The way to the proposed schema", *map(_life, migrate["lives"])]))
    if fill := documents.get("fill"):
        parts.append(_filled(fill))
    if met := list(_targets(compared[-1] if compared else None, documents)):
        parts.append("### Targets\n\n" + _markdown(("target", "wanted", "found", "met"), met))
    parts += _machines(documents)
    return "\n\n".join(parts) + "\n"


def _compared(document: Document) -> str:
    orders, customers = document["tables"]
    yardsticks = {rules: _best(document, rules) for rules in ("16", "42")}
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
                _seconds(found["wall"]),
                _seconds(found["database"]),
                _ratio(found["wall"], yardstick["wall"]),
                _ratio(found["database"], yardstick["database"]),
                _seconds(found["cpu"]),
                _megabytes(found["memory"]),
                _megabytes(found["temp"]),
                _number(found["statements"], 0),
                _number(found["scans_of_orders"]),
                _number(found["scans_of_customers"]),
                row["counts"],
            )
        )
    head = ("contender", "rules", "whole process, s", "in the database, s", "process / SQL", "database / SQL",
            "client CPU, s", "client memory, MB", "temporary files, MB", "statements", "scans of orders",
            "of customers", "counts")  # fmt: skip
    text = f"### {orders:,} orders, {customers:,} customers, each defect in {document['defects']:.1%}\n\n"
    text += f"Medians over {document['repeats']} round(s).\n\n" + _markdown(head, lines)
    control = [
        (name, _seconds(it["wall"]), _seconds(it["cpu"]), _megabytes(it["memory"]))
        for name, it in document["controls"].items()
    ]
    return text + "\n\n" + _markdown(("control", "wall, s", "client CPU, s", "client memory, MB"), control)


def _whole(sizes: list[Document]) -> str:
    lines = []
    for size in sizes:
        found = size["median"]
        lines.append(
            (
                f"{size['tables'][0]:,}",
                _seconds(found["wall"]),
                _ratio(found["wall"], sizes[0]["median"]["wall"]),
                _megabytes(found["memory"]),
                _ratio(found["memory"], sizes[0]["median"]["memory"]),
                _megabytes(found["temp"]),
            )
        )
    return _markdown(("orders", "wall, s", "ratio", "client memory, MB", "ratio", "temporary files, MB"), lines)


def _loaded(document: Document) -> str:
    quiet = document["phases"]["no audit"]
    lines = [
        (name, str(it["transactions"]), _number(it["p50_ms"], 2), _number(it["p99_ms"], 2),
         _ratio(it["p50_ms"], quiet["p50_ms"]), _ratio(it["p99_ms"], quiet["p99_ms"]))
        for name, it in document["phases"].items()
    ]  # fmt: skip
    left = "some were" if document["left_over_backends"] else "none was"
    return (
        f"### Short transactions during an audit, {document['tables'][0]:,} orders\n\n"
        f"{document['transactions_per_second']} transactions a second over {document['connections']} connections.\n\n"
        + _markdown(("during", "transactions", "p50, ms", "p99, ms", "p50 ratio", "p99 ratio"), lines)
        + f"\n\nBackends left over afterwards: {left}."
    )


def _client(document: Document) -> str:
    lines = []
    for command, found in document["costs"].items():
        before = found[document["revision"]]
        for name, it in found.items():
            ratios = [_ratio(it[number], before[number]) for number in ("cpu", "memory")]
            lines.append((command, name, _number(it["cpu"], 3), ratios[0], _megabytes(it["memory"]), ratios[1]))
    head = ("command", "revision", "client CPU, s", "ratio", "client memory, MB", "ratio")
    return f"### The program itself, on the sample data\n\nMedians over {document['repeats']} rounds.\n\n" + _markdown(
        head, lines
    )


def _mended(document: Document) -> str:
    return "### Orders put right under load\n\n" + "\n\n".join(map(_case, document["cases"]))


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
                _number(it["seconds"], 2) if changed else "–",
                f"{changed / it['seconds']:,.0f}" if changed else "–",
                f"{it['transactions']:,}",
                _number(it["p50_ms"], 2),
                _number(it["p99_ms"], 2),
                _number(while_changing["p99_ms"], 2),
                _number(it["longest_ms"], 0),
                _ratio(it["p99_ms"], quiet["p99_ms"]),
                _number(it["growth"] / 1e6, 1),
                _megabytes(it["memory"]) if it["memory"] else "–",
            )
        )
    head = ("how", "rows changed", "s", "rows/s", "short transactions", "p50, ms", "p99, ms",
            "p99 while rows change, ms", "longest, ms", "p99 ratio", "growth of the table, MB",
            "client memory, MB")  # fmt: skip
    which = "one in a hundred" if document["one_in"] > 1 else "all"
    return (
        f"{document['tables'][0]:,} orders, {which} of them wrong in their status; the table has"
        f" {document['heap'] / 1e6:,.0f} MB. There are {document['transactions_per_second']} short transactions a"
        " second meanwhile, which make it grow too. Seconds are those of finding and changing the rows; the checksums"
        " before and after, and counting what there is to do, take `fixes apply`"
        f" {document['contenders']['order-audit fixes apply']['proof']:.0f} s more.\n\n" + _markdown(head, lines)
    )


def _filled(fill: Document) -> str:
    lines = [
        (
            name,
            f"{it['rows']:,}" if it["rows"] else "–",
            _number(it["seconds"], 1),
            f"{it['rows'] / it['seconds']:,.0f}" if it["rows"] else "–",
            _number(it["p50_ms"], 2),
            _number(it["p99_ms"], 2),
            _number(it["longest_ms"], 0),
            _megabytes(it["bytes"]) if it["rows"] else "–",
            f"{it['dead']:,}" if it["rows"] else "–",
        )
        for name, it in fill["contenders"].items()
    ]
    head = ("how", "rows of the old tables", "s", "rows/s", "p50, ms", "p99, ms", "longest, ms", "new tables, MB",
            "dead rows in them")  # fmt: skip
    return (
        f"### The backfill by itself\n\n{fill['tables'][0]:,} orders and {fill['tables'][1]:,} customers, with"
        f" {fill['transactions_per_second']} short transactions a second meanwhile.\n\n" + _markdown(head, lines)
    )


def _life(document: Document) -> str:
    quiet = document["phases"]["no migration"]["old"]
    lines = []
    for name, it in document["phases"].items():
        old, new = it["old"], it["new"] or {"transactions": 0, "p50_ms": None, "p99_ms": None, "longest_ms": None}
        lines.append(
            (
                name,
                _number(it["seconds"], 1),
                f"{old['transactions']:,}",
                _number(old["p50_ms"], 2),
                _number(old["p99_ms"], 2),
                _number(old["longest_ms"], 0),
                _ratio(old["p99_ms"], quiet["p99_ms"]),
                f"{new['transactions']:,}" if new["transactions"] else "–",
                _number(new["p50_ms"], 2),
                _number(new["p99_ms"], 2),
                _number(new["longest_ms"], 0),
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
        f" {len(document['wrong'])} comparisons: {wrong}.\n\n" + _markdown(head, lines)
    )


def _targets(document: Document | None, documents: dict[str, Document]) -> Iterable[tuple[str, ...]]:
    def line(name: str, found: float | None, wanted: float, unit: str = "", least: bool = False) -> tuple[str, ...]:
        met = "not measured" if found is None else "yes" if (found >= wanted if least else found <= wanted) else "no"
        return (
            name,
            f"{'at least' if least else 'at most'} {wanted:g}{unit}",
            _number(found, 2) + unit * (found is not None),
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
        worst = max((_over(it["old"], quiet, "p99_ms") or 0.0 for name, it in phases.items()), default=None)
        yield line(f"migration of {orders}: p99 of old applications in the worst phase, over none", worst, 1.5)
        longest = max(found["longest_ms"] for name, found in sides if name != "no migration")
        yield line("the same: longest transaction", longest / 1000, 1, " s")
        blocked = max(found["longest_ms"] for name, found in sides if name == "switch")
        yield line("the same: longest transaction around the switch", blocked, 200, " ms")
        failed = sum(error[-1] for life in migrate["lives"] for error in life["errors"])
        yield line("failed transactions", failed, 0)
        yield line(
            "rows not as written",
            sum(number for life in migrate["lives"] for number, _ in life["wrong"].values()),
            0,
        )
    if fill := documents.get("fill"):
        plain, ours = (it["rows"] / it["seconds"] for it in fill["contenders"].values() if it["rows"])
        yield line("backfill: rows per second, over one INSERT … SELECT for each table", ours / plain, 0.7, least=True)
    if load := documents.get("load"):
        gentle = load["phases"].get("order-audit run --gentle")
        yield line("p99 of short transactions with --gentle", _over(gentle, load["phases"]["no audit"], "p99_ms"), 1.2)


def _row(document: Document, name: str, rules: str) -> dict[str, Any] | None:
    for row in document["rows"]:
        if row["name"] == name and row["rules"] == rules and not row["error"]:
            return row["median"] or None
    return None


def _best(document: Document, rules: str) -> dict[str, Any] | None:
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


def _machines(documents: dict[str, Document]) -> Iterator[str]:
    """Each machine, and what was measured on it."""
    found: dict[str, list[str]] = {}
    for name, document in documents.items():
        if "machine" in document:
            found.setdefault(_machine(document), []).append(f"`--{name.partition('-')[0]}`")
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


def _markdown(head: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    def shown(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join([*cells, *[""] * (len(head) - len(cells))]).replace("\n", " ") + " |"

    return "\n".join([shown(head), shown(tuple("---" for _ in head)), *map(shown, lines)])


def _number(value: float | None, places: int = 1) -> str:
    return "–" if value is None else f"{value:.{places}f}"


def _scaled(by: float, places: int) -> Callable[[float | None], str]:
    return lambda value: "–" if value is None else f"{value / by:.{places}f}"


_seconds: Final = _scaled(1, 2)
_megabytes: Final = _scaled(1e6, 0)


def _ratio(one: float | None, other: float | None) -> str:
    return "–" if one is None or not other else f"{one / other:.2f}"
