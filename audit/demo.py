"""The whole story on the embedded server, in a database of its own."""

from __future__ import annotations

from pathlib import Path

import psycopg

import scenario
from audit import embedded
from audit.progress import pieces
from audit.run import Options, run
from reports import compare, files, html
from scenario.load import TRUTH


def demo(out: Path, *, quiet: bool) -> str:
    """Load the sample data and audit it, add the labelled issues and audit again, compare; gives the summary."""
    dsn = embedded.use("order_audit_demo", fresh=True)
    documents = []
    for step, (name, what) in enumerate((("sample", "the sample data"), ("issues", "the labelled issues")), start=1):
        with psycopg.connect(dsn, autocommit=True) as connection:
            if step == 1:
                scenario.load(connection)
            else:
                scenario.add_issues(connection)
        with pieces(quiet=quiet) as begin:
            tell = begin(f"{step}. auditing {what}", lines=True)
            documents.append(run(dsn, out / name, Options(tell=tell, begin=begin)))
    found = compare.compare(
        compare.read(out / "sample" / "results.json"), compare.read(out / "issues" / "results.json")
    )
    with files.draft(out / "comparison") as folder:
        files.write_json(folder / "compare.json", found)
        (folder / "compare.html").write_text(html.comparison(found), encoding="utf-8")
    clean, dirty = (document["summary"] for document in documents)
    truth, keys = _lines(TRUTH), _lines(out / "issues" / "violations.csv")
    lines = [
        "1. the sample data, called clean:",
        f"   {_counts(clean)}",
        "2. the same with labelled issues, of which the truth is known:",
        f"   {_counts(dirty)}",
        f"   {len(truth & keys)} of {len(truth)} labelled violations found, {len(keys - truth)} that are not labelled",
        "3. the two compared:",
        "   {resolved} resolved, {remaining} remaining, {new} new".format(**found["summary"]),
        "",
        f"report:     {out / 'issues' / 'report.html'}",
        f"comparison: {out / 'comparison' / 'compare.html'}",
    ]
    return "\n".join(lines)


def _counts(summary: dict[str, int]) -> str:
    judged = summary["passed"] + summary["failed"] + summary["errored"]
    counts = "{passed} of {judged} expectations passed, {failed} failed, {not_checkable} not checkable"
    return counts.format(judged=judged, **summary)


def _lines(path: Path) -> set[str]:
    return set(path.read_text(encoding="utf-8").splitlines()[1:])
