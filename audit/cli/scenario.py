"""The commands that create the scenario's database: `order-audit scenario …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.options import Dsn, Quiet, say
from order_audit.errors import RunError, UsageError

scenario_app = Commands(help="Create the scenario's database.", no_args_is_help=True)


@scenario_app.command("load")
def load_scenario(
    dsn: Dsn = None,
    issues: Annotated[bool, typer.Option("--issues", help="Add the labelled bad data.")] = False,
    schema: Annotated[
        str,
        typer.Option(help="Schema to create the tables in. Default: the search path.", show_default=False),
    ] = "",
) -> None:
    """Create the scenario's current schema with its sample data, in an empty database.

    Example: order-audit scenario load --dsn embedded --issues
    """
    import psycopg

    from order_audit import scenario, search_path
    from order_audit.audit.database import dsn as dsns
    from order_audit.fixes.preconditions import refuse_read_only

    one = search_path.one(schema)
    place = dsns.resolve(dsn)
    with dsns.connect(place, autocommit=True) as connection:
        refuse_read_only(connection)
        try:
            scenario.load(connection, issues=issues, schema=one)
        except scenario.NotEmptyError as existing:
            raise UsageError(
                f"{existing} already exists in {dsns.masked(place)}: use an empty database or another --schema"
            ) from None
        except psycopg.Error as error:
            raise RunError(
                f"cannot create the scenario in {dsns.masked(place)}: {error.diag.message_primary or error}"
            ) from None
    say("created customers and orders with the sample data" + (" and the labelled issues" if issues else ""))


@scenario_app.command("generate")
def generate_scenario(
    orders: Annotated[int, typer.Option(metavar="N", help="Rows of orders.")],
    customers: Annotated[int, typer.Option(metavar="M", help="Rows of customers.")],
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the generator; equal arguments give equal data.")] = 0,
    defects: Annotated[
        float,
        typer.Option(
            metavar="RATE",
            help="Share of the rows with each kind of defect, from 0 to 1; at least one row. "
            "Above 0, the schema lacks chk_status and the foreign key, which defects violate.",
        ),
    ] = 0.0,
    truth: Annotated[
        Path | None,
        typer.Option(help="File for all violations, in the format of violations.csv.", show_default=False),
    ] = None,
    dsn: Dsn = None,
    schema: Annotated[
        str,
        typer.Option(help="Schema to create the tables in. Default: the search path.", show_default=False),
    ] = "",
    quiet: Quiet = False,
) -> None:
    """Create the current schema with any amount of generated data and labelled defects.

    Example: order-audit scenario generate --orders 100000 --customers 10000 --defects 0.001 --truth truth.csv
    """
    import psycopg

    from order_audit import scenario, search_path
    from order_audit.audit.cli.progress_bar import progress_bar
    from order_audit.audit.database import dsn as dsns
    from order_audit.fixes.preconditions import refuse_read_only

    if truth is not None and (not truth.name or truth.is_dir()):
        raise UsageError(f"--truth: {truth} is a folder: name a file")
    one = search_path.one(schema)
    place = dsns.resolve(dsn)
    with dsns.connect(place, autocommit=True) as connection, progress_bar("generating", quiet=quiet) as on_progress:
        refuse_read_only(connection)
        try:
            made = scenario.generate(
                connection,
                orders=orders,
                customers=customers,
                seed=seed,
                defects=defects,
                truth=truth,
                schema=one,
                on_progress=on_progress,
            )
        except (ValueError, scenario.NotUnicodeError) as wrong:
            raise UsageError(f"{wrong}") from None
        except scenario.NotEmptyError as existing:
            raise UsageError(
                f"{existing} already exists in {dsns.masked(place)}: use an empty database or another --schema"
            ) from None
        except OSError as error:
            raise UsageError(f"cannot write {truth}: {error.strerror}") from None
        except psycopg.Error as error:
            raise RunError(
                f"cannot generate data in {dsns.masked(place)}: {error.diag.message_primary or error}"
            ) from None
    say(f"created {made.orders:,} orders and {made.customers:,} customers with {made.violations:,} violations")
    if made.left_out:
        say(f"too few rows for {len(made.left_out)} kinds of defects: {', '.join(made.left_out)}")
