"""What tests of judged suggestions share: findings by rule and object, and what becomes of a suggestion that is run."""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg

from order_audit.audit.analysis.ddl_tokens import split
from order_audit.audit.database.snapshot import Snapshot
from order_audit.audit.schema.judge import judged
from order_audit.reports.document import Outcome, SchemaFinding
from tests.lint.support import judged as linted

#: From the weakest to the strongest, as pg_locks has them; those that suggestions are not said to take left out.
_MODES = ("ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock", "AccessExclusiveLock")
_NAMES = ("SHARE UPDATE EXCLUSIVE", "SHARE", "SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE")


@dataclass
class Run:
    """A suggestion that was run and rolled back: the error, the strongest lock, the rewritten tables."""

    error: str = ""
    lock: str = ""
    rewrites: set[str] = field(default_factory=set)


def found(dsn: str) -> dict[tuple[str, str], SchemaFinding]:
    """All findings by rule and object."""
    return {(it.rule.removeprefix("schema."), it.object): it for verdict in linted(dsn) for it in verdict.findings}


def outcome(dsn: str, suggestion: str) -> Outcome:
    """The outcome of one suggestion."""
    with Snapshot(dsn) as snapshot:
        (finding,) = judged(snapshot.connection, [made(suggestion)], {}, lambda: False)
    assert finding.outcome is not None
    return finding.outcome


def made(suggestion: str, name: str = "x", rule: str = "schema.x") -> SchemaFinding:
    """A finding with a suggestion."""
    return SchemaFinding(rule, "X", "warning", name, "x", {}, suggestion, "statement")


def run(connection: psycopg.Connection, suggestion: str) -> Run:
    """Run a suggestion's statements in one transaction, which builds indexes without CONCURRENTLY, and roll it back."""
    result = Run()
    tables = (
        "select c.oid, c.relfilenode, c.relname from pg_class as c where c.relkind in ('r', 'p')"
        " and c.relnamespace not in ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)"
    )
    locks = "select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'"
    try:
        with connection.transaction(force_rollback=True):
            before = {oid: node for oid, node, _ in connection.execute(tables).fetchall()}
            for _, statement in split(suggestion):
                connection.execute(statement.replace(" concurrently ", " ").encode())
            connection.execute("set constraints all immediate")
            result.rewrites = {
                name for oid, node, name in connection.execute(tables).fetchall() if before.get(oid, node) != node
            }
            modes = {mode for oid, mode in connection.execute(locks).fetchall() if oid in before}
            names = [_NAMES[_MODES.index(mode)] for mode in modes if mode in _MODES]
            result.lock = max(names, key=_NAMES.index, default="")
    except psycopg.Error as error:
        result.error = str(error)
    return result
