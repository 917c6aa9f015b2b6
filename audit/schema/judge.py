"""Judge the suggested statements of findings in the audit's snapshot, by reading alone.

The catalogs show what blocks a statement, the rows what it would refuse or change. A statement that would not run, or
would change a value, becomes a redesign, with its reasons.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, Literal

import psycopg

from order_audit.audit import mask
from order_audit.audit.analysis.ddl_statement import Change, Statement, is_transaction, statements
from order_audit.audit.analysis.ddl_tokens import WIDTH, layout
from order_audit.audit.schema import judge_catalog
from order_audit.audit.schema.judge_blocks import recreated
from order_audit.audit.schema.judge_casts import target
from order_audit.audit.schema.judge_catalog import Facts
from order_audit.audit.schema.judge_changes import Suggestion, figures
from order_audit.audit.schema.judge_locks import strongest
from order_audit.audit.schema.judge_rows import Figure, Rows, RowTest
from order_audit.audit.schema.probes import Known
from order_audit.reports.document import Obstacle, Outcome, SchemaFinding
from order_audit.reports.schema_findings import obstacle_text

#: Decimals of an amount that are taken from its rows, where most of them have more than two.
_MOST_DECIMALS: Final = 6
#: Digits that a derived precision leaves for larger values.
_SPARE_DIGITS: Final = 2
Kind = Literal["runs", "changes", "refused", "blocked", "not_judged"]


def judged(
    connection: psycopg.Connection, findings: Sequence[SchemaFinding], known: Known, stopped: Callable[[], bool]
) -> list[SchemaFinding]:
    """Return the findings with the outcomes of their suggestions, which are laid out and end with semicolons.

    `known` are answers of the rules' own probes. After `stopped`, findings are returned as they are.
    """
    parsed = {place: found for place, it in enumerate(findings) if (found := statements(it.suggestion)) is not None}
    if stopped() or not parsed:
        return list(findings)
    suggestions = {place: Suggestion(found) for place, found in parsed.items()}
    rows = Rows()
    try:
        facts = _facts(connection, list(suggestions.values()), _implied(findings))
        for suggestion in suggestions.values():
            suggestion.examine(connection, facts)
        asked = [it for suggestion in suggestions.values() for it in suggestion.asked]
        rows.read(connection, asked, known, stopped)
        rows.read_keys(connection, asked, stopped)
        for suggestion in suggestions.values():
            suggestion.resize(_types(suggestion, rows))
            _with_views(connection, suggestion)
    except psycopg.Error as error:  # dropped meanwhile: definitions are read as they are now
        if stopped():
            return list(findings)
        reason = Outcome("not_judged", (Obstacle(mask.error(error)),))
        return [replace(it, outcome=reason) if place in parsed else it for place, it in enumerate(findings)]
    return [_finding(it, suggestions[place], rows) if place in suggestions else it for place, it in enumerate(findings)]


def _facts(
    connection: psycopg.Connection, suggestions: Sequence[Suggestion], implied: Mapping[str, list[str]]
) -> Facts:
    """Read the facts of all tables that suggestions change, and of those whose columns have to change with them."""
    changes = [change for suggestion in suggestions for change in suggestion.changes]
    names = {name for it in changes for name in (it.relation, it.target) if name}
    new = {it.relation for it in changes if it.kind in ("create_table", "create_sequence")}
    while True:
        facts = judge_catalog.read(connection, names, new)
        more = {name for suggestion in suggestions for name in suggestion.widen(facts, implied)}
        if more <= names:
            return facts
        names |= more


def _implied(findings: Iterable[SchemaFinding]) -> dict[str, list[str]]:
    """The columns without a foreign key that other findings say reference a column, by that column."""
    found: dict[str, list[str]] = {}
    for it in findings:
        if it.rule == "schema.reference_has_foreign_key":
            found.setdefault(str(it.evidence.get("references")), []).append(it.object)
    return found


def _types(suggestion: Suggestion, rows: Rows) -> dict[Change, str]:
    """The types of amounts, wide enough for the rows."""
    types = {}
    for change, (table, column, fraction) in suggestion.sized.items():
        largest, decimals, has_more = (rows.value(table, Figure(it)) for it in figures(column))
        new = target(change.type)
        scale = new.second or 0
        if has_more and decimals is not None and scale < decimals <= _MOST_DECIMALS:
            scale = decimals
            suggestion.asked.remove((table, fraction))
        before = max((new.first or 0) - (new.second or 0), len(largest) + _SPARE_DIGITS if largest else 0)
        if (before, scale) != ((new.first or 0) - (new.second or 0), new.second):
            types[change] = f"numeric({before + scale}, {scale})"
    return types


def _with_views(connection: psycopg.Connection, suggestion: Suggestion) -> None:
    """Drop and create again the views that allow it; others block."""
    before: list[Statement] = []
    after: list[Statement] = []
    for view, altered in suggestion.views.values():
        both = recreated(connection, view, altered)
        if both is None:
            suggestion.obstacles.append(Obstacle("does not fit the new type", object=f"view {view.name}"))
            continue
        drop, create = both
        suggestion.notes.append(Obstacle("is dropped and created again", object=f"view {view.name}", definition=create))
        before.append(Statement(drop, "", (Change("drop_view", view.name),)))
        after.append(Statement(create, "", (Change("create_view", view.name),)))
    suggestion.statements[:] = [*before, *suggestion.statements, *after]


def _finding(finding: SchemaFinding, suggestion: Suggestion, rows: Rows) -> SchemaFinding:
    refused, changed, stays, failed = _of_rows(suggestion, rows)
    kinds: list[tuple[Kind, list[Obstacle]]] = [
        ("blocked", suggestion.obstacles),
        ("refused", refused),
        ("changes", changed + suggestion.lost),
        ("not_judged", [Obstacle(text) for text in dict.fromkeys([*suggestion.unknown, *failed])]),
    ]
    kind: Kind = next((name for name, obstacles in kinds if obstacles), "runs")
    obstacles = [it for _, found in kinds for it in found] + stays + suggestion.notes
    harm = [it for name, found in kinds if name != "not_judged" for it in found]
    outcome = Outcome(
        kind,
        tuple(dict.fromkeys(obstacles)),
        strongest(suggestion.locks),
        tuple(dict.fromkeys(suggestion.rewrites)),
        any(table.is_sampled and isinstance(test, RowTest) for table, test in suggestion.asked),
    )
    return replace(
        finding,
        suggestion=_text(finding, suggestion, rows, harm),
        remedy="redesign" if harm else finding.remedy,
        outcome=outcome,
    )


def _of_rows(suggestion: Suggestion, rows: Rows) -> tuple[list[Obstacle], list[Obstacle], list[Obstacle], list[str]]:
    """Rows that are refused, changed, or stay; and why some were not read."""
    found: dict[str, list[Obstacle]] = {"refuses": [], "changes": [], "stays": []}
    failed = []
    for table, test in suggestion.asked:
        if reason := rows.failed(table, test):
            failed.append(f"the rows of {table.object} were not read: {reason}")
        elif isinstance(test, RowTest) and rows.value(table, test):
            found[test.effect].append(rows.obstacle(table, test))
    return found["refuses"], found["changes"], found["stays"], failed


def _text(finding: SchemaFinding, suggestion: Suggestion, rows: Rows, harm: list[Obstacle]) -> str:
    """The statements as a script. A VALIDATE that rows would fail becomes a comment, and so does what would do harm."""
    late = {name for name, (table, test) in suggestion.deferred.items() if rows.value(table, test)}
    lines: list[str] = []
    if harm and not (suggestion.statements[0].comment and finding.remedy == "redesign"):
        lines += [f"-- not to be run as it is: {_one_line(obstacle_text(it))}" for it in harm]
    if is_transaction(finding.suggestion):
        lines.append("-- these statements belong into one transaction")
    postponed = {
        it: it.changes[0].name for it in suggestion.statements if it.changes and it.changes[0].kind == "validate"
    }
    for statement in suggestion.statements:
        if postponed.get(statement) in late:
            continue
        lines += statement.comment.splitlines()
        lines += [
            f"-- some rows violate the constraint; after correcting them, run: {_one_line(it.sql)}"
            for it, name in postponed.items()
            if name in late and name in {change.name for change in statement.changes}
        ]
        lines.append(f"{layout(statement.sql)};")
    return "\n".join(part for line in lines for part in (_wrapped(line) if line.startswith("-- ") else [line]))


def _wrapped(comment: str) -> list[str]:
    """A comment in lines of the statements' width."""
    return [
        f"-- {line}" for line in textwrap.wrap(comment[3:], WIDTH - 3, break_long_words=False, break_on_hyphens=False)
    ]


def _one_line(text: str) -> str:
    """Text for a comment: a name may contain line ends, which would end it."""
    return " ".join(text.splitlines())
