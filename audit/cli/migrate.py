"""The commands that carry the scenario's database to its proposed schema: `order-audit migrate …`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from order_audit.audit.cli.options import Dsn, Quiet, say
from order_audit.errors import UsageError

if TYPE_CHECKING:
    import psycopg

    from order_audit.scenario.migrate.steps import Step

migrate_app = typer.Typer(
    help="Carry the scenario's tables, public.customers and public.orders, to its proposed schema while applications"
    " run. Refuses other tables.",
    no_args_is_help=True,
)

BatchSize = Annotated[int, typer.Option(min=1, max=100_000, metavar="N", help="Rows per transaction, at most.")]
MaxWait = Annotated[
    int, typer.Option(min=10, max=60_000, metavar="MS", help="Milliseconds that anybody may have to wait for us.")
]
Pause = Annotated[int, typer.Option(min=0, max=60_000, metavar="MS", help="Milliseconds between transactions.")]
MaxLag = Annotated[
    float,
    typer.Option(min=0.1, metavar="S", help="Seconds that a replica may be behind before the backfill waits for it."),
]


@migrate_app.command()
def plan(dsn: Dsn = None, quiet: Quiet = False) -> None:
    """Show the steps, how many rows the new tables cannot hold, and which fix would admit them. Changes nothing.

    Where no step was taken yet, it is tried in a transaction that is rolled back: about as long as the backfill.

    Example: order-audit migrate plan --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.migrate_text import plan_text
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.quarantine import Quarantined, dry_run, new_columns, quarantine
    from order_audit.scenario.migrate.steps import CONTRACT, done

    with _connected(dsn) as (connection, steps):
        there = done(connection, steps)
        found: list[Quarantined] = []
        columns: list[str] = []
        if CONTRACT in there:
            pass
        elif "backfill" in there:
            found, columns = quarantine(connection), new_columns(connection)
        elif there:
            raise UsageError("it is under way: 'order-audit migrate status' shows how far, 'run' goes on")
        else:
            refuse_read_only(connection)
            with progress_bar("trying", quiet=quiet) as on_progress:
                found, columns = dry_run(connection, steps, on_progress)
    say(plan_text([step.name for step in steps], there, found, columns))


@migrate_app.command()
def run(
    dsn: Dsn = None,
    to: Annotated[str, typer.Option(metavar="STEP", help="Stop after this step.")] = "switch",
    carry: Annotated[
        list[str] | None,
        typer.Option(metavar="TABLE.COLUMN", help="Take along a column that was added to an old table. Repeatable."),
    ] = None,
    batch_size: BatchSize = 2_000,
    max_lock_wait: MaxWait = 500,
    pause_ms: Pause = 0,
    max_replica_lag: MaxLag = 10.0,
    quiet: Quiet = False,
) -> None:
    """Take the steps that are not taken yet, up to the switch. May be killed and run again.

    Columns that somebody adds to the old tables meanwhile are named, and there is no switch before each is taken along
    (--carry) or dropped.

    Example: order-audit migrate run --dsn postgresql://owner@db/shop --to verify
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import taken_text, verified_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.run import DifferentError
    from order_audit.scenario.migrate.run import run as take
    from order_audit.scenario.migrate.steps import CONTRACT
    from order_audit.scenario.migrate.throttle import MigrationThrottle

    throttle = MigrationThrottle(batch_size, max_lock_wait, pause_ms, max_replica_lag)
    with _connected(dsn) as (connection, steps):
        _known(to, [step.name for step in steps if step.name != CONTRACT])
        columns = [_column(name) for name in carry or ()]
        if columns and to == steps[0].name:
            raise UsageError("--carry: columns can be taken along once the step 'prepare' is taken")
        refuse_read_only(connection)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            try:
                taken = take(connection, steps, to, throttle, start_progress, columns)
            except DifferentError as error:
                say(verified_text(error.verified))
                raise typer.Exit(1) from None
    say(taken_text(taken, to))


@migrate_app.command()
def verify(dsn: Dsn = None, quiet: Quiet = False) -> None:
    """Compare both sides, all rows and values, on one snapshot; name what differs. Exit code 1 where anything does.

    Orders that only one schema's nightly job would recreate are explained, one by one.

    Example: order-audit migrate verify --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.migrate_text import verified_text
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.errors import RefusalError
    from order_audit.scenario.migrate.steps import CONTRACT, done
    from order_audit.scenario.migrate.verify import verify as compare

    with _connected(dsn) as (connection, steps), progress_bar("comparing", quiet=quiet) as on_progress:
        there = done(connection, steps)
        if CONTRACT in there:
            raise RefusalError("the old tables are gone: there is nothing to compare with")
        if "backfill" not in there:
            raise RefusalError(
                "there is nothing to compare yet: 'order-audit migrate run --to backfill' copies the rows"
            )
        found = compare(connection, on_progress)
    say(verified_text(found))
    raise typer.Exit(0 if found.equal else 1)


