"""A dry run: temporary copies of the tables, in one snapshot, on which fixes are tried. Nothing else is changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from order_audit import session
from order_audit.canceled import refuse_canceled
from order_audit.errors import RunError
from order_audit.expectations import Rule
from order_audit.fixes.engine.batches import install
from order_audit.fixes.engine.copies import copies, copy_name, on_copies
from order_audit.fixes.engine.key_text import columns_text
from order_audit.fixes.engine.row_key import key_obstacle
from order_audit.fixes.engine.work_list import STAGING
from order_audit.foreign_code import SCHEMAS, whole_path
from order_audit.progress import NoteCallback, ignore_note
from order_audit.server_message import server_message


@contextmanager
def dry_run(connection: psycopg.Connection, keys: dict[str, tuple[str, ...]]) -> Iterator[psycopg.Connection]:
    """Within this context, the connection sees temporary copies of the tables (by name, with their key columns).

    It is one repeatable-read transaction, or a part of one, which is rolled back. It reads the tables without blocking
    other sessions. Requires a connection in autocommit mode and the TEMPORARY privilege.
    """
    with session.rolled_back(connection):
        install(connection, STAGING)
        _secrets(connection)
        for table, key in keys.items():
            copy(connection, table, key)
        yield connection


def _secrets(connection: psycopg.Connection) -> None:
    """Copy the secrets that are kept already, if this role may read them, so that others get the numbers they will."""
    if connection.execute(
        """
        select from pg_class as c
        join pg_namespace as n on n.oid = c.relnamespace
        where n.nspname = 'order_audit' and c.relname = 'secret'
          and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select')
        """
    ).rowcount:
        connection.execute(
            "insert into pg_temp.order_audit_secret (id, value) select s.id, s.value from order_audit.secret as s"
        )


def copy(connection: psycopg.Connection, table: str, key: tuple[str, ...]) -> None:
    """Put a temporary copy of a table in its place, as far as this connection sees."""
    oid, schema, plain, visible = session.row(
        connection,
        "select c.oid, n.nspname, c.relname, not exists ("
        "   select from pg_class as o join pg_namespace as m on m.oid = o.relnamespace"
        "   where o.relname = c.relname and o.oid <> c.oid and array_position(s.names, m.nspname)"
        "     < coalesce(array_position(s.names, n.nspname), 2147483647)"
        " ) and n.nspname = any(s.names) from pg_class as c"
        f" join pg_namespace as n on n.oid = c.relnamespace cross join (select {SCHEMAS}) as s (names)"
        " where c.oid = to_regclass(%s)",
        [table],
    )
    original = sql.Identifier(schema, plain)
    name = sql.Identifier(copy_name(schema, plain, visible=visible))
    # with its NOT NULLs, and with what follows from other columns
    connection.execute(
        sql.SQL("create temporary table order_audit_copy (like {} including generated)").format(original)
    )
    columns = sql.SQL(", ").join(
        sql.Identifier(column)
        for (column,) in connection.execute(
            "select attname from pg_attribute where attrelid = %s and attnum > 0"
            " and not attisdropped and attgenerated = '' order by attnum",
            [oid],
        ).fetchall()
    )
    connection.execute(
        sql.SQL("insert into pg_temp.order_audit_copy ({columns}) select {columns} from {original}").format(
            columns=columns, original=original
        )
    )
    # a key that does not identify rows is an obstacle on the copy, too
    unique = sql.SQL("" if key_obstacle(connection, table, key) else "unique")
    connection.execute(sql.SQL("alter table pg_temp.order_audit_copy rename to {}").format(name))
    connection.execute(sql.SQL("comment on table pg_temp.{} is {}").format(name, original.as_string(connection)))
    connection.execute(
        sql.SQL("create {} index on pg_temp.{} ({})").format(unique, name, sql.SQL(", ").join(map(sql.Identifier, key)))
    )
    _constrain(connection, name)
    connection.execute(sql.SQL("analyze pg_temp.{}").format(name))


def _constrain(connection: psycopg.Connection, copied: sql.Identifier) -> None:
    """Add the table's CHECK, unique and exclusion constraints to its copy.

    A dry run does not show rejections by foreign keys and triggers, which may read and change tables without a copy.
    """
    made = connection.execute(
        """
        select m.def
        from pg_class as t
        join pg_namespace as n on n.oid = t.relnamespace
        cross join lateral (
          -- of a check, rows that are there already may break it
          select 'add constraint ' || quote_ident(c.conname) || ' '
            || regexp_replace(pg_get_constraintdef(c.oid), ' NOT VALID$', '')
            || case c.contype when 'c' then ' not valid' else '' end as def
          from pg_constraint as c
          where c.conrelid = t.oid and (c.contype in ('c', 'x') or (c.contype = 'u' and c.condeferrable))
            and pg_get_constraintdef(c.oid) !~ ' NOT ENFORCED$'
          union all
          select 'create unique index ' || quote_ident(x.relname) || ' on pg_temp.%%I using '
            || substr(pg_get_indexdef(i.indexrelid), strpos(pg_get_indexdef(i.indexrelid), p.head) + length(p.head))
          from pg_index as i
          join pg_class as x on x.oid = i.indexrelid
          cross join lateral (select format(' %%I.%%I USING ', n.nspname, t.relname) as head) as p
          where i.indrelid = t.oid and i.indisunique and i.indisvalid and i.indimmediate
        ) as m
        where t.oid = order_audit.original(to_regclass('pg_temp.' || %s))
        order by m.def
        """.replace("order_audit.", STAGING.prefix).encode(),
        [copied.as_string(connection)],
    ).fetchall()
    name = copied.as_string(connection)
    for (definition,) in made:
        # a constraint whose function this role may not execute is not copied
        try:
            with connection.transaction():
                connection.execute(
                    f"alter table pg_temp.{name} {definition}".encode()
                    if definition.startswith("add ")
                    else definition.replace("pg_temp.%I", f"pg_temp.{name}", 1).encode()
                )
        except psycopg.Error as error:
            refuse_canceled(connection, error)


def judge(
    connection: psycopg.Connection,
    rules: Iterable[Rule],
    phase: str,
    on_rule: NoteCallback = ignore_note,
) -> dict[str, int | None]:
    """The number of violations of each row rule; None for one that these tables have no columns for.

    The keys stand in `pg_temp.order_audit_verdict` then, under the name of the phase. Raises RunError, which names the
    rule, where the server refuses its query.
    """
    connection.execute("create temporary table if not exists order_audit_verdict (phase text, rule text, key text)")
    counts: dict[str, int | None] = {}
    copied = copies(connection)
    for rule in rules:
        if rule.measure is not None:  # its rows are groups, which the bounds judge
            on_rule(rule.id)
            continue
        key = columns_text(rule.key, "v").as_string(connection).replace("%", "%%")
        null = " or ".join(f"v.{sql.Identifier(column).as_string(connection)} is null" for column in rule.key)
        null = null.replace("%", "%%")
        query = on_copies(rule.sql, copied).replace("%", "%%")
        try:
            with connection.transaction(), whole_path(connection):
                counts[rule.id] = connection.execute(
                    f"insert into pg_temp.order_audit_verdict select %s, %s, k.key from ("
                    f"select distinct {key} as key, case when {null} then row_number() over () end"
                    f" from (\n{query}\n) as v) as k".encode(),
                    [phase, rule.id],
                ).rowcount
        except (psycopg.errors.UndefinedColumn, psycopg.errors.UndefinedTable):
            counts[rule.id] = None
        except psycopg.Error as error:
            if connection.closed:
                raise
            refuse_canceled(connection, error)
            raise RunError(f"{rule.path}: rule {rule.id} cannot be judged: {server_message(error)}") from error
        on_rule(rule.id)
    return counts
