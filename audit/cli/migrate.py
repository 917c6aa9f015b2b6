"""The commands that migrate the scenario's database to its proposed schema: `order-audit migrate …`."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.migrate_connection import connected, privileges_line, roles_line, waits, warn
from order_audit.audit.cli.migrate_end import contract, retire
from order_audit.audit.cli.options import Dsn, Quiet, say
from order_audit.errors import UsageError

migrate_app = Commands(
    help="Migrate the scenario's tables, public.customers and public.orders, to its proposed schema while applications"
    " run. Rejects other tables.",
    no_args_is_help=True,
)

BatchSize = Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Maximum rows per transaction.")]
MaxWait = Annotated[
    int, typer.Option(min=10, max=60_000, metavar="MS", help="Longest time to block other sessions, in ms.")
]
Pause = Annotated[int, typer.Option(min=0, max=60_000, metavar="MS", help="Pause between transactions, in ms.")]
MaxLag = Annotated[
    float,
    typer.Option(min=0, metavar="S", help="Replica lag at which the backfill pauses, in seconds; 0: no limit."),
]


@migrate_app.command()
def plan(dsn: Dsn = None, quiet: Quiet = False) -> None:
    """Show the steps, objects that depend on the old tables, rows that the new tables reject, and their fixes.

    Changes nothing. Before the first step, this is a dry run in a transaction that is rolled back. It takes as long as
    the backfill.

    Example: order-audit migrate plan --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.dependents_text import capacity_text, dependents_text, retire_text
    from order_audit.audit.cli.migrate_text import plan_text
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.errors import RefusalError
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.dependents import dependents, retire_dependents
    from order_audit.scenario.migrate.quarantine import Quarantine, dry_run, new_columns, quarantine
    from order_audit.scenario.migrate.steps import CONTRACT, RETIRE, done

    with connected(dsn) as (connection, steps):
        finished = done(connection, steps)
        held = Quarantine()
        columns: list[str] = []
        depending = [] if CONTRACT in finished else dependents(connection)
        capacity = None
        retiring = retire_dependents(connection) if CONTRACT in finished and RETIRE not in finished else []
        roles = roles_line(connection) + ("" if RETIRE in finished else privileges_line(connection))
        if CONTRACT in finished:
            pass
        elif "backfill" in finished:
            held, columns = quarantine(connection), new_columns(connection)
        elif finished:
            raise UsageError(
                "the migration has started: 'order-audit migrate status' shows its progress, 'run' continues it"
            )
        else:
            refuse_read_only(connection)
            with progress_bar("dry run", quiet=quiet) as on_progress:
                try:
                    held, columns, capacity = dry_run(connection, steps, on_progress)
                except RefusalError:
                    if depending:
                        say(dependents_text(depending))
                    raise
    say(plan_text([step.name for step in steps], finished, held, columns) + roles)
    if RETIRE not in finished:
        say(f"\n{retire_text(retiring) if CONTRACT in finished else dependents_text(depending)}")
    if capacity is not None:
        say(f"\n{capacity_text(capacity)}")