@migrate_app.command()
def status(dsn: Dsn = None) -> None:
    """Show which steps are taken, what is in quarantine and why, and what is to be decided.

    Example: order-audit migrate status --dsn postgresql://owner@db/shop
    """
    from order_audit.audit.cli.migrate_text import status_text
    from order_audit.scenario.migrate.quarantine import new_columns, quarantine
    from order_audit.scenario.migrate.steps import CONTRACT, done

    with _connected(dsn) as (connection, steps):
        there = done(connection, steps)
        under_way = "prepare" in there and CONTRACT not in there
        say(
            status_text(
                [step.name for step in steps],
                there,
                quarantine(connection) if under_way else [],
                new_columns(connection) if under_way else [],
            )
        )


@migrate_app.command()
def rollback(
    dsn: Dsn = None,
    to: Annotated[
        str, typer.Option(metavar="STEP", help="The step that stays. Default: none does.", show_default=False)
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Take steps back, the last first. The old tables have every write that was made meanwhile.

    Example: order-audit migrate rollback --dsn postgresql://owner@db/shop --to verify
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import rolled_back_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.run import rollback as take_back
    from order_audit.scenario.migrate.steps import CONTRACT
    from order_audit.scenario.migrate.throttle import MigrationThrottle

    with _connected(dsn) as (connection, steps):
        if to:
            _known(to, [step.name for step in steps if step.name != CONTRACT])
        refuse_read_only(connection)
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            taken = take_back(connection, steps, to, MigrationThrottle(), start_progress)
    say(rolled_back_text(taken, to))


@migrate_app.command()
def contract(
    dsn: Dsn = None,
    drop_old_tables: Annotated[
        bool, typer.Option("--drop-old-tables", help="Yes: drop them. There is no way back but a backup.")
    ] = False,
    quiet: Quiet = False,
) -> None:
    """Drop the old tables, once both sides were compared again and nothing is in quarantine.

    Old applications go on with views of the new tables.

    Example: order-audit migrate contract --dsn postgresql://owner@db/shop --drop-old-tables
    """
    from order_audit import session
    from order_audit.audit.cli.migrate_text import taken_text, verified_text
    from order_audit.audit.cli.progress_bar import progress_bars
    from order_audit.errors import RefusalError
    from order_audit.fixes.preconditions import refuse_read_only
    from order_audit.scenario.migrate.quarantine import quarantine
    from order_audit.scenario.migrate.run import run as take
    from order_audit.scenario.migrate.steps import CONTRACT, done
    from order_audit.scenario.migrate.throttle import MigrationThrottle
    from order_audit.scenario.migrate.verify import verify as compare

    with _connected(dsn) as (connection, steps):
        refuse_read_only(connection)
        there = done(connection, steps)
        if CONTRACT in there:
            say("the old tables are gone already")
            return
        if "switch" not in there:
            raise RefusalError("old applications still use the old tables: 'order-audit migrate run' comes before")
        if held := quarantine(connection):
            raise RefusalError(
                f"the new tables cannot hold some rows ({held[0].table}: {held[0].reason}):"
                " 'order-audit migrate plan' says which fix admits them"
            )
        with session.advisory_lock(connection), progress_bars(quiet=quiet) as start_progress:
            found = compare(connection, start_progress("comparing", lines=True))
            if not found.equal:
                say(verified_text(found))
                raise typer.Exit(1)
            if not drop_old_tables:
                raise UsageError(
                    "both sides are equal; --drop-old-tables drops the old tables, for which there is no way back"
                )
            taken = take(connection, steps, CONTRACT, MigrationThrottle(), start_progress)
    say(taken_text(taken, CONTRACT))


@contextmanager
def _connected(dsn: str | None) -> Iterator[tuple[psycopg.Connection, list[Step]]]:
    """A connection that commits by itself, and the steps of the migration."""
    from order_audit.audit.database import dsn as dsns
    from order_audit.scenario.load import PROPOSED
    from order_audit.scenario.migrate.steps import steps

    with dsns.connect(dsns.resolve(dsn), autocommit=True) as connection:
        yield connection, steps(PROPOSED)


def _column(name: str) -> tuple[str, str]:
    table, _, column = name.removeprefix("public.").partition(".")
    if table not in ("customers", "orders") or not column:
        raise UsageError(f"--carry: wanted customers.COLUMN or orders.COLUMN, and not '{name}'")
    return table, column


def _known(step: str, names: list[str]) -> None:
    if step not in names:
        raise UsageError(f"--to: there is no step '{step}': {', '.join(names)}")
