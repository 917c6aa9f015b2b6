"""The identity of a plan: database, columns of the tables, files of the fixes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import psycopg

from order_audit import session
from order_audit.fixes.fix import Fix, journal
from order_audit.fixes.planning.tables import tables
from order_audit.foreign_code import HOME


def identity(connection: psycopg.Connection, fixes: Mapping[str, Fix]) -> dict[str, str]:
    """The identity of a plan: the database and its cluster, the columns of the tables, the files of the fixes."""
    database, schema = session.row(connection, f"select current_database(), coalesce({HOME}, '')")
    return {
        "database": database,
        "schema": schema,
        "cluster": session.system_identifier(connection),
        "tables": _digest(_shapes(connection, tables(connection, fixes))),
        "files": _digest([journal(), *(f"{id} {fix.rule.sql} {fix.text}" for id, fix in sorted(fixes.items()))]),
    }


def _shapes(connection: psycopg.Connection, names: Iterable[str]) -> list[str]:
    rows = connection.execute(
        """
        select format('%%s %%s %%s %%s', n.name, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
        from unnest(%s::text[]) as n (name)
        join pg_attribute as a on a.attrelid = to_regclass(n.name)
        where a.attnum > 0 and not a.attisdropped
        order by n.name, a.attnum
        """,
        [sorted(names)],
    ).fetchall()
    return [row[0] for row in rows]


def _digest(parts: Iterable[str]) -> str:
    return "sha256:" + hashlib.sha256("\n".join(parts).encode()).hexdigest()
