"""The tables of `python -m benchmarks.proposals` and `benchmarks.large_tables`."""

from __future__ import annotations

from collections import Counter

from benchmarks.markdown import Document, decimal, grid, in_seconds, ratio


def proposal_tables(document: Document) -> str:
    """Precision by data set and by kind of rule, and the time on a database of many tables."""
    by_set, kinds = [], dict[str, Counter[str]]()
    for it in document["sets"]:
        counted = Counter[str]()
        for kind, counts in it["kinds"].items():
            counted.update(counts)
            kinds.setdefault(kind, Counter()).update(counts)
        by_set.append((it["name"], it["cutoff"], f"{it['tables']:,}", *_shares(counted)))
    total = sum(kinds.values(), Counter[str]())
    by_set.append(("all", "", f"{sum(it['tables'] for it in document['sets']):,}", *_shares(total)))
    by_kind = [(kind, *_shares(counts)) for kind, counts in sorted(kinds.items(), key=lambda it: -it[1]["proposed"])]
    text = (
        "### What `order-audit init` proposes\n\n"
        "Rules proposed from the rows before a moment, and how many of them hold on the rows since. Only tables that"
        " have rows of both are counted. A rule that older rows break holds if newer ones break it no more often"
        " than `init` allows. The most rules for one table are"
        f" {max(it['most_files'] for it in document['sets'])}.\n\n"
        + grid(("data set", "newer rows from", "tables", "rules", "hold", "share"), by_set)
        + "\n\n"
        + grid(("rule", "rules", "hold", "share"), by_kind)
    )
    if time := document.get("time"):
        seconds = time["seconds"]
        lines = [(name, in_seconds(taken), ratio(taken, seconds["profile"])) for name, taken in seconds.items()]
        text += f"\n\nOn a database of {time['tables']:,} tables, where it proposes {time['files']:,} rules:\n\n"
        text += grid(("command", "s", "ratio"), lines)
    return text


def large_tables(document: Document) -> str:
    """What `init` and `profile` cost on few large tables, and how often each was read."""
    text = (
        "### `order-audit init` on large tables\n\n"
        "Seconds of CPU of one backend without parallel workers, so that other work on the machine counts little. The"
        " wall time includes it. A table is read once if a sequential scan returns each of its rows once.\n\n"
    )
    commands = {name: document[name] for name in ("profile", "init")}
    server = {name: it["server"] for name, it in commands.items()}
    lines = [
        (name, in_seconds(it["server"]), ratio(server[name], server["profile"]), in_seconds(it["client"]),
         in_seconds(it["wall"]), ratio(it["wall"], commands["profile"]["wall"]))
        for name, it in commands.items()
    ]  # fmt: skip
    text += grid(("command", "server CPU, s", "ratio", "client CPU, s", "wall, s", "ratio"), lines) + "\n\n"
    reads = [
        (name, f"{rows:,}", f"{columns:,}", *(decimal(it["reads"][name]) for it in commands.values()))
        for name, (rows, columns) in document["tables"].items()
    ]
    return text + grid(("table", "rows", "columns", "read by profile", "by init"), reads)


def _shares(counts: Counter[str]) -> tuple[str, str, str]:
    proposed, failed = counts["proposed"], counts["failed"]
    share = f"{decimal(100 * (proposed - failed) / proposed)} %" if proposed else "–"
    return f"{proposed:,}", f"{proposed - failed:,}", share
