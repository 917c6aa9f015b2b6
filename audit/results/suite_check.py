"""What is wrong with suite files, with nothing run: headers, statements, variables, fixes, guards, suppressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from order_audit.audit.analysis import parsed_query, reach
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.options import Options
from order_audit.audit.results.selection import Selection, selected, with_instances
from order_audit.audit.results.suppressed import is_expired
from order_audit.audit.scans.outcome import Outcome
from order_audit.audit.scans.postgres_engine import PostgresEngine
from order_audit.errors import OrderAuditError
from order_audit.expectations import Rule, faults, load
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.own_guards import own_guards
from order_audit.reports import cause_text, results_file, suppression_text


@dataclass(frozen=True)
class Fault:
    """A sentence with the file and line that it is about, as far as known; a warning unless it is an error."""

    text: str
    is_error: bool = True


@dataclass(frozen=True)
class Checked:
    """The number of rules that were looked at, and what is wrong."""

    rules: int
    faults: tuple[Fault, ...]


def check(options: Options, dsn: str | None = None) -> Checked:
    """Check suites, with their configuration; with a DSN, also each statement against the tables there."""
    broken = [Fault(text) for source in options.suites for text in faults(source)]
    if broken:
        return Checked(0, tuple(dict.fromkeys(broken)))
    try:
        unread = [it for rule in load(*options.suites).rules if (it := _unread(rule))]
        if unread:
            return Checked(0, tuple(unread))
        selection = selected(options)
    except OrderAuditError as error:
        return Checked(0, (Fault(str(error)),))
    found = [*_files(selection, options), *_suppressions(options)]
    rules = list(selection.suite.rules)
    if dsn is None:
        found += [
            Fault(f"{rule.path}: {rule.id}: the parser cannot read this statement; --dsn has a server check it", False)
            for rule, parsed in selection.wanted
            if parsed.unqualified is None
        ]
    else:
        rules, described = _described(selection, options, dsn)
        found += described
    return Checked(len(rules), tuple(found))


def _unread(rule: Rule) -> Fault | None:
    try:
        parsed_query.parse(rule)
    except OrderAuditError as error:
        return Fault(str(error))
    return None


def _files(selection: Selection, options: Options) -> Iterator[Fault]:
    """Fix files and guard files."""
    try:
        repairs = fixes(selection.suite.rules, options.fixes)
        guards = own_guards(options.guards, selection.suite.rules)
        if not options.trusted:
            reach.refuse_fixes(repairs.values(), guards.values())
    except OrderAuditError as error:
        yield Fault(str(error))


def _suppressions(options: Options) -> Iterator[Fault]:
    today = datetime.now(UTC).date()
    for it in options.suppressions:
        if is_expired(it, today):
            yield Fault(f"{it.place}: the suppression of {it.rule} {it.what} has expired: {it.words}")


def unused(results: Path) -> list[Fault]:
    """Return the suppressions that suppressed nothing in an audit, as warnings. Raises DocumentError."""
    document = results_file.read(results).document
    given = (*document.suppressions, *document.unused_suppressions)
    lines = [suppression_text.attention(replace(it, status=it.status or "unused")) for it in given]
    return [Fault(line, is_error=False) for line in dict.fromkeys(lines) if line]


def _described(selection: Selection, options: Options, dsn: str) -> tuple[list[Rule], list[Fault]]:
    """Have the server describe each statement, which runs none of them."""
    with Snapshot(dsn, options.schema, options.timeout) as snapshot:
        selection, outcomes = with_instances(snapshot.connection, selection, options)
        _, refused = PostgresEngine(snapshot, ()).prepare(selection.wanted)
        rules = {rule.id: rule for rule in selection.suite.rules}
        found = [it for id, outcome in (outcomes | refused).items() if (it := _fault(rules[id], outcome))]
        return list(rules.values()), found


def _fault(rule: Rule, outcome: Outcome) -> Fault | None:
    if outcome.status == "errored" and (failure := outcome.failure):
        place = f"{failure.file}:{failure.line}:{failure.column}" if failure.line else rule.path
        return Fault(f"{place}: {rule.id}: {failure.message}")
    if outcome.cause is None:
        return None
    reason = cause_text.reason(outcome.cause, tuple(map(str, rule.requires)), rule.without)
    status = outcome.status.replace("_", " ")
    return Fault(f"{rule.path}: {rule.id}: {status}: {reason}", is_error=bool(outcome.missing))
