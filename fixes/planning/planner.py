"""Plan fixes by a dry run on copies: steps, remaining violations, new violations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import psycopg

from order_audit import session
from order_audit.expectations import Rule
from order_audit.fixes.engine.work_list import STAGING
from order_audit.fixes.fix import Fix
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.planning import dry_run
from order_audit.fixes.planning.decisions import Reviewed, chosen
from order_audit.fixes.planning.fingerprint import NAMED
from order_audit.fixes.planning.guards import guards_of, rejected_by
from order_audit.fixes.planning.identity import identity
from order_audit.fixes.planning.plan import GuardPreview, Plan, Tried, TriedChange
from order_audit.fixes.planning.steps import try_steps
from order_audit.fixes.planning.tables import refuse_unnamed, tables
from order_audit.foreign_code import is_restricted
from order_audit.progress import ProgressCallback, ignore_progress


def plan(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    *,
    on_progress: ProgressCallback = ignore_progress,
    examples: int = 0,
    own_guards: Iterable[Guard] = (),
) -> Plan:
    """Try the fixes, with these choices, on temporary copies of the tables; nothing of the database is changed.

    `examples` is the number of changes per rule that the plan keeps; `own_guards` are considered besides those that
    are shipped.
    """
    total = len(fixes) + 2 * len(rules)
    done = 0

    def step_done(note: str) -> None:
        nonlocal done
        done += 1
        on_progress(done, total, note)

    refuse_unnamed(connection, chosen(fixes, choices))
    who = identity(connection, fixes)
    with dry_run.dry_run(connection, tables(connection, fixes)):
        before = dry_run.judge(connection, rules, "before", on_rule=step_done)
        # where others may create functions, no guard is installed
        guarding = [] if is_restricted(connection) else guards_of(rules, own_guards)
        rejected_before = {guard.name: rejected_by(connection, guard, "before", before) for guard in guarding}
        steps, reviewed = try_steps(connection, fixes, before, choices, step_done)
        touched = any(step.automatic or step.changed for step in steps)
        after = dry_run.judge(connection, rules, "after", on_rule=step_done) if touched else dict(before)
        new_counts, new = _new(connection) if touched else ({}, {})
        tried = _tried(connection, examples) if touched else Tried()
        guarded = tuple(
            GuardPreview(
                guard,
                rejected_before[guard.name],
                rejected_by(connection, guard, "after", after) if touched else rejected_before[guard.name],
            )
            for guard in guarding
        )
    for step in steps:
        step.left = after[step.fix.rule.id] or 0
    return Plan(who, tuple(steps), before, after, new, new_counts, reviewed, guarded, tried)


def review(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    then: Mapping[str, Reviewed],
    choices: Mapping[str, str],
) -> dict[str, Reviewed]:
    """Return the current review of the reviewed rules, by the choices of that time.

    Of the other options, it lists only those that are chosen now.
    """
    with dry_run.dry_run(connection, tables(connection, fixes)):
        before = dry_run.judge(connection, [rule for rule in rules if rule.id in then], "before")
        wanted = {id: fix for id, fix in fixes.items() if id in before}
        _, reviewed = try_steps(connection, wanted, before, {id: one.choice for id, one in then.items()}, only=choices)
    return reviewed


def _tried(connection: psycopg.Connection, examples: int) -> Tried:
    """Count the changes of the dry run, and keep the first of each rule."""
    counts = session.row(
        connection,
        STAGING.text(
            "select count(*), count(distinct (tab, key)), count(*) filter (where op = 'delete')"
            " from order_audit.journal"
        ),
    )
    rows = connection.execute(
        STAGING.text(
            """
            -- copies are in the schema of temporary tables
            select f.rule, (parse_ident(f.tab))[2], f.key, f.before, f.after
            from (
              select j.*, row_number() over (partition by j.rule order by j.id) as place
              from order_audit.journal as j
            ) as f
            where f.place <= %s
            order by f.rule, f.place
            """
        ).encode(),
        [examples],
    ).fetchall()
    return Tried(tuple(TriedChange(*row) for row in rows), *counts)


def _new(connection: psycopg.Connection) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """Violations that were not there before, by rule: how many, and the first keys."""
    rows = connection.execute(
        """
        select n.rule, count(*), (array_agg(coalesce(n.key, 'NULL') order by length(n.key), n.key collate "C"))[1:%s]
        from (
          select v.rule, v.key from pg_temp.order_audit_verdict as v where v.phase = 'after'
          except all
          select v.rule, v.key from pg_temp.order_audit_verdict as v where v.phase = 'before'
        ) as n
        group by n.rule
        order by n.rule
        """,
        [NAMED],
    ).fetchall()
    return {row[0]: row[1] for row in rows}, {row[0]: tuple(row[2]) for row in rows}
