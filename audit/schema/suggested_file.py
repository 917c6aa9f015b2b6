"""The suggestions that run as one file of SQL, in an order in which all of them do."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from order_audit.audit.analysis.ddl_statement import Change, Kind, Statement, statements, unquoted
from order_audit.audit.analysis.ddl_tokens import WIDTH, layout
from order_audit.reports.document import SchemaFinding
from order_audit.reports.formatting import plural
from order_audit.reports.schema_findings import outcome_lines

#: What comes first: a finding has the place of the first group that one of its changes is in. Types before what
#: computes with them; tables and keys before what references them.
_ORDER: Final[tuple[frozenset[Kind], ...]] = (
    frozenset({"type"}),
    frozenset({"create_table", "create_sequence"}),
    frozenset({"identity", "default", "add_column", "not_null", "sequence", "primary_key", "using_index"}),
    frozenset({"index", "unique", "reindex", "attach_index"}),
    frozenset({"check", "foreign_key", "validate"}),
)
_HEAD: Final = """\
-- Suggestions of order-audit on the schema, in an order in which all of them run. Each was judged by reading the
-- catalogs and the rows; none was run. Take a backup first, and mind the locks.
--
-- Run it with psql, outside of a transaction, because some indexes are built concurrently:
--   psql --set ON_ERROR_STOP=1 --file FILE DATABASE

set client_encoding = 'UTF8';
set search_path = {path};
"""


@dataclass
class _Written:
    """What the statements before have done."""

    statements: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    types: dict[tuple[str, str], str] = field(default_factory=dict)
    indexes: set[str] = field(default_factory=set)


def suggested_file(findings: Iterable[SchemaFinding], search_path: str) -> tuple[str, int, int]:
    """Return the file, the number of findings that it resolves, and of those that it leaves out.

    Left out are findings that need a decision, whose suggestion was not judged to run, or that are accepted.
    """
    findings = list(findings)
    open_findings = [it for it in findings if not it.accepted]
    running = sorted(filter(_runs, open_findings), key=lambda it: (_place(it), it.rule, it.object))
    done = _Written()
    parts = [_HEAD.format(path=search_path)]
    left_out = [it for it in open_findings if not _runs(it)]
    written = 0
    for finding in running:
        parsed = statements(finding.suggestion) or []
        if reason := _conflict(parsed, done):
            parts.append("\n".join([*_comment(f"Left out: {finding.rule} {finding.object}: {reason}")]) + "\n")
            left_out.append(finding)
            continue
        lines = _comment(f"{finding.rule} {finding.object}: {finding.message}")
        lines += [line for told in outcome_lines(finding.outcome) for line in _comment(told)] if finding.outcome else []
        lines += [line for it in parsed for line in _statement(it, done)]
        parts.append("\n".join(lines) + "\n")
        written += 1
    decisions = sorted({f"{it.rule} {it.object}" for it in left_out})
    if decisions:
        count = plural(len(decisions), "finding needs a decision", "findings need a decision")
        parts.append(
            "\n".join([f"-- {count} first:", *(f"--   {' '.join(it.splitlines())}" for it in decisions)]) + "\n"
        )
    return "\n".join(parts), written, len(left_out)


def _runs(finding: SchemaFinding) -> bool:
    return finding.remedy != "redesign" and finding.outcome is not None and finding.outcome.kind == "runs"


def _place(finding: SchemaFinding) -> int:
    kinds = {change.kind for it in statements(finding.suggestion) or () for change in it.changes}
    return next((place for place, group in enumerate(_ORDER) if kinds & group), len(_ORDER))


def _conflict(parsed: list[Statement], done: _Written) -> str:
    """Why the statements do not run after those before; empty if they do."""
    for change in (change for it in parsed for change in it.changes):
        for column in change.columns if change.kind == "type" else ():
            if done.types.get(_column(change, column), change.type) != change.type:
                return "an earlier statement gives the column another type; lint again afterwards"
        if change.kind in ("check", "index") and "::" in change.expression:
            names = {unquoted(name) for name in re.findall(r'"(?:""|[^"])*"|[^\W\d][\w$]*', change.expression)}
            if any((change.relation, name) in done.types for name in names):
                return "an earlier statement changes a type that it computes with; lint again afterwards"
        if change.kind == "drop_index" and change.name.rpartition(".")[2] in done.indexes:
            return "an earlier statement uses the index; lint again afterwards"
    return ""


def _statement(statement: Statement, done: _Written) -> Iterator[str]:
    """A statement as lines, unless an earlier one has done the same."""
    known = " ".join(statement.sql.split())
    sql = statement.sql
    for change in statement.changes:
        if change.kind == "create_table" and change.relation in done.tables:
            yield f"-- {' '.join(change.relation.split())} exists by now"
            return
        if change.kind == "insert" and change.relation in done.tables and known not in done.statements:
            sql += "\non conflict do nothing"
    if known in done.statements and not any(it.kind in ("drop_view", "create_view") for it in statement.changes):
        yield "-- the same statement stands above"
        return
    done.statements.add(known)
    for change in statement.changes:
        if change.kind == "create_table":
            done.tables.add(change.relation)
        elif change.kind == "type":
            done.types |= {_column(change, name): change.type for name in change.columns}
        elif change.kind == "using_index":
            done.indexes.add(change.name)
    yield from statement.comment.splitlines()
    yield f"{layout(sql) if sql == statement.sql else sql};"


def _column(change: Change, name: str) -> tuple[str, str]:
    return change.relation, unquoted(name)


def _comment(text: str) -> list[str]:
    """Text as comment lines; a name in it may contain line ends."""
    lines = textwrap.wrap(" ".join(text.split()), WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    return [f"-- {line}" for line in lines]
