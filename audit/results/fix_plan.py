"""The dry run of the automatic fixes, in the snapshot of the audit, for the report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

import psycopg
from psycopg import sql

from order_audit import search_path, session
from order_audit.audit import mask
from order_audit.audit.database.dsn import connect
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.results.options import Options
from order_audit.errors import OrderAuditError, RunError
from order_audit.expectations import Rule
from order_audit.fixes.fix import fixes
from order_audit.fixes.guarding.own_guards import own_guards
from order_audit.fixes.planning.plan import Plan, TriedChange
from order_audit.fixes.planning.planner import plan
from order_audit.fixes.planning.tables import located, tables
from order_audit.foreign_code import restrict
from order_audit.progress import ProgressCallback
from order_audit.reports.document import ChangedRow, FixPlan, JsonObject, PlannedFix

#: The changes of a rule that the report shows.
_EXAMPLES: Final = 3
#: Seconds to wait for a free connection.
_PATIENCE: Final = 1.0


def fix_plan(
    snapshot: Snapshot,
    rules: Sequence[Rule],
    suite: Sequence[Rule],
    options: Options,
    *,
    on_progress: ProgressCallback,
) -> FixPlan:
    """Try the automatic fixes on temporary copies of the snapshot's tables, on a connection of its own.

    `rules` are those of the suite that are judged. The plan has a reason instead of numbers if the role may not create
    temporary tables, or the dry run fails.
    """
    repairs = fixes(rules, options.fixes)
    guards = own_guards(options.guards, suite, rules)
    try:
        with _connected(snapshot) as connection, session.rolled_back(connection):
            connection.execute(sql.SQL("set transaction snapshot {}").format(snapshot.id))
            if options.schema:
                session.configure(connection, [("search_path", search_path.setting(options.schema))])
            restrict(connection, snapshot.schemas, snapshot.foreign, copies=True)
            repairs = located(connection, repairs)
            if not tables(connection, repairs):
                return FixPlan(reason="no fix applies to these tables")
            made = plan(
                connection,
                rules,
                repairs,
                {},
                on_progress=on_progress,
                examples=_EXAMPLES,
                own_guards=guards.values(),
            )
    except psycopg.Error as error:
        return FixPlan(reason=mask.error(error, unmask=options.unmask))
    except OrderAuditError as error:
        return FixPlan(reason=str(error))
    return _facts(made, unmask=options.unmask)


def _connected(snapshot: Snapshot) -> psycopg.Connection:
    """Connect, where connections are few in the place of one that scanned, which ends at the server a bit later."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            return connect(snapshot.dsn, autocommit=True, one_statement=True)
        except RunError:
            if time.monotonic() > until:
                raise
            time.sleep(_PATIENCE / 10)


def _facts(made: Plan, *, unmask: bool) -> FixPlan:
    first: dict[str, list[ChangedRow]] = {}
    for change in made.tried.first:
        first.setdefault(change.rule, []).append(_row(change, unmask=unmask))
    return FixPlan(
        fixes=tuple(
            PlannedFix(
                step.fix.rule.id, step.automatic, step.undecided, step.left, tuple(first.get(step.fix.rule.id, ()))
            )
            for step in made.steps
            if step.found or step.automatic
        ),
        changes=made.tried.changes,
        rows=made.tried.rows,
        deleted=made.tried.deleted,
        remaining=sum(count or 0 for count in made.after.values()),
        guards=len(made.guards),
        guards_ready=made.guards_ready,
        guards_ready_then=made.guards_ready_then,
    )


def _row(change: TriedChange, *, unmask: bool) -> ChangedRow:
    """The columns of a change whose values differ; all columns of a deleted row."""
    differing = {
        name: value for name, value in change.before.items() if change.after is None or change.after[name] != value
    }
    after = None if change.after is None else {name: change.after[name] for name in differing}
    return ChangedRow(
        change.table,
        _masked(change.key, unmask=unmask),
        _masked(differing, unmask=unmask),
        None if after is None else _masked(after, unmask=unmask),
    )


def _masked(values: dict[str, Any], *, unmask: bool) -> JsonObject:
    return values if unmask else {name: mask.value(value, mask.TEXT, {name}) for name, value in values.items()}
