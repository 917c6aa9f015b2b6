"""The tables of `python -m benchmarks.history` and `python -m benchmarks.anomalies`, `.formats`."""

from __future__ import annotations

from benchmarks.markdown import Document, grid


def history_tables(document: Document) -> str:
    """What a history of nightly audits costs."""
    years = document["years"]
    first = next(iter(years.values()))
    text = (
        f"### A history of {first['nights']} nights\n\n"
        f"A rule with {first['standing']:,} violations, of which 1 % go each night and as many come; one in ten of"
        " those had been there before. Seconds are of a processor, medians of the last three nights; those of answers"
        f" pass until the answer, from a new connection. SQLite {document['sqlite']}."
    )
    names = {
        "bytes_first": ("file after the first night, MB", 1e6), "bytes": ("file after the last night, MB", 1e6),
        "compare_seconds": ("reading and comparing the keys, s", 1),
        "add_seconds": ("writing, with the file locked, s", 1),
        "peak_bytes": ("memory, MB", 1e6), "without_bytes": ("memory without a history, MB", 1e6),
    }  # fmt: skip
    lines = [(name, *(_number(it[key] / unit) for it in years.values())) for key, (name, unit) in names.items()]
    lines += [(name, *(_number(it["answers"][name]) for it in years.values())) for name in first["answers"]]
    return f"{text}\n\n" + grid(("", *(f"keys are {kind}" for kind in years)), lines)


def alarm_tables(document: Document) -> str:
    """How often usual figures are taken for unusual, and faults are found."""
    found = {(it["kind"], it["runs"], it["factor"]): it for it in document["shares"]}
    lines = []
    for kind, runs, factor in found:
        if factor == 1:
            usual, lost = found[kind, runs, 1.0], found[kind, runs, 0.7]
            lines.append(
                (kind, str(runs), *(f"{it:.2%}" for it in (usual["unusual"], usual["critical"], lost["unusual"])))
            )
    head = ("figure", "runs", "usual, taken for unusual", "taken for critical", "30 % lost, found")
    text = f"{document['tries']:,} of each, with {document['noise']:.0%} of normal noise."
    return f"### Unusual figures of nightly runs\n\n{text}\n\n" + grid(head, lines)


def format_tables(document: Document) -> str:
    """What all formats of a run cost."""
    rows = document["rows"]
    few, many = (it["sum"] for it in rows.values())
    lines = [(name, *(f"{it[of]:.2f}" for of in ("client", "server", "sum"))) for name, it in rows.items()]
    text = (
        f"Whole commands on {document['violations']:,} violations, in turn, medians of {len(rows['all']['runs'])};"
        f" seconds of the processor. All formats but `gx` take {many / few - 1:+.1%} of the run with one short file."
    )
    return f"### All formats of a run\n\n{text}\n\n" + grid(("formats", "client, s", "server, s", "both, s"), lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
