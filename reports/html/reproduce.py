"""The command and the statements that reproduce the page's numbers."""

from __future__ import annotations

import re
import shlex
from typing import Final

from order_audit import search_path
from order_audit.reports.action_plan import given_words
from order_audit.reports.document import Document, GivenOptions, JsonObject

#: Names that need no quotes after a dot, keywords included.
_SIMPLE: Final = re.compile(r"[a-z_][a-z0-9_]*")


def command(document: Document) -> str:
    """Return the command that repeats the audit, with … for the user's own values."""
    run, gate, given = document.run, document.summary.gate, document.given or GivenOptions()
    words = ["order-audit", "run", *(() if run.lake else ("--dsn", "…"))]
    if run.database.schema and not run.lake:
        words += ["--schema", search_path.text(run.database.schemas)]
    for suite in run.suites:
        words += ["--suite", suite]
    words += given_words(given, ("--rule", "--exclude", "--tag", "--fixes", "--guards", "--allow", "--var"))
    if gate.fail_on != "critical" or given.configuration:
        words += ["--fail-on", gate.fail_on]
    if gate.fail_on_schema != "never" or given.configuration:
        words += ["--fail-on-schema", gate.fail_on_schema]
    if gate.fail_on_anomaly != "never" or given.configuration:
        words += ["--fail-on-anomaly", gate.fail_on_anomaly]
    if gate.allow_skipped:
        words += ["--allow-skipped"]
    if gate.min_pass_rate is not None:
        words += ["--min-pass-rate", f"{gate.min_pass_rate:g}"]
    if gate.baseline:
        words += ["--baseline", "…"]
    if document.key_digests and document.key_digests.kind == "key_file":
        words += ["--key-file", "…"]
    if not run.masked:
        words += ["--unmask"]
    words += given.others
    return " ".join(word if word == "…" else shlex.quote(word) for word in [*words, "--out", "…"])


def rows(table: str, schema: str) -> str:
    """Return the statement that counts a table's rows."""
    return f"select count(*) as rows from {_relation(table, schema)}"


def figures(table: str, entry: JsonObject, schema: str) -> str:
    """Return statements for a profiled table's rows and each column's nulls, distinct and most common values.

    A table's entry in the profile has its schema; `schema` is that of an entry without one.
    """
    home = entry.get("schema", schema)
    # of two tables with one name, both are called by their schema, too
    relation = _qualified(home, table.removeprefix(f"{home}.")) if "schema" in entry else _relation(table, schema)
    lines = [f"select count(*) as rows from {relation};"]
    for column, profile in entry["columns"].items():
        if "error" in profile:
            continue
        named = f"t.{_name(column)}"
        value = f"{named}::text" if profile.get("by_text") else named
        counted = f"count(*) - count({named}) as nulls, count(distinct {value}) as distinct"
        lines.append(f"select {counted} from {relation} as t;")
        if profile.get("top") or "true" in profile:
            lines.append(f"select {value}, count(*) from {relation} as t group by 1 order by 2 desc, 1 limit 5;")
    return "\n".join(lines)


def _relation(table: str, schema: str) -> str:
    home, _, name = table.rpartition(".")
    return _qualified(home or schema, name)


def _qualified(schema: str, name: str) -> str:
    # before a dot, a keyword needs quotes
    return f"{schema if schema == 'public' else _quoted(schema)}.{_name(name)}"


def _name(name: str) -> str:
    """Return a name after a dot, quoted if necessary."""
    return name if _SIMPLE.fullmatch(name) else _quoted(name)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
