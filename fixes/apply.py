"""Apply fixes to a database that is in use, in their order, and prove what changed."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import psycopg

from order_audit import session
from order_audit.errors import OrderAuditError
from order_audit.expectations import Rule
from order_audit.fixes.applied import Applied
from order_audit.fixes.engine import batches
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.bloat import bloat, sizes
from order_audit.fixes.engine.eta import Eta
from order_audit.fixes.engine.option_outcome import OptionOutcome
from order_audit.fixes.engine.proof import Proof
from order_audit.fixes.engine.rejected import rejected
from order_audit.fixes.engine.status import totals
from order_audit.fixes.engine.throttle import Throttle
from order_audit.fixes.engine.vacuum import dead_rows, vacuum
from order_audit.fixes.engine.work_list import TARGET
from order_audit.fixes.fix import Fix, Option
from order_audit.fixes.guarding.guard import Guard
from order_audit.fixes.guarding.install import Count, install_all
from order_audit.fixes.guarding.installed import record
from order_audit.fixes.option_steps import possible_steps, run_steps
from order_audit.fixes.planning.decisions import Decisions, chosen
from order_audit.fixes.planning.fingerprint import differences
from order_audit.fixes.planning.guards import guards_of
from order_audit.fixes.planning.identity import identity
from order_audit.fixes.planning.planner import review
from order_audit.fixes.planning.tables import same_tables, tables
from order_audit.fixes.preconditions import refuse
from order_audit.fixes.run_record import begin_run, end_run, is_begun, plan_id
from order_audit.progress import ProgressCallback, ignore_progress


class ReviewError(OrderAuditError):
    """The data differ from the reviewed plan; nothing was changed."""

    exit_code = 2


def apply(
    connection: psycopg.Connection,
    rules: Sequence[Rule],
    fixes: Mapping[str, Fix],
    choices: Mapping[str, str],
    decisions: Decisions | None,
    throttle: Throttle,
    *,
    guarding: bool = False,
    own_guards: Collection[Guard] = (),
    by_checksums: bool = False,
    count: Count = lambda _connection, _rules: {},
    on_progress: ProgressCallback = ignore_progress,
    on_guard_progress: ProgressCallback = ignore_progress,
) -> Applied:
    """Apply automatic and chosen options; then, with `guarding`, install the guards of rules that pass, and one's own.

    The connection is in autocommit mode. `by_checksums` asks for a proof by checksums. `count` counts violations.
    `on_progress` receives changed rows, rows to change and a note; `on_guard_progress` receives installed
    guards and all guards.

    May be killed and run again. Raises RefusalError or ReviewError before the first change.
    """
    with session.advisory_lock(connection):
        refuse(connection, fixes, choices)
        id = plan_id(choices, decisions)
        if decisions is not None and decisions.plan and not is_begun(connection, id):
            now = review(connection, rules, fixes, decisions.reviewed, choices)
            changes = differences(decisions, now, identity(connection, fixes), choices)
            if changes:
                raise ReviewError(
                    f"{decisions.path}: the data differ from the reviewed plan: {'; '.join(changes)}. Nothing was"
                    " changed. Write the file again with 'order-audit fixes plan --out', and review it"
                )
        install(connection, TARGET)
        # proofs and counts take as long as they take: applications need the other processors
        connection.execute("set max_parallel_workers_per_gather = 0")
        steps, unable, wrong = possible_steps(connection, chosen(fixes, choices))
        names = tables(connection, fixes)
        on_progress(0, 0, "reading the tables")
        began = time.monotonic()
        proof, room = Proof(connection, names, by_checksums=by_checksums), sizes(connection, names)
        took = time.monotonic() - began
        since, run = begin_run(connection, id, choices)
        on_progress(0, 0, "counting rows to change")
        eta = Eta(_expected(connection, steps, decisions, count), on_progress, closing=took)
        dead: Counter[str] = Counter()

        def change(fix: Fix, option: Option) -> OptionOutcome:
            eta.start_step(fix.rule.id)
            became = batches.apply(connection, fix, option, TARGET, throttle, eta.rows, proof=proof)
            for table in batches.changes(option):
                dead[table] += became.changed
                # many fixes leave as much behind as a large one
                if became.changed and 0 < dead_rows(connection, {table}, throttle) <= dead[table]:
                    vacuum(connection, {table})
                    dead[table] = 0
            return became

        done, not_converging, errors = run_steps(connection, steps, change)
        eta.end("reading the tables again")
        proven = proof.end()
        seconds = {f"{rule} {option}": outcome.seconds for rule, option, outcome in done if outcome.changed}
        changed = {table for (_, option), (_, _, outcome) in zip(steps, done, strict=True) if outcome.changed
                   for table in batches.changes(option)}  # fmt: skip
        grown = bloat(connection, room, same_tables(connection, room, changed))
        sized = {"sizes": {table: outcome.document() for table, outcome in grown.items()}} if grown else {}
        end_run(connection, run, {"proof": proven.document(), "seconds": seconds, **sized})
        eta.end("")
        own = {guard.name for guard in own_guards}
        wanted = guards_of(rules, own_guards) if guarding else []
        record(connection, [guard for guard in wanted if guard.name in own])
        installed, lacking = install_all(connection, wanted, throttle, count, on_guard_progress)
        return Applied(
            done, proven, grown, {}, {}, tuple(installed), lacking, rejected(connection), not_converging,
            unable | errors, totals(connection, since), frozenset(wrong | errors.keys()),
        )  # fmt: skip


def _expected(
    connection: psycopg.Connection, steps: Sequence[tuple[Fix, Option]], decisions: Decisions | None, count: Count
) -> list[int]:
    """How many rows each step may have to change: what its rule found when it was reviewed, or finds now."""
    counts = {rule: seen.found.rows for rule, seen in decisions.reviewed.items()} if decisions is not None else {}
    rules = {fix.rule.id: fix.rule for fix, _ in steps if fix.rule.id not in counts}
    if len(rules) > 1:  # the only one is counted when it is listed, right afterwards
        counts |= count(connection, list(rules.values()))
    # the second of a rule's two steps has what the first leaves: it is counted when it is listed
    return [counts.pop(fix.rule.id, 0) for fix, _ in steps]
