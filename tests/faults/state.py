"""The state of a database: rows and definitions of all objects, without what depends on time and number of tries."""

from __future__ import annotations

from typing import Final

import psycopg

#: Tables and columns of the program's own that record times, tries and progress.
_UNSTABLE_TABLES: Final = ("order_audit.todo", "order_audit.run", "migration.step")
_TABLES: Final = r"""
select format('%%I.%%I', n.nspname, c.relname), array_agg(
  case when a.atttypid = 'timestamptz'::regtype then format('t.%%I is null', a.attname)
    -- numbers of secrets depend on the number of tries
    else
      format($$regexp_replace(t.%%I::text, 'secret-ref:(\S+)/\d+', 'secret-ref:\1')$$, a.attname)
  end order by a.attnum
)
from pg_catalog.pg_class as c
join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and n.nspname not in ('pg_catalog', 'information_schema')
  and format('%%s.%%s', n.nspname, c.relname) <> all(%s)
  and a.atttypid <> 'xid8'::regtype
  and not (
    -- numbers of an identity have gaps where a batch was tried again
    n.nspname <> 'public' and a.attname in (
      'id', 'unit', 'schedule_id', 'delivery_id', 'secret_id', 'entry_id', 'address_id', 'contact_id'
    )
  )
group by 1 order by 1
"""
_DEFINITIONS: Final = r"""
with own as (
  select oid, nspname from pg_catalog.pg_namespace where nspname !~ '^(pg_|information_schema$)'
)
select line from (
  select format('column %s %s %s %s', c.oid::regclass, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
  from pg_catalog.pg_class as c join own on own.oid = c.relnamespace
  join pg_catalog.pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
  where c.relkind in ('r', 'p', 'v')
  union all
  select format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(k.oid))
  from pg_catalog.pg_constraint as k join own on own.oid = k.connamespace where conrelid <> 0
  union all
  select format('index %s %s', i.indisvalid, pg_get_indexdef(i.indexrelid))
  from pg_catalog.pg_index as i
  join pg_catalog.pg_class as c on c.oid = i.indexrelid join own on own.oid = c.relnamespace
  union all
  select format('trigger %s %s', tgenabled, pg_get_triggerdef(t.oid))
  from pg_catalog.pg_trigger as t join pg_catalog.pg_class as c on c.oid = t.tgrelid
  join own on own.oid = c.relnamespace where not tgisinternal
  union all
  select format('view %s %s', c.oid::regclass, pg_get_viewdef(c.oid))
  from pg_catalog.pg_class as c join own on own.oid = c.relnamespace where c.relkind = 'v'
  union all
  select format('function %s %s', p.oid::regprocedure, md5(pg_get_functiondef(p.oid)))
  from pg_catalog.pg_proc as p join own on own.oid = p.pronamespace where p.prokind <> 'a'
  union all
  select format('rights %s %s', c.oid::regclass, c.relacl)
  from pg_catalog.pg_class as c join own on own.oid = c.relnamespace
  union all
  select format('schema %s', nspname) from own
) as found (line)
where not (OTHERS and line ~ '\morder_audit(\.|$)')
order by 1
"""
State = dict[str, tuple[int, str]]


def state(dsn: str, *, own: bool = True) -> State:
    """Return number and digest of each table's rows, and of the definitions; without `own`, not of `order_audit`."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("set search_path = pg_catalog")
        found: State = {}
        for table, columns in connection.execute(_TABLES, [list(_UNSTABLE_TABLES)]).fetchall():
            if own or not table.startswith("order_audit."):
                row = connection.execute(
                    f"select count(*), coalesce(md5(string_agg(r, e'\\n' order by r)), '') from (select row("
                    f"{', '.join(columns)})::text from {table} as t) as lines (r)".encode()
                ).fetchone()
                assert row
                found[table] = row
        definitions = _DEFINITIONS.replace("OTHERS", "false" if own else "true")
        lines = [line for (line,) in connection.execute(definitions.encode())]
        found["definitions"] = (len(lines), "\n".join(lines))
        return found


def difference(found: State, wanted: State) -> str:
    """Return in words where two states differ; empty where they do not."""
    for name in sorted(found.keys() | wanted.keys()):
        one, other = found.get(name, (0, "absent")), wanted.get(name, (0, "absent"))
        if one != other:
            if name == "definitions":
                lines = set(one[1].splitlines()) ^ set(other[1].splitlines())
                return f"definitions: {sorted(lines)[:3]}"
            return f"{name}: {one[0]} rows, not {other[0]}" if one[0] != other[0] else f"{name}: other values"
    return ""
