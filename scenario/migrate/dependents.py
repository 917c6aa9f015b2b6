"""Objects that depend on the old tables or their views, and what the steps do to them: queries of deploy scripts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg

from order_audit import session
from order_audit.errors import RefusalError
from order_audit.scenario.load import PROPOSED

_FILE: Final = PROPOSED / "deploy" / "checks" / "dependents.sql"
_RETIRE_FILE: Final = PROPOSED / "retire" / "deploy" / "checks" / "dependents.sql"


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


@dataclass(frozen=True)
class RetireDependent:
    """An object that depends on what `retire` drops, and its effect; `blocks`: `retire` waits until it is gone."""

    name: str
    effect: str
    blocks: bool


def dependents(connection: psycopg.Connection) -> list[Dependent]:
    """Return what depends on the old tables, by kind and name, without the migration's own objects. Only reads."""
    return [
        Dependent(it["kind"], it["name"], it["tab"], it["stops"], it["at_switch"], it["at_contract"], it["blocks"])
        for it in _found(connection, _FILE)
    ]


def refuse_dependents(connection: psycopg.Connection) -> None:
    """Raise RefusalError if `contract` would drop or break an object that is not the migration's."""
    if found := [it for it in dependents(connection) if it.blocks]:
        raise RefusalError(
            "the old tables still have dependents: "
            + "; ".join(f"{it.kind} {it.name} ({it.at_contract})" for it in found)
        )


def retire_dependents(connection: psycopg.Connection) -> list[RetireDependent]:
    """Return what depends on the views for old applications and on what else `retire` drops. Only reads."""
    return [RetireDependent(it["name"], it["effect"], it["blocks"]) for it in _found(connection, _RETIRE_FILE)]


def refuse_retire_dependents(connection: psycopg.Connection) -> None:
    """Raise RefusalError if `retire` would drop or break an object that is not the migration's."""
    if found := [it for it in retire_dependents(connection) if it.blocks]:
        raise RefusalError(
            "the views for old applications, sales_old or the old sequences still have dependents: "
            + "; ".join(f"{it.name} ({it.effect})" for it in found)
        )


def _found(connection: psycopg.Connection, file: Path) -> list[dict[str, Any]]:
    """Run a file that finds dependents; return what it leaves in a setting of its transaction, in its order."""
    with connection.transaction():
        connection.execute(file.read_text(encoding="utf-8").encode())
        return list(session.scalar(connection, "select current_setting('migration.dependents')::jsonb"))
