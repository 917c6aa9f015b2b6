"""The options of a run that commands on its result repeat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from order_audit.reports.document.codec import note


@dataclass(frozen=True)
class GivenOptions:
    """Options as they were given, on the command line or in its place."""

    environment: Annotated[str, note("The chosen environment of the configuration.")] = ""
    schema: str = ""
    fixes: Annotated[str, note("Folder of fix files.")] = ""
    guards: Annotated[str, note("Folder of guard files.")] = ""
    allow: Annotated[str, note("File of accepted schema findings.")] = ""
    rules: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    variables: Annotated[
        dict[str, str | None] | None,
        note("Values of the command line and of the environment; null in place of one whose name speaks of a secret."),
    ] = None
    others: Annotated[
        tuple[str, ...],
        note("The other words of `order-audit run`, each option with its value; … in place of a path."),
    ] = ()
    configuration: Annotated[str, note("The configuration file and its environment; empty without one.")] = ""
