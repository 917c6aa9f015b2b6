"""Tables of the results: for benchmarks/README.md, and by cog for docs/performance.md."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.markdown import Document, decimal, grid, in_megabytes, in_seconds, ratio
from benchmarks.whole import rows
from benchmarks.whole.rows import Place, cpu, median_of
from benchmarks.whole.targets import TARGETS, Target

RESULTS: Final = Path(__file__).parents[1] / "results"
_GROUPS: Final = {
    rows.SIXTEEN: "The 16 rules that all tools can express",
    rows.ALL: "All 42 rules, without lint and profile",
    rows.COMMANDS: "Commands as users enter them",
    rows.SECOND: "Second audit: all 42 rules, without lint and profile",
    rows.FIXES: "Fixes of one order in a hundred",
    rows.SAMPLE: "Sample data (10 orders), default `run`",
}
#: By group, what the CPU of each row is divided by.
_BASES: Final[dict[str, Place]] = {
    rows.SIXTEEN: (rows.SIXTEEN, rows.HAND),
    rows.ALL: (rows.ALL, rows.HAND),
    rows.COMMANDS: (rows.ALL, rows.RUN),
    rows.SECOND: (rows.ALL, rows.EARLIER),
    rows.FIXES: (rows.FIXES, rows.APPLY_EARLIER),
    rows.SAMPLE: (rows.SAMPLE, rows.EARLIER),
}
_HEAD: Final = ("command", "wall, s", "client CPU, s", "server CPU, s", "ratio", "client memory, MB", "")
#: What a second audit takes where there is no incremental form of it: the time of these, measured after the change.
_WHOLE_AGAIN: Final = (
    (rows.ALL, rows.HAND), (rows.ALL, rows.RUN), (rows.ALL, rows.EARLIER),
    *((rows.SIXTEEN, name) for name in rows.PEERS),
)  # fmt: skip


def documents(results: Path = RESULTS) -> list[Document]:
    """The results of all sizes, smallest first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in results.glob("whole-*.json")]
    return sorted(found, key=lambda it: it["tables"][0])


def size_tables(document: Document) -> str:
    """All rows of one size."""
    orders, customers = document["tables"]
    parts = [
        f"### Whole commands: {orders:,} orders, {customers:,} customers\n\n"
        f"Whole processes, medians of {document['repeats']} round(s). The ratio is that of all CPU, client and server,"
        " to the row with 1.00, or to the row that the title names. Every audit of the orders ran after 0.1% of them"
        f" had changed. The earlier revision is {document['revision']}. The load average was {document['load']:.1f} at"
        " the start."
    ]
    for group, title in _GROUPS.items():
        base = cpu(median_of(document, _BASES[group]))
        if _BASES[group][0] != group:
            title += f"; the ratio is to {_BASES[group][1]}, {_BASES[group][0]}"
        names = sorted((row["name"] for row in document["rows"] if row["group"] == group), key=_rank)
        lines = [_line(document, (group, name), base) for name in names]
        if group == rows.SECOND:
            lines += [_line(document, place, base, f"{place[1]}, {place[0]}, all again") for place in _WHOLE_AGAIN
                      if median_of(document, place)]  # fmt: skip
        parts.append(f"{title}.\n\n{grid(_HEAD, lines)}")
    parts.append(_changes(document))
    return "\n\n".join(parts)


def _rank(name: str) -> int:
    """What is compared with first, then the program; the others as they were measured."""
    first = ("SQL by hand", rows.UPDATE, "order-audit")
    return next((number for number, begin in enumerate(first) if name.startswith(begin)), len(first))


def _line(document: Document, place: Place, base: float | None, name: str = "") -> tuple[str, ...]:
    row = next(it for it in document["rows"] if (it["group"], it["name"]) == place)
    found = median_of(document, place)
    if found is None:
        return (name or place[1], "–", "–", "–", "–", "–", row["error"] or "no run")
    said = "" if name else row["counts"].replace("equal", "violations equal").replace("differs:", "violations differ:")
    if "changing" in found:
        said = f"{found['changed']:,.0f} rows changed in {found['changing']:.2f} s"
    if "state_bytes" in found:
        said = f"state: {found['state_bytes'] / document['tables'][0]:.1f} bytes an order"
    return (
        name or place[1],
        in_seconds(found["wall"]),
        in_seconds(found["client"]),
        in_seconds(found["server"]),
        ratio(cpu(found), base),
        in_megabytes(found["memory"]),
        said,
    )


def _changes(document: Document) -> str:
    lines = []
    for share, it in document["changed"].items():
        text = (
            f"{float(share):.1%} changed: orders {it['updated']:,} updated, {it['inserted']:,} new, {it['deleted']:,}"
            f" deleted; {it['customers']:,} customers."
        )
        if why := document["whole"].get(share):
            text += f" The audit judged all rows: {why}"
        elif rules := document["in_full"].get(share):
            text += f" Rules that judged all rows: {', '.join(rules)}."
        lines.append(text)
    return " ".join(lines)


def targets() -> str:
    """Each target, whether it is met, and the reason if not."""
    found = documents()
    lines = [_target(target, found) for target in TARGETS]
    return f"\n{grid(('target', 'orders', 'at 6e6f6b3', 'wanted', 'found', 'met'), lines)}\n\n"


def _measured(target: Target, found: Sequence[Document]) -> float | None:
    document = next((it for it in found if target.orders in (None, it["tables"][0])), None)
    return target.found(document) if document else None


def _target(target: Target, documents: Sequence[Document]) -> tuple[str, ...]:
    found = _measured(target, documents)
    met = "not measured" if found is None else "yes" if target.met(found) else f"no. {target.why}"
    return (
        target.what,
        f"{target.orders:,}" if target.orders else "10",
        target.before or "–",
        f"{'at least' if target.least else 'at most'} {target.limit:g}{target.unit}",
        decimal(found, 0 if target.unit else 2) + target.unit * (found is not None),
        met,
    )


def commands() -> str:
    """What the commands cost at each size: wall, and CPU of client and server."""
    return _by_size({
        "`run`: rules, lint and profile": (rows.COMMANDS, rows.RUN),
        "`run --since`, 0.1% changed: the same": (rows.COMMANDS, rows.SINCE),
        "`run --no-lint --no-profile`": (rows.ALL, rows.RUN),
        "`run --since --no-lint --no-profile`, 0.1% changed": (rows.SECOND, rows.since(0.001)),
        "the same, 1% changed": (rows.SECOND, rows.since(0.01)),
        "`lint`": (rows.COMMANDS, rows.LINT),
        "`profile`": (rows.COMMANDS, rows.PROFILE),
        "`fixes apply`, 1% of the orders": (rows.FIXES, rows.APPLY),
        "SQL by hand, counts of the 42 rules": (rows.ALL, rows.HAND),
    })  # fmt: skip


def peers() -> str:
    """What the sixteen rules cost at each size, in all tools."""
    return _by_size({name: (rows.SIXTEEN, name) for name in (rows.HAND, rows.RUN, *rows.PEERS)})


def _by_size(places: dict[str, Place]) -> str:
    found = documents()
    lines = []
    for name, place in places.items():
        medians = [median_of(document, place) for document in found]
        cells = ["–" if it is None else f"{it['wall']:.2f} ({it['client']:.2f} + {it['server']:.2f})" for it in medians]
        lines.append((name, *cells))
    lines.append(("load average at the start", *(decimal(document["load"]) for document in found)))
    head = ("", *(f"{document['tables'][0]:,} orders" for document in found))
    return f"\n{grid(head, lines)}\n\n"
