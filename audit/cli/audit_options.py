"""Options of the audit commands, with their limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

Severity = Literal["critical", "warning", "info", "never"]
History = Annotated[
    Path | None,
    typer.Option(
        help="File of the history: each run adds its figures, and since when each violating key is there;"
        " created if it is missing.",
        show_default=False,
    ),
]
KeyFile = Annotated[
    Path | None,
    typer.Option(
        envvar="ORDER_AUDIT_KEY_FILE",
        show_envvar=False,
        help="File of the secret key for digests of personal keys, so that runs can be compared by them;"
        " created if it is missing. Default: ORDER_AUDIT_KEY_FILE.",
        show_default=False,
    ),
]
Engine = Annotated[
    Literal["postgresql", "duckdb"],
    typer.Option(help="What judges the rules: the database's server, or DuckDB on files (--lake)."),
]
LakeTables = Annotated[
    list[str] | None,
    typer.Option(
        "--lake",
        metavar="DIR|NAME=PATH",
        help="With --engine duckdb: a folder of 'export --parquet', or a table's Parquet files; repeatable.",
        show_default=False,
    ),
]
Memory = Annotated[
    str,
    typer.Option(
        metavar="SIZE", help="With --engine duckdb: memory to use before the disk. Default: 1GB.", show_default=False
    ),
]
OnlyRules = Annotated[
    list[str] | None,
    typer.Option(help="Only this rule, or these ('lineage.*'); repeatable.", show_default=False),
]
Ddl = Annotated[
    list[Path] | None,
    typer.Option(
        help="File or folder of the DDL (a dump of the schema, or migrations), in which schema findings are located;"
        " repeatable.",
        show_default=False,
    ),
]
Allow = Annotated[
    Path | None,
    typer.Option(help="Accepted schema findings: lines of 'rule object: reason'.", show_default=False),
]
Sample = Annotated[
    float | None,
    typer.Option(metavar="P", help="Percentage of each table's pages that the profile reads.", show_default=False),
]
Exact = Annotated[
    bool,
    typer.Option("--exact", help="Profile all rows of tables with more than 10,000, in place of a sample."),
]
Timeout = Annotated[
    float | None,
    typer.Option(metavar="S", help="Timeout of each statement, in seconds.", show_default=False),
]
Since = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="The folder of an earlier audit with its state: judge only what can have changed. Implies --state.",
        show_default=False,
    ),
]
State = Annotated[bool, typer.Option("--state", help="Keep in state/ what a later --since needs.")]
Full = Annotated[bool, typer.Option("--full", help="With --since: judge all rows all the same.")]
VerifySince = Annotated[
    float | None,
    typer.Option(
        metavar="P", help="With --since: also test the verdicts on P percent of the other keys.", show_default=False
    ),
]
Exclude = Annotated[list[str] | None, typer.Option(help="Exclude this rule; repeatable.", show_default=False)]
