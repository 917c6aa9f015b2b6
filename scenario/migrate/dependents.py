"""Objects that depend on the old tables, and what the steps do to them: the query of the deploy scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from order_audit.errors import RefusalError

_FILE: Final = Path(__file__).parents[1] / "proposed" / "deploy" / "checks" / "dependents.sql"
_BEGIN: Final = "create view migration_checks.dependents as\n"


@dataclass(frozen=True)
class Dependent:
    """An object that depends on an old table.

    `stops` says why the migration cannot begin with it, if so; `blocks`, whether `contract` waits until it is gone.
    """

    kind: str
    name: str
    table: str
    stops: str | None
    at_switch: str
    at_contract: str
    blocks: bool


def dependents(connection: psycopg.Connection) -> list[Dependent]:
    """Return what depends on the old tables, by kind and name, without the migration's own objects. Only reads."""
    query = _FILE.read_text(encoding="utf-8").partition(_BEGIN)[2].rstrip().removesuffix(";")
    return [Dependent(*row) for row in connection.execute(f"{query}\norder by 1, 2, 3".encode())]


def refuse_dependents(connection: psycopg.Connection) -> None:
    """Raise RefusalError if `contract` would drop or break an object that is not the migration's."""
    if found := [it for it in dependents(connection) if it.blocks]:
        raise RefusalError(
            "the old tables still have dependents: "
            + "; ".join(f"{it.kind} {it.name} ({it.at_contract})" for it in found)
        )
