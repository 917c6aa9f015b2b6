"""The commands for Great Expectations: `order-audit gx …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from order_audit.audit.cli.commands import Commands
from order_audit.audit.cli.configured import Configured, configured_variables, current, is_trusted
from order_audit.audit.cli.options import Dsn, Schema, Suites, Variables, say, variables

gx_app = Commands(of=Configured, help="Great Expectations: export the rules as a project.", no_args_is_help=True)


@gx_app.callback()
def shared() -> None:
    """Keep `export` a subcommand although it is the only one."""


@gx_app.command("export")
def export_project(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the project; the files are in DIR/gx.")],
    dsn: Dsn = None,
    schema: Schema = "",
    suite: Suites = None,
    rule: Annotated[
        list[str] | None,
        typer.Option(help="Only this rule, or these ('lineage.*'); repeatable.", show_default=False),
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(help="Exclude this rule; repeatable.", show_default=False)
    ] = None,
    var: Variables = None,
) -> None:
    """Write a Great Expectations project: data source, suite, validation definition, checkpoint.

    Reads no data, and writes no connection into the files. In an existing project, adds the suite.

    Example: order-audit gx export quality --dsn postgresql://reader@db/shop
    """
    from order_audit.audit.gx.export import export
    from order_audit.reports.formatting import plural

    configuration = current()
    made = export(
        folder,
        dsn,
        suites=suite or ("current",),
        rules=rule or (),
        exclude=exclude or (),
        schema=schema,
        variables=variables(var),
        configured=configured_variables(),
        overrides=configuration.overrides if configuration else (),
        all_match=configuration is not None and suite == configuration.value("suites"),
        trusted=is_trusted(),
    )
    lines = [f"project: {made.folder} (suite and checkpoint '{made.name}', {plural(made.rules, 'rule')})"]
    lines += [f"skipped: {id}: {reason}" for id, reason in made.left_out.items()]
    lines += [f"exported with an error: {id}: {message}" for id, message in made.errored.items()]
    lines += [
        "to run it, set the variable with the password, then run the program",
        f"  export ORDER_AUDIT_GX_URL='{made.url}'",
        "  import order_audit.gx  # first, or the suite fails",
        "  import great_expectations as gx",
        f"  context = gx.get_context(mode='file', project_root_dir={str(folder)!r})",
        f"  print(context.checkpoints.get({made.name!r}).run().success)",
    ]
    say("\n".join(lines))
