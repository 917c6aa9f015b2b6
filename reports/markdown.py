"""A result in Markdown, for a job summary or a pull request's comment."""

from __future__ import annotations

import re
from typing import Any

from expectations import SEVERITIES


def markdown(document: dict[str, Any]) -> str:
    """The summary: verdict, findings, what was not judged."""
    run, summary = document["run"], document["summary"]
    database = run["database"]
    gate = summary["gate"]
    rate = "nothing was judged" if summary["pass_rate"] is None else f"{summary['pass_rate']:.2f} %"
    judged = summary["passed"] + summary["failed"] + summary["errored"]
    lines = [f"# Audit of {_cell(database['name'])}: {'passed' if gate['passed'] else 'failed'}", ""]
    if not run["complete"]:
        lines += ["**Interrupted: only part of the rules was judged.**", ""]
    lines += [f"- {_cell(reason)}" for reason in gate["reasons"]] + [""] * bool(gate["reasons"])
    lines += [
        f"{summary['passed']} of {judged} expectations passed ({rate}); {summary['failed']} failed, "
        f"{summary['errored']} errored, {summary['not_checkable']} not checkable, {summary['skipped']} skipped. "
        f"PostgreSQL {_cell(database['server_version'])}, {run['started_at']}.",
        "",
    ]
    failed = [found for found in document["results"] if found["status"] == "failed"]
    if failed:
        lines += ["| severity | finding | rule | violations | of rows |", "| --- | --- | --- | ---: | ---: |"]
        for found in sorted(failed, key=lambda found: (SEVERITIES.index(found["severity"]), -found["violations"])):
            rows = "" if found["checked"] is None else f"{found['checked']:,}"
            lines.append(
                f"| {found['severity']} | {_cell(found['title'])} | `{found['rule']}` "
                f"| {found['violations']:,} | {rows} |"
            )
        lines.append("")
    for status, heading in (
        ("errored", "Could not be judged"),
        ("not_checkable", "Not checkable"),
        ("skipped", "Skipped"),
    ):
        if found_there := [found for found in document["results"] if found["status"] == status]:
            lines += [f"## {heading}", ""]
            lines += [
                f"- `{found['rule']}`: {_cell(found.get('error') or found.get('reason', ''))}" for found in found_there
            ]
            lines.append("")
    return "\n".join(lines)


def _cell(text: str) -> str:
    """Text that cannot end a table's cell, begin markup, or hide what it says."""
    text = " ".join(text.split())
    return re.sub(r"([\\`*_{}\[\]<>|#!~])", r"\\\1", text)
