"""Apply fixes in one transaction that is rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import psycopg

from order_audit import session
from order_audit.expectations import Rule
from order_audit.fixes.applied import Applied
from order_audit.fixes.engine import batches
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.rejected import rejected
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Fix, Option
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.install import preview
from order_audit.fixes.option_steps import possible_steps, run_steps
from order_audit.fixes.planning import dry_run
from order_audit.fixes.planning.decisions import chosen
from order_audit.fixes.planning.guards import guards_of
from order_audit.fixes.preconditions import refuse
from order_audit.progress import ProgressCallback, ignore_progress


def rehearse(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    throttle: Throttle,
    *,
    guarding: bool = False,
    own_guards: Iterable[Guard] = (),
    on_progress: ProgressCallback = ignore_progress,
) -> Applied:
    """Apply fixes in one transaction, count the violations before and after, and roll it back.

    Changed rows stay locked until it ends. With `guarding`, guards are checked but not installed: their locks would
    block other sessions until the end, and an index cannot be created concurrently in a transaction. The outcome has
    the rows that they would reject, and their missing prerequisites.
    """
    total = len(list(chosen(fixes, choices))) + 2 * len(rules)
    counted = 0

    def count(note: str) -> None:
        nonlocal counted
        counted += 1
        on_progress(counted, total, note)

    with session.advisory_lock(connection), connection.transaction(force_rollback=True):
        refuse(connection, fixes, choices)
        session.set_timeouts(connection, lock=max(1, throttle.max_lock_wait_ms))
        install(connection, TARGET)
        connection.execute("delete from order_audit.refused")
        steps, unable, wrong = possible_steps(connection, chosen(fixes, choices))
        before = dry_run.judge(connection, rules, "before", count)
        patient = Throttle(batch_size=throttle.batch_size, max_lock_wait_ms=0, vacuum_after=0, max_rounds=3)

        def change(fix: Fix, option: Option) -> OptionOutcome:
            on_progress(counted, total, fix.rule.id)
            return batches.apply(connection, fix, option, TARGET, patient)

        done, not_converging, errors = run_steps(connection, steps, change)
        counted += len(steps)
        after = dry_run.judge(connection, rules, "after", count)
        installed, lacking = preview(connection, guards_of(rules, own_guards), after) if guarding else ([], {})
        rejected_rows = rejected(connection)
    return Applied(
        done, None, {}, before, after, tuple(installed), lacking, rejected_rows, not_converging,
        unable | errors, errored=frozenset(wrong | errors.keys()),
    )  # fmt: skip
