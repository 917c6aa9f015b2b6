"""The last commands of `order-audit migrate`, each confirmed by its flag: `contract` and `retire`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from order_audit.audit.cli.migrate_connection import connected, waits, warn
from order_audit.audit.cli.options import Dsn, Quiet, say
from order_audit.errors import UsageError


def contract(
    dsn: Dsn = None,
    drop_old_tables: Annotated[
        bool, typer.Option("--drop-old-tables", help="Confirm the drop. Only a backup can undo it.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Drop the old tables, after another comparison of both sides, and with an empty quarantine.

    Old applications continue with views of the new tables. Names the objects that depend on the old tables, and waits
    until they are gone or moved.

    Example: order-audit migrate contract --dsn postgresql://owner@db/shop --drop-old-tables
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import taken_text, verified_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.errors import RefusalError
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.dependents import refuse_dependents
    from order_audit.scenario.migrate.quarantine import Quarantine, quarantine
    from order_audit.scenario.migrate.run import StepRun, record_verified
    from order_audit.scenario.migrate.run import run as take
    from order_audit.scenario.migrate.steps import CONTRACT, done, refuse_sqitch
    from order_audit.scenario.migrate.throttle import MigrationThrottle
    from order_audit.scenario.migrate.verify import verify as compare

    began = time.perf_counter()
    with connected(dsn, changes=True) as (connection, steps):
        refuse_read_only(connection)
        finished = done(connection, steps)
        if CONTRACT in finished:
            say("the old tables are already dropped")
            return
        if "switch" not in finished:
            raise RefusalError("old applications still use the old tables: run 'order-audit migrate run' first")
        if (held := quarantine(connection)).rows:
            first = held.reasons[0]
            raise RefusalError(
                f"the new tables reject some rows ({first.table}: {first.reason}):"
                " 'order-audit migrate status' lists them with their fixes"
            )
        refuse_sqitch(connection, steps)
        refuse_dependents(connection)
        connection.add_notice_handler(warn)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            compared_from = time.perf_counter()
            comparison = compare(connection, start_progress("comparing", lines=True))
            compared = StepRun("comparison", time.perf_counter() - compared_from, 0)
            if not comparison.equal:
                say(verified_text(comparison))
                raise typer.Exit(1)
            if not drop_old_tables:
                raise UsageError(
                    "both sides are equal; --drop-old-tables drops the old tables, which only a backup can undo"
                )
            record_verified(connection)
            taken = [
                compared,
                *take(connection, steps, CONTRACT, MigrationThrottle(), start_progress, on_wait=waits(quiet=quiet)),
            ]
        finished = done(connection, steps)
    say(taken_text(taken, CONTRACT, Quarantine(), finished, time.perf_counter() - began))


def retire(
    dsn: Dsn = None,
    drop_old_views: Annotated[
        bool, typer.Option("--drop-old-views", help="Confirm the drop. Only a backup can undo it.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Drop the views for old applications and all else that was kept for them: the last step, after contract.

    With them go texts with secrets, limits and indexes of the old columns, and the 32-bit sequences. Names the objects
    that depend on these, and waits until they are gone or moved.

    Example: order-audit migrate retire --dsn postgresql://owner@db/shop --drop-old-views
    """
    from order_audit import session
    from order_audit.audit.cli.dependents_text import retire_text
    from order_audit.audit.cli.migrate_text import taken_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.errors import RefusalError
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.dependents import refuse_retire_dependents, retire_dependents
    from order_audit.scenario.migrate.quarantine import Quarantine
    from order_audit.scenario.migrate.run import run as take
    from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, done, refuse_sqitch
    from order_audit.scenario.migrate.throttle import MigrationThrottle

    began = time.perf_counter()
    with connected(dsn, changes=True) as (connection, steps):
        refuse_read_only(connection)
        finished = done(connection, steps)
        if RETIRE in finished:
            say("nothing to do: retire is done")
            return
        if CONTRACT not in finished:
            raise RefusalError("the old tables are still there: 'order-audit migrate contract' comes first")
        refuse_sqitch(connection, steps)
        refuse_retire_dependents(connection)
        if not drop_old_views:
            say(retire_text(retire_dependents(connection)))
            raise UsageError(
                "--drop-old-views drops the views customers and orders, which old applications use; only a backup can"
                " undo it"
            )
        connection.add_notice_handler(warn)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            taken = take(connection, steps, RETIRE, MigrationThrottle(), start_progress, on_wait=waits(quiet=quiet))
        finished = done(connection, steps)
    say(taken_text(taken, RETIRE, Quarantine(), finished, time.perf_counter() - began))
