"""Primary keys of tables, from the database."""

from __future__ import annotations

from collections.abc import Iterable

from order_audit import session
from order_audit.audit.database import dsn as dsn_module
from order_audit.audit.database.quoting import quoted
from order_audit.audit.interop.check import Table

_KEY = """
select array(
    select a.attname::text
    from unnest(i.indkey::int2[]) with ordinality as k (number, place)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.number
    where k.place <= i.indnkeyatts
    order by k.place
  )
from pg_index as i
where i.indrelid = %s and i.indisunique and i.indisvalid and i.indpred is null and i.indexprs is null
  and not exists (
    select from unnest(i.indkey::int2[]) with ordinality as k (number, place)
    join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = k.number
    where k.place <= i.indnkeyatts and not a.attnotnull
  )
order by i.indisprimary desc, i.indnkeyatts, i.indexrelid
limit 1
"""


def primary_keys(given: str | None, tables: Iterable[Table], schema: str = "") -> dict[Table, tuple[str, ...]]:
    """Look up the primary keys of tables, or else a unique index without NULL; tables without either are left out.

    `schema` is that of tables without one; without it, the search path decides. Raises RunError without a connection.
    """
    found = {}
    with dsn_module.connect(dsn_module.resolve(given)) as connection:
        connection.read_only = True
        for table in tables:
            within = table.schema or schema
            name = f"{quoted(within)}.{quoted(table.name)}" if within else quoted(table.name)
            oid = session.scalar(connection, "select pg_catalog.to_regclass(%s)::oid", [name])
            with connection.transaction(force_rollback=True):
                # no function of another role is called in the place of the server's
                session.configure(connection, [("search_path", "pg_temp")], local=True)
                row = connection.execute(_KEY, [oid]).fetchone()
            if row is not None:
                found[table] = tuple(row[0])
    return found