@migrate_app.command()
def run(
    dsn: Dsn = None,
    to: Annotated[str, typer.Option(metavar="STEP", help="Stop after this step.")] = "switch",
    carry: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE.COLUMN", help="Carry a column that was added to an old table; repeatable."),
    ] = None,
    accept_quarantine: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Switch with at most N customers and orders together in quarantine."),
    ] = 0,
    batch_size: BatchSize = 2_000,
    max_lock_wait: MaxWait = 500,
    pause_ms: Pause = 0,
    max_replica_lag: MaxLag = 10.0,
    quiet: Quiet = False,
) -> None:
    """Run the remaining steps, up to the switch. An interrupted run can be repeated.

    Columns that were added to the old tables must be carried (--carry) or dropped before the switch. Rows in quarantine
    stop it, too: exit code 1, unless --accept-quarantine allows their number.

    Example: order-audit migrate run --dsn postgresql://owner@db/shop --to verify
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import taken_text, verified_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.audit.cli.quarantine_text import refused_text
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.quarantine import Quarantine, quarantine
    from order_audit.scenario.migrate.run import DifferentError, QuarantineError
    from order_audit.scenario.migrate.run import run as take
    from order_audit.scenario.migrate.steps import BY_HAND, CONTRACT, done
    from order_audit.scenario.migrate.throttle import MigrationThrottle

    began = time.perf_counter()
    throttle = MigrationThrottle(batch_size, max_lock_wait, pause_ms, max_replica_lag)
    with connected(dsn, changes=True) as (connection, steps):
        _known(to, [step.name for step in steps if step.name not in BY_HAND])
        columns = [_column(name) for name in carry or ()]
        if columns and to == steps[0].name:
            raise UsageError("--carry: columns can be carried only after the step 'prepare'")
        if accept_quarantine and to != "switch":
            raise UsageError(f"--accept-quarantine: only the step 'switch' counts rows in quarantine, and not '{to}'")
        refuse_read_only(connection)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            try:
                taken = take(
                    connection, steps, to, throttle, start_progress, columns, accept_quarantine,
                    on_wait=waits(quiet=quiet),
                )  # fmt: skip
            except DifferentError as error:
                say(verified_text(error.verified))
                raise typer.Exit(1) from None
            except QuarantineError as error:
                say(refused_text(error.held, error.accepted))
                raise typer.Exit(1) from None
        finished = done(connection, steps)
        held = quarantine(connection) if "backfill" in finished and CONTRACT not in finished else Quarantine()
        roles = roles_line(connection)
    say(taken_text(taken, to, held, finished, time.perf_counter() - began) + roles)


@migrate_app.command()
def verify(dsn: Dsn = None, quiet: Quiet = False) -> None:
    """Compare all rows and values of both sides, on one snapshot. Exits with 1 if they differ.

    Lists differing rows, and orders that only one schema's nightly job would recreate, with the reason.

    Example: order-audit migrate verify --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.migrate_text import verified_text, whole_line
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.errors import RefusalError
    from order_audit.scenario.migrate.steps import CONTRACT, done
    from order_audit.scenario.migrate.verify import verify as compare

    began = time.perf_counter()
    with connected(dsn) as (connection, steps), progress_bar("comparing", quiet=quiet) as on_progress:
        finished = done(connection, steps)
        if CONTRACT in finished:
            raise RefusalError("the old tables are dropped: nothing to compare with")
        if "backfill" not in finished:
            raise RefusalError("nothing to compare yet: copy the rows with 'order-audit migrate run --to backfill'")
        comparison = compare(connection, on_progress)
    say(verified_text(comparison))
    say(whole_line(time.perf_counter() - began))
    raise typer.Exit(0 if comparison.equal else 1)


@migrate_app.command()
def status(dsn: Dsn = None) -> None:
    """Show finished steps, rows in quarantine, the nightly job, and temporary objects.

    Of the nightly job: orders that are due and not yet recreated on this business day, orders recreated on it, and
    those that the new job would skip. Reasons and fixes of rows in quarantine, columns that need a decision, and the
    steps that drop temporary objects are listed. From the end of the backfill to contract, it reads all orders.

    Example: order-audit migrate status --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.migrate_text import status_text
    from order_audit.scenario.migrate.night import night
    from order_audit.scenario.migrate.quarantine import Quarantine, new_columns, quarantine
    from order_audit.scenario.migrate.steps import CONTRACT, done
    from order_audit.scenario.migrate.temporary import temporary
    from order_audit.scenario.migrate.verify import due

    with connected(dsn) as (connection, steps):
        finished = done(connection, steps)
        under_way = "prepare" in finished and CONTRACT not in finished
        say(
            status_text(
                [step.name for step in steps],
                finished,
                quarantine(connection) if under_way else Quarantine(),
                new_columns(connection) if under_way else [],
                night(connection) if "backfill" in finished else None,
                due(connection) if under_way and "backfill" in finished else None,
                temporary(connection),
            )
            + roles_line(connection)
        )


@migrate_app.command()
def rollback(
    dsn: Dsn = None,
    to: Annotated[
        str, typer.Option(metavar="STEP", help="The last step to keep. Default: none.", show_default=False)
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Roll steps back, the last first. The old tables have all writes of the meantime.

    Example: order-audit migrate rollback --dsn postgresql://owner@db/shop --to verify
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import rolled_back_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.run import rollback as take_back
    from order_audit.scenario.migrate.steps import BY_HAND
    from order_audit.scenario.migrate.throttle import MigrationThrottle

    began = time.perf_counter()
    with connected(dsn, changes=True) as (connection, steps):
        if to:
            _known(to, [step.name for step in steps if step.name not in BY_HAND])
        refuse_read_only(connection)
        connection.add_notice_handler(warn)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            taken = take_back(connection, steps, to, MigrationThrottle(), start_progress, waits(quiet=quiet))
    say(rolled_back_text(taken, to, time.perf_counter() - began))


migrate_app.command()(contract)
migrate_app.command()(retire)


def _column(name: str) -> tuple[str, str]:
    table, _, column = name.removeprefix("public.").partition(".")
    if table not in ("customers", "orders") or not column:
        raise UsageError(f"--carry: '{name}' must be customers.COLUMN or orders.COLUMN")
    return table, column


def _known(step: str, names: list[str]) -> None:
    if step not in names:
        raise UsageError(f"--to: unknown step '{step}' (known: {', '.join(names)})")
