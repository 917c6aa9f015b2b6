"""Objects that depend on the old tables or their views, and what the steps do to them: queries of deploy scripts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import psycopg

from order_audit.errors import RefusalError

_PROPOSED: Final = Path(__file__).parents[1] / "proposed"
_FILE: Final = _PROPOSED / "deploy" / "checks" / "dependents.sql"
_RETIRE_FILE: Final = _PROPOSED / "retire" / "deploy" / "checks" / "dependents.sql"
#: The line before the query.
_BEGIN: Final = re.compile(r"^create view migration_checks\.[a-z]+ as\n", re.MULTILINE)


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
    return [Dependent(*row) for row in connection.execute(_query(_FILE))]


def refuse_dependents(connection: psycopg.Connection) -> None:
    """Raise RefusalError if `contract` would drop or break an object that is not the migration's."""
    if found := [it for it in dependents(connection) if it.blocks]:
        raise RefusalError(
            "the old tables still have dependents: "
            + "; ".join(f"{it.kind} {it.name} ({it.at_contract})" for it in found)
        )


def retire_dependents(connection: psycopg.Connection) -> list[RetireDependent]:
    """Return what depends on the views for old applications and on what else `retire` drops. Only reads."""
    return [RetireDependent(*row) for row in connection.execute(_query(_RETIRE_FILE))]


def refuse_retire_dependents(connection: psycopg.Connection) -> None:
    """Raise RefusalError if `retire` would drop or break an object that is not the migration's."""
    if found := [it for it in retire_dependents(connection) if it.blocks]:
        raise RefusalError(
            "the views for old applications, sales_old or the old sequences still have dependents: "
            + "; ".join(f"{it.name} ({it.effect})" for it in found)
        )


def _query(file: Path) -> bytes:
    """Return the query of the view that a file creates, ordered."""
    query = _BEGIN.split(file.read_text(encoding="utf-8"))[1].rstrip().removesuffix(";")
    return f"{query}\norder by 1, 2, 3".encode()
