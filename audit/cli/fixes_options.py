"""Options that several of the commands `order-audit fixes …` have."""

from __future__ import annotations

from typing import Annotated

import typer

Recommended = Annotated[
    bool,
    typer.Option("--accept-recommended", help="Choose recommended options where the decisions file has none."),
]
BatchSize = Annotated[int, typer.Option(min=1, max=1_000_000, metavar="N", help="Maximum rows per transaction.")]
MaxWait = Annotated[
    int, typer.Option(min=10, max=60_000, metavar="MS", help="Longest time to block other sessions, in ms.")
]
Pause = Annotated[int, typer.Option(min=0, max=60_000, metavar="MS", help="Pause between transactions, in ms.")]
NoGuards = Annotated[bool, typer.Option("--no-guards", help="Install no guards against new violations.")]
