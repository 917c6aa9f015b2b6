"""Objects that exist only for the migration or for old applications, as far as they are there now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import psycopg


@dataclass(frozen=True)
class Temporary:
    """Objects of one kind, and the step that drops them: `contract` or `retire`."""

    kind: str
    names: tuple[str, ...]
    dropped_by: str


_READ: Final = """
with relation as (
  select c.oid, n.nspname as home, c.relname, c.relkind, format('%I.%I', n.nspname, c.relname) as name
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where n.nspname in ('public', 'sales', 'sales_private', 'sales_old', 'migration')
    -- the proposed schema is there
    and to_regclass('sales.orders') is not null
), found (place, kind, name, dropped_by) as (
  select 1, 'schema', n.nspname::text, case n.nspname when 'migration' then 'contract' else 'retire' end
  from pg_catalog.pg_namespace as n
  where n.oid in (
    select c.relnamespace from relation as r join pg_catalog.pg_class as c on c.oid = r.oid
    where r.home = 'sales_old' or r.name = 'migration.step'
  )
  union all
  select 2, 'old table', r.name, 'contract'
  from relation as r where r.relkind = 'r' and r.home = 'migration' and r.relname in ('customers', 'orders')
  union all
  select 3, 'view for old applications', r.name, 'retire'
  from relation as r
  where r.relkind = 'v' and r.home in ('public', 'sales_old') and r.relname in ('customers', 'orders')
  union all
  select 4, 'triggers on', format('%s (%s)', r.name, count(*)),
    case p.home when 'migration' then 'contract' else 'retire' end
  from relation as r
  join pg_catalog.pg_trigger as t on t.tgrelid = r.oid and not t.tgisinternal
  join (
    select f.oid, n.nspname as home from pg_catalog.pg_proc as f
    join pg_catalog.pg_namespace as n on n.oid = f.pronamespace
  ) as p on p.oid = t.tgfoid
  where p.home in ('migration', 'sales_old') and r.relkind = 'r' and r.home <> 'sales_old'
  group by r.name, p.home
  union all
  select 5, 'constraint', format('%s of %s', k.conname, r.name), 'retire'
  from relation as r
  join pg_catalog.pg_constraint as k on k.conrelid = r.oid
  where r.home = 'sales' and k.conname like '%\\_fit\\_old\\_columns'
  union all
  select 6, 'index', i.name, 'retire'
  from relation as i
  join pg_catalog.pg_index as x on x.indexrelid = i.oid
  where i.home = 'sales' and i.relname like '%\\_old\\_%'
  union all
  select 7, 'sequence of 32 bits', r.name, 'retire'
  from relation as r
  join pg_catalog.pg_sequence as s on s.seqrelid = r.oid
  where r.home in ('public', 'migration') and s.seqtypid = 'integer'::regtype
    and r.relname in ('customers_customer_id_seq', 'orders_order_id_seq')
  union all
  select 8, 'table with secrets in clear text', r.name, 'retire'
  from relation as r where r.name = 'sales_old.delivery_texts'
  union all
  select 9, 'table', r.name, 'retire'
  from relation as r where r.home = 'sales_old' and r.relkind = 'r' and r.relname <> 'delivery_texts'
)
select f.kind, array_agg(f.name order by f.name), f.dropped_by
from found as f
group by f.place, f.kind, f.dropped_by
order by f.dropped_by, f.place
"""


def temporary(connection: psycopg.Connection) -> list[Temporary]:
    """Return what is temporary now, first what `contract` drops."""
    return [Temporary(kind, tuple(names), step) for kind, names, step in connection.execute(_READ.encode())]
