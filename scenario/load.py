"""Create the scenario's database."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import psycopg

from order_audit import session
from order_audit.errors import OrderAuditError, RunError

HOME: Final = Path(__file__).parent
SCHEMA: Final = (HOME / "current" / "schema.sql", HOME / "sample-data.sql")
ISSUES: Final = tuple(sorted((HOME / "data-issues").glob("*.sql")))
TRUTH: Final = HOME / "data-issues" / "truth.csv"
#: The way to the proposed schema, as Sqitch projects; see `order_audit.scenario.migrate`.
PROPOSED: Final = HOME / "proposed"
#: Possible decisions on them; see `order_audit.fixes.planning.decisions`.
DECISIONS: Final = HOME / "decisions.toml"


class NotEmptyError(OrderAuditError):
    """The database has tables of these names already; they are left as they are."""

    exit_code = 2


def load(connection: psycopg.Connection, *, issues: bool = False, schema: str = "") -> None:
    """Create the current schema with its sample data, and with `issues` the labelled bad data, in one transaction.

    Raises RunError if the schema does not exist, and NotEmptyError if `customers` or `orders` does.
    """
    with connection.transaction():
        enter_empty(connection, schema)
        _execute(connection, SCHEMA)
        if issues:
            _execute(connection, ISSUES)


def add_issues(connection: psycopg.Connection, *, schema: str = "") -> None:
    """Add the labelled bad data to a database that `load` made, in one transaction."""
    with connection.transaction():
        _enter(connection, schema)
        _execute(connection, ISSUES)


def enter_empty(connection: psycopg.Connection, schema: str) -> None:
    """Set the transaction's search path to a schema.

    Raises RunError if it does not exist, and NotEmptyError if `customers` or `orders` exists.
    """
    _enter(connection, schema)
    if session.scalar(connection, "select current_schema()") is None:
        what = f"there is no schema '{schema}'" if schema else "no schema of the search path exists"
        raise RunError(f"{what} in database {connection.info.dbname}, or the role may not use it: create it first")
    there = connection.execute(
        "select relname from pg_class where relname in ('customers', 'orders')"
        " and relnamespace = (select oid from pg_namespace where nspname = current_schema()) order by relname"
    ).fetchall()
    if there:
        raise NotEmptyError(" and ".join(row[0] for row in there))


def _enter(connection: psycopg.Connection, schema: str) -> None:
    if schema:
        connection.execute("select set_config('search_path', quote_ident(%s), true)", [schema])


def _execute(connection: psycopg.Connection, paths: tuple[Path, ...]) -> None:
    for path in paths:
        connection.execute(path.read_bytes())
